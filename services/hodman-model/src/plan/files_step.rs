//! The step that uploads the file set.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::Reversibility;
use super::compare::change;
use super::desired::FileSet;
use super::observed::{FileSetState, Observed};
use super::row::{Action, FileChange, FileChangeKind, Row, action_digest, files_key};
use crate::digest::Digest;
use crate::field_path::FieldPath;
use crate::kinds::files;

/// The step, when the folder is absent or incomplete. `in_use` are the file sets that live objects point to.
pub(super) fn files_step(
    workspace: &str,
    wanted: &FileSet,
    observed: &Observed,
    in_use: &BTreeSet<Digest>,
) -> Option<Row> {
    let in_place = wanted.folder == files::in_place();
    let count = wanted.files.len();
    let reason = match observed.files.get(&wanted.digest) {
        Some(FileSetState::Complete) => return readers_step(workspace, observed),
        Some(FileSetState::Absent) | None if in_place => {
            format!("{count} files, from then on changed in place")
        }
        Some(FileSetState::Partial { changed, .. }) if in_place && !changed.is_empty() => format!(
            "changed in place, {} of them by hand before: runs at work may see a mixture of old and new files",
            changed.len()
        ),
        _ if in_place => {
            "changed in place: runs at work may see a mixture of old and new files".to_owned()
        }
        Some(FileSetState::Partial { missing, changed }) => half_way(missing, changed, count),
        Some(FileSetState::Absent) | None => {
            format!("{count} files in a folder of their own; none in use is touched")
        }
    };
    let changes = vec![change(
        FieldPath::default().key(files::PLACEHOLDER),
        None,
        Some(match in_place {
            true => json!(format!("{} in place", wanted.digest)),
            false => json!(wanted.digest),
        }),
    )];
    Some(Row {
        digest: action_digest(workspace, &files_key(), Action::Create, &changes),
        key: files_key(),
        action: Action::Create,
        changes: changes.as_slice().into(),
        reason,
        reversible: Reversibility::Reversible,
        live_id: None,
        files: in_use
            .iter()
            .find_map(|digest| observed.known_sets.get(digest))
            .map(|old| file_changes(&old.files, &wanted.files))
            .unwrap_or_default(),
        after: Vec::new(),
        busy_guard: false,
        maintenance: None,
        rotation: false,
        perhaps: None,
        looks_again: false,
        waits: false,
    })
}

/// What a folder named by its digest lacks.
fn half_way(missing: &[String], changed: &[String], count: usize) -> String {
    match (missing.len(), changed.len()) {
        (0, 0) => {
            "an earlier upload did not come to its end: what is there is read once".to_owned()
        }
        (missing, 0) => {
            format!("an earlier upload stopped half-way: {missing} of {count} files missing")
        }
        (0, changed) => format!("{changed} of {count} files were changed by hand: put back"),
        (missing, changed) => format!(
            "{missing} of {count} files are missing and {changed} were changed by hand: put back"
        ),
    }
}

/// The step that lets readers in again, when all files are there.
fn readers_step(workspace: &str, observed: &Observed) -> Option<Row> {
    let missing: Vec<&String> = observed.readers_missing.iter().collect();
    if missing.is_empty() {
        return None;
    }
    let changes = vec![change(
        FieldPath::default().key(files::READERS),
        None,
        Some(json!(missing)),
    )];
    let count = missing.len();
    Some(Row {
        digest: action_digest(workspace, &files_key(), Action::Update, &changes),
        key: files_key(),
        action: Action::Update,
        changes: changes.as_slice().into(),
        reason: format!("{count} who are to read the files may not"),
        reversible: Reversibility::Reversible,
        live_id: None,
        files: Vec::new(),
        after: Vec::new(),
        busy_guard: false,
        rotation: false,
        perhaps: None,
        looks_again: false,
        waits: false,
        maintenance: None,
    })
}

fn file_changes(old: &BTreeMap<String, Digest>, new: &BTreeMap<String, Digest>) -> Vec<FileChange> {
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let what = match (old.get(path), new.get(path)) {
                (None, _) => FileChangeKind::Added,
                (_, None) => FileChangeKind::Removed,
                (Some(old), Some(new)) if old != new => FileChangeKind::Changed,
                _ => return None,
            };
            Some(FileChange {
                path: path.clone(),
                what,
            })
        })
        .collect()
}
