//! People's word outlives the database.

use super::rollback::{back, two_packages};
use super::world::{digest, story};
use crate::effect::{Act, Approved};
use crate::event::Ask;
use crate::explain::Standing;
use chrono::Duration;

#[test]
fn a_hold_is_still_there_after_the_database_was_lost() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.ask(Ask::Hold {
        env: "qa".into(),
        reason: "month end".into(),
    });
    w.forget();
    w.built("p1");
    assert_eq!(w.standing("qa"), Standing::Held);
    assert!(!w.waiting("qa").contains(&"apply".to_owned()));
    assert!(w.why("qa").contains("held by ann: month end"));
    w.ask(Ask::Resume { env: "qa".into() });
    assert_eq!(w.waiting("qa"), ["apply"]);
    w.forget();
    assert!(w.of("qa").hold.is_none(), "also that it was lifted is kept");
}

#[test]
fn what_was_rolled_back_from_is_not_proposed_after_the_database_was_lost() {
    let mut w = two_packages();
    w.ask(back(false));
    w.planned("qa", &["undo"]);
    w.opened("qa", 3);
    w.merge(3);
    w.applied("qa");
    w.forget();
    w.built("p2");
    w.applied("qa");
    w.wait(Duration::hours(1));
    assert!(w.waiting("qa").is_empty(), "{:?}", w.waiting("qa"));
    assert!(w.why("qa").contains("rolled back"), "{}", w.why("qa"));
}

#[test]
fn an_override_goes_on_after_the_database_was_lost() {
    let mut w = two_packages();
    w.ask(back(true));
    w.applied("qa");
    w.forget();
    w.built("p2");
    let Act::Apply { package, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    assert_eq!(package.as_str(), "sha256:p1", "not what main pins");
    w.applied("qa");
    w.planned("qa", &["undo"]);
    w.opened("qa", 7);
    w.merge(7);
    assert!(w.of("qa").over.is_none());
    let accepted = w.of("qa").accepted.as_ref().unwrap();
    assert_eq!(accepted.package.as_str(), "sha256:p1");
}

#[test]
fn a_pin_of_what_was_rolled_back_from_is_only_compared_after_the_database_was_lost() {
    let mut w = two_packages();
    w.ask(back(false));
    w.planned("qa", &["undo"]);
    w.forget();
    w.built("p2");
    let Act::Apply { approved, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    let nothing = matches!(approved, Approved::Actions { actions, .. } if actions.is_empty());
    assert!(nothing, "no more than a look");
    w.applied("qa");
    assert_eq!(w.package("qa"), Some("p2"));
    w.look();
    assert!(w.of("qa").put_aside.contains_key(&digest("p2")));
}

#[test]
fn keeping_is_tried_until_it_works_and_the_newest_word_counts() {
    let mut w = story();
    w.look();
    w.mute = true;
    let hold = |reason: &str| Ask::Hold {
        env: "qa".into(),
        reason: reason.into(),
    };
    w.ask(hold("one"));
    w.fail("qa", "keep", true);
    assert!(w.waiting("qa").is_empty(), "not at once");
    w.ask(hold("two"));
    w.sleep();
    let Act::Keep { kept } = w.one("qa", "keep").act else {
        unreachable!()
    };
    assert_eq!(kept.hold.unwrap().reason, "two");
    w.ask(Ask::Resume { env: "qa".into() });
    assert_eq!(w.waiting("qa"), ["keep"], "one at a time");
    w.answer("qa", "keep", crate::event::Outcome::Kept);
    let Act::Keep { kept } = w.one("qa", "keep").act else {
        unreachable!()
    };
    assert!(kept.hold.is_none());
}
