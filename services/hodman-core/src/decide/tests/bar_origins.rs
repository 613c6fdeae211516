//! Bars of pull requests that the forge names only later, and of what passes on to the next pull request.

use super::bars::{applies, merged};
use super::world::{World, plan, story};
use crate::event::{Ask, Outcome};
use crate::explain::Standing;
use crate::facts::{CheckState, EnvFacts, Origin};
use crate::ids::PullNumber;
use crate::policy::{FreezeSpec, Policy};
use chrono::Duration;
use std::collections::BTreeMap;

#[test]
fn a_pull_request_that_the_forge_does_not_know_yet_has_its_bar_all_the_same() {
    for binding_known in [false, true] {
        let mut w = merged(
            story(),
            |prod| prod.gates.approvals = 1,
            |prod| prod.gates.approvals = 0,
        );
        let known = unknown(&mut w);
        if binding_known {
            w.file("prod").binding_origin = known.binding_origin.clone();
        }
        w.look();
        assert_eq!(w.standing("prod"), Standing::Refused);
        // Other news meanwhile.
        w.env("prod", |prod| prod.gates.soak_seconds = 1);
        w.look();
        w.facts
            .environments
            .get_mut(&"prod".into())
            .unwrap()
            .pin_origin = known.pin_origin;
        w.look();
        assert!(w.why("prod").contains("0 of 1"), "{}", w.why("prod"));
        w.wait(Duration::days(1));
        assert!(!applies(&w));
    }
}

#[test]
fn a_pin_that_nobody_ever_knows_keeps_its_bar_to_itself() {
    let mut w = merged(
        story(),
        |prod| prod.gates.approvals = 1,
        |prod| prod.gates.approvals = 0,
    );
    unknown(&mut w);
    w.look();
    w.wait(Duration::days(1));
    assert_eq!(w.standing("prod"), Standing::Refused);
    w.pin("prod", "p1", &["b"]);
    w.through("prod", 10);
    w.look();
    assert!(applies(&w), "{}", w.why("prod"));
}

#[test]
fn a_binding_that_the_forge_does_not_know_yet_has_its_bar_all_the_same() {
    let mut w = frozen();
    w.look();
    w.file("prod").pin_origin.as_mut().unwrap().number = PullNumber(8);
    let mut w = planned(w);
    let origin = bound(&mut w);
    w.env("prod", |prod| prod.gates.freezes.clear());
    w.file("prod").binding_origin = None;
    w.look();
    assert!(!applies(&w), "nobody approved it as far as anybody knows");
    w.file("prod").binding_origin = Some(origin);
    w.look();
    assert!(w.why("prod").contains("audit"), "{}", w.why("prod"));
    assert!(!applies(&w));
}

#[test]
fn the_next_binding_does_not_let_the_waiting_pin_through() {
    for lowers_too in [false, true] {
        let mut w = frozen();
        w.env("prod", |prod| prod.gates.freezes.clear());
        w.look();
        assert!(w.why("prod").contains("audit"), "{}", w.why("prod"));
        let mut w = planned(w);
        let begin = w.now;
        let origin = bound(&mut w);
        w.file("prod").binding_origin = Some(origin);
        if lowers_too {
            w.env("prod", |prod| prod.gates.soak_seconds = 1);
        }
        w.look();
        assert!(w.why("prod").contains("audit"), "{}", w.why("prod"));
        while !applies(&w) {
            w.sleep();
        }
        assert_eq!(w.now, begin + Duration::hours(1));
    }
}

#[test]
fn what_a_pin_has_put_in_place_holds_no_later_binding() {
    let mut w = frozen();
    w.env("prod", |prod| prod.gates.freezes.clear());
    w.look();
    w.wait(Duration::hours(1));
    w.applied("prod");
    let mut w = planned(w);
    let origin = bound(&mut w);
    w.file("prod").binding_origin = Some(origin);
    w.look();
    assert!(applies(&w), "{}", w.why("prod"));
    assert_eq!(w.of("prod").running_pulls(), [PullNumber(10)]);
}

#[test]
fn an_answer_for_a_check_that_is_shown_alike_is_none_while_the_right_one_is_asked_for() {
    let mut w = story();
    let shown = "ci (an-app)".to_owned();
    let green = BTreeMap::from([(shown.clone(), CheckState::Success)]);
    w.facts.checks = (0..20)
        .map(|at| (format!("c{at}").as_str().into(), green.clone()))
        .collect();
    let app = BTreeMap::from([(shown.clone(), "an-app".to_owned())]);
    let asked = |prod: &mut Policy| (prod.gates.checks, prod.gates.apps) = (vec![shown], app);
    let mut w = merged(w, asked, |_| ());
    w.ask(Ask::Hold {
        env: "prod".into(),
        reason: "audit".into(),
    });
    w.look();
    let mut w = planned(w);
    let origin = bound(&mut w);
    w.file("prod").binding_origin = Some(origin);
    w.env("prod", |prod| prod.gates.apps.clear());
    w.look();
    w.ask(Ask::Resume { env: "prod".into() });
    assert!(w.why("prod").contains("ci (an-app)"), "{}", w.why("prod"));
    assert!(!applies(&w));
}

/// #9 pins p1 in prod, which is frozen for an hour.
fn frozen() -> World {
    let begin = story().now;
    let freeze = FreezeSpec {
        from: begin,
        to: begin + Duration::hours(1),
        reason: "audit".into(),
    };
    let asked = |prod: &mut Policy| prod.gates.freezes = vec![freeze];
    merged(story(), asked, |_| ())
}

/// The forge does not know yet whose the files are. What it will say.
fn unknown(w: &mut World) -> EnvFacts {
    let known = w.file("prod").clone();
    (w.file("prod").binding_origin, w.file("prod").pin_origin) = (None, None);
    known
}

/// #10 shows the plan of another binding of prod.
fn planned(mut w: World) -> World {
    w.foreign(10, "f10", false);
    w.look();
    let plans = [("prod".into(), ("b2".into(), plan(&["d"])))].into();
    w.answer("-", "check_pull", Outcome::Checked { problems: 0, plans });
    w
}

/// It is merged: the origin of that binding.
fn bound(w: &mut World) -> Origin {
    w.facts.foreign.clear();
    w.commit();
    w.file("prod").binding = Some("b2".into());
    let pin = w.file("prod").pin_origin.clone().unwrap();
    Origin {
        number: PullNumber(10),
        head: "f10".into(),
        ..pin
    }
}
