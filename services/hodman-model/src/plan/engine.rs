//! What a stack's engine says that a row would do.

use serde_json::json;

use super::compare::change;
use super::previewed;
use super::render::words::count;
use super::row::Action;
use super::work::{Draft, Work};
use crate::bundle::ResourceKey;
use crate::field_path::FieldPath;

impl Work<'_> {
    /// Adds what the stack's engine says that it would do, or that it cannot say it yet.
    pub(super) fn ask_engine(&self, key: &ResourceKey, draft: &mut Draft<'_>) {
        if let Some(others) = self.observed.waiting.get(key) {
            let names: Vec<String> = others.iter().map(ToString::to_string).collect();
            let path = FieldPath::default().key("waits_for");
            draft.changes.push(change(path, None, Some(json!(names))));
            draft.waits = true;
            draft.reason = format!(
                "waits for {}; what it does is planned, and asked for, when that is done",
                names.join(", ")
            );
            return;
        }
        let Some(preview) = self.observed.previews.get(key) else {
            return;
        };
        let at = draft.changes.len();
        draft.changes.extend(previewed::shown(preview));
        draft.previewed = Some((at, previewed::named(preview)));
        draft.looks_again = preview.looks_again;
        let lost: Vec<&str> = preview.approved_as().irreversible().into_iter().collect();
        if !lost.is_empty() && draft.takes_along.is_none() {
            draft.takes_along = Some(format!("the data of {}", lost.join(", ")));
        }
        let imported = preview.rows.iter();
        let imported = imported.filter(|row| row.takes_over());
        let imported = imported.count();
        if imported > 0 && draft.action != Action::Update {
            let what = count(imported, "resource");
            draft.reason = format!("{}; takes over what exists: {what}", draft.reason);
        }
        let there = preview.decides && preview.is_empty() && preview.begun.is_none();
        if there && draft.action == Action::Create {
            draft.reason = "its state is there already, and as it should be: taken over".to_owned();
        }
        if preview.decides && draft.action == Action::Update {
            draft.reason = match preview.rows.as_slice() {
                [] if preview.begun.is_some() => "the rest of what was begun".to_owned(),
                [] => "only its outputs change".to_owned(),
                [only] => format!("{}: {}", only.address, only.action.word()),
                rows => format!("{} of its resources change", rows.len()),
            };
        }
    }
}
