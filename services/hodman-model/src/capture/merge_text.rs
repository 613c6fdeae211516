//! The three-way merge of a text, by lines.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// One stretch of the base that a side replaced.
struct Hunk {
    start: usize,
    end: usize,
    new: (usize, usize),
}

/// Both sides' changes to `base` in one text; none when they touch the same or neighbouring lines differently.
pub(super) fn merge(base: &str, git: &str, dev: &str) -> Option<String> {
    let base: Vec<&str> = base.split_inclusive('\n').collect();
    let git: Vec<&str> = git.split_inclusive('\n').collect();
    let dev: Vec<&str> = dev.split_inclusive('\n').collect();
    let (ours, theirs) = (hunks(&base, &git), hunks(&base, &dev));
    let mut all: Vec<(usize, usize, &[&str])> = ours
        .iter()
        .map(|hunk| (hunk.start, hunk.end, &git[hunk.new.0..hunk.new.1]))
        .collect();
    for hunk in &theirs {
        let lines = &dev[hunk.new.0..hunk.new.1];
        let mut near = ours
            .iter()
            .filter(|other| hunk.start <= other.end && other.start <= hunk.end)
            .peekable();
        if near.peek().is_none() {
            all.push((hunk.start, hunk.end, lines));
        } else if !near.all(|other| {
            (other.start, other.end) == (hunk.start, hunk.end)
                && git[other.new.0..other.new.1] == *lines
        }) {
            return None;
        }
    }
    all.sort_by_key(|(start, end, _)| (*start, *end));
    let mut out = String::new();
    let mut at = 0;
    for (start, end, lines) in all {
        out.extend(base[at..start].iter().chain(lines).copied());
        at = end;
    }
    out.extend(base[at..].iter().copied());
    Some(out)
}

fn hunks(base: &[&str], side: &[&str]) -> Vec<Hunk> {
    capture_diff_slices(Algorithm::Myers, base, side)
        .iter()
        .filter(|op| !matches!(op, DiffOp::Equal { .. }))
        .map(|op| {
            let (old, new) = (op.old_range(), op.new_range());
            Hunk {
                start: old.start,
                end: old.end,
                new: (new.start, new.end),
            }
        })
        .collect()
}
