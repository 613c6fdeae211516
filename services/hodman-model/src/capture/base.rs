//! What the last capture wrote, as far as this one goes on from it.

use std::collections::BTreeMap;

use super::{sources, terraform};
use crate::files::{CapturedEntry, CapturedLock};

/// Its entries by kind and id. What was written in the other format is no base for this one.
pub(super) fn entries(
    lock: &CapturedLock,
    as_terraform: bool,
) -> BTreeMap<(&str, &str), &CapturedEntry> {
    let goes_on = |entry: &&CapturedEntry| {
        entry.kind == sources::KIND || as_terraform == terraform::is_one(entry)
    };
    let entries = lock.entries.iter().filter(goes_on);
    entries
        .map(|entry| ((entry.kind.as_str(), entry.id.as_str()), entry))
        .collect()
}
