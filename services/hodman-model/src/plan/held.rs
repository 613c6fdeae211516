//! What is held back, and what waits with it; everything else goes on.

use std::collections::BTreeSet;

use super::Held;
use super::edges::Needs;
use super::row::{Action, FieldChange, is_beside};
use super::sent::SentChange;
use super::work::Work;
use crate::bundle::ResourceKey;

impl Work<'_> {
    /// Holds a new value back that nothing in the package asks for; whether everything else of the object waits with it. It does
    /// where one request says all of its fields: without the value that would take away the one that is there.
    pub(super) fn hold_rotation(
        &mut self,
        key: &ResourceKey,
        sent: &SentChange,
        changes: &[FieldChange],
    ) -> bool {
        let others = changes.iter().filter(|change| !is_beside(change));
        let others: Vec<String> = others.map(|change| change.path.to_string()).collect();
        let lets_go =
            "rotation is held back here (`rotate: auto` in the environment's file lets it go)";
        let reason = match others.is_empty() {
            true => format!("{}; {lets_go}", sent.reason),
            false => format!(
                "changes in {}, and {}, which would go along: {lets_go}",
                others.join(", "),
                sent.reason
            ),
        };
        self.hold(key, reason);
        if others.is_empty() {
            return false;
        }
        self.rows.remove(key);
        self.waiting.insert(key.clone());
        true
    }

    fn hold(&mut self, key: &ResourceKey, reason: String) {
        let held = Held {
            key: key.clone(),
            reason,
        };
        self.held.insert(key.clone(), held);
    }

    /// Holds what needs an object that waits, and what such an object still refers to and would lose.
    pub(super) fn hold_with(&mut self, needs: &Needs) {
        let mut news: Vec<ResourceKey> = self.waiting.iter().cloned().collect();
        while let Some(cause) = news.pop() {
            let uses = [self.until_done.get(&cause), needs.removed.get(&cause)];
            let uses: BTreeSet<&ResourceKey> = uses.into_iter().flatten().flatten().collect();
            let held: Vec<ResourceKey> = self
                .rows
                .iter()
                .filter(|(key, row)| {
                    let goes = matches!(row.action, Action::Delete | Action::Replace);
                    let needed = needs.wanted.get(*key);
                    needed.is_some_and(|needed| needed.contains(&cause))
                        || (goes && uses.contains(key))
                })
                .map(|(key, _)| key.clone())
                .collect();
            for key in held {
                self.rows.remove(&key);
                self.hold(&key, format!("waits for {cause}, which is held back"));
                news.push(key);
            }
        }
    }
}
