//! Whether what would be proposed is what the workspace has: the edited bundle is resolved and asked. What a target says is laid
//! over other things, prefixes and presets are added, and a list that is not what it should be is nobody's wish.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Adopted, Asked};
use crate::bundle::{Options, ResourceKey, resolve_with};
use crate::diagnostic::{Diagnostic, Severity};
use crate::field_path::FieldPath;
use crate::files::{SourceBytes, Tree};
use crate::plan::FieldChange;

/// Those of `tried` that the bundle would not say after all, each with a note. Where the bundle does not resolve now, or
/// does not say what the plan was made with, nothing can be told.
pub(super) fn wrong(
    asked: &Asked<'_>,
    adopted: &Adopted,
    tried: &[&FieldChange],
    options: &Options,
) -> BTreeMap<FieldPath, String> {
    if adopted.changes.is_empty() || tried.is_empty() {
        return BTreeMap::new();
    }
    let mut tree = asked.world.tree.clone();
    for (path, change) in &adopted.changes {
        match change {
            Some(bytes) => drop(tree.insert(path.clone(), SourceBytes::plain(bytes.clone()))),
            None => drop(tree.remove(path)),
        }
    }
    let after = managed(asked, &tree, options);
    let differ: Vec<&FieldChange> = tried
        .iter()
        .copied()
        .filter(|change| match &after {
            Ok(after) => change.path.get(after) != change.before.as_ref(),
            Err(_) => true,
        })
        .collect();
    if differ.is_empty() {
        return BTreeMap::new();
    }
    let Ok(before) = managed(asked, asked.world.tree, options) else {
        return BTreeMap::new();
    };
    let why = match after {
        Ok(_) => "the bundle would say something else then".to_owned(),
        Err(error) => format!("the bundle would not resolve then: {error}"),
    };
    let comparable = |change: &&FieldChange| change.path.get(&before) == change.after.as_ref();
    let wrong = differ.into_iter().filter(comparable);
    wrong
        .map(|change| {
            let note = format!(
                "`{}` cannot be said in the files as the workspace has it, so it was left out: {why}",
                change.path
            );
            (change.path.clone(), note)
        })
        .collect()
}

/// What the bundle says of the resource, as plans compare it. The error is the first finding.
fn managed(asked: &Asked<'_>, tree: &Tree, options: &Options) -> Result<Value, String> {
    let bundle = resolve_with(tree, asked.world.target, options).map_err(|found| {
        let mut errors = found.0.iter();
        let is_error = |found: &&Diagnostic| found.severity == Severity::Error;
        errors
            .find(is_error)
            .map_or_else(String::new, |found| found.message.clone())
    })?;
    let key: &ResourceKey = asked.key;
    match bundle.resources.get(key) {
        Some(resource) => Ok(asked.kind.rules().normalise(&resource.config)),
        None => Err(format!("it has no `{key}`")),
    }
}
