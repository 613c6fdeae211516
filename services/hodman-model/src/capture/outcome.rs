//! What a capture would leave behind: a bundle that does not resolve blocks every promotion, so that is told before
//! anybody merges it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::repo::said_in;
use super::{CapturedAs, Work};
use crate::bundle::resolve;
use crate::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::files::{SourceBytes, Tree};

/// This many lines are enough to see what is wrong.
const LINES: usize = 10;

/// Says what of the proposed files does not resolve, and did before.
pub(super) fn tell(work: &mut Work<'_>) {
    let input = work.input;
    if work.out.changes.is_empty() || work.repo.root_file.is_none() {
        return;
    }
    let mut tree = input.tree.clone();
    for (path, change) in &work.out.changes {
        match change {
            Some(bytes) => drop(tree.insert(path.clone(), SourceBytes::plain(bytes.clone()))),
            None => drop(tree.remove(path)),
        }
    }
    let after = wrong(&tree, input.target, input.variables);
    if after.is_empty() {
        return;
    }
    let known = wrong(input.tree, input.target, input.variables);
    let known: BTreeSet<&str> = known.iter().map(|found| found.message.as_str()).collect();
    let new = after
        .iter()
        .filter(|found| !known.contains(found.message.as_str()));
    for found in new.take(LINES) {
        let detail = format!(
            "the bundle does not resolve with what is proposed here: {}",
            found.message
        );
        work.row(&found.file, CapturedAs::Conflict, None, None, detail);
    }
}

/// The errors of a bundle. A variable that only has a name is a secret, which each environment brings along.
fn wrong(tree: &Tree, target: &str, given: &BTreeMap<String, Value>) -> Vec<Diagnostic> {
    // Those with a dot in their name are no variables but what `${bundle.…}` means.
    let mut variables = given.clone();
    variables.retain(|name, _| !name.contains('.'));
    let root = said_in(tree);
    let declared = root.get("variables").and_then(Value::as_object);
    for (name, variable) in declared.into_iter().flatten() {
        if variable.get("default").is_none() && variable.get("lookup").is_none() {
            let stand_in = || Value::String("brought along".to_owned());
            variables.entry(name.clone()).or_insert_with(stand_in);
        }
    }
    let Diagnostics(found) = resolve(tree, target, &variables).err().unwrap_or_default();
    let errors = found.into_iter();
    errors
        .filter(|found| found.severity == Severity::Error)
        .collect()
}
