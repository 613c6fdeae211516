//! Other people's pull requests.

use super::world::{plan, story};
use crate::event::Outcome;
use chrono::Duration;

#[test]
fn looked_through_once_for_each_head_and_again_when_main_moves() {
    let mut w = story();
    w.look();
    w.foreign(4, "f1", false);
    w.look();
    w.look();
    assert_eq!(w.waiting("-"), ["check_pull"]);
    w.answer(
        "-",
        "check_pull",
        Outcome::Checked {
            problems: 1,
            plans: [].into(),
        },
    );
    assert!(w.waiting("-").is_empty());
    w.foreign(4, "f2", false);
    w.look();
    w.foreign(4, "f3", false);
    w.look();
    w.answer(
        "-",
        "check_pull",
        Outcome::Checked {
            problems: 0,
            plans: [].into(),
        },
    );
    assert_eq!(
        w.waiting("-"),
        ["check_pull"],
        "the head moved while it was looked through"
    );
    w.answer(
        "-",
        "check_pull",
        Outcome::Checked {
            problems: 0,
            plans: [].into(),
        },
    );
    w.commit();
    w.look();
    assert_eq!(w.waiting("-"), ["check_pull"]);
}

#[test]
fn a_failure_is_looked_at_again_with_a_later_look() {
    let mut w = story();
    w.foreign(4, "f1", false);
    w.look();
    w.fail("-", "check_pull", true);
    w.look();
    assert!(w.waiting("-").is_empty(), "not at once");
    w.wait(Duration::seconds(11));
    w.look();
    assert_eq!(w.waiting("-"), ["check_pull"]);
}

#[test]
fn plans_of_a_head_stay_until_the_next_look_has_answered() {
    let mut w = story();
    w.build("p1");
    w.promote("qa", 1);
    w.foreign(4, "f1", false);
    w.look();
    let plans = [("qa".into(), ("b2".into(), plan(&["d"])))].into();
    w.answer("-", "check_pull", Outcome::Checked { problems: 0, plans });
    w.commit();
    w.look();
    let known = &w.state.checked[&crate::ids::PullNumber(4)];
    assert!(known.op.is_some() && known.plans.len() == 1);
}
