//! Looking at the repository: no news is lost, failures pause, and what is broken or gone stays for itself.

use super::drift::healthy;
use super::world::story;
use crate::event::{Ask, Event, Outcome};
use crate::explain::Standing;
use crate::policy::{DriftPolicy, Missed, ScheduleSpec};
use chrono::Duration;

fn news() -> Event {
    Event::Woken { why: "push".into() }
}

#[test]
fn news_that_come_while_looking_are_looked_at() {
    let mut w = story();
    w.blind = true;
    w.event(&news());
    assert_eq!(w.waiting("-"), ["observe"]);
    let old = Box::new(w.facts.clone());
    w.commit();
    w.event(&news());
    assert_eq!(w.waiting("-"), ["observe"], "one look at a time");
    w.answer("-", "observe", Outcome::Observed { facts: old });
    assert_eq!(w.waiting("-"), ["observe"], "and another after it");
    let new = Box::new(w.facts.clone());
    w.answer("-", "observe", Outcome::Observed { facts: new });
    assert_eq!(w.state.head.as_ref().unwrap().as_str(), "c1");
    assert!(w.waiting("-").is_empty());
}

#[test]
fn what_no_webhook_said_is_found_by_time() {
    let mut w = story();
    w.look();
    w.commit();
    let before = w.now;
    while w.state.head != Some(w.facts.head.clone()) {
        w.sleep();
    }
    assert_eq!(w.now - before, w.settings.observe_every);
}

#[test]
fn a_look_that_fails_pauses_longer_each_time() {
    let mut w = story();
    w.blind = true;
    w.look();
    let mut pauses = Vec::new();
    for _ in 0..9 {
        w.fail("-", "observe", true);
        w.event(&news());
        assert!(w.waiting("-").is_empty(), "not even for news");
        let before = w.now;
        w.sleep();
        pauses.push((w.now - before).num_seconds());
    }
    assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 900, 900]);
}

#[test]
fn reports_of_checks_share_looks_and_none_is_lost() {
    let mut w = story();
    w.look();
    let (begin, before) = (w.now, w.looks);
    let report = || Event::Reported {
        why: "check".into(),
    };
    for _ in 0..100 {
        w.now += Duration::milliseconds(600);
        w.event(&report());
        // The timer rings in between, as it does for the daemon.
        if w.wake
            .is_some_and(|at| at <= w.now + Duration::milliseconds(600))
        {
            w.sleep();
        }
    }
    assert!(w.now - begin >= Duration::minutes(1));
    assert!(
        (6..=7).contains(&(w.looks - before)),
        "{}",
        w.looks - before
    );
    let seen = w.looks;
    w.event(&report());
    assert_eq!(w.looks, seen, "not at once");
    w.sleep();
    assert_eq!(w.looks, seen + 1, "but it is looked at");
    w.event(&report());
    w.event(&news());
    assert_eq!(w.looks, seen + 2, "more than a check does not wait");
    w.now += w.settings.observe_pause;
    w.event(&report());
    assert_eq!(w.looks, seen + 3, "nor does one after a rest");
}

#[test]
fn a_forge_that_wants_no_requests_is_left_alone_as_long_as_it_says() {
    let mut w = story();
    w.blind = true;
    w.look();
    let until = w.now + Duration::minutes(20);
    let why = "too many requests".to_owned();
    w.answer("-", "observe", Outcome::Limited { until, why });
    w.event(&news());
    assert!(w.waiting("-").is_empty(), "not even for news");
    w.sleep();
    assert_eq!(w.now, until);
    assert_eq!(w.waiting("-"), ["observe"]);
    w.fail("-", "observe", true);
    let before = w.now;
    w.sleep();
    assert_eq!((w.now - before).num_seconds(), 10, "it was no failure");
}

#[test]
fn a_broken_file_stops_its_environment_alone() {
    let mut w = story();
    w.env("eu", |eu| eu.after = vec!["dev".into()]);
    w.build("p1");
    w.promote("eu", 1);
    w.planned("qa", &["a"]);
    w.opened("qa", 2);
    let policy = w.file("qa").policy.take();
    w.file("qa").error = Some("environments/qa/environment.yaml:3:5: unknown key `mod`".into());
    w.merge(2);
    assert_eq!(w.standing("qa"), Standing::Broken);
    assert!(w.why("qa").contains(":3:5"));
    assert!(w.waiting("qa").is_empty());
    w.build("p2");
    assert_eq!(w.waiting("eu"), ["plan"]);
    assert!(w.waiting("qa").is_empty());
    (w.file("qa").policy, w.file("qa").error) = (policy, None);
    w.look();
    assert!(
        w.waiting("qa").contains(&"apply".to_owned()),
        "goes on where it was"
    );
}

#[test]
fn a_file_broken_after_the_merge_stops_the_apply() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.ask(Ask::Hold {
        env: "qa".into(),
        reason: "x".into(),
    });
    w.merge(1);
    w.file("qa").policy = None;
    w.file("qa").error = Some("cannot be read".into());
    w.look();
    w.ask(Ask::Resume { env: "qa".into() });
    assert!(w.waiting("qa").is_empty());
}

#[test]
fn what_is_to_go_has_not_gone_while_its_pin_cannot_be_read() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.env("qa", |policy| policy.absent = true);
    w.file("qa").pin_error = Some("release.yaml cannot be read".into());
    w.commit();
    w.look();
    assert_ne!(w.standing("qa"), Standing::Gone);
    assert!(w.why("qa").contains("cannot be read"), "{}", w.why("qa"));
}

#[test]
fn an_environment_gone_from_git_is_left_alone_and_comes_back() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.due.clear();
    let file = w.facts.environments.remove(&"qa".into()).unwrap();
    w.commit();
    w.look();
    assert_eq!(w.standing("qa"), Standing::Gone);
    w.ask(Ask::Reconcile { env: "qa".into() });
    w.build("p2");
    w.wait(Duration::days(3));
    assert!(
        w.waiting("qa").is_empty(),
        "nothing is destroyed, nothing done: {:?}",
        w.due
    );
    assert_eq!(w.package("qa"), Some("p1"));
    w.facts.environments.insert("qa".into(), file);
    w.look();
    assert_eq!(w.waiting("qa"), ["plan"]);
}

#[test]
fn a_bundle_that_cannot_be_read_makes_no_package_and_loses_none() {
    let mut w = story();
    w.build("p1");
    w.facts.inputs = None;
    w.facts.inputs_error = Some("databricks.yml:1:1".into());
    w.commit();
    w.look();
    assert!(w.waiting("-").is_empty());
    assert_eq!(w.state.inputs_error.as_deref(), Some("databricks.yml:1:1"));
    assert_eq!(w.state.packages.len(), 1);
}

#[test]
fn a_command_looks_too() {
    let mut w = story();
    let looks = w.looks;
    w.ask(Ask::Observe);
    assert_eq!(w.looks, looks + 1);
}

#[test]
fn the_pull_request_of_an_environment_gone_from_git_is_closed_and_one_never_applied_is_forgotten() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.facts.environments.remove(&"qa".into());
    w.commit();
    w.look();
    assert_eq!(w.waiting("qa"), ["close_pull"]);
    w.pull(1).state = crate::facts::PullState::Closed;
    w.answer("qa", "close_pull", Outcome::PullClosed);
    assert!(!w.state.environments.contains_key(&"qa".into()));

    // A person's word is kept, and so is what stands somewhere.
    w.ask(Ask::Hold {
        env: "prod".into(),
        reason: "audit".into(),
    });
    w.facts.environments.remove(&"prod".into());
    w.look();
    assert_eq!(w.standing("prod"), Standing::Gone);
    w.ask(Ask::Resume { env: "prod".into() });
    assert!(!w.state.environments.contains_key(&"prod".into()));
}

#[test]
fn a_repository_that_cannot_be_read_is_why_nothing_happens_anywhere() {
    let mut w = story();
    w.build("p1");
    w.blind = true;
    w.look();
    w.fail("-", "observe", true);
    assert!(
        w.why("qa")
            .contains("reading the repository failed: observe broke; next try "),
        "{}",
        w.why("qa")
    );
    w.wait(Duration::hours(1));
    let facts = Box::new(w.facts.clone());
    w.answer("-", "observe", Outcome::Observed { facts });
    assert!(!w.why("qa").contains("reading the repository"));
}

/// A clock that ran an hour ahead noted moments that nothing waits for once it is put right.
#[test]
fn a_clock_that_ran_ahead_is_not_waited_for() {
    let mut w = story();
    w.blind = true;
    w.look();
    w.now += Duration::hours(1);
    w.fail("-", "observe", true);
    w.now -= Duration::hours(1);
    w.event(&news());
    assert!(w.waiting("-").is_empty(), "a pause is a pause");
    let before = w.now;
    w.sleep();
    assert!(w.now - before <= w.settings.retry_at_most);
    assert_eq!(w.waiting("-"), ["observe"]);
    let seen = Box::new(w.facts.clone());
    w.now += Duration::hours(1);
    w.answer("-", "observe", Outcome::Observed { facts: seen });
    w.now -= Duration::hours(1);
    w.event(&Event::Tick);
    let before = w.now;
    w.sleep();
    assert!(w.now - before <= w.settings.observe_every);
}

/// Who asks to look does not wait for the end of a pause.
#[test]
fn a_look_that_is_asked_for_is_looked_at_once() {
    let mut w = story();
    w.blind = true;
    w.look();
    w.fail("-", "observe", true);
    w.event(&news());
    assert!(w.waiting("-").is_empty(), "not for news");
    w.ask(Ask::Observe);
    assert_eq!(w.waiting("-"), ["observe"]);
}

#[test]
fn a_slot_of_a_clock_that_ran_ahead_is_not_the_last_one() {
    let mut w = healthy(DriftPolicy::Report);
    w.env("qa", |qa| {
        qa.reconcile = Some(ScheduleSpec {
            cron: "* * * * *".into(),
            zone: "UTC".into(),
            missed: Missed::RunOnce,
        });
    });
    w.now += Duration::hours(1);
    w.look();
    w.now -= Duration::hours(1);
    w.event(&Event::Tick);
    w.wait(Duration::minutes(1));
    assert_eq!(w.waiting("qa"), ["plan"]);
}
