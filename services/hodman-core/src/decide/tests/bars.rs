//! No pull request lowers the bar for itself: what it brings is up against what was asked for before it, too.

use super::super::bars;
use super::world::{World, story};
use crate::explain::Standing;
use crate::facts::CheckState;
use crate::ids::PullNumber;
use crate::policy::{FreezeSpec, Policy};
use crate::state::Environment;
use chrono::Duration;
use std::collections::BTreeMap;

/// p0 is in prod, p1 in qa; #9 pins p1 in prod and changes what prod asks for.
fn with_its_pin(asked: impl FnOnce(&mut Policy), lowered: impl FnOnce(&mut Policy)) -> World {
    let mut w = merged(story(), asked, lowered);
    w.look();
    w
}

/// As `with_its_pin`, and nobody has looked yet.
pub(super) fn merged(
    mut w: World,
    asked: impl FnOnce(&mut Policy),
    lowered: impl FnOnce(&mut Policy),
) -> World {
    w.build("p0");
    w.promote("qa", 1);
    w.promote("prod", 2);
    w.env("prod", asked);
    w.build("p1");
    w.promote("qa", 3);
    w.pin("prod", "p1", &["a"]);
    w.through("prod", 9);
    w.env("prod", lowered);
    w.file("prod").binding_origin = w.file("prod").pin_origin.clone();
    w
}

pub(super) fn applies(w: &World) -> bool {
    w.waiting("prod").contains(&"apply".to_owned())
}

#[test]
fn a_soak_that_the_pull_request_takes_away_counts_for_it() {
    let mut w = with_its_pin(
        |prod| prod.gates.soak_seconds = 600,
        |prod| prod.gates.soak_seconds = 0,
    );
    assert_eq!(w.standing("prod"), Standing::Refused);
    assert!(w.why("prod").contains("soaking in qa"), "{}", w.why("prod"));
    w.wait(Duration::minutes(10));
    assert!(applies(&w), "{}", w.why("prod"));
}

#[test]
fn a_freeze_that_the_pull_request_takes_away_counts_for_it() {
    let begin = story().now;
    let freeze = FreezeSpec {
        from: begin,
        to: begin + Duration::hours(1),
        reason: "audit".into(),
    };
    let mut w = with_its_pin(
        |prod| prod.gates.freezes = vec![freeze],
        |prod| prod.gates.freezes.clear(),
    );
    assert!(w.why("prod").contains("audit"), "{}", w.why("prod"));
    assert!(!applies(&w));
    w.sleep();
    while !applies(&w) {
        w.sleep();
    }
    assert_eq!(w.now, begin + Duration::hours(1));
}

#[test]
fn the_next_pull_request_does_not_let_the_last_one_through() {
    let mut w = with_its_pin(
        |prod| prod.gates.approvals = 1,
        |prod| prod.gates.approvals = 0,
    );
    assert!(w.why("prod").contains("0 of 1"), "{}", w.why("prod"));
    w.env("prod", |prod| prod.gates.soak_seconds = 1);
    w.file("prod").binding_origin.as_mut().unwrap().number.0 = 10;
    w.commit();
    w.look();
    w.wait(Duration::minutes(10));
    assert!(w.why("prod").contains("0 of 1"), "{}", w.why("prod"));
    assert!(!applies(&w));
}

#[test]
fn two_merges_between_two_looks_do_not_go_round_it() {
    for told in [true, false] {
        let mut w = story();
        w.env("qa", |qa| qa.gates.approvals = 1);
        w.build("p1");
        // #9 takes the reviews away, and #10 pins what nobody reviewed.
        w.pin("qa", "p1", &["a"]);
        w.through("qa", 10);
        w.env("qa", |qa| qa.gates.approvals = 0);
        let mut origin = w.file("qa").pin_origin.clone();
        origin.as_mut().unwrap().number.0 = 9;
        w.file("qa").binding_origin = origin.filter(|_| told);
        w.look();
        assert!(w.why("qa").contains("0 of 1"), "{told}: {}", w.why("qa"));
        assert!(!w.waiting("qa").contains(&"apply".to_owned()), "{told}");
    }
}

#[test]
fn a_check_that_the_pull_request_takes_away_is_looked_up_and_counts_for_it() {
    let mut w = with_its_pin(
        |prod| prod.gates.checks = vec!["ci".into()],
        |prod| prod.gates.checks.clear(),
    );
    assert!(w.why("prod").contains("check `ci`"), "{}", w.why("prod"));
    let commit = w.state.packages.last().unwrap().commit.clone();
    w.facts.checks = BTreeMap::from([(commit, green("ci"))]);
    w.look();
    assert!(applies(&w), "{}", w.why("prod"));
}

#[test]
fn a_check_that_is_only_spelled_anew_is_not_its_old_self() {
    let mut w = story();
    // What anybody who may write calls `ci (an-app)` is green.
    let shown = "ci (an-app)".to_owned();
    w.facts.checks = (0..9)
        .map(|at| (format!("c{at}").as_str().into(), green(&shown)))
        .collect();
    let app = BTreeMap::from([(shown.clone(), "an-app".to_owned())]);
    let mut w = merged(
        w,
        |prod| (prod.gates.checks, prod.gates.apps) = (vec![shown], app),
        |prod| prod.gates.apps.clear(),
    );
    w.look();
    assert!(
        w.why("prod").contains("check `ci (an-app)`"),
        "{}",
        w.why("prod")
    );
    assert!(!applies(&w));
}

fn green(name: &str) -> BTreeMap<String, CheckState> {
    BTreeMap::from([(name.to_owned(), CheckState::Success)])
}

#[test]
fn a_pull_request_that_was_open_for_long_has_its_bar_too() {
    let mut env = Environment::default();
    let held = [PullNumber(5), PullNumber(6)];
    for number in (20..40).chain([5, 6]) {
        env.bars.insert(PullNumber(number), Policy::default());
        bars::forget(&mut env, &held.into());
    }
    assert_eq!(env.bars_of(&held).count(), 2);
    assert_eq!(env.bars.len(), 8);
}
