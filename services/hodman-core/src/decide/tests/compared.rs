//! Comparisons that fail.

use super::drift::healthy;
use crate::event::Ask;
use crate::policy::{DriftPolicy, Missed, ScheduleSpec};

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
