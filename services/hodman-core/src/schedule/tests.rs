mod walk;

use chrono::{DateTime, Utc};

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

/// The instants after `start`, shown on the zone's wall clock with its offset.
fn shown(cron: &str, zone: &str, start: &str, count: usize) -> String {
    let schedule = Schedule::parse(cron, zone).expect("a schedule");
    let zone: Tz = zone.parse().expect("a zone");
    let shown: Vec<String> = schedule
        .after(at(start))
        .take(count)
        .map(|at| at.with_timezone(&zone).format("%d %H:%M%z").to_string())
        .map(|text| text.strip_suffix("00").map_or(text.clone(), str::to_owned))
        .collect();
    shown.join(" ")
}

#[test]
fn clocks_go_forward() {
    let table = [
        // A skipped wall time runs at the first instant after the gap, once.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2027-03-26T12:00:00Z",
            "27 02:30+01 28 03:00+02 29 02:30+02",
        ),
        (
            "30 2 * * *",
            "America/New_York",
            "2027-03-13T00:00:00Z",
            "13 02:30-05 14 03:00-04 15 02:30-04",
        ),
        (
            "15 2 * * *",
            "Australia/Lord_Howe",
            "2026-10-02T20:00:00Z",
            "04 02:30+11 05 02:15+11 06 02:15+11",
        ),
        (
            "*/20 2 * * *",
            "Europe/Berlin",
            "2027-03-27T12:00:00Z",
            "28 03:00+02 29 02:00+02 29 02:20+02",
        ),
        // Where the first instant after the gap is an instant of its own, they are one.
        (
            "0 2,3 * * *",
            "Europe/Berlin",
            "2027-03-27T12:00:00Z",
            "28 03:00+02 29 02:00+02 29 03:00+02",
        ),
        (
            "*/30 * * * *",
            "Europe/Berlin",
            "2027-03-28T00:10:00Z",
            "28 01:30+01 28 03:00+02 28 03:30+02",
        ),
        (
            "*/15 * * * *",
            "Australia/Lord_Howe",
            "2026-10-03T15:15:00Z",
            "04 02:30+11 04 02:45+11 04 03:00+11",
        ),
        (
            "0 4 * * *",
            "Europe/Berlin",
            "2027-03-27T12:00:00Z",
            "28 04:00+02 29 04:00+02",
        ),
    ];
    for (cron, zone, start, expected) in table {
        let count = expected.split(' ').count() / 2;
        assert_eq!(
            shown(cron, zone, start, count),
            expected,
            "{cron} in {zone}"
        );
    }
}

#[test]
fn clocks_go_back() {
    let table = [
        // Fixed hour and minute: once, in the first pass.
        (
            "30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "25 02:30+02 26 02:30+01",
        ),
        (
            "0 2 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "25 02:00+02 26 02:00+01",
        ),
        (
            "0 3 * * *",
            "Europe/Berlin",
            "2026-10-24T12:00:00Z",
            "25 03:00+01 26 03:00+01",
        ),
        (
            "30 1 * * *",
            "America/New_York",
            "2026-10-31T12:00:00Z",
            "01 01:30-04 02 01:30-05",
        ),
        (
            "45 1 * * *",
            "Australia/Lord_Howe",
            "2027-04-02T20:00:00Z",
            "04 01:45+11 05 01:45+1030",
        ),
        (
            "0,30 1,2 * * *",
            "Europe/Berlin",
            "2026-10-24T23:00:00Z",
            "25 01:30+02 25 02:00+02 25 02:30+02 26 01:00+01",
        ),
        // Hour or minute with a star: both passes, in order.
        (
            "*/30 * * * *",
            "Europe/Berlin",
            "2026-10-24T23:40:00Z",
            "25 02:00+02 25 02:30+02 25 02:00+01 25 02:30+01 25 03:00+01",
        ),
        (
            "0 * * * *",
            "America/New_York",
            "2026-11-01T04:10:00Z",
            "01 01:00-04 01 01:00-05 01 02:00-05",
        ),
        (
            "*/30 2 * * *",
            "Europe/Berlin",
            "2026-10-24T23:40:00Z",
            "25 02:00+02 25 02:30+02 25 02:00+01 25 02:30+01",
        ),
        (
            "*/15 * * * *",
            "Australia/Lord_Howe",
            "2027-04-03T14:20:00Z",
            "04 01:30+11 04 01:45+11 04 01:30+1030 04 01:45+1030 04 02:00+1030",
        ),
    ];
    for (cron, zone, start, expected) in table {
        let count = expected.split(' ').count() / 2;
        assert_eq!(
            shown(cron, zone, start, count),
            expected,
            "{cron} in {zone}"
        );
    }
}

#[test]
fn a_daemon_started_inside_the_repeated_hour_does_not_run_it_again() {
    // 02:45 in the first pass, then 02:15 in the second: 02:30 has been.
    for start in [
        "2026-10-25T00:45:00Z",
        "2026-10-25T01:00:00Z",
        "2026-10-25T01:15:00Z",
    ] {
        assert_eq!(
            shown("30 2 * * *", "Europe/Berlin", start, 1),
            "26 02:30+01",
            "{start}"
        );
    }
}

#[test]
fn vixie_reads_the_day_fields_like_this() {
    let table = [
        // Both restricted: either matches. November 2026 begins on a Sunday.
        (
            "0 9 1 * 1",
            "01 09:00+00 02 09:00+00 09 09:00+00 16 09:00+00 23 09:00+00 30 09:00+00 01 09:00+00",
        ),
        ("0 9 * * 1", "02 09:00+00 09 09:00+00"),
        ("0 9 * * 0", "01 09:00+00 08 09:00+00"),
        ("0 9 * * 7", "01 09:00+00 08 09:00+00"),
        ("0 9 * * sun", "01 09:00+00 08 09:00+00"),
        (
            "0 9 * * Fri-Sun",
            "01 09:00+00 06 09:00+00 07 09:00+00 08 09:00+00",
        ),
        (
            "0 9 * * 5-7",
            "01 09:00+00 06 09:00+00 07 09:00+00 08 09:00+00",
        ),
        (
            "0 9 * * 1-5/2",
            "02 09:00+00 04 09:00+00 06 09:00+00 09 09:00+00",
        ),
        // A star with a step is still a star: both must match.
        ("0 9 */2 * 1", "09 09:00+00 23 09:00+00 07 09:00+00"),
        ("0 9 31 * *", "31 09:00+00 31 09:00+00"),
        ("0 9 * dec,JAN *", "01 09:00+00 02 09:00+00"),
        ("@monthly", "01 00:00+00 01 00:00+00"),
        ("@weekly", "01 00:00+00 08 00:00+00"),
        ("@daily", "01 00:00+00 02 00:00+00"),
        ("@hourly", "31 23:00+00 01 00:00+00"),
    ];
    for (cron, expected) in table {
        let count = expected.split(' ').count() / 2;
        assert_eq!(
            shown(cron, "UTC", "2026-10-31T22:30:00Z", count),
            expected,
            "{cron}"
        );
    }
}

#[test]
fn dates_that_never_come_end() {
    for cron in ["0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *"] {
        let schedule = Schedule::parse(cron, "Europe/Berlin").expect("a schedule");
        assert_eq!(
            schedule.next_after(at("2026-11-23T00:00:00Z")),
            None,
            "{cron}"
        );
        assert_eq!(
            schedule.last_at_or_before(at("2026-11-23T00:00:00Z"), at("1990-01-01T00:00:00Z")),
            None
        );
    }
    let daily = Schedule::parse("@daily", "UTC").expect("a schedule");
    assert_eq!(daily.next_after(DateTime::<Utc>::MAX_UTC), None);
    assert_eq!(
        daily.next_after(DateTime::<Utc>::MIN_UTC),
        Some(at("1971-01-02T00:00:00Z"))
    );
}

#[test]
fn a_leap_day_is_found() {
    assert_eq!(
        shown("0 12 29 2 *", "Europe/Berlin", "2026-01-01T00:00:00Z", 2),
        "29 12:00+01 29 12:00+01"
    );
    let schedule = Schedule::parse("0 12 29 2 *", "Europe/Berlin").expect("a schedule");
    assert_eq!(
        schedule.next_after(at("2026-01-01T00:00:00Z")),
        Some(at("2028-02-29T11:00:00Z"))
    );
}

#[test]
fn the_last_slot() {
    let now = "2026-11-23T10:07:30Z";
    let table = [
        (
            "*/15 * * * *",
            "2026-01-01T00:00:00Z",
            Some("2026-11-23T10:00:00Z"),
        ),
        (
            "7 10 * * *",
            "2026-01-01T00:00:00Z",
            Some("2026-11-23T10:07:00Z"),
        ),
        (
            "0 9 * * 1",
            "2026-01-01T00:00:00Z",
            Some("2026-11-23T09:00:00Z"),
        ),
        (
            "0 0 1 1 *",
            "2020-01-01T00:00:00Z",
            Some("2026-01-01T00:00:00Z"),
        ),
        (
            "0 0 29 2 *",
            "2020-01-01T00:00:00Z",
            Some("2024-02-29T00:00:00Z"),
        ),
        // Both ends belong to it.
        (
            "0 10 * * *",
            "2026-11-23T10:00:00Z",
            Some("2026-11-23T10:00:00Z"),
        ),
        ("0 10 * * *", "2026-11-23T10:00:01Z", None),
        ("0 0 29 2 *", "2025-01-01T00:00:00Z", None),
    ];
    for (cron, not_before, expected) in table {
        let schedule = Schedule::parse(cron, "UTC").expect("a schedule");
        assert_eq!(
            schedule.last_at_or_before(at(now), at(not_before)),
            expected.map(at),
            "{cron}"
        );
    }
}

#[test]
fn errors_name_the_field() {
    let table = [
        (
            "* * * *",
            "a cron expression has five fields (minute hour day-of-month month day-of-week), \"* * * *\" has 4",
        ),
        (
            "0 0 9 * * 1",
            "a cron expression has five fields (minute hour day-of-month month day-of-week), \"0 0 9 * * 1\" has 6",
        ),
        ("60 * * * *", "minute \"60\": not between 0 and 59"),
        ("0 24 * * *", "hour \"24\": not between 0 and 23"),
        ("0 0 0 * *", "day-of-month \"0\": not between 1 and 31"),
        ("0 0 1 13 *", "month \"13\": not between 1 and 12"),
        ("0 0 * * 8", "day-of-week \"8\": not between 0 and 7"),
        (
            "0 0 * foo *",
            "month \"foo\": not a number or name that this field knows",
        ),
        (
            "0 mon * * *",
            "hour \"mon\": not a number or name that this field knows",
        ),
        (
            "20-10 * * * *",
            "minute \"20-10\": the range runs backwards; write it as two, separated by a comma",
        ),
        (
            "*/0 * * * *",
            "minute \"*/0\": a step is a number from 1 up",
        ),
        (
            "5/15 * * * *",
            "minute \"5/15\": a step needs a range; write for example */15 or 5-59/15",
        ),
        ("1,,2 * * * *", "minute \"\": empty part of a list"),
        (
            "0 0 L * *",
            "day-of-month \"L\": L, W, # and ? are not part of five-field cron",
        ),
        (
            "0 0 ? * 5#2",
            "day-of-month \"?\": L, W, # and ? are not part of five-field cron",
        ),
        ("-1 * * * *", "minute \"-1\": empty part of a list"),
        (
            "99999999999 * * * *",
            "minute \"99999999999\": not between 0 and 59",
        ),
    ];
    for (cron, expected) in table {
        let error = Schedule::parse(cron, "UTC").expect_err(cron);
        assert_eq!(error.to_string(), expected);
    }
    assert!(matches!(
        Schedule::parse("@reboot", "UTC"),
        Err(ScheduleError::Alias(_))
    ));
    assert!(matches!(
        Schedule::parse("@daily", "Europe/Bonn"),
        Err(ScheduleError::Zone(_))
    ));
}

#[test]
fn it_survives_json() {
    let schedule = Schedule::parse(" 0 9 * * 1-5 ", "Europe/Berlin").expect("a schedule");
    let json = serde_json::to_string(&schedule).expect("json");
    assert_eq!(json, r#"{"cron":"0 9 * * 1-5","zone":"Europe/Berlin"}"#);
    assert_eq!(
        serde_json::from_str::<Schedule>(&json).expect("a schedule"),
        schedule
    );
    assert!(serde_json::from_str::<Schedule>(r#"{"cron":"x","zone":"UTC"}"#).is_err());
}
