//! A person asks for what differs to be put back.

use super::drift::healthy;
use super::world::{World, kind, plan};
use crate::effect::{Act, Approved};
use crate::event::{Ask, Event, Outcome};
use crate::explain::Standing;
use crate::facts::PullKind;
use crate::policy::{DriftPolicy, WindowSpec};

pub(super) fn heal(w: &mut World) {
    w.ask(Ask::Heal { env: "qa".into() });
}

/// Asked for, and the comparison finds these.
pub(super) fn asked(w: &mut World, actions: &[&str]) {
    heal(w);
    w.planned("qa", actions);
}

/// A window that is open on Sundays only; the stories begin on a Monday.
pub(super) fn sundays() -> WindowSpec {
    WindowSpec {
        deny: false,
        cron: "0 0 * * 0".into(),
        zone: "UTC".into(),
        seconds: 86_400,
    }
}

#[test]
fn what_is_only_reported_is_proposed_and_its_merge_puts_it_back() {
    for policy in [DriftPolicy::Report, DriftPolicy::PullRequest] {
        let mut w = healthy(policy);
        asked(&mut w, &["put-back"]);
        assert_eq!(
            w.waiting("qa"),
            ["plan"],
            "of the pinned package; {policy:?}"
        );
        w.planned("qa", &["put-back"]);
        let Act::OpenPull {
            kind,
            package,
            because,
            ..
        } = w.one("qa", "open_pull").act
        else {
            unreachable!()
        };
        assert_eq!(
            (kind, package),
            (PullKind::Replan, super::world::digest("p1"))
        );
        assert!(because.contains("as ann asked"), "{because}");
        w.opened("qa", 2);
        assert_eq!(w.noted("qa heal-proposed: #2"), 1);
        assert!(
            w.waiting("qa").is_empty(),
            "nothing before its merge: {:?}",
            w.waiting("qa")
        );
        w.merge(2);
        let Act::Apply { approved, .. } = w.one("qa", "apply").act else {
            unreachable!()
        };
        assert!(
            matches!(approved, Approved::Actions { actions, .. } if actions == plan(&["put-back"]).actions)
        );
        w.applied("qa");
        assert_eq!(w.standing("qa"), Standing::Healthy);
        assert_eq!(w.of("qa").drift.asked, None);
        assert!(
            w.of("qa").before.is_empty(),
            "the same package is no earlier one"
        );
    }
}

#[test]
fn nothing_differs_and_nothing_is_proposed() {
    let mut w = healthy(DriftPolicy::Report);
    asked(&mut w, &[]);
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.noted("heal-needless: nothing differs"), 1);
    // Found by the comparison, and gone by the plan.
    asked(&mut w, &["put-back"]);
    w.planned("qa", &[]);
    assert_eq!(w.noted("heal-needless: nothing is left"), 1);
    w.planned("qa", &[]);
    assert_eq!(w.standing("qa"), Standing::Healthy);
    assert!(w.waiting("qa").is_empty());
}

#[test]
fn a_comparison_that_began_before_does_not_answer() {
    let mut w = healthy(DriftPolicy::Report);
    w.ask(Ask::Reconcile { env: "qa".into() });
    let before = w.one("qa", "plan").op;
    heal(&mut w);
    assert!(w.one("qa", "plan").op > before, "looked at anew");
}

#[test]
fn healing_by_itself_takes_what_was_held_again() {
    let mut w = healthy(DriftPolicy::Heal);
    for _ in 0..5 {
        asked(&mut w, &["put-back"]);
        w.applied("qa");
        w.planned("qa", &[]);
    }
    assert_eq!(w.noted("heal-done: what differed is put back"), 5);
    assert_eq!(w.noted("held for a person"), 0);
    assert_eq!(w.open("qa"), 0);
    asked(&mut w, &["refused"]);
    w.fail("qa", "apply", false);
    assert_eq!(w.noted("heal-refused: apply broke"), 1);
}

#[test]
fn what_healing_never_does_by_itself_is_proposed() {
    let mut w = healthy(DriftPolicy::Heal);
    asked(&mut w, &["!schema"]);
    assert_eq!(w.noted("heal-held"), 1);
    w.planned("qa", &["!schema"]);
    w.opened("qa", 2);
    w.merge(2);
    assert_eq!(w.waiting("qa"), ["apply"]);
}

#[test]
fn a_newer_package_on_its_way_puts_it_back() {
    let mut w = healthy(DriftPolicy::Report);
    w.build("p2");
    w.planned("qa", &["b"]);
    w.opened("qa", 2);
    w.due.clear();
    heal(&mut w);
    assert_eq!(
        w.noted("heal-waits: #2 pins package p2 and puts back what differs, too"),
        1
    );
    assert_eq!(w.of("qa").drift.asked, None);
    let plans = w.waiting("qa");
    assert_eq!(plans, ["plan", "plan"], "compared, and its plan taken anew");
}

#[test]
fn a_newer_package_takes_the_place_of_the_proposal() {
    let mut w = healthy(DriftPolicy::Report);
    asked(&mut w, &["put-back"]);
    w.planned("qa", &["put-back"]);
    w.opened("qa", 2);
    w.build("p2");
    assert_eq!(w.waiting("qa"), ["close_pull"]);
    assert_eq!(w.noted("heal-waits: package p2 is on its way"), 1);
}

#[test]
fn closing_the_pull_request_leaves_the_difference_and_the_package() {
    let mut w = healthy(DriftPolicy::Report);
    asked(&mut w, &["put-back"]);
    w.planned("qa", &["put-back"]);
    w.opened("qa", 2);
    w.close(2);
    assert_eq!(w.standing("qa"), Standing::Drifted);
    assert!(w.of("qa").put_aside.is_empty());
    assert_eq!(w.noted("heal-refused: #2 was closed"), 1);
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    asked(&mut w, &["put-back"]);
    assert_eq!(w.waiting("qa"), ["plan"], "asked again");
}

#[test]
fn put_back_by_hand_meanwhile_the_pull_request_goes() {
    let mut w = healthy(DriftPolicy::Report);
    asked(&mut w, &["put-back"]);
    w.planned("qa", &["put-back"]);
    w.opened("qa", 2);
    // Its plan is confirmed every ten minutes, and is empty.
    w.wait(w.settings.refresh_every);
    w.planned("qa", &[]);
    assert_eq!(w.waiting("qa"), ["plan"], "compared");
    w.planned("qa", &[]);
    assert_eq!(w.waiting("qa"), ["close_pull"]);
    assert_eq!(w.noted("heal-done"), 1);
}

#[test]
fn another_difference_makes_another_plan_of_the_same_pull_request() {
    let mut w = healthy(DriftPolicy::Report);
    asked(&mut w, &["put-back"]);
    w.planned("qa", &["put-back"]);
    w.opened("qa", 2);
    heal(&mut w);
    assert_eq!(
        w.noted("qa heal-proposed: #2"),
        2,
        "told to whoever asks again"
    );
    // Compared, and the plan of the pull request taken anew.
    for _ in 0..2 {
        let op = w
            .due
            .values()
            .find(|effect| kind(effect) == "plan")
            .unwrap()
            .op;
        let outcome = Outcome::Planned {
            plan: plan(&["put-back", "more"]),
            binding: "b1".into(),
        };
        w.due.remove(&op);
        w.event(&Event::Ended { op, outcome });
    }
    assert_eq!(w.waiting("qa"), ["update_pull"]);
}

#[test]
fn the_very_plan_that_the_pin_names_needs_no_second_approval() {
    let mut w = healthy(DriftPolicy::Report);
    for _ in 0..2 {
        // What the promotion itself did: somebody removed all of it.
        asked(&mut w, &["a"]);
        w.planned("qa", &["a"]);
        assert_eq!(w.waiting("qa"), ["apply"]);
        w.applied("qa");
    }
    assert_eq!(
        w.noted("heal-approved: this very plan was approved by merging #1"),
        2
    );
    assert_eq!(w.open("qa"), 0);
    w.env("qa", |qa| qa.gates.windows = vec![sundays()]);
    w.look();
    asked(&mut w, &["a"]);
    w.planned("qa", &["a"]);
    assert!(w.waiting("qa").is_empty(), "its window is closed");
    assert_eq!(w.standing("qa"), Standing::Approved);
}

#[test]
fn what_cannot_be_undone_is_not_done_twice_by_one_approval() {
    let mut w = healthy(DriftPolicy::Report);
    asked(&mut w, &["!schema"]);
    w.planned("qa", &["!schema"]);
    w.opened("qa", 2);
    w.merge(2);
    w.applied("qa");
    asked(&mut w, &["!schema"]);
    w.planned("qa", &["!schema"]);
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    assert_eq!(
        w.noted("heal-refused: the pin on main names this very plan already"),
        1
    );
    assert_eq!(w.standing("qa"), Standing::Drifted);
}

#[test]
fn a_changed_binding_or_a_rollback_ends_it() {
    let mut w = healthy(DriftPolicy::Report);
    w.build("p2");
    w.promote("qa", 2);
    asked(&mut w, &["put-back"]);
    w.planned("qa", &["put-back"]);
    w.opened("qa", 3);
    w.ask(Ask::Rollback {
        env: "qa".into(),
        to: None,
        now: false,
        reason: "x".into(),
    });
    assert_eq!(w.of("qa").drift.asked, None);
    assert_eq!(w.waiting("qa"), ["close_pull"]);

    let mut w = healthy(DriftPolicy::Report);
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    heal(&mut w);
    assert_eq!(w.noted("heal-waits: package p1 is on its way"), 1);
}
