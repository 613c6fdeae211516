//! Applying what was approved: failures, verification, and what was not approved after all.

use super::world::{World, digest, story};
use crate::effect::{Act, Approved};
use crate::event::{Ask, Outcome};
use crate::explain::Standing;
use crate::facts::PullKind;
use crate::policy::VerifySpec;
use chrono::Duration;

fn merged() -> World {
    let mut w = story();
    w.env("qa", |qa| {
        qa.verify = Some(VerifySpec {
            run_job: "smoke".into(),
            timeout_seconds: 60,
        })
    });
    w.build("p1");
    w.planned("qa", &["a", "b"]);
    w.opened("qa", 1);
    w.merge(1);
    w
}

#[test]
fn a_failed_apply_is_tried_again_with_growing_pauses_and_then_waits_for_a_person() {
    let mut w = merged();
    let mut pauses = Vec::new();
    for _ in 1..w.settings.apply_tries {
        w.fail("qa", "apply", true);
        assert!(w.waiting("qa").is_empty());
        let before = w.now;
        while w.waiting("qa").is_empty() {
            w.sleep();
        }
        pauses.push((w.now - before).num_seconds());
    }
    assert_eq!(pauses, [10, 20, 40, 80]);
    w.fail("qa", "apply", true);
    w.wait(Duration::days(1));
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.standing("qa"), Standing::Failed);
    assert!(w.why("qa").contains("not tried again by itself"));
    w.ask(Ask::Retry { env: "qa".into() });
    assert_eq!(w.waiting("qa"), ["apply"]);
}

#[test]
fn waiting_for_a_run_to_end_is_no_failure_however_long_it_takes() {
    let mut w = merged();
    for _ in 0..3 * w.settings.apply_tries {
        w.answer(
            "qa",
            "apply",
            Outcome::Waits {
                why: "waits for run 7 of jobs.old".into(),
            },
        );
        assert!(w.waiting("qa").is_empty());
        assert_eq!(w.standing("qa"), Standing::Applying);
        assert!(w.why("qa").contains("run 7 of jobs.old"), "{}", w.why("qa"));
        let before = w.now;
        while w.waiting("qa").is_empty() {
            w.sleep();
        }
        assert_eq!(w.now - before, w.settings.busy_pause);
    }
    // The failures that do count are counted from the first.
    for _ in 1..w.settings.apply_tries {
        w.fail("qa", "apply", true);
        while w.waiting("qa").is_empty() {
            w.sleep();
        }
    }
    w.fail("qa", "apply", true);
    assert_eq!(w.standing("qa"), Standing::Failed);
}

#[test]
fn the_next_package_gets_past_one_that_cannot_be_applied() {
    let mut w = merged();
    w.fail("qa", "apply", false);
    w.build("p2");
    w.planned("qa", &["c"]);
    w.opened("qa", 2);
    w.merge(2);
    let Act::Apply { package, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    assert_eq!(package, digest("p2"));
}

#[test]
fn a_failed_verification_keeps_the_package_from_going_on() {
    let mut w = merged();
    w.applied("qa");
    w.verified("qa", false);
    assert_eq!(w.standing("qa"), Standing::Unhealthy);
    assert!(w.waiting("prod").is_empty());
    assert!(
        w.why("prod")
            .contains("qa is not healthy with this package")
    );
    w.ask(Ask::Retry { env: "qa".into() });
    w.applied("qa");
    w.verified("qa", true);
    assert_eq!(w.waiting("prod"), ["plan"]);
}

#[test]
fn what_was_not_approved_stops_it_and_asks_with_the_plan_as_it_is() {
    let mut w = merged();
    w.not_approved("qa", &["a", "x"]);
    assert_eq!(w.standing("qa"), Standing::NeedsApproval);
    assert!(w.why("qa").contains("needs approval: a, x"));
    w.planned("qa", &["a", "x"]);
    let Act::OpenPull { kind, package, .. } = w.one("qa", "open_pull").act else {
        unreachable!()
    };
    assert_eq!((kind, package), (PullKind::Replan, digest("p1")));
    w.opened("qa", 2);
    w.merge(2);
    let Act::Apply { approved, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    assert!(
        matches!(approved, Approved::Actions { plan, actions } if plan.as_str() == "plan:a+x" && actions.len() == 2)
    );
    w.applied("qa");
    w.verified("qa", true);
    assert_eq!(w.standing("qa"), Standing::Healthy);
}

#[test]
fn a_binding_merged_with_its_plan_is_applied_without_asking_again() {
    let mut w = merged();
    w.applied("qa");
    w.verified("qa", true);
    w.foreign(9, "f1", false);
    w.look();
    let Act::CheckPull { pins, fork, .. } = w.one("-", "check_pull").act else {
        unreachable!()
    };
    assert!(!fork && pins.contains(&("qa".into(), digest("p1"))));
    let plans = [("qa".into(), ("b2".into(), super::world::plan(&["d"])))].into();
    w.answer("-", "check_pull", Outcome::Checked { problems: 0, plans });
    w.facts.foreign.clear();
    w.commit();
    w.through("qa", 9);
    let mut origin = w.file("qa").pin_origin.take().unwrap();
    origin.head = "f1".into();
    w.file("qa").binding = Some("b2".into());
    w.file("qa").binding_origin = Some(origin);
    w.look();
    let Act::Apply {
        approved, binding, ..
    } = w.one("qa", "apply").act
    else {
        unreachable!()
    };
    assert_eq!(binding.as_str(), "b2");
    assert!(matches!(approved, Approved::Actions { plan, .. } if plan.as_str() == "plan:d"));
}

#[test]
fn a_binding_planned_with_another_package_or_another_head_approves_nothing() {
    for (head, next) in [("f2", false), ("f1", true)] {
        let mut w = merged();
        w.applied("qa");
        w.verified("qa", true);
        w.foreign(9, "f1", false);
        w.look();
        let plans = [("qa".into(), ("b2".into(), super::world::plan(&["d"])))].into();
        w.answer("-", "check_pull", Outcome::Checked { problems: 0, plans });
        if next {
            w.build("p2");
            w.promote("qa", 2);
            w.verified("qa", true);
        }
        w.facts.foreign.clear();
        w.commit();
        w.through("qa", 9);
        let mut origin = w.file("qa").pin_origin.clone().unwrap();
        origin.head = head.into();
        w.file("qa").binding = Some("b2".into());
        w.file("qa").binding_origin = Some(origin);
        w.look();
        assert!(
            !w.waiting("qa").contains(&"apply".to_owned()),
            "{head} {next}"
        );
        assert!(
            w.waiting("qa").contains(&"plan".to_owned()),
            "a replan: {:?}",
            w.waiting("qa")
        );
    }
}

#[test]
fn a_fork_is_read_and_never_planned() {
    let mut w = merged();
    w.foreign(9, "f1", true);
    w.look();
    let Act::CheckPull { fork, .. } = w.one("-", "check_pull").act else {
        unreachable!()
    };
    assert!(fork);
}

#[test]
fn a_pin_under_a_binding_that_is_gone_is_not_applied() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge_unseen(1);
    w.file("qa").binding = Some("b2".into());
    w.look();
    assert_eq!(w.waiting("qa"), ["plan"], "planned anew instead");
    assert!(w.why("qa").contains("the binding that main has now"));
}

#[test]
fn environments_apply_on_their_own_lanes() {
    let mut w = merged();
    assert_eq!(w.one("qa", "apply").lane(), "qa/apply");
    w.applied("qa");
    assert_eq!(w.one("qa", "verify").lane(), "qa/apply");
}

#[test]
fn plans_that_came_after_the_merge_approve_nothing() {
    let mut w = merged();
    w.applied("qa");
    w.verified("qa", true);
    w.foreign(9, "f1", false);
    w.look();
    w.facts.foreign.clear();
    w.commit();
    w.through("qa", 9);
    let mut origin = w.file("qa").pin_origin.clone().unwrap();
    origin.head = "f1".into();
    w.file("qa").pin_origin = Some(w.origin(1));
    w.file("qa").binding = Some("b2".into());
    w.file("qa").binding_origin = Some(origin);
    let plans = [("qa".into(), ("b2".into(), super::world::plan(&["d"])))].into();
    w.answer("-", "check_pull", Outcome::Checked { problems: 0, plans });
    w.look();
    assert_eq!(
        w.waiting("qa"),
        ["plan"],
        "a replan, whose merge everybody sees"
    );
}
