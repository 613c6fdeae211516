//! Who may do what with single notebooks and files: a request each, for those who ask for it.

use super::super::{WorkError, live};
use super::known::short;
use super::snapshot::{AT_ONCE, is_refusal, without_ours};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{Entry, EntryKind, Workspace};
use hodman_model::capture::FileAccess;
use hodman_model::files::CaptureRules;
use hodman_model::kinds::files::{FILE_PERMISSIONS, NOTEBOOK_PERMISSIONS};
use hodman_model::kinds::permissions::{self, Permissions};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A file that is asked about: its path, how its permissions are read, its id.
pub(super) type Asked = (String, &'static Permissions, i64);

/// Those that the service knows by an id, where the rules ask.
pub(super) fn asked<'e>(
    rules: &CaptureRules,
    entries: impl Iterator<Item = &'e Entry>,
) -> Vec<Asked> {
    entries
        .filter(|_| rules.file_permissions)
        .filter_map(|entry| {
            let known = match entry.kind {
                EntryKind::Notebook { .. } => &NOTEBOOK_PERMISSIONS,
                EntryKind::File => &FILE_PERMISSIONS,
                _ => return None,
            };
            Some((entry.path.clone(), known, entry.object_id?))
        })
        .collect()
}

/// Files of Designer among them, where the rules ask: nothing is known of how the service tells who may use one.
pub(super) fn unasked<'e>(
    rules: &CaptureRules,
    entries: impl Iterator<Item = &'e Entry>,
) -> Vec<(String, FileAccess)> {
    let why = "no API is known that tells it of a Designer file";
    entries
        .filter(|entry| rules.file_permissions && entry.kind == EntryKind::Designer)
        .map(|entry| {
            let path = short(&entry.path).to_owned();
            (path, FileAccess::Unread(why.to_owned()))
        })
        .collect()
}

/// What is said of them, by short path.
pub(super) async fn read(
    workspace: &Workspace,
    asked: Vec<Asked>,
    mine: &[String],
) -> Result<BTreeMap<String, FileAccess>, WorkError> {
    let mut reads = Vec::with_capacity(asked.len());
    for asked in asked {
        reads.push(one(workspace, asked, mine));
    }
    let answers: Vec<Option<(String, FileAccess)>> = futures::stream::iter(reads)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(answers.into_iter().flatten().collect())
}

/// None where nothing is said of the file itself, or it went away in between.
async fn one(
    workspace: &Workspace,
    (path, known, id): Asked,
    mine: &[String],
) -> Result<Option<(String, FileAccess)>, WorkError> {
    let call = live::request(&known.get(&id.to_string()));
    let access = match workspace.call(call).await {
        Ok(answer) => {
            let mut config = json!({ permissions::FIELD: known.read(&answer) });
            without_ours(&mut config, mine);
            match config[permissions::FIELD].take() {
                Value::Object(own) if !own.is_empty() => FileAccess::Own(own),
                _ => return Ok(None),
            }
        }
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) if is_refusal(&error) => FileAccess::Unread(error.to_string()),
        Err(error) => {
            return Err(WorkError::from(error).doing(&format!("asking who may use {path}")));
        }
    };
    Ok(Some((short(&path).to_owned(), access)))
}
