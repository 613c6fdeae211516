//! Five-field cron in an IANA zone, with the meaning that Vixie's cron gave it.
//!
//! The `cron` crate parses six or seven fields, counts weekdays from Sunday = 1, requires both day fields to match
//! and repeats or disorders instants when clocks change. So the five fields are read here (`fields`), handed to it with
//! names and explicit lists, evaluated on the naive wall clock, and mapped to instants here (`zone`):
//!
//! - a wall time that a zone skips (clocks go forward) runs once, at the first instant after the gap;
//! - a wall time that a zone repeats (clocks go back) runs once, in the first pass, when hour and minute are fixed,
//!   and in both passes when hour or minute begins with `*`;
//! - instants are strictly increasing, and a date that never comes (`0 0 31 2 *`) has no next instant.

mod fields;
mod zone;

#[cfg(test)]
mod tests;

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use fields::Fields;
pub use fields::{Field, FieldProblem};
use zone::Transition;

/// Schedules are evaluated between these years; the `cron` crate ends at 2100.
const YEARS: std::ops::Range<i32> = 1971..2100;

/// No zone in use repeats or skips more than a day at once.
const LONGEST_SHIFT: TimeDelta = TimeDelta::hours(26);

/// A cron expression in a time zone; see the module for its meaning.
///
/// Serialised as `{"cron": "0 9 * * 1-5", "zone": "Europe/Berlin"}`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Schedule {
    cron: String,
    zone: Tz,
    /// One expression, or two where both day fields are restricted and either may match.
    naive: Vec<cron::Schedule>,
    /// Hour or minute begins with `*`: runs in both passes of a repeated hour.
    wildcard: bool,
}

/// Why a cron expression or its zone was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    /// Not five fields.
    #[error(
        "a cron expression has five fields (minute hour day-of-month month day-of-week), {found:?} has {count}"
    )]
    FieldCount {
        /// The expression as given.
        found: String,
        /// How many fields it has.
        count: usize,
    },
    /// One field is not understood.
    #[error("{field} {text:?}: {problem}")]
    Field {
        /// Which field.
        field: Field,
        /// The part of it that is wrong.
        text: String,
        /// What is wrong with it.
        problem: FieldProblem,
    },
    /// An `@` name that cron does not know, or that names no time (`@reboot`).
    #[error(
        "{0:?} is not one of @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly"
    )]
    Alias(String),
    /// The zone is not in the IANA database.
    #[error("{0:?} is not an IANA time zone such as \"Europe/Berlin\" or \"UTC\"")]
    Zone(String),
}

impl Schedule {
    /// Reads a five-field cron expression, or `@daily` and its like, and an IANA zone name.
    pub fn parse(cron: &str, zone: &str) -> Result<Self, ScheduleError> {
        let tz = Tz::from_str(zone).map_err(|_| ScheduleError::Zone(zone.to_owned()))?;
        let fields = Fields::parse(cron)?;
        let naive = fields
            .expressions()
            .iter()
            .map(|e| {
                cron::Schedule::from_str(e).expect(
                    "fields were checked against their ranges and are written as plain lists",
                )
            })
            .collect();
        Ok(Self {
            cron: cron.trim().to_owned(),
            zone: tz,
            naive,
            wildcard: fields.wildcard(),
        })
    }

    /// The expression as it was written.
    pub fn cron(&self) -> &str {
        &self.cron
    }

    /// The IANA name of the zone.
    pub fn zone(&self) -> &'static str {
        self.zone.name()
    }

    /// The first instant strictly after `after`; `None` when there is none before the year 2100.
    pub fn next_after(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let mut from = self.clamp(after)?;
        let mut floor = self.wall(from);
        if let Some(seen) = zone::last_transition(self.zone, from - LONGEST_SHIFT, from) {
            floor = floor.max(self.already_run(&seen).unwrap_or(floor));
        }
        loop {
            let wall = self.next_wall(floor)?;
            let offset = zone::offset(self.zone, from);
            let instant = (wall - offset).and_utc();
            let Some(change) = zone::first_transition(self.zone, from, instant) else {
                return Some(instant);
            };
            if change.is_gap() && wall < change.wall_after {
                return Some(change.at);
            }
            from = change.at;
            floor = self
                .already_run(&change)
                .unwrap_or(change.wall_after - TimeDelta::seconds(1));
        }
    }

    /// The latest instant that is not before `not_before` and not after `now`: the slot that a daemon which was
    /// down should have run last.
    pub fn last_at_or_before(
        &self,
        now: DateTime<Utc>,
        not_before: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let earliest = not_before - TimeDelta::nanoseconds(1);
        // Look back a little further each time, so that neither a minutely nor a yearly schedule is walked for long.
        for span in [1, 24, 32 * 24, 367 * 24, 9 * 367 * 24, 130 * 367 * 24].map(TimeDelta::hours) {
            let from = now
                .checked_sub_signed(span)
                .map_or(earliest, |start| start.max(earliest));
            if let Some(last) = self.after(from).take_while(|at| *at <= now).last() {
                return Some(last);
            }
            if from == earliest {
                break;
            }
        }
        None
    }

    /// Every instant strictly after `after`, in order.
    pub fn after(&self, after: DateTime<Utc>) -> impl Iterator<Item = DateTime<Utc>> {
        let mut at = after;
        std::iter::from_fn(move || {
            at = self.next_after(at)?;
            Some(at)
        })
    }

    /// Wall times up to and including the returned one ran in the first pass of a repeated hour and do not run again.
    fn already_run(&self, change: &Transition) -> Option<NaiveDateTime> {
        (!change.is_gap() && !self.wildcard).then(|| change.wall_before - TimeDelta::seconds(1))
    }

    fn next_wall(&self, floor: NaiveDateTime) -> Option<NaiveDateTime> {
        let floor = Utc.from_utc_datetime(&floor);
        self.naive
            .iter()
            .filter_map(|s| s.after(&floor).next())
            .min()
            .map(|at| at.naive_utc())
    }

    fn wall(&self, at: DateTime<Utc>) -> NaiveDateTime {
        at.naive_utc() + zone::offset(self.zone, at)
    }

    /// Keeps arithmetic on dates inside what `chrono` and `cron` can express.
    fn clamp(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if at.year() >= YEARS.end {
            None
        } else if at.year() < YEARS.start {
            Utc.with_ymd_and_hms(YEARS.start, 1, 1, 0, 0, 0).single()
        } else {
            Some(at)
        }
    }
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Self) -> bool {
        self.cron == other.cron && self.zone == other.zone
    }
}

impl Eq for Schedule {}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({self})")
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.cron, self.zone.name())
    }
}

/// The serialised form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    cron: String,
    zone: String,
}

impl From<Schedule> for Written {
    fn from(schedule: Schedule) -> Self {
        Self {
            zone: schedule.zone.name().to_owned(),
            cron: schedule.cron,
        }
    }
}

impl TryFrom<Written> for Schedule {
    type Error = ScheduleError;

    fn try_from(written: Written) -> Result<Self, ScheduleError> {
        Self::parse(&written.cron, &written.zone)
    }
}
