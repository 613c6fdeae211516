//! Captures of the free-form environment, which is never written to.

use super::super::Verdict;
use super::world::{World, story};
use crate::event::{Ask, Event, Named, Outcome};
use crate::explain::{Standing, explain};
use crate::facts::{PullFact, PullKind, PullState};
use crate::ids::PullNumber;
use crate::policy::{Missed, Mode, ScheduleSpec};
use chrono::Duration;

fn captured(number: Option<u64>) -> Outcome {
    Outcome::Captured {
        pull: number.map(|number| (PullNumber(number), "h".into())),
        changed: 2,
        conflicts: 0,
        named: Vec::new(),
    }
}

#[test]
fn asked_for_or_scheduled_one_at_a_time() {
    let mut w = story();
    w.env("dev", |dev| {
        dev.capture = Some(ScheduleSpec {
            cron: "0 * * * *".into(),
            zone: "UTC".into(),
            missed: Missed::Skip,
        });
    });
    w.look();
    w.ask(Ask::Capture { env: "dev".into() });
    w.ask(Ask::Capture { env: "dev".into() });
    assert_eq!(w.waiting("dev"), ["capture"]);
    w.answer("dev", "capture", captured(Some(3)));
    assert_eq!(
        w.waiting("dev"),
        ["capture"],
        "asked again while it ran: looked at again"
    );
    w.answer("dev", "capture", captured(None));
    assert_eq!(w.of("dev").capture.pull, Some(PullNumber(3)));
    while w.waiting("dev").is_empty() {
        w.sleep();
    }
    assert_eq!(w.now.format("%H:%M").to_string(), "10:00");
}

#[test]
fn the_pull_request_of_the_last_capture_is_told_whatever_earlier_ones_are_open() {
    let mut w = story();
    let pull = |number, state| PullFact {
        number: PullNumber(number),
        head: "h".into(),
        state,
        env: "dev".into(),
        kind: PullKind::Capture,
        package: None,
        plan: None,
        approvals: 0,
        person_pushed: false,
    };
    w.look();
    w.ask(Ask::Capture { env: "dev".into() });
    w.answer("dev", "capture", captured(Some(7)));
    // The forge tells the newest first.
    let open = |number| pull(number, PullState::Open);
    w.facts.pulls = vec![open(7), open(5)];
    w.look();
    assert_eq!(w.of("dev").capture.pull, Some(PullNumber(7)));
    w.facts.pulls = vec![open(5), pull(7, PullState::Merged)];
    w.look();
    assert_eq!(w.of("dev").capture.pull, Some(PullNumber(5)));
    w.facts.pulls = vec![pull(5, PullState::Closed)];
    w.look();
    assert_eq!(w.of("dev").capture.pull, None);
}

#[test]
fn conflicts_are_named_until_a_capture_finds_others() {
    let mut w = story();
    w.look();
    let conflicts = |count, named: &[&str]| Outcome::Captured {
        pull: None,
        changed: 0,
        conflicts: count,
        named: named.iter().map(|name| (*name).to_owned()).collect(),
    };
    for (count, named, expected) in [
        (
            3,
            &["jobs.a", "src/b.py"][..],
            "3 objects differ here and in Git and no capture says who is right; Git's side stays until somebody settles it: jobs.a, src/b.py and 1 more",
        ),
        (
            1,
            &["jobs.a"][..],
            "1 object differs here and in Git and no capture says who is right; Git's side stays until somebody settles it: jobs.a",
        ),
    ] {
        w.ask(Ask::Capture { env: "dev".into() });
        w.answer("dev", "capture", conflicts(count, named));
        let explained = explain(&w.state, &"dev".into(), w.now).unwrap();
        assert_eq!(explained.there.last().map(String::as_str), Some(expected));
    }
    w.ask(Ask::Capture { env: "dev".into() });
    w.answer("dev", "capture", captured(None));
    let explained = explain(&w.state, &"dev".into(), w.now).unwrap();
    assert!(!explained.there.iter().any(|line| line.contains("differ")));
}

#[test]
fn a_failure_is_tried_again_later_or_when_asked() {
    let mut w = story();
    w.look();
    w.ask(Ask::Capture { env: "dev".into() });
    w.fail("dev", "capture", true);
    assert!(w.waiting("dev").is_empty());
    assert!(w.why("dev").contains("capture failed: capture broke"));
    w.wait(Duration::seconds(10));
    w.fail("dev", "capture", true);
    w.ask(Ask::Capture { env: "dev".into() });
    w.answer("dev", "capture", captured(None));
    assert!(w.why("dev").is_empty());
}

#[test]
fn commands_that_make_no_sense_say_so() {
    let mut w = story();
    w.look();
    let asks = [
        (
            Ask::Capture { env: "qa".into() },
            "only free-form environments are captured",
        ),
        (
            Ask::Reconcile { env: "dev".into() },
            "captured, never reconciled",
        ),
        (
            Ask::Hold {
                env: "qaa".into(),
                reason: String::new(),
            },
            "no environment `qaa`; there are: dev, prod, qa",
        ),
        (
            Ask::Rollback {
                env: "dev".into(),
                to: None,
                now: true,
                reason: String::new(),
            },
            "never changes it",
        ),
    ];
    for (ask, words) in asks {
        w.ask(ask);
        assert!(
            matches!(&w.verdict, Verdict::Ignored(why) if why.contains(words)),
            "{:?}",
            w.verdict
        );
    }
    assert!(w.due.is_empty());
}

#[test]
fn nothing_is_ever_applied_to_it() {
    let mut w = story();
    w.pin("dev", "p1", &["a"]);
    w.through("dev", 4);
    w.build("p1");
    w.ask(Ask::Retry { env: "dev".into() });
    assert!(w.waiting("dev").is_empty());
    assert_eq!(w.standing("dev"), Standing::FreeForm);
}

#[test]
fn a_push_is_captured_where_that_is_wanted() {
    let mut w = story();
    w.look();
    w.commit();
    w.look();
    assert!(w.waiting("dev").is_empty(), "not asked for");
    w.env("dev", |dev| dev.capture_on_push = true);
    w.look();
    assert!(w.waiting("dev").is_empty(), "main did not move");
    w.commit();
    w.look();
    assert_eq!(w.waiting("dev"), ["capture"]);
    // Several pushes while it runs are one more capture.
    for _ in 0..3 {
        w.commit();
        w.look();
    }
    w.answer("dev", "capture", captured(None));
    assert_eq!(w.waiting("dev"), ["capture"]);
    w.answer("dev", "capture", captured(None));
    assert!(w.waiting("dev").is_empty());
}

fn news(w: &mut World, workspace: &str) {
    w.event(&Event::Noticed {
        object: Named {
            kind: "workspace".into(),
            name: workspace.into(),
        },
        why: "workspace changed".into(),
    });
}

#[test]
fn news_of_a_workspace_are_captured_where_that_is_wanted_and_many_at_once_together() {
    let mut w = story();
    w.look();
    news(&mut w, "dev");
    assert!(w.waiting("dev").is_empty(), "not asked for");
    w.env("dev", |dev| {
        dev.capture_on_news_of.insert("dev".into());
    });
    w.look();
    news(&mut w, "another");
    assert!(w.waiting("dev").is_empty(), "another workspace");
    news(&mut w, "dev");
    assert_eq!(w.waiting("dev"), ["capture"]);
    w.answer("dev", "capture", captured(None));
    // Right after a capture: one more, and not at once.
    for _ in 0..5 {
        news(&mut w, "dev");
    }
    assert!(w.waiting("dev").is_empty(), "it rests");
    w.wait(Duration::seconds(61));
    assert_eq!(w.waiting("dev"), ["capture"]);
    w.answer("dev", "capture", captured(None));
    w.wait(Duration::seconds(61));
    assert!(w.waiting("dev").is_empty());
}

#[test]
fn what_was_approved_before_an_environment_became_free_form_is_not_applied() {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.opened("qa", 1);
    w.ask(Ask::Hold {
        env: "qa".into(),
        reason: "a release".into(),
    });
    w.merge(1);
    assert!(w.waiting("qa").is_empty(), "held");
    w.env("qa", |qa| qa.mode = Mode::FreeForm);
    w.look();
    w.ask(Ask::Resume { env: "qa".into() });
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    assert_eq!(w.noted("run-set-aside"), 1);
    // Promoted again: main still names the package, and its approval still counts.
    w.env("qa", |qa| qa.mode = Mode::Promoted);
    w.look();
    assert_eq!(w.waiting("qa"), ["apply"]);
}
