//! What a person asks of a difference that is only reported, and comparisons that fail.

use super::drift::{compare, healthy};
use crate::effect::{Act, Approved};
use crate::event::Ask;
use crate::policy::{DriftPolicy, Missed, ScheduleSpec};

#[test]
fn what_is_only_reported_is_put_back_when_somebody_asks_and_as_a_repair_would() {
    let mut w = healthy(DriftPolicy::Report);
    let retry = || Ask::Retry { env: "qa".into() };
    w.ask(retry());
    assert!(w.waiting("qa").is_empty(), "nothing differs");
    compare(&mut w, &["!gone-for-good"]);
    w.ask(retry());
    assert!(w.waiting("qa").is_empty(), "it cannot be undone");
    assert!(w.why("qa").contains("nothing newer") && w.noted("heal-held") == 1);
    compare(&mut w, &["put-back"]);
    assert!(
        w.waiting("qa").is_empty(),
        "another difference is another question"
    );
    w.ask(retry());
    let Act::Apply { approved, .. } = w.one("qa", "apply").act else {
        unreachable!()
    };
    assert!(
        matches!(approved, Approved::Actions { actions, .. } if actions.contains(&"put-back".into()))
    );
}

#[test]
fn a_comparison_that_failed_is_none() {
    let mut w = healthy(DriftPolicy::Report);
    w.env("qa", |qa| {
        qa.reconcile = Some(ScheduleSpec {
            cron: "0 * * * *".into(),
            zone: "UTC".into(),
            missed: Missed::Skip,
        });
    });
    w.look();
    let before = w.of("qa").drift.last;
    w.ask(Ask::Reconcile { env: "qa".into() });
    w.fail("qa", "plan", false);
    assert_eq!(w.of("qa").drift.last, before);
    // Not at once, but its schedule comes round.
    assert!(
        w.why("qa")
            .contains("comparing failed: plan broke; next try 2026-03-02 1"),
        "{}",
        w.why("qa")
    );
}
