//! What a workspace did not let us read, and how that is told.

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
    access(work);
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
