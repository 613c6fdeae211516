//! What a workspace did not let us read, and how that is told.

use super::select::below_one_of;
use super::sources::KIND;
use super::{CapturedAs, Work};
use std::collections::BTreeSet;

/// This many names are enough to know whom to ask.
const NAMES: usize = 5;

/// Why a kind was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// In the API's words.
    pub why: String,
    /// The workspace does not have this API at all, which is only worth telling where it had one before.
    pub lacking: bool,
}

/// Objects of one kind that were read, but not who may do what with them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessUnread {
    /// Their names.
    pub names: BTreeSet<String>,
    /// Why, of one of them, in the API's words.
    pub why: String,
}

/// Says which kinds were not looked at, and of which objects nobody let us see who may do what.
pub(super) fn tell(work: &mut Work<'_>) {
    kinds(work);
    files(work);
    access(work);
}

fn files(work: &mut Work<'_>) {
    let input = work.input;
    for (path, unread) in &input.snapshot.unread_files {
        let root = std::slice::from_ref(path);
        let mut files = input.lock.entries.iter().filter(|entry| entry.kind == KIND);
        let captured = files.any(|entry| below_one_of(root, &entry.id));
        let detail = if captured {
            format!(
                "{} could not be read, so what Git has of it stays as it is: {}",
                path, unread.why
            )
        } else if unread.lacking {
            continue;
        } else {
            format!("{path} could not be read and is left out: {}", unread.why)
        };
        work.row(path, CapturedAs::Note, None, None, detail);
    }
}

fn kinds(work: &mut Work<'_>) {
    let input = work.input;
    for (kind, unread) in &input.snapshot.unread {
        let captured = input.lock.entries.iter().any(|entry| entry.kind == *kind);
        if captured || !unread.lacking {
            let detail = format!(
                "not everything of this kind could be read, so nothing of it counts as removed: {}",
                unread.why
            );
            work.row(kind, CapturedAs::Note, None, None, detail);
        }
    }
}

fn access(work: &mut Work<'_>) {
    let input = work.input;
    for (kind, AccessUnread { names, why }) in &input.snapshot.access_unread {
        let some: Vec<String> = names
            .iter()
            .take(NAMES)
            .map(|name| format!("`{name}`"))
            .collect();
        let more = names.len().saturating_sub(NAMES);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let detail = format!(
            "who may do what with {}{more} could not be read, so what Git says of it stays: {why}",
            some.join(", ")
        );
        work.row(kind, CapturedAs::Note, None, None, detail);
    }
}
