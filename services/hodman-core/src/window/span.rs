//! One occurrence of a window.

use chrono::{DateTime, TimeDelta, Utc};

use super::Window;

/// From `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

/// The latest occurrence that covers `now`: where occurrences overlap, the one that ends last.
pub(super) fn active_span(window: &Window, now: DateTime<Utc>) -> Option<Span> {
    let duration = elapsed(window);
    // An occurrence that began exactly one duration ago is over.
    let earliest = now.checked_sub_signed(duration)? + TimeDelta::nanoseconds(1);
    let start = window.schedule.last_at_or_before(now, earliest)?;
    Some(Span {
        start,
        end: start.checked_add_signed(duration)?,
    })
}

/// The first occurrence that begins after `now`.
pub(super) fn next_span(window: &Window, now: DateTime<Utc>) -> Option<Span> {
    if window.duration.is_zero() {
        return None;
    }
    let start = window.schedule.next_after(now)?;
    Some(Span {
        start,
        end: start.checked_add_signed(elapsed(window))?,
    })
}

/// Durations beyond a hundred years are cut, so that arithmetic on dates stays in range.
fn elapsed(window: &Window) -> TimeDelta {
    let longest = TimeDelta::days(36_525);
    TimeDelta::from_std(window.duration)
        .unwrap_or(longest)
        .min(longest)
}
