//! What was stopped for a change goes on in time, whatever becomes of the apply.

use super::world::{World, plan, story};
use crate::event::{Ask, Outcome};
use crate::policy::WindowSpec;
use chrono::{Duration, TimeZone, Utc};

/// One in which the window closes at five, an hour from now.
fn applying() -> World {
    let mut w = story();
    w.env("qa", |qa| {
        qa.gates.windows = vec![WindowSpec {
            deny: false,
            cron: "0 8 * * 1-5".into(),
            zone: "UTC".into(),
            seconds: 9 * 3600,
        }];
    });
    w.now = Utc.with_ymd_and_hms(2026, 3, 6, 16, 0, 0).unwrap();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge(1);
    w
}

fn stands_still() -> Outcome {
    Outcome::StandsStill {
        why: "nothing starts until 16:20".into(),
    }
}

/// The effects for qa, once there are any.
fn next(w: &mut World) -> Vec<String> {
    while w.waiting("qa").is_empty() {
        w.sleep();
    }
    w.waiting("qa")
}

#[test]
fn what_was_stopped_goes_on_though_the_window_of_the_apply_has_closed() {
    let mut w = applying();
    w.answer("qa", "apply", stands_still());
    // As long as the apply may come again it does that itself.
    assert_eq!(next(&mut w), ["apply"]);
    w.now = Utc.with_ymd_and_hms(2026, 3, 6, 17, 5, 0).unwrap();
    w.answer("qa", "apply", stands_still());
    assert_eq!(next(&mut w), ["give_back"]);
    assert!(
        w.why("qa").contains("nothing starts until"),
        "{}",
        w.why("qa")
    );
    assert!(w.why("qa").contains("window"), "{}", w.why("qa"));
    assert_eq!(w.one("qa", "give_back").lane(), "qa/apply");
    let why = "nothing starts until 17:25".to_owned();
    w.answer("qa", "give_back", Outcome::Waits { why });
    let before = w.now;
    assert_eq!(next(&mut w), ["give_back"]);
    assert_eq!(w.now - before, w.settings.busy_pause);
    w.answer("qa", "give_back", Outcome::GivenBack);
    assert_eq!(w.of("qa").still, None);
    assert_eq!(w.noted("qa given-back"), 1);
    assert!(w.why("qa").contains("what was stopped for it goes on"));
    // The rest waits for Monday.
    assert_eq!(next(&mut w), ["apply"]);
    assert_eq!(w.now, Utc.with_ymd_and_hms(2026, 3, 9, 8, 0, 0).unwrap());
}

#[test]
fn it_goes_on_after_an_apply_that_failed_for_good_and_is_tried_until_it_works() {
    let mut w = applying();
    w.answer("qa", "apply", stands_still());
    assert_eq!(next(&mut w), ["apply"]);
    w.fail("qa", "apply", false);
    assert_eq!(next(&mut w), ["give_back"]);
    for _ in 0..3 {
        w.fail("qa", "give_back", false);
        assert!(w.why("qa").contains("give_back broke"));
        assert_eq!(next(&mut w), ["give_back"]);
    }
    assert_eq!(w.noted("give_back broke"), 1, "told once");
    w.answer("qa", "give_back", Outcome::GivenBack);
    w.wait(Duration::days(1));
    assert!(w.waiting("qa").is_empty());
}

#[test]
fn what_one_that_was_cut_off_stopped_goes_on_though_the_rest_waits_for_an_approval() {
    let mut w = applying();
    let outcome = Outcome::NotApproved {
        plan: plan(&["a", "b"]),
        outside: vec!["b".into()],
        stands_still: true,
    };
    w.answer("qa", "apply", outcome);
    assert!(w.of("qa").still.is_some());
    let gives_back = |w: &World| w.waiting("qa").contains(&"give_back".to_owned());
    while !gives_back(&w) {
        w.sleep();
    }
    w.answer("qa", "give_back", Outcome::GivenBack);
    assert_eq!(w.of("qa").still, None);
}

#[test]
fn a_hold_keeps_it_stopped_until_it_is_lifted() {
    let mut w = applying();
    w.answer("qa", "apply", stands_still());
    w.ask(Ask::Hold {
        env: "qa".into(),
        reason: "something is wrong there".into(),
    });
    w.wait(Duration::hours(2));
    assert!(w.waiting("qa").is_empty());
    // Nothing failed, and yet schedules are paused and pools empty: who holds must be told.
    let words = "that were stopped for a change stay stopped until `hodman resume`";
    assert!(w.why("qa").contains(words), "{}", w.why("qa"));
    w.ask(Ask::Resume { env: "qa".into() });
    assert_eq!(w.waiting("qa"), ["give_back"]);
    assert!(!w.why("qa").contains(words), "{}", w.why("qa"));
}

#[test]
fn an_apply_that_went_to_its_end_let_everything_go_on() {
    let mut w = applying();
    w.answer("qa", "apply", stands_still());
    assert_eq!(next(&mut w), ["apply"]);
    w.applied("qa");
    assert_eq!(w.of("qa").still, None);
}
