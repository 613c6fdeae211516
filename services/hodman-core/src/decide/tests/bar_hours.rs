//! Hours that a pull request moved for what it brings: which of them hold it, and for how long.

use super::bars::{applies, merged};
use super::world::{World, story};
use crate::event::{Ask, Outcome};
use crate::policy::WindowSpec;
use chrono::{Duration, TimeZone, Utc};

fn hours(cron: &str, long: i64) -> WindowSpec {
    WindowSpec {
        deny: false,
        cron: cron.into(),
        zone: "UTC".into(),
        seconds: long * 3600,
    }
}

#[test]
fn windows_that_the_pull_request_moves_hold_one_after_the_other() {
    // It is nine. The two are never open at one moment.
    let mut w = merged(
        story(),
        |prod| prod.gates.windows = vec![hours("0 20 * * *", 1)],
        |prod| prod.gates.windows = vec![hours("0 12 * * *", 1)],
    );
    w.look();
    let (day, begin) = (Duration::days(1), story().now);
    while !applies(&w) {
        w.sleep();
        assert!(w.now < begin + day * 3, "{}", w.why("prod"));
    }
    let noon = begin + Duration::hours(3);
    assert_eq!(
        w.now,
        noon + day,
        "after the evening that was to be waited for"
    );
}

#[test]
fn what_has_begun_is_not_held_again_by_the_old_hours() {
    for stood_still in [false, true] {
        let mut w = story();
        // A Saturday.
        w.now = Utc.with_ymd_and_hms(2026, 3, 7, 20, 50, 0).unwrap();
        let mut w = merged(
            w,
            |prod| prod.gates.windows = vec![hours("0 20 * * 6", 1)],
            |prod| prod.gates.windows = vec![hours("0 20 * * *", 3)],
        );
        w.look();
        assert!(applies(&w), "{}", w.why("prod"));
        if stood_still {
            let why = "nothing starts until 21:10".to_owned();
            w.answer("prod", "apply", Outcome::StandsStill { why });
        } else {
            w.fail("prod", "apply", true);
        }
        w.wait(Duration::minutes(11));
        assert_eq!(w.waiting("prod"), ["apply"], "{}", w.why("prod"));
    }
}

#[test]
fn hours_that_are_open_together_once_are_waited_for() {
    let denied = WindowSpec {
        deny: true,
        ..hours("0 0 * * 2,3", 24)
    };
    // It is Monday, nine: the new hour of today is over, and Tuesday and Wednesday are closed by the old ones.
    let mut w = merged(
        story(),
        |prod| prod.gates.windows = vec![denied],
        |prod| prod.gates.windows = vec![hours("0 8 * * *", 1)],
    );
    w.look();
    while !applies(&w) {
        w.sleep();
    }
    let thursday = Utc.with_ymd_and_hms(2026, 3, 5, 8, 0, 0).unwrap();
    assert_eq!(w.now, thursday, "{}", w.why("prod"));
}

#[test]
fn hours_that_come_while_something_else_stands_before_the_run_have_held_nothing() {
    let noon = WindowSpec {
        deny: true,
        ..hours("0 12 * * *", 1)
    };
    let mut w = held();
    // It is nine, and open by the old hours, too: only the hold is waited for.
    w.env("prod", |prod| prod.gates.windows = vec![noon]);
    w.look();
    w.pin("prod", "p1", &["a"]);
    w.through("prod", 9);
    w.env("prod", |prod| prod.gates.windows.clear());
    w.file("prod").binding_origin = w.file("prod").pin_origin.clone();
    w.look();
    assert!(!applies(&w));
    w.wait(Duration::minutes(190));
    w.ask(Ask::Resume { env: "prod".into() });
    assert!(!applies(&w), "what it took away holds: {}", w.why("prod"));
    w.wait(Duration::hours(1));
    assert!(applies(&w), "{}", w.why("prod"));
}

/// p0 is in prod, which is held, p1 in qa.
fn held() -> World {
    let mut w = story();
    w.build("p0");
    w.promote("qa", 1);
    w.promote("prod", 2);
    w.build("p1");
    w.promote("qa", 3);
    w.ask(Ask::Hold {
        env: "prod".into(),
        reason: "audit".into(),
    });
    w
}
