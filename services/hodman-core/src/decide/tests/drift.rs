//! Differences between Git and the workspace.

use super::not_healed::overridden;
use super::world::{World, plan, story};
use crate::effect::{Act, Approved};
use crate::event::{Ask, Outcome};
use crate::explain::Standing;
use crate::policy::{DriftPolicy, Missed, ScheduleSpec};
use chrono::Duration;

pub(super) fn healthy(policy: DriftPolicy) -> World {
    let mut w = story();
    w.env("qa", |qa| qa.drift = policy);
    w.build("p1");
    w.promote("qa", 1);
    w.due.clear();
    w
}

pub(super) fn compare(w: &mut World, actions: &[&str]) {
    w.ask(Ask::Reconcile { env: "qa".into() });
    w.planned("qa", actions);
}

#[test]
fn a_report_says_it_and_leaves_it() {
    let mut w = healthy(DriftPolicy::Report);
    compare(&mut w, &["put-back"]);
    assert_eq!(w.standing("qa"), Standing::Drifted);
    assert!(w.waiting("qa").is_empty());
    compare(&mut w, &[]);
    assert_eq!(w.standing("qa"), Standing::Healthy);
    assert_eq!(w.noted("in-step"), 1);
}

#[test]
fn what_only_people_put_right_is_told_and_nothing_else_becomes_of_it() {
    for policy in [
        DriftPolicy::Report,
        DriftPolicy::PullRequest,
        DriftPolicy::Heal,
    ] {
        let mut w = healthy(policy);
        let found = |w: &mut World, actions: &[&str], places: &[&str]| {
            w.ask(Ask::Reconcile { env: "qa".into() });
            assert!(matches!(
                w.one("qa", "plan").act,
                Act::Plan { compares: true, .. }
            ));
            let mut plan = plan(actions);
            let named = places
                .iter()
                .map(|place| (format!("digest of {place}"), (*place).to_owned()));
            plan.by_hand = named.collect();
            let outcome = Outcome::Planned {
                plan,
                binding: "b1".into(),
            };
            w.answer("qa", "plan", outcome);
        };
        found(&mut w, &[], &["stack.a Routes"]);
        assert_eq!(w.standing("qa"), Standing::Drifted);
        assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
        let note = |w: &World| {
            w.of("qa")
                .drift
                .found
                .as_ref()
                .and_then(|found| found.note.clone())
        };
        assert!(note(&w).is_some_and(|note| note.contains("stack.a Routes")));
        assert_eq!(w.noted("drift"), 1);
        // The same again is no news; something more is.
        found(&mut w, &[], &["stack.a Routes"]);
        assert_eq!(w.noted("drift"), 1);
        found(&mut w, &[], &["stack.a Routes", "stack.b Key"]);
        assert_eq!(w.noted("drift"), 2);
        found(&mut w, &[], &[]);
        assert_eq!(w.standing("qa"), Standing::Healthy);
        // What can be put right is, beside what cannot.
        found(&mut w, &["put-back"], &["stack.a Routes"]);
        let expected: &[&str] = match policy {
            DriftPolicy::Report => &[],
            DriftPolicy::PullRequest => &["adopt_drift"],
            DriftPolicy::Heal => &["apply"],
        };
        assert_eq!(w.waiting("qa"), expected);
    }
}

#[test]
fn the_brake_counts_each_difference_whatever_stands_beside_it() {
    let mut w = healthy(DriftPolicy::Heal);
    w.env("qa", |qa| {
        qa.reconcile = Some(ScheduleSpec {
            cron: "*/15 * * * *".into(),
            zone: "UTC".into(),
            missed: Missed::RunOnce,
        });
    });
    w.look();
    for other in ["x", "y", "z"] {
        while !w.waiting("qa").contains(&"plan".to_owned()) {
            w.sleep();
        }
        w.planned("qa", &["put-back", other]);
        w.applied("qa");
        w.planned("qa", &[]);
    }
    while !w.waiting("qa").contains(&"plan".to_owned()) {
        w.sleep();
    }
    w.planned("qa", &["put-back", "new"]);
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    assert_eq!(w.noted("held for a person"), 1);
}

#[test]
fn healing_puts_back_what_was_approved_and_stops_after_three() {
    let mut w = healthy(DriftPolicy::Heal);
    w.env("qa", |qa| {
        qa.reconcile = Some(ScheduleSpec {
            cron: "*/15 * * * *".into(),
            zone: "UTC".into(),
            missed: Missed::RunOnce,
        });
    });
    w.look();
    for _ in 0..3 {
        while !w.waiting("qa").contains(&"plan".to_owned()) {
            w.sleep();
        }
        w.planned("qa", &["put-back"]);
        let Act::Apply { approved, .. } = w.one("qa", "apply").act else {
            unreachable!()
        };
        assert!(
            matches!(approved, Approved::Actions { actions, .. } if actions.contains(&"put-back".into()))
        );
        w.applied("qa");
        w.planned("qa", &[]);
    }
    while !w.waiting("qa").contains(&"plan".to_owned()) {
        w.sleep();
    }
    w.planned("qa", &["put-back"]);
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.noted("held for a person"), 1);
    compare(&mut w, &["put-back"]);
    assert_eq!(w.waiting("qa"), ["apply"], "a person asked");
}

/// A comparison that the schedule asked for, which finds `actions` with these single differences in them.
fn found(w: &mut World, actions: &[&str], fields: &[&str]) {
    while !w.waiting("qa").contains(&"plan".to_owned()) {
        w.sleep();
    }
    let mut plan = plan(actions);
    plan.repairs = fields.iter().map(|field| (*field).into()).collect();
    let outcome = Outcome::Planned {
        plan,
        binding: "b1".into(),
    };
    w.answer("qa", "plan", outcome);
}

fn healing() -> World {
    let mut w = healthy(DriftPolicy::Heal);
    w.env("qa", |qa| {
        qa.reconcile = Some(ScheduleSpec {
            cron: "*/15 * * * *".into(),
            zone: "UTC".into(),
            missed: Missed::RunOnce,
        });
    });
    w.look();
    w
}

#[test]
fn a_field_that_somebody_sets_again_and_again_is_held_whatever_else_changes_with_it() {
    let mut w = healing();
    for (action, moment) in [("job at 1", "1"), ("job at 2", "2"), ("job at 3", "3")] {
        found(&mut w, &[action], &["retries", moment]);
        w.applied("qa");
        found(&mut w, &[], &[]);
    }
    found(&mut w, &["job at 4"], &["retries", "4"]);
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    assert_eq!(w.noted("held for a person"), 1);
}

#[test]
fn a_repair_that_failed_counts_only_for_what_it_did_put_back() {
    let mut w = healing();
    for _ in 0..5 {
        found(&mut w, &["refused"], &["f"]);
        assert_eq!(w.waiting("qa"), ["apply"], "it was never put back");
        w.fail("qa", "apply", false);
    }
    // This one was, before the other failed, and comes back each time.
    for _ in 0..3 {
        found(&mut w, &["refused", "again"], &["f"]);
        w.fail("qa", "apply", false);
        found(&mut w, &["refused"], &["f"]);
        w.fail("qa", "apply", false);
    }
    found(&mut w, &["refused", "again"], &["f"]);
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    assert_eq!(w.noted("held for a person"), 1);
}

#[test]
fn what_cannot_be_undone_is_never_healed() {
    let mut w = healthy(DriftPolicy::Heal);
    compare(&mut w, &["!schema"]);
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.noted("cannot be undone"), 1);
}

#[test]
fn a_repair_that_failed_does_not_end_repairing() {
    let mut w = healthy(DriftPolicy::Heal);
    compare(&mut w, &["put-back"]);
    w.fail("qa", "apply", false);
    assert!(w.waiting("qa").is_empty());
    compare(&mut w, &["put-back"]);
    assert_eq!(w.waiting("qa"), ["apply"]);
    w.not_approved("qa", &["more"]);
    assert_eq!(w.waiting("qa"), ["plan"], "compared anew, nobody is asked");
}

#[test]
fn a_comparison_from_before_an_apply_says_nothing() {
    let mut w = healthy(DriftPolicy::Heal);
    w.ask(Ask::Reconcile { env: "qa".into() });
    let op = w.one("qa", "plan").op;
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    let replan = w.due.values().find(|effect| effect.op != op).unwrap().op;
    let outcome = Outcome::Planned {
        plan: plan(&["d"]),
        binding: "b2".into(),
    };
    w.due.remove(&replan);
    w.event(&crate::event::Event::Ended {
        op: replan,
        outcome,
    });
    w.opened("qa", 2);
    w.merge(2);
    assert!(!w.due.contains_key(&op), "not wanted any more");
    w.applied("qa");
    let outcome = Outcome::Planned {
        plan: plan(&["d"]),
        binding: "b1".into(),
    };
    w.event(&crate::event::Event::Ended { op, outcome });
    assert!(w.of("qa").drift.found.is_none());
    assert_eq!(w.waiting("qa"), ["plan"], "compared after it");
}

#[test]
fn an_override_is_what_is_compared_with() {
    let mut w = overridden(DriftPolicy::Report);
    w.due.clear();
    w.ask(Ask::Reconcile { env: "qa".into() });
    let Act::Plan { package, .. } = w.one("qa", "plan").act else {
        unreachable!()
    };
    assert_eq!(package, super::world::digest("p1"));
}

#[test]
fn a_slot_fires_once_and_missed_ones_as_configured() {
    for (missed, fires) in [(Missed::RunOnce, true), (Missed::Skip, false)] {
        let mut w = healthy(DriftPolicy::Report);
        w.env("qa", |qa| {
            qa.reconcile = Some(ScheduleSpec {
                cron: "0 * * * *".into(),
                zone: "UTC".into(),
                missed,
            });
        });
        w.look();
        assert!(
            w.waiting("qa").is_empty(),
            "the first sight only starts the count"
        );
        while w.waiting("qa").is_empty() {
            w.sleep();
        }
        assert_eq!(w.now.format("%H:%M:%S").to_string(), "10:00:00");
        w.planned("qa", &[]);
        w.wait(Duration::seconds(30));
        assert!(w.waiting("qa").is_empty(), "once");
        w.wait(Duration::minutes(5 * 60 + 10));
        assert_eq!(
            w.waiting("qa").contains(&"plan".to_owned()),
            fires,
            "{missed:?}"
        );
        if fires {
            w.planned("qa", &[]);
        }
        w.wait(Duration::seconds(1));
        assert!(w.waiting("qa").is_empty(), "five missed slots are one");
    }
}

#[test]
fn a_repair_never_stops_what_runs() {
    let mut w = healthy(DriftPolicy::Heal);
    w.ask(Ask::Reconcile { env: "qa".into() });
    let mut plan = plan(&["tags-of-the-workspace"]);
    plan.maintenance = vec!["account_workspaces.main".into()];
    let outcome = Outcome::Planned {
        plan,
        binding: "b1".into(),
    };
    w.answer("qa", "plan", outcome);
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    assert_eq!(w.standing("qa"), Standing::Drifted);
    assert_eq!(w.noted("heal-held"), 1);
}

#[test]
fn a_comparison_that_did_not_work_for_a_moment_is_made_again() {
    let mut w = healthy(DriftPolicy::Report);
    w.ask(Ask::Reconcile { env: "qa".into() });
    w.fail("qa", "plan", true);
    assert!(w.waiting("qa").is_empty(), "not at once");
    let failed = w.now;
    assert!(w.why("qa").contains("next try"), "{}", w.why("qa"));
    while w.waiting("qa").is_empty() {
        w.sleep();
    }
    assert_eq!(w.now - failed, w.settings.retry_first);
    w.fail("qa", "plan", true);
    w.ask(Ask::Reconcile { env: "qa".into() });
    w.planned("qa", &["put-back"]);
    assert_eq!(w.standing("qa"), Standing::Drifted, "asked for, at once");
    assert!(!w.why("qa").contains("failed"), "{}", w.why("qa"));
}

#[test]
fn a_comparison_that_cannot_be_made_waits_for_somebody() {
    let mut w = healthy(DriftPolicy::Report);
    w.ask(Ask::Reconcile { env: "qa".into() });
    w.fail("qa", "plan", false);
    w.wait(Duration::hours(2));
    assert!(w.waiting("qa").is_empty());
    assert!(w.why("qa").contains("not tried again"), "{}", w.why("qa"));
    w.ask(Ask::Retry { env: "qa".into() });
    w.planned("qa", &[]);
    assert_eq!(w.standing("qa"), Standing::Healthy);
}

#[test]
fn a_proposal_that_did_not_work_for_a_moment_is_made_again() {
    let mut w = healthy(DriftPolicy::PullRequest);
    compare(&mut w, &["put-back"]);
    w.fail("qa", "adopt_drift", true);
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    w.wait(w.settings.retry_at_most);
    w.planned("qa", &["put-back"]);
    assert_eq!(w.waiting("qa"), ["adopt_drift"]);
}

#[test]
fn what_may_be_there_without_our_marker_is_held_until_that_is_another() {
    let mut w = healing();
    let found_with = |w: &mut World, perhaps: &[&str]| {
        w.ask(Ask::Reconcile { env: "qa".into() });
        let mut plan = plan(&["again"]);
        plan.perhaps_there = perhaps.iter().map(|there| (*there).to_owned()).collect();
        let outcome = Outcome::Planned {
            plan,
            binding: "b1".into(),
        };
        w.answer("qa", "plan", outcome);
    };
    for _ in 0..2 {
        found_with(&mut w, &["jobs.nightly: job 7"]);
        assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    }
    assert_eq!(w.noted("jobs.nightly: job 7"), 1);
    found_with(&mut w, &[]);
    assert_eq!(w.waiting("qa"), ["apply"]);
}
