//! Back to an earlier package, by pull request or at once.

use super::super::Verdict;
use super::world::{World, digest, story};
use crate::effect::{Act, Approved};
use crate::event::{Ask, Outcome};
use crate::explain::Standing;
use crate::facts::{PullKind, PullState};
use crate::policy::{FreezeSpec, VerifySpec};
use chrono::Duration;

pub(super) fn back(now: bool) -> Ask {
    Ask::Rollback {
        env: "qa".into(),
        to: None,
        now,
        reason: "it hurts".into(),
    }
}

pub(super) fn two_packages() -> World {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.build("p2");
    w.promote("qa", 2);
    assert_eq!(w.package("qa"), Some("p2"));
    w.due.retain(|_, effect| effect.env != Some("prod".into()));
    w
}

#[test]
fn a_rollback_pins_the_package_before_and_the_bad_one_stays_aside() {
    let mut w = two_packages();
    w.ask(back(false));
    w.planned("qa", &["undo"]);
    let Act::OpenPull { kind, package, .. } = w.one("qa", "open_pull").act else {
        unreachable!()
    };
    assert_eq!((kind, package), (PullKind::Rollback, digest("p1")));
    assert_eq!(
        w.package("qa"),
        Some("p2"),
        "nothing happens before it is merged"
    );
    w.opened("qa", 3);
    w.merge(3);
    w.applied("qa");
    assert_eq!(
        (w.package("qa"), w.standing("qa")),
        (Some("p1"), Standing::Healthy)
    );
    w.wait(Duration::days(2));
    assert!(w.waiting("qa").is_empty(), "p2 is not proposed again");
    assert!(
        w.why("qa").contains("rolled back from here"),
        "{}",
        w.why("qa")
    );
    w.build("p3");
    assert_eq!(w.waiting("qa"), ["plan"], "the next one is");
}

#[test]
fn now_applies_at_once_also_in_a_freeze_and_ends_with_the_merge() {
    let mut w = two_packages();
    let now = w.now;
    w.env("qa", |qa| {
        let (from, to) = (now - Duration::days(1), now + Duration::days(9));
        qa.gates.freezes = vec![FreezeSpec {
            from,
            to,
            reason: "audit".into(),
        }];
    });
    w.look();
    w.ask(back(true));
    let Act::Apply {
        approved, package, ..
    } = w.one("qa", "apply").act
    else {
        unreachable!()
    };
    assert_eq!((approved, package), (Approved::Reversible, digest("p1")));
    w.applied("qa");
    assert!(
        w.of("qa")
            .over
            .as_ref()
            .is_some_and(|over| over.done && over.reason == "it hurts")
    );
    w.planned("qa", &[]);
    w.opened("qa", 3);
    w.merge(3);
    assert!(w.of("qa").over.is_none());
    assert_eq!(w.of("qa").accepted.as_ref().unwrap().package, digest("p1"));
    assert_eq!(w.noted("override-ends"), 1);
}

#[test]
fn an_override_expires_and_what_was_approved_counts_again() {
    let mut w = two_packages();
    w.ask(back(true));
    w.applied("qa");
    w.planned("qa", &["undo"]);
    w.opened("qa", 3);
    w.close(3);
    let until = w.of("qa").over.as_ref().unwrap().until;
    assert_eq!(until - w.now, w.settings.override_for);
    while w.now < until {
        assert!(w.waiting("qa").is_empty());
        w.sleep();
    }
    assert_eq!(w.now, until, "woken when it ends");
    let Act::Apply {
        approved, package, ..
    } = w.one("qa", "apply").act
    else {
        unreachable!()
    };
    assert_eq!(package, digest("p2"));
    let Approved::Actions { plan, actions } = approved else {
        panic!("no more than what had been approved");
    };
    assert!(!actions.is_empty());
    // It was done once: nothing is left of it that would be done unasked.
    assert_eq!(plan.as_str(), "");
}

#[test]
fn an_override_that_never_began_ends_with_its_time() {
    let mut w = two_packages();
    w.ask(Ask::Hold {
        env: "qa".into(),
        reason: "x".into(),
    });
    w.ask(back(true));
    w.now += Duration::hours(25);
    w.ask(Ask::Resume { env: "qa".into() });
    let Act::Apply { package, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    assert_eq!(package, digest("p2"));
}

#[test]
fn an_open_promotion_is_superseded_by_a_rollback() {
    let mut w = two_packages();
    w.build("p3");
    w.planned("qa", &["c"]);
    w.opened("qa", 3);
    w.ask(back(false));
    assert_eq!(w.waiting("qa"), ["close_pull"]);
    w.pull(3).state = PullState::Closed;
    w.answer("qa", "close_pull", Outcome::PullClosed);
    w.planned("qa", &["undo"]);
    w.opened("qa", 4);
    assert_eq!(w.open("qa"), 1);
    w.wait(Duration::minutes(1));
    assert!(
        w.waiting("qa").is_empty(),
        "p3 waits until the rollback is decided"
    );
}

#[test]
fn a_rollback_waits_for_a_pull_request_that_is_just_being_opened() {
    let mut w = two_packages();
    w.build("p3");
    w.planned("qa", &["c"]);
    w.ask(back(true));
    assert_eq!(w.verdict, Verdict::Handled);
    w.applied("qa");
    w.opened("qa", 3);
    assert_eq!(w.waiting("qa"), ["close_pull"]);
    w.pull(3).state = PullState::Closed;
    w.answer("qa", "close_pull", Outcome::PullClosed);
    w.planned("qa", &[]);
    let Act::OpenPull { kind, .. } = w.one("qa", "open_pull").act else {
        unreachable!()
    };
    assert_eq!(kind, PullKind::Rollback);
}

#[test]
fn merging_what_was_just_being_closed_does_not_end_the_override() {
    let mut w = two_packages();
    w.build("p3");
    w.planned("qa", &["c"]);
    w.opened("qa", 3);
    w.ask(back(true));
    w.applied("qa");
    w.merge(3);
    w.answer("qa", "close_pull", Outcome::PullClosed);
    assert!(w.of("qa").over.is_some());
    assert!(
        !w.waiting("qa").contains(&"apply".to_owned()),
        "{:?}",
        w.waiting("qa")
    );
}

#[test]
fn a_rollback_blocked_by_a_persons_commits_goes_on_later() {
    let mut w = two_packages();
    w.build("p3");
    w.planned("qa", &["c"]);
    w.opened("qa", 3);
    w.pull(3).person_pushed = true;
    w.ask(back(false));
    w.answer("qa", "close_pull", Outcome::PullKept);
    assert!(w.waiting("qa").is_empty());
    w.close(3);
    w.planned("qa", &["undo"]);
    let Act::OpenPull { kind, package, .. } = w.one("qa", "open_pull").act else {
        unreachable!()
    };
    assert_eq!((kind, package), (PullKind::Rollback, digest("p1")));
}

#[test]
fn a_package_rolled_back_from_is_not_taken_from_a_pin_somebody_wrote() {
    let mut w = two_packages();
    w.ask(back(false));
    w.planned("qa", &["undo"]);
    w.opened("qa", 3);
    w.merge(3);
    w.applied("qa");
    w.pin("qa", "p2", &["a"]);
    w.through("qa", 8);
    w.look();
    assert_eq!(w.standing("qa"), Standing::Refused);
    assert!(w.why("qa").contains("rolled back from here"));
    w.ask(Ask::Retry { env: "qa".into() });
    assert!(
        w.waiting("qa").contains(&"apply".to_owned()),
        "a person let it in again: {:?}",
        w.waiting("qa")
    );
}

#[test]
fn out_of_a_package_that_was_left_half_done() {
    let mut w = two_packages();
    w.build("p3");
    w.planned("qa", &["c"]);
    w.opened("qa", 3);
    w.merge(3);
    w.fail("qa", "apply", false);
    w.ask(back(true));
    let Act::Apply { package, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    assert_eq!(
        package,
        digest("p2"),
        "what was there before, not the one before that"
    );
}

#[test]
fn there_must_be_something_healthy_to_go_back_to() {
    let mut w = story();
    w.env("qa", |qa| {
        qa.verify = Some(VerifySpec {
            run_job: "smoke".into(),
            timeout_seconds: 60,
        })
    });
    w.look();
    w.ask(back(true));
    assert!(matches!(&w.verdict, Verdict::Ignored(why) if why.contains("no earlier package")));
    w.build("p1");
    w.promote("qa", 1);
    w.verified("qa", false);
    w.build("p2");
    w.promote("qa", 2);
    w.verified("qa", true);
    w.ask(back(true));
    assert!(
        matches!(w.verdict, Verdict::Ignored(_)),
        "p1 never was healthy"
    );
    assert!(w.of("qa").over.is_none());
    let named = |to: &str| Ask::Rollback {
        env: "qa".into(),
        to: Some(to.into()),
        now: false,
        reason: "x".into(),
    };
    w.ask(named("sha256:p1"));
    assert!(matches!(&w.verdict, Verdict::Ignored(why) if why.contains("never healthy here")));
    w.ask(named(""));
    assert!(matches!(w.verdict, Verdict::Ignored(_)));
}

#[test]
fn an_override_that_was_given_out_and_not_begun_in_time_is_called_back() {
    let mut w = two_packages();
    w.ask(back(true));
    let late = w.one("qa", "apply").op;
    w.wait(Duration::hours(25));
    assert!(!w.due.contains_key(&late), "not wanted any more");
    let Act::Apply { package, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    assert_eq!(package, digest("p2"));
}

#[test]
fn now_does_not_wait_for_what_is_being_applied_or_verified() {
    for verifying in [false, true] {
        let mut w = two_packages();
        w.env("qa", |qa| {
            qa.verify = Some(VerifySpec {
                run_job: "smoke".into(),
                timeout_seconds: 60,
            });
        });
        w.build("p3");
        w.planned("qa", &["c"]);
        w.opened("qa", 3);
        w.merge(3);
        let mut late = w.one("qa", "apply").op;
        if verifying {
            w.applied("qa");
            late = w.one("qa", "verify").op;
        }
        w.ask(back(true));
        assert!(!w.due.contains_key(&late), "called back");
        let Act::Apply { package, .. } = w.one("qa", "apply").act else {
            unreachable!()
        };
        assert_eq!(package, digest("p2"));
    }
}
