//! The way of a package: built once, proposed, merged, applied, verified, and on to the next environment.

use super::world::{digest, kind, name, story};
use crate::event::{Ask, Outcome};
use crate::explain::Standing;
use crate::policy::VerifySpec;
use chrono::Duration;

#[test]
fn a_change_goes_from_main_through_qa_to_prod() {
    let mut w = story();
    w.env("qa", |qa| {
        qa.verify = Some(VerifySpec {
            run_job: "smoke".into(),
            timeout_seconds: 60,
        });
    });
    w.env("prod", |prod| prod.gates.soak_seconds = 1800);
    w.build("p1");
    assert_eq!(w.waiting("qa"), ["plan"]);
    assert_eq!(w.waiting("prod"), [""; 0], "qa has not passed it");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    assert_eq!(w.standing("qa"), Standing::Proposed);
    assert!(w.why("qa").contains("waiting for #1 to be merged"));
    w.merge(1);
    assert_eq!(w.waiting("qa"), ["apply"]);
    w.applied("qa");
    assert_eq!(w.standing("qa"), Standing::Verifying);
    w.verified("qa", true);
    assert_eq!(w.standing("qa"), Standing::Healthy);
    assert!(w.why("prod").contains("soaking in qa"), "{}", w.why("prod"));

    let soaked = w.now + Duration::seconds(1800);
    while w.waiting("prod").is_empty() {
        assert!(w.sleep() <= soaked);
    }
    assert_eq!(w.now, soaked, "woken exactly when the soak ends");
    w.promote("prod", 2);
    assert_eq!(
        (w.package("prod"), w.standing("prod")),
        (Some("p1"), Standing::Healthy)
    );
    assert!(w.waiting("prod").is_empty() && w.waiting("qa").is_empty());
    assert!(
        w.of("prod")
            .accepted
            .as_ref()
            .is_some_and(|accepted| accepted.done)
    );
}

#[test]
fn the_same_inputs_make_no_package_and_no_pull_request() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.commit();
    w.look();
    assert!(w.waiting("-").is_empty() && w.waiting("qa").is_empty());
}

#[test]
fn other_inputs_with_the_same_bytes_make_no_second_package() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.commit();
    w.facts.inputs = Some("other".into());
    w.look();
    w.built("p1");
    assert_eq!(w.state.packages.len(), 1);
    assert!(w.waiting("qa").is_empty());
    w.commit();
    w.look();
    assert!(w.waiting("-").is_empty(), "the new identity is remembered");
}

#[test]
fn a_revert_makes_the_older_package_the_newest_again() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.build("p2");
    w.promote("qa", 2);
    w.commit();
    w.facts.inputs = Some("p1".into());
    w.look();
    assert!(w.waiting("-").is_empty(), "not built again");
    w.promote("qa", 3);
    assert_eq!(w.package("qa"), Some("p1"));
}

#[test]
fn a_build_waits_for_the_one_before_and_both_count() {
    let mut w = story();
    w.commit();
    w.facts.inputs = Some("p1".into());
    w.look();
    w.commit();
    w.facts.inputs = Some("p2".into());
    w.look();
    assert_eq!(w.waiting("-"), ["build"], "one at a time");
    w.built("p1");
    assert_eq!(w.waiting("-"), ["build"]);
    w.built("p2");
    let packages: Vec<_> = w
        .state
        .packages
        .iter()
        .map(|known| known.digest.clone())
        .collect();
    assert_eq!(packages, [digest("p1"), digest("p2")]);
}

#[test]
fn a_build_that_failed_is_tried_again_later_or_with_other_inputs() {
    let mut w = story();
    w.commit();
    w.facts.inputs = Some("p1".into());
    w.look();
    w.fail("-", "build", true);
    assert!(w.waiting("-").is_empty());
    let before = w.now;
    w.sleep();
    assert_eq!(w.now - before, w.settings.retry_first);
    // A command that could not fetch what it needs looks as if it would never build.
    for _ in 1..w.settings.build_tries {
        w.fail("-", "build", false);
        assert!(w.waiting("-").is_empty(), "not at once");
        w.wait(Duration::minutes(2));
        assert_eq!(w.waiting("-"), ["build"]);
    }
    w.fail("-", "build", false);
    w.wait(Duration::hours(1));
    assert!(w.waiting("-").is_empty(), "these inputs will not build");
    w.ask(Ask::Retry { env: "qa".into() });
    assert_eq!(w.waiting("-"), ["build"], "somebody mended what it needs");
    w.fail("-", "build", false);
    assert!(
        w.state.build.as_ref().unwrap().not_before.is_some(),
        "it begins anew"
    );
    w.build("p2");
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn a_plan_that_failed_of_what_main_was_before_is_taken_again() {
    let mut w = story();
    w.build("p1");
    assert_eq!(w.waiting("qa"), ["plan"]);
    // While it is taken somebody merges what would mend it.
    w.commit();
    w.look();
    w.fail("qa", "plan", false);
    w.wait(Duration::zero());
    assert_eq!(w.waiting("qa"), ["plan"], "of what main is now");
    w.fail("qa", "plan", false);
    w.wait(Duration::hours(1));
    assert!(w.waiting("qa").is_empty(), "main is what it was planned of");
    w.commit();
    w.look();
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn two_predecessors_must_both_have_passed() {
    let mut w = story();
    w.env("eu", |eu| eu.after = vec![name("dev")]);
    w.env("prod", |prod| prod.after = vec![name("qa"), name("eu")]);
    w.build("p1");
    w.promote("qa", 1);
    assert!(w.waiting("prod").is_empty());
    assert!(w.why("prod").contains("eu does not have this package yet"));
    w.promote("eu", 2);
    assert_eq!(w.waiting("prod"), ["plan"]);
}

#[test]
fn a_circle_of_predecessors_never_passes() {
    let mut w = story();
    w.env("qa", |qa| qa.after = vec![name("prod")]);
    w.env("lone", |lone| lone.after = vec![name("lone")]);
    w.env("lost", |lost| lost.after = vec![name("nowhere")]);
    w.build("p1");
    for env in ["qa", "prod", "lone", "lost"] {
        assert!(w.waiting(env).is_empty(), "{env}");
    }
}

#[test]
fn outcomes_that_come_late_or_twice_or_do_not_fit() {
    let mut w = story();
    w.build("p1");
    let op = w.one("qa", "plan").op;
    w.planned("qa", &["a"]);
    let before = w.state.clone();
    let outcome = Outcome::Planned {
        plan: super::world::plan(&["x"]),
        binding: "b1".into(),
    };
    w.event(&crate::event::Event::Ended { op, outcome });
    assert!(matches!(w.verdict, super::super::Verdict::Ignored(_)));
    assert_eq!(w.state, before);
    // The only answer there will be does not fit: that is a failure, not a reason to wait for ever.
    w.answer("qa", "open_pull", Outcome::Said);
    assert!(matches!(
        w.of("qa").promotion.as_ref().unwrap().phase,
        crate::state::Phase::Failed { .. }
    ));
}

#[test]
fn every_effect_has_a_lane_and_a_word() {
    let mut w = story();
    w.build("p1");
    let plan = w.one("qa", "plan");
    assert_eq!(
        (plan.lane().as_str(), kind(&plan).as_str()),
        ("qa/plan", "plan")
    );
    w.planned("qa", &["a"]);
    assert_eq!(w.one("qa", "open_pull").lane(), "qa/pull");
}
