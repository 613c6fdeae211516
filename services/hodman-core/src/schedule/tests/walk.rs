//! Schedules against a walk over every minute, which knows nothing of `cron`.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::{Schedule, at};

/// The values of each field; `None` is a star.
#[derive(Debug, Clone)]
struct Sets {
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    days: Option<BTreeSet<u32>>,
    weekdays: Option<BTreeSet<u32>>,
}

impl Sets {
    fn any() -> impl Strategy<Value = Self> {
        (
            prop::collection::btree_set(0u32..60, 1..4),
            prop::collection::btree_set(0u32..5, 1..4),
            prop::option::of(prop::collection::btree_set(1u32..32, 1..9)),
            prop::option::of(prop::collection::btree_set(0u32..7, 1..4)),
        )
            .prop_map(|(minutes, hours, days, weekdays)| Self {
                minutes,
                hours,
                days,
                weekdays,
            })
    }

    fn cron(&self) -> String {
        let list =
            |set: &BTreeSet<u32>| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let or_star =
            |set: &Option<BTreeSet<u32>>| set.as_ref().map_or_else(|| "*".to_owned(), list);
        let (days, weekdays) = (or_star(&self.days), or_star(&self.weekdays));
        format!(
            "{} {} {days} * {weekdays}",
            list(&self.minutes),
            list(&self.hours)
        )
    }

    fn matches(&self, wall: NaiveDateTime) -> bool {
        let day = self.days.as_ref().map(|days| days.contains(&wall.day()));
        let weekday = wall.weekday().num_days_from_sunday();
        let weekday = self.weekdays.as_ref().map(|days| days.contains(&weekday));
        let by_day = match (day, weekday) {
            (Some(day), Some(weekday)) => day || weekday,
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => true,
        };
        by_day && self.minutes.contains(&wall.minute()) && self.hours.contains(&wall.hour())
    }
}

/// The instants in `(after, until]` at which the wall clock reaches or jumps over a wall time that matches, the first
/// time that it does.
fn walked(sets: &Sets, zone: Tz, after: DateTime<Utc>, until: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    let mut previous: Option<NaiveDateTime> = None;
    // Begin a day early, so that wall times of a first pass before `after` are known.
    let mut minute = after - TimeDelta::hours(30);
    while minute <= until {
        let wall = minute.with_timezone(&zone).naive_local();
        // More than one where the clock jumped forward.
        let mut passed = previous.map_or(wall, |p| (p + TimeDelta::minutes(1)).min(wall));
        let mut due = false;
        while passed <= wall {
            due |= sets.matches(passed) && seen.insert(passed);
            passed += TimeDelta::minutes(1);
        }
        if due && minute > after {
            found.push(minute);
        }
        previous = Some(wall);
        minute += TimeDelta::minutes(1);
    }
    found
}

const ZONES: [&str; 4] = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
];

/// A day or two before each change of clocks, and one ordinary day.
const STARTS: [&str; 7] = [
    "2027-03-12T00:00:00Z",
    "2027-03-26T00:00:00Z",
    "2026-10-02T12:00:00Z",
    "2026-10-23T00:00:00Z",
    "2026-10-30T00:00:00Z",
    "2027-04-02T00:00:00Z",
    "2026-12-31T20:00:00Z",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn it_agrees_with_a_walk_minute_by_minute(
        sets in Sets::any(),
        zone in prop::sample::select(&ZONES[..]),
        start in prop::sample::select(&STARTS[..]),
        minutes in 0i64..4000,
    ) {
        let from = at(start) + TimeDelta::minutes(minutes);
        let until = from + TimeDelta::days(3);
        let schedule = Schedule::parse(&sets.cron(), zone).unwrap();
        let found: Vec<_> = schedule.after(from).take_while(|at| *at <= until).collect();
        let expected = walked(&sets, zone.parse().unwrap(), from, until);
        prop_assert_eq!(&found, &expected, "{}", schedule);
        let last = schedule.last_at_or_before(until, from + TimeDelta::seconds(1));
        prop_assert_eq!(last, expected.last().copied());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-*/0-9a-zA-Z,@# ]{0,24}") {
        if let Ok(schedule) = Schedule::parse(&text, "Europe/Berlin") {
            let now = at("2026-11-23T00:00:00Z");
            if let Some(next) = schedule.next_after(now) {
                prop_assert!(next > now);
            }
        }
    }
}
