//! What the owners of the environments want: another mixture for each seed.

use super::rng::Rng;
use hodman_core::policy::{DriftPolicy, MergeBy, Missed, Mode, Policy, ScheduleSpec, VerifySpec};

/// The policy of one environment.
pub fn policy(env: &str, rng: &mut Rng) -> Policy {
    if env == "dev" {
        let capture = ScheduleSpec {
            cron: "0 * * * *".into(),
            zone: "UTC".into(),
            missed: Missed::RunOnce,
        };
        return Policy {
            mode: Mode::FreeForm,
            capture: rng.chance(20).then_some(capture),
            ..Policy::default()
        };
    }
    let mut policy = Policy {
        after: vec![if env == "qa" {
            "dev".into()
        } else {
            "qa".into()
        }],
        drift: *rng
            .pick(&[
                DriftPolicy::Report,
                DriftPolicy::PullRequest,
                DriftPolicy::Heal,
            ])
            .unwrap_or(&DriftPolicy::Report),
        ..Policy::default()
    };
    if rng.chance(40) {
        policy.merge = MergeBy::Auto;
    }
    if rng.chance(50) {
        policy.verify = Some(VerifySpec {
            run_job: "smoke".into(),
            timeout_seconds: 60,
        });
    }
    if rng.chance(40) {
        policy.gates.approvals = 1;
    }
    if rng.chance(40) {
        policy.gates.soak_seconds = 1800;
    }
    if rng.chance(30) {
        policy.reconcile = Some(ScheduleSpec {
            cron: "*/15 * * * *".into(),
            zone: "UTC".into(),
            missed: Missed::Skip,
        });
    }
    policy
}
