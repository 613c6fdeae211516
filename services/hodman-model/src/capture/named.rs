//! Objects of which only the name is told, such as secrets, and development copies.

use std::collections::BTreeMap;

use super::select::Selected;
use super::{CapturedAs, NAME_ONLY, Work};
use crate::digest::sha256;
use crate::files::CapturedEntry;

/// Says each once, when it is new.
pub(super) fn tell(work: &mut Work<'_>, selected: &Selected<'_>) {
    for live in &selected.named {
        let listed = &live.listed;
        let name = listed.natural.as_deref().unwrap_or(&listed.name);
        if work.locked(&live.kind, &listed.id).is_none() {
            let detail =
                "named only: its content is not read, and every environment brings its own"
                    .to_owned();
            work.row(
                &format!("{}.{name}", live.kind),
                CapturedAs::Note,
                listed.creator.as_deref(),
                listed.modified_at,
                detail,
            );
        }
        work.entries.push(CapturedEntry {
            key: name.to_owned(),
            kind: live.kind.clone(),
            id: listed.id.clone(),
            file: NAME_ONLY.to_owned(),
            digest: sha256(name.as_bytes()),
            seen: None,
            found: BTreeMap::new(),
            told: None,
        });
    }
    // Names of what could not be looked at now are known, and not told again later.
    let known = work.input.lock.entries.iter().filter(|entry| {
        entry.file == NAME_ONLY
            && work.input.snapshot.unread.contains_key(&entry.kind)
            && !selected
                .named
                .iter()
                .any(|live| (&live.kind, &live.listed.id) == (&entry.kind, &entry.id))
    });
    work.entries.extend(known.cloned());
    for (copy, original) in &selected.copies {
        let detail = format!("a development copy of `{original}`; not captured on its own");
        let listed = &copy.listed;
        work.row(
            &format!("{}.{}", copy.kind, listed.name),
            CapturedAs::Note,
            listed.creator.as_deref(),
            listed.created_at,
            detail,
        );
    }
}
