//! News of objects that workspaces stand on.

use super::world::{World, name, story};
use crate::effect::Act;
use crate::event::{Ask, Event, Named, Outcome};
use crate::explain::Standing;
use crate::policy::DriftPolicy;

fn healthy(policy: DriftPolicy) -> World {
    let mut w = story();
    w.env("qa", |qa| {
        qa.drift = policy;
        qa.on_aws = true;
    });
    w.build("p1");
    w.promote("qa", 1);
    w.due.clear();
    w
}

fn role(called: &str) -> Named {
    Named {
        kind: "aws_roles".into(),
        name: called.into(),
    }
}

fn notice(w: &mut World, called: &str) {
    w.event(&Event::Noticed {
        object: role(called),
        why: "UpdateAssumeRolePolicy".into(),
    });
}

fn looked(w: &mut World, differ: &[&str]) {
    let differ = differ.iter().map(|key| (*key).to_owned()).collect();
    w.answer("qa", "look", Outcome::Looked { differ });
}

#[test]
fn one_object_is_looked_at_and_nothing_else_when_it_is_as_it_should_be() {
    let mut w = healthy(DriftPolicy::Heal);
    notice(&mut w, "shop-qa");
    let Act::Look { objects, .. } = w.one("qa", "look").act else {
        unreachable!()
    };
    assert_eq!(objects.into_iter().collect::<Vec<_>>(), [role("shop-qa")]);
    // What comes meanwhile is looked at together afterwards.
    notice(&mut w, "a");
    notice(&mut w, "b");
    notice(&mut w, "a");
    assert_eq!(w.waiting("qa"), ["look"]);
    looked(&mut w, &[]);
    let Act::Look { objects, .. } = w.one("qa", "look").act else {
        unreachable!()
    };
    assert_eq!(objects.len(), 2);
    looked(&mut w, &[]);
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.standing("qa"), Standing::Healthy);
}

#[test]
fn a_difference_is_compared_in_whole_and_answered_as_the_policy_says() {
    let mut w = healthy(DriftPolicy::Heal);
    notice(&mut w, "shop-qa");
    looked(&mut w, &["aws_roles.role-role"]);
    assert_eq!(w.noted("noticed: aws_roles.role-role"), 1);
    w.planned("qa", &["put-back"]);
    assert_eq!(w.waiting("qa"), ["apply"]);
    // News while it is put back, much of it of our own doing, waits.
    notice(&mut w, "shop-qa");
    assert_eq!(w.waiting("qa"), ["apply"]);
    w.applied("qa");
    // The comparison after the apply sees what the news was about.
    assert_eq!(w.waiting("qa"), ["plan"]);
    w.planned("qa", &[]);
    assert!(w.of("qa").drift.noticed.is_empty());
    assert!(w.waiting("qa").is_empty());
}

#[test]
fn a_look_that_failed_is_made_up_for_by_a_comparison() {
    let mut w = healthy(DriftPolicy::Report);
    notice(&mut w, "shop-qa");
    w.fail("qa", "look", true);
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn a_flood_is_one_comparison() {
    let mut w = healthy(DriftPolicy::Report);
    notice(&mut w, "first");
    for n in 0..200 {
        notice(&mut w, &format!("role-{n}"));
    }
    looked(&mut w, &[]);
    assert_eq!(w.waiting("qa"), ["plan"]);
    w.planned("qa", &[]);
    assert!(w.of("qa").drift.noticed.len() <= 50);
}

#[test]
fn who_does_not_stand_on_aws_is_not_concerned() {
    let mut w = healthy(DriftPolicy::Report);
    w.env("qa", |qa| qa.on_aws = false);
    w.look();
    notice(&mut w, "shop-qa");
    assert!(w.waiting("qa").is_empty());
    assert!(matches!(w.verdict, crate::decide::Verdict::Ignored(_)));
    assert!(w.state.environments[&name("qa")].drift.noticed.is_empty());
}

#[test]
fn a_comparison_under_way_may_have_looked_before() {
    let mut w = healthy(DriftPolicy::Report);
    w.ask(Ask::Reconcile { env: "qa".into() });
    notice(&mut w, "shop-qa");
    assert_eq!(w.waiting("qa"), ["plan"]);
    w.planned("qa", &[]);
    assert_eq!(w.waiting("qa"), ["look"]);
}

#[test]
fn news_outlive_a_comparison_that_failed() {
    let mut w = healthy(DriftPolicy::Report);
    notice(&mut w, "shop-qa");
    looked(&mut w, &["aws_roles.x"]);
    w.fail("qa", "plan", true);
    w.sleep();
    while w.waiting("qa").is_empty() {
        w.sleep();
    }
    assert_eq!(w.waiting("qa"), ["plan"]);
}
