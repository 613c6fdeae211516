//! Promotion pull requests: never two at a time, planned afresh while open, and what people do to them.

use super::world::story;
use crate::effect::{Act, Approved};
use crate::event::{Ask, Outcome};
use crate::facts::{PullKind, PullState};
use chrono::Duration;

#[test]
fn a_newer_package_closes_the_open_pull_request_before_it_opens_its_own() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.build("p2");
    assert_eq!(w.waiting("qa"), ["close_pull"]);
    w.look();
    assert_eq!(
        w.waiting("qa"),
        ["close_pull"],
        "nothing opens before it is closed"
    );
    w.pull(1).state = PullState::Closed;
    w.answer("qa", "close_pull", Outcome::PullClosed);
    w.planned("qa", &["b"]);
    w.opened("qa", 2);
    assert_eq!(w.open("qa"), 1);
    assert!(
        w.of("qa").put_aside.is_empty(),
        "superseded is not declined"
    );
}

#[test]
fn closing_that_fails_is_tried_again_and_nothing_opens_meanwhile() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.build("p2");
    w.fail("qa", "close_pull", true);
    for _ in 0..5 {
        w.sleep();
        assert!(!w.waiting("qa").contains(&"plan".to_owned()));
    }
    assert_eq!(w.waiting("qa"), ["close_pull"]);
}

#[test]
fn an_opening_whose_answer_was_lost_is_found_before_another_opens() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    let open = w.one("qa", "open_pull");
    w.opened("qa", 1);
    // As if the forge had opened it and the answer had been lost.
    let mut w = {
        let mut again = story();
        again.build("p1");
        again.planned("qa", &["a"]);
        again.facts.pulls.push(w.pull(1).clone());
        assert_eq!(again.one("qa", "open_pull").act, open.act);
        again
    };
    w.blind = true;
    w.fail("qa", "open_pull", true);
    w.wait(Duration::minutes(1));
    assert!(w.waiting("qa").is_empty(), "the forge is asked first");
    w.blind = false;
    w.facts.inputs = Some("p2".into());
    let facts = w.facts.clone();
    w.answer(
        "-",
        "observe",
        Outcome::Observed {
            facts: Box::new(facts),
        },
    );
    w.built("p2");
    w.wait(Duration::minutes(1));
    assert_eq!(w.waiting("qa"), ["close_pull"]);
}

#[test]
fn one_of_the_same_package_is_gone_on_with() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.forget();
    w.built("p1");
    assert_eq!(w.waiting("qa"), ["plan"]);
    w.planned("qa", &["a"]);
    w.answer(
        "qa",
        "open_pull",
        Outcome::PullReady {
            number: crate::ids::PullNumber(1),
            head: "head1".into(),
        },
    );
    assert!(w.waiting("qa").is_empty());
    assert!(w.of("qa").strays.is_empty());
}

#[test]
fn one_that_a_person_pushed_to_blocks_until_it_is_gone() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.pull(1).person_pushed = true;
    w.build("p2");
    w.answer("qa", "close_pull", Outcome::PullKept);
    w.wait(Duration::hours(2));
    assert!(w.waiting("qa").is_empty());
    assert!(
        w.why("qa")
            .contains("#1 holds commits that a person pushed")
    );
    w.close(1);
    assert_eq!(w.waiting("qa"), ["plan"]);
    w.planned("qa", &["b"]);
    w.opened("qa", 2);
    assert_eq!(w.open("qa"), 1);
}

#[test]
fn closing_declines_and_only_a_person_proposes_it_again() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.close(1);
    w.wait(Duration::days(1));
    assert!(w.waiting("qa").is_empty());
    assert!(w.why("qa").contains("#1 was closed without merging"));
    w.ask(Ask::Retry { env: "qa".into() });
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn a_changed_plan_is_a_new_head_and_the_same_plan_is_none() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.wait(Duration::minutes(10));
    w.planned("qa", &["a"]);
    assert!(w.waiting("qa").is_empty());
    w.wait(Duration::minutes(10));
    w.planned("qa", &["a", "c"]);
    assert_eq!(w.waiting("qa"), ["update_pull"]);
    w.updated("qa");
    w.merge(1);
    let Act::Apply {
        approved: Approved::Actions { actions, .. },
        ..
    } = w.one("qa", "apply").act
    else {
        panic!("known actions")
    };
    assert_eq!(actions.len(), 2);
}

#[test]
fn merged_while_the_new_head_was_on_its_way() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.wait(Duration::minutes(10));
    w.planned("qa", &["a", "c"]);
    w.merge(1);
    let Act::Apply {
        approved: Approved::Actions { actions, .. },
        ..
    } = w.one("qa", "apply").act
    else {
        panic!("known actions")
    };
    assert_eq!(actions.len(), 1, "what the merged head showed");
    w.answer("qa", "update_pull", Outcome::PullClosed);
    assert_eq!(w.waiting("qa"), ["apply"]);
}

#[test]
fn a_refresh_that_fails_pauses_also_after_a_new_binding() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    w.fail("qa", "plan", true);
    assert!(w.waiting("qa").is_empty());
    let before = w.now;
    w.sleep();
    assert_eq!(w.now - before, w.settings.retry_first);
    w.planned("qa", &["a", "d"]);
    w.updated("qa");
    assert!(w.waiting("qa").is_empty());
}

#[test]
fn a_plan_that_cannot_be_taken_waits_for_a_commit_or_a_person() {
    let mut w = story();
    w.build("p1");
    w.fail("qa", "plan", false);
    w.wait(Duration::hours(5));
    assert!(w.waiting("qa").is_empty());
    assert!(w.why("qa").contains("plan broke"));
    w.commit();
    w.look();
    assert_eq!(w.waiting("qa"), ["plan"]);
    w.fail("qa", "plan", false);
    w.ask(Ask::Retry { env: "qa".into() });
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn an_unapproved_binding_is_proposed_as_a_replan_with_the_pinned_package() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    w.planned("qa", &["d"]);
    let Act::OpenPull { kind, binding, .. } = w.one("qa", "open_pull").act else {
        unreachable!()
    };
    assert_eq!((kind, binding.as_str()), (PullKind::Replan, "b2"));
    w.opened("qa", 2);
    w.merge(2);
    w.applied("qa");
    assert_eq!(w.of("qa").current.as_ref().unwrap().binding.as_str(), "b2");
    w.wait(Duration::hours(1));
    assert!(w.waiting("qa").is_empty());
}

#[test]
fn a_replan_that_was_closed_is_not_opened_over_and_over() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    w.planned("qa", &["d"]);
    w.opened("qa", 2);
    w.close(2);
    w.wait(Duration::hours(1));
    assert!(w.waiting("qa").is_empty());
    assert!(
        w.why("qa").contains("#2 was closed without merging"),
        "{}",
        w.why("qa")
    );
}

#[test]
fn a_replan_ends_when_it_is_not_needed_any_more() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    w.planned("qa", &["d"]);
    w.opened("qa", 2);
    w.file("qa").binding = Some("b1".into());
    w.commit();
    w.look();
    assert_eq!(w.waiting("qa"), ["close_pull"]);
    assert!(w.of("qa").promotion.is_none());
}

#[test]
fn an_older_proposal_ends_when_a_newer_package_was_pinned_by_hand() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.blind = true;
    w.opened("qa", 1);
    w.blind = false;
    w.facts.inputs = Some("p2".into());
    w.pin("qa", "p2", &["z"]);
    w.through("qa", 7);
    let facts = w.facts.clone();
    w.answer(
        "-",
        "observe",
        Outcome::Observed {
            facts: Box::new(facts),
        },
    );
    w.built("p2");
    assert!(
        w.waiting("qa").contains(&"close_pull".to_owned()),
        "{:?}",
        w.waiting("qa")
    );
    assert!(w.of("qa").promotion.is_none());
}
