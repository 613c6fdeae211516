//! A rollback says something of the package: it goes no further, wherever it is on its way to.

use super::world::{World, name, story};
use crate::event::{Ask, Outcome};
use crate::facts::PullState;
use crate::policy::{FreezeSpec, MergeBy};
use chrono::Duration;

fn back(env: &str, now: bool) -> Ask {
    Ask::Rollback {
        env: env.into(),
        to: None,
        now,
        reason: "it hurts".into(),
    }
}

/// p1 is everywhere, p2 has passed qa and is planned for prod.
fn on_its_way() -> World {
    let mut w = story();
    w.env("prod", |prod| prod.gates.approvals = 1);
    w.build("p1");
    w.promote("qa", 1);
    w.planned("prod", &["a"]);
    w.opened("prod", 2);
    w.pull(2).approvals = 1;
    w.merge(2);
    w.applied("prod");
    w.build("p2");
    w.promote("qa", 3);
    w.planned("prod", &["b"]);
    w.opened("prod", 4);
    w
}

#[test]
fn what_was_rolled_back_from_is_not_merged_further_on() {
    for now in [false, true] {
        let mut w = on_its_way();
        w.env("prod", |prod| prod.merge = MergeBy::Auto);
        w.look();
        w.ask(back("qa", now));
        w.pull(4).approvals = 1;
        w.look();
        assert!(
            !w.waiting("prod").contains(&"merge_pull".to_owned()),
            "{now}"
        );
        let words = w.why("prod");
        assert!(words.contains("it was rolled back from there"), "{words}");
        // Somebody merges it all the same.
        w.merge(4);
        assert!(!w.waiting("prod").contains(&"apply".to_owned()), "{now}");
    }
}

#[test]
fn what_was_approved_and_has_not_begun_does_not_begin_after_a_rollback_before_it() {
    let mut w = on_its_way();
    let (from, to) = (w.now, w.now + Duration::hours(10));
    w.env("prod", |prod| {
        prod.gates.freezes = vec![FreezeSpec {
            from,
            to,
            reason: "audit".into(),
        }];
    });
    w.pull(4).approvals = 1;
    w.merge(4);
    assert!(w.why("prod").contains("audit"), "{}", w.why("prod"));
    w.ask(back("qa", true));
    w.applied("qa");
    w.wait(Duration::hours(11));
    assert!(!w.waiting("prod").contains(&"apply".to_owned()));
    assert!(w.why("prod").contains("rolled back"), "{}", w.why("prod"));
    w.planned("qa", &["undo"]);
    w.opened("qa", 5);
    w.merge(5);
    w.applied("qa");
    assert!(!w.waiting("prod").contains(&"apply".to_owned()));
    // Nothing was wrong with it after all: somebody lets it in again, and it goes its way.
    w.ask(Ask::Retry { env: "qa".into() });
    assert_eq!(w.waiting("prod"), ["apply"], "{}", w.why("prod"));
}

#[test]
fn what_has_begun_is_brought_to_its_end() {
    let mut w = on_its_way();
    w.pull(4).approvals = 1;
    w.merge(4);
    w.fail("prod", "apply", true);
    w.ask(back("qa", false));
    w.sleep();
    while !w.waiting("prod").contains(&"apply".to_owned()) {
        w.sleep();
    }
    w.applied("prod");
    assert_eq!(w.package("prod"), Some("p2"));
}

#[test]
fn a_rollback_that_nobody_wants_holds_nothing_up() {
    let mut w = on_its_way();
    w.ask(back("qa", false));
    w.planned("qa", &["undo"]);
    w.opened("qa", 5);
    assert!(w.why("prod").contains("rolled back"), "{}", w.why("prod"));
    w.close(5);
    assert!(!w.why("prod").contains("rolled back"), "{}", w.why("prod"));
    assert!(w.waiting("qa").is_empty(), "p2 is in place");
    w.pull(4).approvals = 1;
    w.merge(4);
    assert_eq!(w.waiting("prod"), ["apply"]);
}

#[test]
fn going_back_there_does_not_keep_others_from_going_back_to_it() {
    let mut w = on_its_way();
    w.pull(4).approvals = 1;
    w.merge(4);
    w.applied("prod");
    // p1 is what qa does not want; prod had it, and may have it again.
    w.ask(Ask::Rollback {
        env: "qa".into(),
        to: Some("sha256:p1".into()),
        now: true,
        reason: "x".into(),
    });
    w.applied("qa");
    w.ask(Ask::Rollback {
        env: "qa".into(),
        to: Some("sha256:p2".into()),
        now: true,
        reason: "p1 is no better".into(),
    });
    w.ask(back("prod", true));
    w.applied("prod");
    assert_eq!(w.package("prod"), Some("p1"));
    w.planned("prod", &["undo"]);
    w.opened("prod", 8);
    w.pull(8).approvals = 1;
    w.merge(8);
    assert_eq!(w.pull(8).state, PullState::Merged);
    w.answer(
        "prod",
        "apply",
        Outcome::Applied {
            done: 0,
            satisfied: 1,
            uploaded: 0,
            plan: Default::default(),
        },
    );
    assert_eq!(w.package("prod"), Some("p1"));
}

#[test]
fn what_has_begun_is_brought_to_its_end_also_when_somebody_helps_it() {
    let mut w = on_its_way();
    w.pull(4).approvals = 1;
    w.merge(4);
    w.fail("prod", "apply", false);
    w.ask(back("qa", false));
    w.ask(Ask::Retry { env: "prod".into() });
    assert_eq!(w.waiting("prod"), ["apply"], "{}", w.why("prod"));
}

#[test]
fn a_rollback_stops_its_package_however_far_it_has_come() {
    let mut w = story();
    w.env("eu", |eu| {
        eu.after = vec![name("prod")];
        eu.merge = MergeBy::Auto;
        eu.gates.soak_seconds = 3600;
    });
    for (package, number) in [("p1", 1), ("p2", 3)] {
        w.build(package);
        w.promote("qa", number);
        w.promote("prod", number + 1);
    }
    w.ask(back("qa", true));
    w.applied("qa");
    w.wait(Duration::hours(2));
    assert_eq!(w.package("prod"), Some("p2"), "healthy there for long");
    let words = w.why("eu");
    let expected = "qa is not healthy with this package: it was rolled back from there";
    assert!(words.contains(expected), "{words}");
    assert!(w.waiting("eu").is_empty());
}
