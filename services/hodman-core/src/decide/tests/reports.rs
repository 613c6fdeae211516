//! Reports are said until they are where they belong, and no words twice.

use super::world::{World, story};
use crate::event::Outcome;
use chrono::Duration;

/// A pull request is open, and its report is on its way.
fn reporting() -> World {
    let mut w = story();
    w.build("p1");
    w.planned("qa", &["a"]);
    w.mute = true;
    w.opened("qa", 1);
    assert_eq!(w.waiting("qa"), ["say"]);
    w
}

#[test]
fn a_report_that_could_not_be_said_is_said_again() {
    let mut w = reporting();
    let began = w.now;
    w.fail("qa", "say", true);
    assert!(w.waiting("qa").is_empty(), "not at once");
    while w.waiting("qa") != ["say"] {
        w.sleep();
    }
    assert_eq!(w.now - began, w.settings.say_again);
    let failed = w.now;
    w.fail("qa", "say", true);
    while w.waiting("qa") != ["say"] {
        w.sleep();
    }
    assert_eq!(
        w.now - failed,
        w.settings.say_again * 2,
        "less and less often"
    );
    w.answer("qa", "say", Outcome::Said);
    assert!(w.of("qa").unsaid.is_empty());
    w.look();
    assert!(w.waiting("qa").is_empty(), "the same words once");
    assert_eq!(w.noted("report-failed"), 1, "told once");
}

#[test]
fn one_that_the_forge_does_not_take_is_tried_seldom_and_told_once() {
    let mut w = reporting();
    w.fail("qa", "say", false);
    w.wait(Duration::minutes(59));
    // Its plan is confirmed meanwhile.
    assert!(!w.waiting("qa").contains(&"say".to_owned()));
    w.wait(Duration::minutes(1));
    w.fail("qa", "say", false);
    w.wait(Duration::hours(1));
    assert!(w.waiting("qa").contains(&"say".to_owned()));
    assert_eq!(w.noted("report-failed"), 1);
}

#[test]
fn an_answer_that_does_not_fit_is_a_report_that_was_not_said() {
    let mut w = reporting();
    w.answer("qa", "say", Outcome::PullClosed);
    assert_eq!(w.of("qa").unsaid.len(), 1);
    w.wait(Duration::hours(1));
    assert!(w.waiting("qa").contains(&"say".to_owned()));
}

#[test]
fn one_that_is_refused_in_other_words_each_time_is_told_once() {
    let mut w = reporting();
    for request in ["AB12", "CD34"] {
        let refused = Outcome::Failed {
            why: format!("403: no (request {request})"),
            transient: false,
        };
        w.answer("qa", "say", refused);
        w.wait(Duration::hours(1));
    }
    assert_eq!(w.noted("report-failed"), 1);
}
