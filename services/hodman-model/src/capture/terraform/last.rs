//! What the last capture wrote, where this one cannot say it anew.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{AROUND, END, FOLDER, place_of_values, place_of_variables};
use crate::capture::form::is_of;
use crate::capture::{LIBRARIES, LiveResource, Work};
use crate::files::CapturedEntry;
use crate::hcl::{self, Variable};
use crate::kinds::{Kind, grants, permissions};

/// `text` with what the last capture said of who may do what, where nobody let us look this time: that it is not seen does not
/// mean that nobody may.
pub(super) fn with_access(
    work: &Work<'_>,
    kind: &dyn Kind,
    live: &LiveResource,
    mut text: String,
) -> String {
    let unseen = |field: &str| live.listed.config.get(field).is_none_or(Value::is_null);
    let permissions = kind.permissions().is_some() && unseen(permissions::FIELD);
    let grants = kind.securable().is_some() && unseen(grants::FIELD);
    if !permissions && !grants {
        return text;
    }
    let entry = work.locked(&live.kind, &live.listed.id);
    let Some(last) = entry.and_then(|entry| written(work, entry)) else {
        return text;
    };
    if permissions {
        text.push_str(&hcl::permissions(&last));
    }
    if grants {
        text.push_str(&hcl::grants(&last));
    }
    text
}

/// Whether the last capture wrote what is installed on a cluster, and nobody let us look this time.
pub(super) fn hides_libraries(work: &Work<'_>, live: &LiveResource) -> bool {
    if live.kind != "clusters" || live.listed.outputs.get(LIBRARIES).is_some() {
        return false;
    }
    let entry = work.locked(&live.kind, &live.listed.id);
    let last = entry.and_then(|entry| written(work, entry));
    last.is_some_and(|last| last.contains("\n  library {\n"))
}

/// Gives the variables that files use which stay as they are (what nobody could look at, what the rules leave out now, what
/// Git has its own way) the meaning that the last capture gave them.
pub(super) fn keep_variables(work: &Work<'_>, variables: &mut BTreeMap<String, Variable>) {
    let of = |place: &str| {
        let entry = work.locked(AROUND, place)?;
        written(work, entry)
    };
    let Some(before) = of(&place_of_variables()) else {
        return;
    };
    let values = of(&place_of_values(work.input.env)).unwrap_or_default();
    let before = hcl::said_variables(&before, &values);
    let paths: BTreeSet<&String> = work
        .input
        .tree
        .keys()
        .chain(work.out.changes.keys())
        .filter(|path| path.starts_with(FOLDER) && path.ends_with(END))
        .filter(|path| **path != place_of_variables())
        .collect();
    for path in paths {
        for name in hcl::used_variables(&work.text(path)) {
            if let Some(variable) = before.get(name) {
                let kept = || variable.clone();
                variables.entry(name.to_owned()).or_insert_with(kept);
            }
        }
    }
}

/// What the last capture wrote for an entry: Git's file where nobody changed it, else its earlier content.
pub(super) fn written(work: &Work<'_>, entry: &CapturedEntry) -> Option<String> {
    let git = work.input.tree.get(&entry.file);
    let git = git.filter(|git| is_of(&entry.file, &git.bytes, &entry.digest));
    let bytes = match git {
        Some(git) => git.bytes.to_vec(),
        None => (work.input.base)(&entry.file, &entry.digest)?,
    };
    String::from_utf8(bytes).ok()
}
