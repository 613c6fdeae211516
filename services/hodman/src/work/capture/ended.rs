//! How a capture ended, as far as a decision has to know it.

use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, PullNumber};
use hodman_model::capture::{Captured, CapturedAs};
use std::collections::BTreeSet;

/// So many conflicts are named; the state of a pipeline is written with each of its decisions.
const NAMED: usize = 20;

/// A capture whose whole difference from main is `whole`.
pub(super) fn ended(
    whole: &Captured,
    pull: Option<(PullNumber, CommitSha)>,
    changed: u32,
) -> Outcome {
    let rows = whole.rows.iter();
    // Several fields of one object may be in conflict.
    let objects: BTreeSet<&str> = rows
        .filter(|row| row.what == CapturedAs::Conflict)
        .map(|row| row.key.as_str())
        .collect();
    Outcome::Captured {
        pull,
        changed,
        conflicts: u32::try_from(objects.len()).unwrap_or(u32::MAX),
        named: objects.into_iter().take(NAMED).map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::capture::CaptureRow;

    #[test]
    fn objects_are_counted_and_the_first_are_named() {
        let row = |key: String, what| CaptureRow {
            key,
            what,
            by: String::new(),
            at: None,
            detail: String::new(),
        };
        let whole = Captured {
            rows: (0..50)
                .map(|n| row(format!("jobs.j{:02}", n / 2), CapturedAs::Conflict))
                .chain([row("jobs.a".to_owned(), CapturedAs::Added)])
                .collect(),
            ..Captured::default()
        };
        let Outcome::Captured {
            conflicts, named, ..
        } = ended(&whole, None, 1)
        else {
            panic!("not a capture");
        };
        assert_eq!((conflicts, named.len()), (25, NAMED));
        assert_eq!(
            (named[0].as_str(), named[NAMED - 1].as_str()),
            ("jobs.j00", "jobs.j19")
        );
    }
}
