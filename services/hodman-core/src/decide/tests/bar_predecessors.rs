//! What a pull request takes out of the way of its own pin further up: predecessors, and how they tell what is healthy.

use super::bars::applies;
use super::world::{World, name, story};
use crate::explain::Standing;
use crate::facts::Origin;
use crate::policy::{Mode, Policy, VerifySpec};

/// p0 is in qa and prod, p1 is built.
fn built(mut w: World) -> World {
    w.build("p0");
    w.promote("qa", 1);
    if w.waiting("qa").contains(&"verify".to_owned()) {
        w.verified("qa", true);
    }
    w.promote("prod", 2);
    w.build("p1");
    w
}

/// #9 pins p1 in prod and changes another environment.
fn pinned(w: &mut World, env: &str, lowered: impl FnOnce(&mut Policy)) -> Option<Origin> {
    w.pin("prod", "p1", &["a"]);
    w.through("prod", 9);
    w.env(env, lowered);
    let origin = w.file("prod").pin_origin.clone();
    w.file(env).binding_origin = origin.clone();
    origin
}

#[test]
fn a_predecessor_that_the_pull_request_sets_free_is_one_for_it() {
    for known in [true, false] {
        let mut w = built(story());
        let origin = pinned(&mut w, "qa", |qa| qa.mode = Mode::FreeForm);
        if !known {
            (w.file("qa").binding_origin, w.file("prod").pin_origin) = (None, None);
            w.look();
            w.file("prod").pin_origin = origin;
        }
        w.look();
        assert!(w.why("prod").contains("qa has not"), "{}", w.why("prod"));
        w.look();
        assert!(!applies(&w));
    }
}

#[test]
fn of_two_merges_between_two_looks_neither_sets_the_way_free_for_the_other() {
    let mut w = built(story());
    pinned(&mut w, "qa", |qa| qa.mode = Mode::FreeForm);
    w.file("qa").binding_origin.as_mut().unwrap().number.0 = 8;
    w.look();
    assert!(!applies(&w), "{}", w.why("prod"));
}

#[test]
fn a_rollback_further_up_counts_though_the_pull_request_parts_the_way() {
    let mut w = story();
    w.env("qa", |qa| qa.after = vec![name("test")]);
    w.env("test", |test| test.after = vec![name("dev")]);
    w.build("p0");
    for (env, number) in [("test", 1), ("qa", 2), ("prod", 3)] {
        w.promote(env, number);
    }
    w.build("p1");
    w.promote("test", 4);
    w.promote("qa", 5);
    w.ask(crate::event::Ask::Rollback {
        env: "test".into(),
        to: None,
        reason: "wrong sums".into(),
        now: false,
    });
    pinned(&mut w, "qa", |qa| qa.after = vec![name("dev")]);
    w.look();
    assert_eq!(w.standing("prod"), Standing::Refused, "{}", w.why("prod"));
    assert!(!applies(&w));
}

fn verify(job: &str) -> Option<VerifySpec> {
    Some(VerifySpec {
        run_job: job.into(),
        timeout_seconds: 60,
    })
}

#[test]
fn health_that_the_old_verification_did_not_find_does_not_count() {
    for instead in [None, verify("noop")] {
        let mut w = story();
        w.env("qa", |qa| qa.verify = verify("smoke"));
        let mut w = built(w);
        w.promote("qa", 3);
        w.verified("qa", false);
        let asks = instead.is_some();
        pinned(&mut w, "qa", |qa| qa.verify = instead);
        w.look();
        w.applied("qa");
        if asks {
            w.verified("qa", true);
        }
        assert_eq!(w.standing("qa"), Standing::Healthy);
        w.look();
        assert_eq!(w.standing("prod"), Standing::Refused, "{}", w.why("prod"));
        assert!(!applies(&w));
    }
}

#[test]
fn health_that_the_old_verification_found_counts() {
    let mut w = story();
    w.env("qa", |qa| qa.verify = verify("smoke"));
    let mut w = built(w);
    w.promote("qa", 3);
    w.verified("qa", true);
    pinned(&mut w, "qa", |qa| qa.verify = None);
    w.look();
    assert!(applies(&w), "{}", w.why("prod"));
}
