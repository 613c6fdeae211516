//! What is asked to be put back and is not, or not now: whoever asked is told why.

use super::drift::healthy;
use super::healing::{asked, heal, sundays};
use super::world::{World, digest, plan, story};
use crate::event::{Ask, Outcome};
use crate::explain::Standing;
use crate::policy::DriftPolicy;
use crate::state::Aside;
use chrono::Duration;

/// One where a rollback was put in place at once, its pull request not merged yet.
pub(super) fn overridden(policy: DriftPolicy) -> World {
    let mut w = healthy(policy);
    w.build("p2");
    w.promote("qa", 2);
    w.ask(Ask::Rollback {
        env: "qa".into(),
        to: None,
        now: true,
        reason: "x".into(),
    });
    w.applied("qa");
    w
}

fn refused(w: &World) -> String {
    match &w.verdict {
        super::super::Verdict::Ignored(why) => why.clone(),
        super::super::Verdict::Handled => panic!("taken"),
    }
}

#[test]
fn a_hold_and_a_window_hold_it_as_they_hold_everything() {
    let mut w = healthy(DriftPolicy::Report);
    w.ask(Ask::Hold {
        env: "qa".into(),
        reason: "audit".into(),
    });
    asked(&mut w, &["put-back"]);
    assert!(w.waiting("qa").is_empty(), "nothing is proposed");
    assert_eq!(w.noted("heal-waits: held by ann: audit"), 1);
    w.ask(Ask::Resume { env: "qa".into() });
    w.planned("qa", &["put-back"]);
    w.opened("qa", 2);
    w.env("qa", |qa| qa.gates.windows = vec![sundays()]);
    w.look();
    w.merge(2);
    assert!(w.waiting("qa").is_empty(), "its window is closed");
    assert_eq!(w.standing("qa"), Standing::Approved);

    let mut w = healthy(DriftPolicy::Heal);
    w.env("qa", |qa| qa.gates.windows = vec![sundays()]);
    w.look();
    asked(&mut w, &["put-back"]);
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.noted("heal-waits: "), 1);
}

#[test]
fn what_only_a_person_puts_right_is_refused() {
    let mut w = healthy(DriftPolicy::Report);
    heal(&mut w);
    let mut plan = plan(&[]);
    plan.by_hand.insert("d".into(), "stack.a Routes".into());
    let outcome = Outcome::Planned {
        plan,
        binding: "b1".into(),
    };
    w.answer("qa", "plan", outcome);
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.noted("heal-refused: nothing of ours puts it right"), 1);
}

#[test]
fn a_comparison_that_fails_says_so() {
    let mut w = healthy(DriftPolicy::Report);
    heal(&mut w);
    w.fail("qa", "plan", true);
    assert_eq!(w.noted("heal-waits: comparing failed"), 1);
    while w.waiting("qa").is_empty() {
        w.sleep();
    }
    w.fail("qa", "plan", false);
    assert_eq!(w.noted("heal-refused: comparing failed"), 1);
    // The plan of its pull request, too; it does not stand in the way afterwards.
    asked(&mut w, &["put-back"]);
    w.fail("qa", "plan", false);
    assert_eq!(w.noted("heal-refused: plan broke"), 1);
    assert_eq!(w.of("qa").promotion, None);
}

#[test]
fn a_later_comparison_that_fails_leaves_the_proposal() {
    let mut w = healthy(DriftPolicy::Report);
    asked(&mut w, &["put-back"]);
    w.planned("qa", &["put-back"]);
    w.opened("qa", 2);
    for transient in [true, false] {
        w.ask(Ask::Reconcile { env: "qa".into() });
        w.fail("qa", "plan", transient);
        assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    }
    assert_eq!(w.open("qa"), 1);
    assert_eq!(w.noted("heal-waits") + w.noted("heal-refused"), 0);
}

#[test]
fn what_healing_never_does_by_itself_is_told_where_it_cannot_be_proposed() {
    let mut w = overridden(DriftPolicy::Heal);
    w.planned("qa", &["c"]);
    w.opened("qa", 3);
    w.close(3);
    asked(&mut w, &["!schema"]);
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    assert_eq!(w.noted("heal-waits: putting it back cannot be undone"), 1);
}

#[test]
fn where_there_is_nothing_to_put_back_it_is_refused_at_once() {
    let mut w = story();
    w.look();
    heal(&mut w);
    assert!(refused(&w).contains("nothing was applied"));
    w.ask(Ask::Heal { env: "dev".into() });
    assert!(refused(&w).contains("free-form"));

    let mut w = overridden(DriftPolicy::Report);
    w.planned("qa", &["c"]);
    w.opened("qa", 3);
    heal(&mut w);
    assert_eq!(
        w.noted("heal-waits: #3 pins package p1"),
        1,
        "the rollback's"
    );
    w.close(3);
    heal(&mut w);
    assert!(refused(&w).contains("an override"), "{}", refused(&w));
    w.wait(Duration::days(2));
    assert_eq!(
        w.of("qa").put_aside.get(&digest("p2")),
        Some(&Aside::RolledBack)
    );
}
