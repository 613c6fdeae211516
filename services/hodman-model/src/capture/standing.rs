//! Notes that each capture has to tell anew, because they are about the workspace and no change makes them: a reviewer reads one
//! when it is new. The lock remembers what was told.

use super::{CapturedAs, Work};
use crate::digest::sha256;
use crate::files::CapturedEntry;

/// Tells `detail` of the object or file whose rows have `key`.
pub(super) fn note(work: &mut Work<'_>, key: String, detail: String) {
    work.row(&key, CapturedAs::Note, None, None, detail.clone());
    work.standing.entry(key).or_default().push(detail);
}

/// Lets the lock remember what was told, and makes what it remembers already something known, unless the object changed.
pub(super) fn remember(work: &mut Work<'_>) {
    let standing = std::mem::take(&mut work.standing);
    if standing.is_empty() {
        return;
    }
    let mut entries = std::mem::take(&mut work.entries);
    for entry in &mut entries {
        let Some((key, details)) = keys(entry)
            .into_iter()
            .find_map(|key| standing.get_key_value(&key))
        else {
            continue;
        };
        let told = sha256(details.join("\n").as_bytes());
        let before = work.locked(&entry.kind, &entry.id);
        let same = before.is_some_and(|before| before.told.as_ref() == Some(&told));
        let note = |what| what == CapturedAs::Note;
        let touched = work
            .out
            .rows
            .iter()
            .any(|row| row.key == *key && !note(row.what));
        if same && !touched {
            let rows = work.out.rows.iter_mut().filter(|row| row.key == *key);
            for row in rows.filter(|row| note(row.what) && details.contains(&row.detail)) {
                row.what = CapturedAs::Known;
            }
        }
        entry.told = Some(told);
    }
    work.entries = entries;
}

/// What rows call the object or file of an entry.
fn keys(entry: &CapturedEntry) -> [String; 2] {
    [format!("{}.{}", entry.kind, entry.key), entry.file.clone()]
}
