//! Differences that are proposed as pull requests: once, for a week, and anew where main has moved on.

use super::drift::{compare, healthy};
use super::world::World;
use crate::event::Outcome;
use crate::explain::Standing;
use crate::facts::PullState;
use crate::ids::PullNumber;
use crate::policy::DriftPolicy;
use chrono::Duration;

#[test]
fn a_pull_request_proposes_it_once() {
    let mut w = healthy(DriftPolicy::PullRequest);
    compare(&mut w, &["put-back"]);
    let ready = Outcome::PullReady {
        number: PullNumber(5),
        head: "h".into(),
    };
    w.answer("qa", "adopt_drift", ready);
    compare(&mut w, &["put-back"]);
    assert!(w.waiting("qa").is_empty());
    w.facts.pulls.push(crate::facts::PullFact {
        number: PullNumber(5),
        head: "h".into(),
        state: PullState::Closed,
        env: "qa".into(),
        kind: crate::facts::PullKind::Adopt,
        package: None,
        plan: None,
        approvals: 0,
        person_pushed: false,
    });
    w.look();
    compare(&mut w, &["put-back"]);
    assert!(w.waiting("qa").is_empty(), "declined");
    compare(&mut w, &["another"]);
    assert_eq!(w.waiting("qa"), ["adopt_drift"]);
}

#[test]
fn a_proposal_is_looked_at_again_once_main_has_moved_on() {
    let mut w = healthy(DriftPolicy::PullRequest);
    let ready = |head: &str| Outcome::PullReady {
        number: PullNumber(5),
        head: head.into(),
    };
    compare(&mut w, &["put-back"]);
    w.answer("qa", "adopt_drift", ready("h1"));
    let until = |w: &World| {
        w.of("qa")
            .drift
            .found
            .as_ref()
            .and_then(|found| found.until)
    };
    let first = until(&w);
    w.wait(Duration::days(1));
    compare(&mut w, &["put-back"]);
    assert!(w.waiting("qa").is_empty(), "main is what it was");
    w.facts.head = "moved".into();
    w.look();
    compare(&mut w, &["put-back"]);
    assert_eq!(w.waiting("qa"), ["adopt_drift"]);
    // It fits as it is: that is no news, and once for each state of main.
    w.answer("qa", "adopt_drift", ready("h1"));
    compare(&mut w, &["put-back"]);
    assert!(w.waiting("qa").is_empty());
    assert_eq!((until(&w), w.noted("drift-proposed")), (first, 1));
    w.facts.head = "moved again".into();
    w.look();
    compare(&mut w, &["put-back"]);
    let failed = |transient| Outcome::Failed {
        why: "the forge is away".into(),
        transient,
    };
    w.answer("qa", "adopt_drift", failed(true));
    assert_eq!(w.standing("qa"), Standing::DriftProposed);
    compare(&mut w, &["put-back"]);
    // Made anew.
    w.answer("qa", "adopt_drift", ready("h2"));
    assert_eq!(w.noted("drift-proposed"), 2);
    assert!(until(&w) > first);
    compare(&mut w, &["put-back"]);
    assert!(w.waiting("qa").is_empty());
}

#[test]
fn a_proposal_counts_for_a_week_and_not_for_ever() {
    let mut w = healthy(DriftPolicy::PullRequest);
    compare(&mut w, &["put-back"]);
    w.answer(
        "qa",
        "adopt_drift",
        Outcome::PullReady {
            number: PullNumber(5),
            head: "h".into(),
        },
    );
    assert_eq!(w.standing("qa"), Standing::DriftProposed);
    w.wait(Duration::days(8));
    assert_eq!(w.standing("qa"), Standing::Drifted);
    assert_eq!(w.noted("drift-proposal-expired"), 1);
    compare(&mut w, &["put-back"]);
    assert!(
        !w.waiting("qa").contains(&"adopt_drift".to_owned()),
        "its pull request is still open"
    );
}
