use chrono::{DateTime, Utc};

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("an instant")
}

fn window(kind: WindowKind, cron: &str, hours: u64, zone: &str) -> Window {
    Window {
        kind,
        schedule: Schedule::parse(cron, zone).expect("a schedule"),
        duration: Duration::from_secs(hours * 3600),
    }
}

fn allow(cron: &str, hours: u64) -> Window {
    window(WindowKind::Allow, cron, hours, "UTC")
}

fn deny(cron: &str, hours: u64) -> Window {
    window(WindowKind::Deny, cron, hours, "UTC")
}

fn freeze(from: &str, to: &str) -> Freeze {
    Freeze {
        from: at(from),
        to: at(to),
        reason: "year end".into(),
    }
}

/// `open 2026-…` or `closed 2026-…`, with the instant of the next boundary.
fn told(windows: &[Window], freezes: &[Freeze], now: &str) -> String {
    let state = gate(windows, freezes, at(now));
    let open = if state.open { "open" } else { "closed" };
    let next = state
        .changes_at
        .map_or("never".to_owned(), |at| at.format("%dT%H:%M").to_string());
    format!("{open} {next}")
}

#[test]
fn truth_table() {
    // All windows and the freeze around noon of one day: 12:00 is inside those named, 20:00 outside.
    let active = "0 10 * * *";
    let idle = "0 18 * * *";
    let frozen = freeze("2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z");
    let past = freeze("2026-11-22T11:00:00Z", "2026-11-22T13:00:00Z");
    let table: Vec<(&str, Vec<Window>, Vec<Freeze>, bool)> = vec![
        ("nothing", vec![], vec![], true),
        ("idle allow", vec![allow(idle, 1)], vec![], false),
        ("active allow", vec![allow(active, 4)], vec![], true),
        ("idle deny", vec![deny(idle, 1)], vec![], true),
        ("active deny", vec![deny(active, 4)], vec![], false),
        (
            "idle allow, idle deny",
            vec![allow(idle, 1), deny(idle, 1)],
            vec![],
            false,
        ),
        (
            "idle allow, active deny",
            vec![allow(idle, 1), deny(active, 4)],
            vec![],
            false,
        ),
        (
            "active allow, idle deny",
            vec![allow(active, 4), deny(idle, 1)],
            vec![],
            true,
        ),
        (
            "active allow, active deny",
            vec![allow(active, 4), deny(active, 4)],
            vec![],
            false,
        ),
        (
            "one of two allows active",
            vec![allow(idle, 1), allow(active, 4)],
            vec![],
            true,
        ),
        (
            "one of two denies active",
            vec![deny(idle, 1), deny(active, 4)],
            vec![],
            false,
        ),
        ("frozen", vec![], vec![frozen.clone()], false),
        (
            "frozen, active allow",
            vec![allow(active, 4)],
            vec![frozen.clone()],
            false,
        ),
        (
            "frozen, active deny",
            vec![deny(active, 4)],
            vec![frozen.clone()],
            false,
        ),
        ("freeze is past", vec![], vec![past.clone()], true),
        ("one of two freezes", vec![], vec![past, frozen], false),
    ];
    for (name, windows, freezes, open) in table {
        assert_eq!(
            gate(&windows, &freezes, at("2026-11-23T12:00:00Z")).open,
            open,
            "{name}"
        );
    }
}

#[test]
fn boundaries() {
    let day = [allow("0 8 * * 1-5", 9)];
    // 2026-11-23 is a Monday.
    assert_eq!(told(&day, &[], "2026-11-23T07:59:59Z"), "closed 23T08:00");
    assert_eq!(told(&day, &[], "2026-11-23T08:00:00Z"), "open 23T17:00");
    assert_eq!(told(&day, &[], "2026-11-23T16:59:59Z"), "open 23T17:00");
    assert_eq!(told(&day, &[], "2026-11-23T17:00:00Z"), "closed 24T08:00");
    assert_eq!(told(&day, &[], "2026-11-27T17:00:00Z"), "closed 30T08:00");
    assert_eq!(told(&[], &[], "2026-11-23T08:00:00Z"), "open never");
    let ends = [freeze("2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z")];
    assert_eq!(told(&[], &ends, "2026-11-23T10:00:00Z"), "open 23T11:00");
    assert_eq!(told(&[], &ends, "2026-11-23T11:00:00Z"), "closed 23T13:00");
    assert_eq!(told(&[], &ends, "2026-11-23T13:00:00Z"), "open never");
}

#[test]
fn a_window_that_opens_while_frozen_waits_for_the_freeze() {
    let day = [allow("0 8 * * *", 9)];
    let freezes = [freeze("2026-11-23T06:00:00Z", "2026-11-23T12:00:00Z")];
    assert_eq!(
        told(&day, &freezes, "2026-11-23T07:00:00Z"),
        "closed 23T08:00"
    );
    assert_eq!(
        told(&day, &freezes, "2026-11-23T08:00:00Z"),
        "closed 23T12:00"
    );
    assert_eq!(
        told(&day, &freezes, "2026-11-23T12:00:00Z"),
        "open 23T17:00"
    );
    assert_eq!(
        opens(&day, &freezes, "2026-11-23T07:00:00Z"),
        Some(at("2026-11-23T12:00:00Z"))
    );
}

#[test]
fn overlapping_allow_windows_open_without_a_seam() {
    let two = [allow("0 8 * * *", 4), allow("0 11 * * *", 4)];
    assert_eq!(told(&two, &[], "2026-11-23T11:30:00Z"), "open 23T12:00");
    assert_eq!(told(&two, &[], "2026-11-23T12:00:00Z"), "open 23T15:00");
    assert_eq!(told(&two, &[], "2026-11-23T15:00:00Z"), "closed 24T08:00");
    match gate(&two, &[], at("2026-11-23T11:30:00Z")).because {
        WindowReason::InsideAllow { until, .. } => assert_eq!(until, at("2026-11-23T15:00:00Z")),
        other => panic!("{other:?}"),
    }
}

#[test]
fn occurrences_of_one_long_window_overlap() {
    // Every day at 08:00 for 30 hours: always active.
    let long = [allow("0 8 * * *", 30)];
    for hour in 0..48 {
        let now = at("2026-11-23T00:00:00Z") + chrono::TimeDelta::hours(hour);
        assert!(gate(&long, &[], now).open, "{now}");
    }
    // The week-end, from Friday 18:00 for 62 hours.
    let weekend = [deny("0 18 * * fri", 62)];
    assert_eq!(told(&weekend, &[], "2026-11-27T17:00:00Z"), "open 27T18:00");
    assert_eq!(
        told(&weekend, &[], "2026-11-29T12:00:00Z"),
        "closed 30T08:00"
    );
    assert_eq!(told(&weekend, &[], "2026-11-30T08:00:00Z"), "open 04T18:00");
}

#[test]
fn windows_follow_the_wall_clock_over_a_change() {
    let berlin = |cron, hours| [window(WindowKind::Allow, cron, hours, "Europe/Berlin")];
    // Eight in the morning is 07:00Z in winter and 06:00Z in summer.
    assert_eq!(
        told(&berlin("0 8 * * *", 9), &[], "2027-03-27T12:00:00Z"),
        "open 27T16:00"
    );
    assert_eq!(
        told(&berlin("0 8 * * *", 9), &[], "2027-03-27T16:00:00Z"),
        "closed 28T06:00"
    );
    // A beginning inside the gap: at its end, 01:00Z, and three hours long.
    assert_eq!(
        told(&berlin("30 2 * * *", 3), &[], "2027-03-28T00:00:00Z"),
        "closed 28T01:00"
    );
    assert_eq!(
        told(&berlin("30 2 * * *", 3), &[], "2027-03-28T03:59:00Z"),
        "open 28T04:00"
    );
    // A beginning inside the repeated hour: once, in the first pass.
    assert_eq!(
        told(&berlin("30 2 * * *", 1), &[], "2026-10-25T00:30:00Z"),
        "open 25T01:30"
    );
    assert_eq!(
        told(&berlin("30 2 * * *", 1), &[], "2026-10-25T01:30:00Z"),
        "closed 26T01:30"
    );
}

#[test]
fn windows_that_never_come() {
    assert_eq!(
        told(&[allow("0 0 31 2 *", 1)], &[], "2026-11-23T00:00:00Z"),
        "closed never"
    );
    assert_eq!(
        opens(&[allow("0 0 31 2 *", 1)], &[], "2026-11-23T00:00:00Z"),
        None
    );
    assert_eq!(
        told(&[allow("0 0 * * *", 0)], &[], "2026-11-23T00:00:00Z"),
        "closed never"
    );
    // A deny window that never ends.
    let always = [deny("* * * * *", 1)];
    assert_eq!(opens(&always, &[], "2026-11-23T00:00:00Z"), None);
}

fn opens(windows: &[Window], freezes: &[Freeze], now: &str) -> Option<DateTime<Utc>> {
    opens_at(&[hours(windows, freezes)], at(now))
}

fn hours(windows: &[Window], freezes: &[Freeze]) -> Hours {
    Hours {
        windows: windows.to_vec(),
        freezes: freezes.to_vec(),
    }
}

#[test]
fn hours_of_several_are_open_when_all_of_them_are() {
    let (mornings, mondays) = (allow("0 8 * * *", 2), allow("0 9 * * 1", 8));
    let week_end = deny("0 0 * * 6,0", 24);
    let all = [
        hours(&[mornings], &[]),
        hours(&[mondays], &[]),
        hours(&[week_end], &[]),
    ];
    // A Tuesday.
    let now = at("2026-11-24T12:00:00Z");
    assert_eq!(opens_at(&all, now), Some(at("2026-11-30T09:00:00Z")));
    let evenings = hours(&[allow("0 20 * * *", 1)], &[]);
    let [first, ..] = all;
    assert_eq!(opens_at(&[first, evenings], now), None);
    assert_eq!(opens_at(&[], now), Some(now));
}

#[test]
fn the_answer_only_changes_at_the_instant_that_was_told() {
    let windows = [
        window(WindowKind::Allow, "0 8 * * 1-5", 9, "Europe/Berlin"),
        window(WindowKind::Deny, "30 11 * * *", 1, "America/New_York"),
        window(WindowKind::Allow, "0 0 1 * *", 30, "Australia/Lord_Howe"),
    ];
    let freezes = [freeze("2026-10-27T09:00:00Z", "2026-10-28T09:30:00Z")];
    let mut now = at("2026-10-22T00:00:00Z");
    let mut state = gate(&windows, &freezes, now);
    while now < at("2026-11-04T00:00:00Z") {
        now += chrono::TimeDelta::minutes(10);
        let next = gate(&windows, &freezes, now);
        if next.open != state.open {
            assert!(
                state.changes_at.is_some_and(|told| told <= now),
                "{now}: {state:?}"
            );
        }
        state = next;
    }
}

#[test]
fn it_says_why() {
    let day = [allow("0 8 * * *", 9)];
    assert_eq!(
        gate(&day, &[], at("2026-11-23T07:00:00Z"))
            .because
            .to_string(),
        "outside the allow windows; the next one begins 2026-11-23 08:00 UTC"
    );
    let ends = [freeze("2026-11-23T11:00:00Z", "2026-11-23T13:00:00Z")];
    let frozen = gate(&day, &ends, at("2026-11-23T12:00:00Z")).because;
    assert_eq!(
        frozen.to_string(),
        "frozen until 2026-11-23 13:00 UTC: year end"
    );
    let json = serde_json::to_value(&frozen).expect("json");
    assert_eq!(json["why"], "frozen");
    let window = serde_json::to_string(&day[0]).expect("json");
    assert_eq!(
        window,
        r#"{"kind":"allow","schedule":{"cron":"0 8 * * *","zone":"UTC"},"seconds":32400}"#
    );
    assert_eq!(
        serde_json::from_str::<Window>(&window).expect("a window"),
        day[0]
    );
}
