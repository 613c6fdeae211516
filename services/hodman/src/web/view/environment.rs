//! One environment: its explanation, and what people need to go on from there.

use crate::config::Pipeline;
use crate::web::WebParts;
use crate::web::trouble::Trouble;
use chrono::{DateTime, Utc};
use hodman_core::explain::{Explanation, Standing, explain};
use hodman_core::facts::PullKind;
use hodman_core::ids::{EnvName, PackageDigest, PlanDigest};
use hodman_core::policy::Mode;
use hodman_core::state::{Environment, Hold, Phase, PipelineState, RunPhase};
use serde::{Deserialize, Serialize};

/// An environment as it is shown.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EnvironmentView {
    /// How it stands, and why it waits.
    #[serde(flatten)]
    pub explanation: Explanation,
    /// The pipeline it belongs to.
    pub pipeline: String,
    /// Free-form or promoted.
    pub mode: Mode,
    /// Environments before it.
    pub after: Vec<EnvName>,
    /// Since when it stands so, as far as is known.
    pub since: Option<DateTime<Utc>>,
    /// The reasons in words, in the same order.
    pub words: Vec<String>,
    /// Pull requests about it that are open.
    pub pulls: Vec<PullView>,
    /// The plan that matters now: proposed, in need of approval, of a difference, or approved last.
    pub plan: Option<PlanDigest>,
    /// The commit that the package in place was built from.
    pub source_commit: Option<String>,
    /// Who stopped it.
    pub hold: Option<Hold>,
    /// Who asked for what differs to be put back, until that is done, refused, declined, or left to another pull request.
    #[serde(default)]
    pub heal_asked_by: Option<String>,
    /// Packages that a rollback can go back to, the newest first.
    pub before: Vec<PackageDigest>,
}

/// A pull request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PullView {
    /// Its number.
    pub number: u64,
    /// Why hodman opened it.
    pub kind: PullKind,
    /// Where people look at it.
    pub url: String,
}

impl EnvironmentView {
    /// The package in place, shortened.
    #[must_use]
    pub fn short_package(&self) -> &str {
        self.explanation
            .package
            .as_ref()
            .map_or("–", PackageDigest::short)
    }

    /// People work there by hand.
    #[must_use]
    pub fn is_free_form(&self) -> bool {
        self.mode == Mode::FreeForm
    }

    /// Whether there is something to be put back that nobody asked for yet.
    #[must_use]
    pub fn may_heal(&self) -> bool {
        let differs = [Standing::Drifted, Standing::DriftProposed];
        differs.contains(&self.explanation.standing) && self.heal_asked_by.is_none()
    }

    /// Whether trying again by hand can help.
    #[must_use]
    pub fn may_retry(&self) -> bool {
        use hodman_core::reason::Reason::{Failed, NeedsApproval, NotHealthy, PutAside};
        self.explanation.standing == Standing::Unhealthy
            || self.explanation.waits.iter().any(|wait| {
                matches!(
                    wait,
                    Failed { .. } | NeedsApproval { .. } | NotHealthy { .. } | PutAside { .. }
                )
            })
    }
}

/// Reads one; none when the state does not know it.
pub(super) async fn view(
    web: &WebParts,
    pipeline: &Pipeline,
    state: &PipelineState,
    name: &EnvName,
    now: DateTime<Utc>,
) -> Result<Option<EnvironmentView>, Trouble> {
    let (Some(env), Some(explanation)) = (state.environments.get(name), explain(state, name, now))
    else {
        return Ok(None);
    };
    let mut since = since(env, explanation.standing);
    // People work in a free-form environment: it always stands so.
    if since.is_none() && explanation.standing != Standing::FreeForm {
        let last = web
            .store
            .history(&pipeline.name, Some(name.as_str()), 1)
            .await?;
        since = last.first().map(|row| row.at);
    }
    Ok(Some(EnvironmentView {
        words: explanation.waits.iter().map(ToString::to_string).collect(),
        explanation,
        pipeline: pipeline.name.clone(),
        mode: env.policy.mode,
        after: env.policy.after.clone(),
        since,
        pulls: pulls(web, pipeline, env),
        plan: plan(env),
        source_commit: env
            .current
            .as_ref()
            .map(|current| current.source_commit.to_string()),
        hold: env.hold.clone(),
        heal_asked_by: env.drift.asked.as_ref().map(|asked| asked.by.clone()),
        before: before(env),
    }))
}

/// Where the state itself says it; what is on its way is dated by the history.
fn since(env: &Environment, standing: Standing) -> Option<DateTime<Utc>> {
    match standing {
        Standing::Held => env.hold.as_ref().map(|hold| hold.since),
        Standing::Drifted | Standing::DriftProposed => {
            env.drift.found.as_ref().map(|found| found.since)
        }
        Standing::Healthy => env
            .current
            .as_ref()
            .and_then(|current| current.healthy_since),
        Standing::Unhealthy => env.current.as_ref().map(|current| current.applied_at),
        _ => None,
    }
}

fn pulls(web: &WebParts, pipeline: &Pipeline, env: &Environment) -> Vec<PullView> {
    let promotion = env
        .promotion
        .as_ref()
        .and_then(|promotion| Some((promotion.number()?, promotion.kind)));
    let drift = env
        .drift
        .found
        .as_ref()
        .and_then(|found| found.proposed)
        .map(|number| (number, PullKind::Adopt));
    let capture = env.capture.pull.map(|number| (number, PullKind::Capture));
    [promotion, drift, capture]
        .into_iter()
        .flatten()
        .map(|(number, kind)| PullView {
            number: number.0,
            kind,
            url: format!(
                "{}/{}/pull/{}",
                web.forge_url, pipeline.repository, number.0
            ),
        })
        .collect()
}

fn plan(env: &Environment) -> Option<PlanDigest> {
    let proposed = env
        .promotion
        .as_ref()
        .and_then(|promotion| match &promotion.phase {
            Phase::Open(pull) => pull.plan.digest.clone(),
            Phase::Opening { plan, .. } => plan.digest.clone(),
            _ => None,
        });
    let needed = || match &env.run.as_ref()?.phase {
        RunPhase::NeedsApproval { plan, .. } => plan.digest.clone(),
        _ => None,
    };
    let differs = || env.drift.found.as_ref()?.plan.digest.clone();
    let approved = || env.accepted.as_ref().map(|accepted| accepted.plan.clone());
    proposed.or_else(needed).or_else(differs).or_else(approved)
}

/// What was healthy here, is not in place now and was not rolled back from.
fn before(env: &Environment) -> Vec<PackageDigest> {
    let current = env.current.as_ref().map(|current| &current.package);
    let mut found: Vec<PackageDigest> = Vec::new();
    for old in env
        .before
        .iter()
        .rev()
        .filter(|old| old.healthy_since.is_some())
    {
        let aside = env.put_aside.contains_key(&old.package);
        if Some(&old.package) != current && !aside && !found.contains(&old.package) {
            found.push(old.package.clone());
        }
    }
    found
}
