//! Reads one notebook or file of a workspace.

use super::super::WorkError;
use super::known::Known;
use super::snapshot::is_refusal;
use chrono::{DateTime, TimeZone as _, Utc};
use hodman_clients::databricks::{
    ApiError, DESIGNER, Entry, EntryKind, Language as Written, NotebookFormat, Workspace,
};
use hodman_model::bundle::Language;
use hodman_model::capture::LiveFile;
use hodman_model::files::Seen;

/// What came of one file.
pub(super) enum Found {
    /// Its path, and what it is.
    File(String, LiveFile),
    /// Its path, and why it could not be read.
    Unread(String, String),
    /// It went away in between.
    Gone,
}

/// GitHub refuses a push with a larger file in it.
const LARGEST: u64 = 100 * 1024 * 1024;

/// One file: as Git holds it when it did not change since, else exported.
pub(super) async fn file(
    workspace: &Workspace,
    mut entry: Entry,
    known: &Known,
) -> Result<Found, WorkError> {
    if entry.kind == EntryKind::Designer && !entry.path.ends_with(DESIGNER) {
        // In Git only its name says what it is: an upload would make something else of it.
        let why =
            format!("it is a Designer file, and its name does not end in `{DESIGNER}`; rename it");
        return Ok(Found::Unread(entry.path, why));
    }
    let too_large = || "it is larger than the 100 MB that GitHub takes".to_owned();
    if entry.size.is_some_and(|size| size > LARGEST) {
        return Ok(Found::Unread(entry.path, too_large()));
    }
    let seen = entry
        .object_id
        .zip(entry.modified_at)
        .map(|(object_id, modified_at)| Seen {
            object_id,
            modified_at,
        });
    if matches!(entry.kind, EntryKind::Notebook { .. }) {
        match format(workspace, &entry, known).await {
            Ok(format) => entry.format = Some(format),
            Err(error) => return refused(entry.path, error, "reading"),
        }
    }
    let bytes = match seen.and_then(|seen| known.content(&entry.path, seen)) {
        Some(bytes) => bytes,
        None => match workspace.files().export_entry(&entry).await {
            Ok(bytes) => bytes.to_vec(),
            Err(error) => return refused(entry.path, error, "exporting"),
        },
    };
    if u64::try_from(bytes.len()).is_ok_and(|size| size > LARGEST) {
        return Ok(Found::Unread(entry.path, too_large()));
    }
    let language = match &entry.kind {
        // A notebook whose language the listing leaves out is Python, which is what the service makes by default.
        EntryKind::Notebook { .. } if entry.format == Some(NotebookFormat::Jupyter) => {
            Some(Language::Jupyter)
        }
        EntryKind::Notebook { language } => Some(match language {
            Some(Written::Python) | None => Language::Python,
            Some(Written::Sql) => Language::Sql,
            Some(Written::Scala) => Language::Scala,
            Some(Written::R) => Language::R,
        }),
        EntryKind::Designer => Some(Language::Designer),
        _ => None,
    };
    let file = LiveFile {
        bytes,
        language,
        created_at: None,
        modified_at: entry.modified_at.and_then(moment),
        // The workspace API does not say who; a guess would put somebody's name on another's work.
        creator: None,
        seen,
    };
    Ok(Found::File(entry.path, file))
}

/// What an error means for one file.
fn refused(path: String, error: ApiError, doing: &str) -> Result<Found, WorkError> {
    if error.is_not_found() {
        return Ok(Found::Gone);
    }
    if is_refusal(&error) {
        return Ok(Found::Unread(path, error.to_string()));
    }
    Err(WorkError::from(error).doing(&format!("{doing} {path}")))
}

/// The format of a notebook: as it was captured; a new one is asked for, because no list says it.
async fn format(
    workspace: &Workspace,
    entry: &Entry,
    known: &Known,
) -> Result<NotebookFormat, ApiError> {
    let jupyter = known.is_jupyter(&entry.path).map(|jupyter| match jupyter {
        true => NotebookFormat::Jupyter,
        false => NotebookFormat::Source,
    });
    if let Some(format) = jupyter.or(entry.format) {
        return Ok(format);
    }
    let status = workspace.files().status(&entry.path).await?;
    Ok(status.format.unwrap_or(NotebookFormat::Source))
}

fn moment(millis: i64) -> Option<DateTime<Utc>> {
    Utc.timestamp_millis_opt(millis).single()
}
