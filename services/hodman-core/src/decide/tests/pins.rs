//! Merged is not yet approved: which pins count, and what becomes of them when the database was lost.

use super::world::{World, digest, story};
use crate::effect::{Act, Approved};
use crate::event::Outcome;
use crate::explain::Standing;
use crate::facts::PlanFacts;
use chrono::Duration;

fn refused(w: &World, env: &str, words: &str) {
    assert_eq!(w.standing(env), Standing::Refused, "{}", w.why(env));
    assert!(w.why(env).contains(words), "{}", w.why(env));
    assert!(!w.waiting(env).contains(&"apply".to_owned()));
}

fn approved(w: &World, env: &str) -> Approved {
    let Act::Apply { approved, .. } = w.one(env, "apply").act else {
        unreachable!()
    };
    approved
}

#[test]
fn a_pin_pushed_directly_is_refused_and_said_once() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.build("p2");
    w.pin("qa", "p2", &["b"]);
    w.look();
    refused(&w, "qa", "pushed without a pull request");
    w.look();
    w.look();
    assert_eq!(w.noted("pin-refused"), 1);
    assert_eq!(w.package("qa"), Some("p1"));
}

#[test]
fn a_pin_that_is_not_what_the_head_said_is_refused() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge_unseen(1);
    w.file("qa").pin_origin.as_mut().unwrap().content_matches = false;
    w.look();
    assert!(
        w.why("qa").contains("not what the head of #1 said"),
        "{}",
        w.why("qa")
    );
    assert!(!w.waiting("qa").contains(&"apply".to_owned()));
}

#[test]
fn too_few_reviews_are_refused_and_counted_again() {
    let mut w = story();
    w.env("qa", |qa| qa.gates.approvals = 1);
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge(1);
    assert!(
        w.why("qa")
            .contains("#1 was merged with 0 of 1 required reviews"),
        "{}",
        w.why("qa")
    );
    w.file("qa").pin_origin.as_mut().unwrap().approvals = 1;
    w.look();
    assert_eq!(w.waiting("qa"), ["apply"]);
}

#[test]
fn a_pull_request_cannot_lower_the_reviews_asked_for_of_itself() {
    let mut w = story();
    w.env("qa", |qa| qa.gates.approvals = 1);
    w.build("p1");
    w.planned("qa", &["a"]);
    w.pin("qa", "p1", &["a"]);
    w.through("qa", 9);
    w.env("qa", |qa| qa.gates.approvals = 0);
    w.file("qa").binding_origin = w.file("qa").pin_origin.clone();
    w.look();
    refused(&w, "qa", "#9 was merged with 0 of 1 required reviews");
    w.look();
    refused(&w, "qa", "0 of 1");
}

#[test]
fn a_refused_pin_is_no_endless_work() {
    let mut w = story();
    w.env("qa", |qa| qa.gates.approvals = 1);
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge(1);
    w.planned("qa", &["a"]);
    w.answer("qa", "open_pull", Outcome::PullNeedless);
    for _ in 0..20 {
        w.wait(Duration::minutes(10));
    }
    assert!(w.waiting("qa").is_empty(), "a person has to mend the pin");
    w.pin("qa", "p0", &["z"]);
    w.look();
    assert_eq!(w.waiting("qa"), ["plan"], "main moved: tried again");
}

#[test]
fn a_package_that_its_predecessor_has_not_passed_is_refused_until_it_has() {
    let mut w = story();
    w.env("prod", |prod| prod.gates.soak_seconds = 600);
    w.build("p1");
    w.promote("qa", 1);
    w.wait(Duration::minutes(10));
    w.promote("prod", 2);
    w.build("p2");
    w.pin("prod", "p2", &["b"]);
    w.through("prod", 3);
    w.look();
    refused(&w, "prod", "qa has not passed every gate");
    w.promote("qa", 4);
    w.look();
    refused(&w, "prod", "soaking in qa");
    w.wait(Duration::minutes(10));
    assert!(
        w.waiting("prod").contains(&"apply".to_owned()),
        "{:?}",
        w.waiting("prod")
    );
    assert_eq!(w.package("qa"), Some("p2"));
}

#[test]
fn passing_through_too_quickly_is_not_passing() {
    let mut w = story();
    w.env("prod", |prod| prod.gates.soak_seconds = 600);
    w.build("p1");
    w.promote("qa", 1);
    w.wait(Duration::minutes(10));
    w.promote("prod", 2);
    w.build("p2");
    w.promote("qa", 3);
    w.wait(Duration::minutes(1));
    w.build("p3");
    w.promote("qa", 4);
    w.pin("prod", "p2", &["b"]);
    w.through("prod", 5);
    w.look();
    refused(&w, "prod", "qa has not passed every gate");
}

#[test]
fn the_last_time_counts_not_any_time() {
    let mut w = story();
    w.env("qa", |qa| {
        qa.verify = Some(crate::policy::VerifySpec {
            run_job: "smoke".into(),
            timeout_seconds: 60,
        });
    });
    w.build("p1");
    w.promote("qa", 1);
    w.verified("qa", true);
    w.promote("prod", 2);
    w.build("p2");
    w.promote("qa", 3);
    w.verified("qa", true);
    w.file("qa").binding = Some("b2".into());
    w.commit();
    w.look();
    w.promote("qa", 4);
    w.verified("qa", false);
    w.pin("prod", "p2", &["b"]);
    w.through("prod", 5);
    w.look();
    refused(&w, "prod", "qa has not passed every gate");
}

#[test]
fn red_checks_stop_a_pin_that_somebody_wrote() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.env("qa", |qa| qa.gates.checks = vec!["ci/test".into()]);
    w.build("p2");
    w.pin("qa", "p2", &["b"]);
    w.through("qa", 2);
    w.look();
    refused(&w, "qa", "check `ci/test`");
}

#[test]
fn a_package_that_is_not_stored_is_refused() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.pin("qa", "elsewhere", &["b"]);
    w.through("qa", 2);
    w.file("qa").pin_package_stored = false;
    w.look();
    refused(&w, "qa", "names a package that is not stored");
}

#[test]
fn merged_between_reading_main_and_reading_pull_requests() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a", "b"]);
    w.opened("qa", 1);
    w.pull(1).state = crate::facts::PullState::Merged;
    w.blind = true;
    w.look();
    let facts = w.facts.clone();
    w.answer(
        "-",
        "observe",
        Outcome::Observed {
            facts: Box::new(facts),
        },
    );
    assert!(w.waiting("qa").is_empty(), "not proposed again");
    w.blind = false;
    w.merge_unseen(1);
    let facts = w.facts.clone();
    w.answer(
        "-",
        "observe",
        Outcome::Observed {
            facts: Box::new(facts),
        },
    );
    let Approved::Actions { actions, .. } = approved(&w, "qa") else {
        panic!("the actions are known")
    };
    assert_eq!(actions.len(), 2);
}

#[test]
fn a_lost_database_and_everything_is_in_place() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.promote("prod", 2);
    w.forget();
    w.built("p1");
    for env in ["qa", "prod"] {
        let outcome = Outcome::Applied {
            done: 0,
            satisfied: 0,
            uploaded: 0,
            plan: PlanFacts::default(),
        };
        w.answer(env, "apply", outcome);
        assert_eq!(
            (w.package(env), w.standing(env)),
            (Some("p1"), Standing::Healthy)
        );
    }
    w.wait(Duration::hours(1));
    assert!(w.due.is_empty(), "no pull request, no plan: {:?}", w.due);
}

#[test]
fn a_lost_database_and_prod_is_not_as_its_pin_says() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.planned("prod", &["a"]);
    w.opened("prod", 2);
    w.merge(2);
    w.forget();
    w.built("p1");
    let Approved::Actions { actions, .. } = approved(&w, "prod") else {
        panic!("nothing is approved")
    };
    assert!(actions.is_empty(), "qa is not known to have passed it");
    w.not_approved("prod", &["a"]);
    assert_eq!(w.standing("prod"), Standing::NeedsApproval);
    assert_eq!(
        approved(&w, "qa"),
        Approved::PlanOnly {
            plan: "plan:a".into()
        }
    );
    w.applied("qa");
    w.look();
    assert_eq!(
        approved(&w, "prod"),
        Approved::PlanOnly {
            plan: "plan:a".into()
        }
    );
    w.applied("prod");
    assert_eq!(w.package("prod"), Some("p1"));
}

#[test]
fn a_lost_database_finds_its_open_pull_request_again() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.build("p2");
    w.planned("qa", &["b"]);
    w.opened("qa", 2);
    w.commit();
    w.facts.inputs = Some("p3".into());
    w.forget();
    w.built("p3");
    w.applied("qa");
    assert_eq!(
        w.waiting("qa"),
        ["close_pull"],
        "the one for p2 is closed first"
    );
    w.pull(2).state = crate::facts::PullState::Closed;
    w.answer("qa", "close_pull", Outcome::PullClosed);
    w.planned("qa", &["c"]);
    w.opened("qa", 3);
    assert_eq!(w.open("qa"), 1);
    assert_eq!(w.of("qa").promotion.as_ref().unwrap().package, digest("p3"));
}
