//! Where a zone's offset changes. `chrono-tz` answers only "what is the offset at this instant", so changes are
//! found by stepping through the interval and halving the step in which the offset differs.

use chrono::{DateTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Zones keep an offset for weeks (the shortest known is Morocco's month of Ramadan), so a day's step misses none.
const STEP: TimeDelta = TimeDelta::hours(24);

/// A change of a zone's offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transition {
    /// The first instant that has the new offset.
    pub at: DateTime<Utc>,
    /// What the wall clock would have shown at that instant without the change.
    pub wall_before: NaiveDateTime,
    /// What it shows.
    pub wall_after: NaiveDateTime,
}

impl Transition {
    /// Clocks go forward: the wall times from `wall_before` up to `wall_after` do not exist.
    /// Otherwise they go back: those from `wall_after` up to `wall_before` come twice.
    pub fn is_gap(&self) -> bool {
        self.wall_after > self.wall_before
    }
}

/// The zone's distance from UTC at an instant; positive in the east.
pub(super) fn offset(zone: Tz, at: DateTime<Utc>) -> TimeDelta {
    let seconds = zone
        .offset_from_utc_datetime(&at.naive_utc())
        .fix()
        .local_minus_utc();
    TimeDelta::seconds(i64::from(seconds))
}

/// The first change of offset in `(after, until]`.
pub(super) fn first_transition(
    zone: Tz,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<Transition> {
    let mut low = after;
    while low < until {
        let high = (low + STEP).min(until);
        if offset(zone, low) != offset(zone, high) {
            return Some(between(zone, low, high));
        }
        low = high;
    }
    None
}

/// The last change of offset in `(after, until]`, an interval of a day or two.
pub(super) fn last_transition(
    zone: Tz,
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Option<Transition> {
    let mut found = None;
    let mut from = after;
    while let Some(change) = first_transition(zone, from, until) {
        from = change.at;
        found = Some(change);
    }
    found
}

/// Halves an interval whose ends differ down to the second at which the offset changes.
fn between(zone: Tz, low: DateTime<Utc>, high: DateTime<Utc>) -> Transition {
    let before = offset(zone, low);
    let (mut low, mut high) = (low.timestamp(), high.timestamp());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if DateTime::from_timestamp(middle, 0).is_some_and(|at| offset(zone, at) == before) {
            low = middle;
        } else {
            high = middle;
        }
    }
    let at = DateTime::from_timestamp(high, 0).unwrap_or_default();
    Transition {
        at,
        wall_before: at.naive_utc() + before,
        wall_after: at.naive_utc() + offset(zone, at),
    }
}
