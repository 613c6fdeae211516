//! Single notebooks and files of which somebody says who may do what with them. A bundle says that of folders only, so whoever
//! reviews the capture is told.

use serde_json::{Map, Value};

use super::folders::maker_in;
use super::{CapturedAs, NAME_ONLY, Work, sources, standing};

/// So many are read by somebody.
const ROWS: usize = 20;

/// What was said of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAccess {
    /// Its own permissions in managed form, without those that it inherits.
    Own(Map<String, Value>),
    /// Why they could not be read, in the API's words.
    Unread(String),
}

/// Says it of the files that are captured.
pub(super) fn tell(work: &mut Work<'_>) {
    let files = work.entries.iter();
    let files = files.filter(|entry| entry.kind == sources::KIND && entry.file != NAME_ONLY);
    let mut told: Vec<(String, String)> = files
        .filter_map(|entry| {
            let access = work.input.snapshot.file_access.get(&entry.id)?;
            Some((entry.file.clone(), detail(access)?))
        })
        .collect();
    told.sort();
    let more = told.len().saturating_sub(ROWS);
    for (file, detail) in told.into_iter().take(ROWS) {
        standing::note(work, file, detail);
    }
    if more > 0 {
        let detail = format!("{more} more files have permissions of their own");
        work.row("file permissions", CapturedAs::Note, None, None, detail);
    }
}

/// None where nobody else than its maker may more than in its folder.
fn detail(access: &FileAccess) -> Option<String> {
    let mut own = match access {
        FileAccess::Own(own) => own.clone(),
        FileAccess::Unread(why) => {
            return Some(format!("who may do what with it could not be read: {why}"));
        }
    };
    if let Some(maker) = maker_in(&own) {
        own.remove(&maker);
    }
    let entries: Vec<String> = own
        .iter()
        .map(|(principal, level)| format!("`{principal}` {}", level.as_str().unwrap_or_default()))
        .collect();
    (!entries.is_empty()).then(|| {
        format!(
            "in the workspace this file has permissions of its own ({}); a bundle says them of folders only, so they are not captured",
            entries.join(", ")
        )
    })
}
