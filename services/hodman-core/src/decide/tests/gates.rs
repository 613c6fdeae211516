//! Holds, windows, freezes, checks, and pull requests that open or merge by themselves.

use super::world::story;
use crate::effect::Act;
use crate::event::{Ask, Outcome};
use crate::explain::Standing;
use crate::facts::CheckState;
use crate::policy::{FreezeSpec, MergeBy, OpenWhen, WindowSpec};
use chrono::{Duration, TimeZone, Utc};
use std::collections::BTreeMap;

fn office_hours() -> WindowSpec {
    WindowSpec {
        deny: false,
        cron: "0 8 * * 1-5".into(),
        zone: "Europe/Berlin".into(),
        seconds: 9 * 3600,
    }
}

#[test]
fn an_approved_package_waits_for_its_window_and_wakes_at_its_first_second() {
    let mut w = story();
    w.env("qa", |qa| qa.gates.windows = vec![office_hours()]);
    w.now = Utc.with_ymd_and_hms(2026, 3, 6, 20, 0, 0).unwrap();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge(1);
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.standing("qa"), Standing::Approved);
    assert!(
        w.why("qa").contains("outside the allow windows"),
        "{}",
        w.why("qa")
    );
    while w.waiting("qa").is_empty() {
        w.sleep();
    }
    assert_eq!(
        w.now,
        Utc.with_ymd_and_hms(2026, 3, 9, 7, 0, 0).unwrap(),
        "Monday, 8 o'clock in Berlin"
    );
    assert_eq!(w.waiting("qa"), ["apply"]);
}

#[test]
fn a_freeze_holds_and_ends_to_the_second() {
    let mut w = story();
    let to = Utc.with_ymd_and_hms(2026, 3, 3, 0, 0, 0).unwrap();
    w.env("qa", |qa| {
        qa.gates.freezes = vec![FreezeSpec {
            from: to - Duration::days(2),
            to,
            reason: "audit".into(),
        }];
    });
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge(1);
    assert!(w.why("qa").contains("audit"), "{}", w.why("qa"));
    while w.waiting("qa").is_empty() {
        w.sleep();
    }
    assert_eq!(w.now, to);
}

#[test]
fn a_window_that_cannot_be_read_lets_nothing_through() {
    let mut w = story();
    w.env("qa", |qa| {
        qa.gates.windows = vec![WindowSpec {
            cron: "61 * * * *".into(),
            ..office_hours()
        }];
    });
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge(1);
    w.wait(Duration::days(30));
    assert!(!w.waiting("qa").contains(&"apply".to_owned()));
    assert!(w.why("qa").contains("cannot be read"));
}

#[test]
fn open_window_keeps_the_pull_request_back() {
    let mut w = story();
    w.env("qa", |qa| {
        qa.gates.windows = vec![office_hours()];
        qa.open = OpenWhen::Window;
    });
    w.now = Utc.with_ymd_and_hms(2026, 3, 6, 20, 0, 0).unwrap();
    w.build("p1");
    assert!(w.waiting("qa").is_empty());
    while w.waiting("qa").is_empty() {
        w.sleep();
    }
    assert_eq!(w.now, Utc.with_ymd_and_hms(2026, 3, 9, 7, 0, 0).unwrap());
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn a_hold_stops_what_is_next_and_resuming_goes_on() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.ask(Ask::Hold {
        env: "qa".into(),
        reason: "month end".into(),
    });
    w.merge(1);
    w.wait(Duration::hours(3));
    assert!(w.waiting("qa").is_empty());
    assert_eq!(w.standing("qa"), Standing::Held);
    assert!(w.why("qa").contains("held by ann: month end"));
    w.ask(Ask::Resume { env: "qa".into() });
    assert_eq!(w.waiting("qa"), ["apply"]);
    w.ask(Ask::Resume { env: "qa".into() });
    assert!(matches!(&w.verdict, super::super::Verdict::Ignored(why) if why.contains("not held")));
}

#[test]
fn a_hold_keeps_new_pull_requests_from_opening() {
    let mut w = story();
    w.look();
    w.ask(Ask::Hold {
        env: "qa".into(),
        reason: "x".into(),
    });
    w.build("p1");
    assert!(w.waiting("qa").is_empty());
    w.ask(Ask::Resume { env: "qa".into() });
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn checks_of_the_source_commit_must_be_green() {
    let mut w = story();
    w.env("qa", |qa| qa.gates.checks = vec!["ci/test".into()]);
    w.build("p1");
    assert!(w.why("qa").contains("check `ci/test` has not finished"));
    let commit = w.state.packages[0].commit.clone();
    let is = |state| {
        BTreeMap::from([(
            commit.clone(),
            BTreeMap::from([("ci/test".to_owned(), state)]),
        )])
    };
    w.facts.checks = is(CheckState::Failure);
    w.look();
    assert!(w.why("qa").contains("check `ci/test` failed"));
    assert!(w.waiting("qa").is_empty());
    w.facts.checks = is(CheckState::Success);
    w.look();
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn checks_are_asked_of_what_is_in_place_however_many_packages_came_since() {
    let mut w = story();
    w.env("prod", |prod| {
        prod.gates.checks = vec!["ci".into()];
        prod.gates.soak_seconds = 24 * 3600;
    });
    w.build("p1");
    let green = BTreeMap::from([("ci".to_owned(), CheckState::Success)]);
    let commit = w.state.packages[0].commit.clone();
    w.facts.checks = BTreeMap::from([(commit, green)]);
    w.promote("qa", 1);
    for package in ["p2", "p3", "p4", "p5", "p6", "p7"] {
        w.build(package);
    }
    w.wait(Duration::days(1));
    let words = w.why("prod");
    assert_eq!(w.waiting("prod"), ["plan"], "{words}");
    w.planned("prod", &["a"]);
    w.opened("prod", 9);
    w.merge(9);
    assert_eq!(w.waiting("prod"), ["apply"], "{}", w.why("prod"));
}

#[test]
fn checks_of_a_new_package_are_asked_for_at_once() {
    let mut w = story();
    w.env("qa", |qa| qa.gates.checks = vec!["ci".into()]);
    w.commit();
    w.facts.inputs = Some("p1".into());
    let green = BTreeMap::from([("ci".to_owned(), CheckState::Success)]);
    w.facts.checks = BTreeMap::from([(w.facts.head.clone(), green)]);
    w.look();
    w.built("p1");
    assert_eq!(w.waiting("qa"), ["plan"], "{}", w.why("qa"));
}

#[test]
fn nobody_asks_for_checks_that_no_gate_names() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.blind = true;
    w.look();
    let Act::Observe { commits, .. } = w.one("-", "observe").act else {
        unreachable!()
    };
    assert!(commits.is_empty(), "{commits:?}");
}

#[test]
fn merging_by_itself_is_pinned_to_the_head_and_waits_for_reviews_of_it() {
    let mut w = story();
    w.env("qa", |qa| {
        qa.merge = MergeBy::Auto;
        qa.gates.approvals = 1;
    });
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    assert!(w.waiting("qa").is_empty());
    assert!(w.why("qa").contains("0 of 1 reviews"));
    w.pull(1).approvals = 1;
    w.look();
    let crate::effect::Act::MergePull { head, .. } = w.one("qa", "merge_pull").act else {
        unreachable!()
    };
    assert_eq!(head.as_str(), "head1");
    w.merge_unseen(1);
    w.answer("qa", "merge_pull", Outcome::PullMerged);
    assert_eq!(w.waiting("qa"), ["apply"]);
}

#[test]
fn a_merge_that_the_forge_refuses_is_asked_for_again_later() {
    let mut w = story();
    w.env("qa", |qa| qa.merge = MergeBy::Auto);
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.answer(
        "qa",
        "merge_pull",
        Outcome::MergeRefused {
            why: "a check is missing".into(),
        },
    );
    assert!(
        w.why("qa")
            .contains("the forge refused to merge: a check is missing")
    );
    assert!(w.waiting("qa").is_empty());
    let asked = w.now;
    while !w.waiting("qa").contains(&"merge_pull".to_owned()) {
        if w.waiting("qa").contains(&"plan".to_owned()) {
            w.planned("qa", &["a"]);
        } else {
            w.sleep();
        }
    }
    assert_eq!(w.now - asked, w.settings.retry_at_most);
}

#[test]
fn a_merge_that_went_through_is_not_asked_for_twice() {
    let mut w = story();
    w.env("qa", |qa| qa.merge = MergeBy::Auto);
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.blind = true;
    w.answer("qa", "merge_pull", Outcome::PullMerged);
    assert!(w.waiting("qa").is_empty(), "first it has to be seen");
}

#[test]
fn what_cannot_be_undone_or_was_pushed_to_by_a_person_is_merged_by_a_person() {
    let mut w = story();
    w.env("qa", |qa| qa.merge = MergeBy::Auto);
    w.build("p1");
    w.planned("qa", &["!schema"]);
    w.opened("qa", 1);
    assert!(w.waiting("qa").is_empty());

    let mut w = story();
    w.env("qa", |qa| qa.merge = MergeBy::Auto);
    w.build("p1");
    w.planned("qa", &["a"]);
    w.blind = true;
    w.opened("qa", 1);
    w.pull(1).person_pushed = true;
    w.blind = false;
    let facts = w.facts.clone();
    w.answer(
        "-",
        "observe",
        Outcome::Observed {
            facts: Box::new(facts),
        },
    );
    assert!(w.waiting("qa").is_empty());
}

#[test]
fn what_has_not_come_as_far_as_the_predecessor_is_not_said_to_be_unbuilt() {
    let mut w = story();
    w.look();
    assert!(
        w.why("prod").contains("no package has been built yet"),
        "{}",
        w.why("prod")
    );
    w.build("p1");
    assert!(
        w.why("prod").contains("qa does not have this package yet"),
        "{}",
        w.why("prod")
    );
    assert_eq!(w.waiting("prod"), [""; 0]);
}

#[test]
fn a_promotion_that_failed_for_good_is_failed() {
    let mut w = story();
    w.build("p1");
    w.fail("qa", "plan", false);
    assert_eq!(w.standing("qa"), crate::explain::Standing::Failed);
}

#[test]
fn what_was_not_healthy_is_verified_once_more_when_the_policy_asks_for_another_job() {
    let verify = |job: &str| {
        Some(crate::policy::VerifySpec {
            run_job: job.into(),
            timeout_seconds: 60,
        })
    };
    let mut w = story();
    w.env("qa", |qa| qa.verify = verify("smok"));
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.merge(1);
    w.applied("qa");
    w.verified("qa", false);
    w.look();
    assert!(w.waiting("qa").is_empty());
    w.env("qa", |qa| qa.verify = verify("smoke"));
    w.look();
    assert_eq!(w.waiting("qa"), ["apply"]);
}
