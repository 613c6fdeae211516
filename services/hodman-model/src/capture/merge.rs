//! The three-way merge of a resource's fields.

use serde_json::Value;

use super::form::same;
use crate::field_path::FieldPath;
use crate::kinds::rules::Rules;
use crate::plan::differences;

/// One field that differs, with what the workspace says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edit {
    /// Which field.
    pub path: FieldPath,
    /// What it should be; none when it goes.
    pub value: Option<Value>,
}

/// What of the workspace goes into the repository, and what cannot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Merged {
    /// The fields to write.
    pub edits: Vec<Edit>,
    /// The fields that both sides changed, differently.
    pub conflicts: Vec<FieldPath>,
}

/// Takes every field of `dev`: the repository did not change since `dev` was captured last.
pub(super) fn take(rules: &Rules, git: &Value, dev: &Value) -> Merged {
    Merged {
        edits: edits(rules, git, dev),
        conflicts: Vec::new(),
    }
}

/// Merges field by field. Without a base nobody knows who changed what, so every difference is a conflict.
pub(super) fn merge(rules: &Rules, base: Option<&Value>, git: &Value, dev: &Value) -> Merged {
    let Some(base) = base else {
        let conflicts = edits(rules, git, dev)
            .into_iter()
            .map(|edit| edit.path)
            .collect();
        return Merged {
            edits: Vec::new(),
            conflicts,
        };
    };
    let theirs: Vec<FieldPath> = differences(rules, base, git)
        .into_iter()
        .map(|change| change.path)
        .collect();
    let mut merged = Merged::default();
    for change in differences(rules, base, dev) {
        if same(change.after.as_ref(), change.path.get(git)) {
            continue;
        }
        if theirs.iter().any(|path| overlaps(path, &change.path)) {
            merged.conflicts.push(change.path);
        } else {
            merged.edits.push(Edit {
                path: change.path,
                value: change.after,
            });
        }
    }
    merged
}

fn edits(rules: &Rules, git: &Value, dev: &Value) -> Vec<Edit> {
    differences(rules, git, dev)
        .into_iter()
        .filter(|change| !same(change.after.as_ref(), change.before.as_ref()))
        .map(|change| Edit {
            path: change.path,
            value: change.after,
        })
        .collect()
}

/// Whether one of the fields holds the other.
fn overlaps(a: &FieldPath, b: &FieldPath) -> bool {
    a.0.iter().zip(&b.0).all(|(a, b)| a == b)
}
