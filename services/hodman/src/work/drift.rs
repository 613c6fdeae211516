//! Whose doing each difference is: what was applied last, what is pinned, what is there.

use super::desired::desired;
use super::taken::{self, Taken};
use super::{Job, Work, WorkError, check, foundation};
use hodman_core::facts::PlanFacts;
use hodman_core::ids::{EnvName, PackageDigest};
use hodman_core::state::{Deployed, PipelineState};
use hodman_model::digest::Hasher;
use hodman_model::drift::{Drift, HandEdits, ThreeWay, drift};
use hodman_model::files::{self, Environment};
use hodman_model::plan::{Desired, PlanContext};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The differences of an environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// The environment.
    pub env: String,
    /// The package that is pinned: what is declared.
    pub declared: Option<PackageDigest>,
    /// The package that was applied last; none when nobody remembers.
    pub last_applied: Option<PackageDigest>,
    /// Workspace by workspace, in order.
    pub workspaces: Vec<Drift>,
}

impl DriftReport {
    /// Whether a workspace is not as it was left.
    #[must_use]
    pub fn is_drifted(&self) -> bool {
        self.workspaces
            .iter()
            .any(|workspace| workspace.drifted().next().is_some())
    }

    /// What only people put right: the name of each difference, and where it is.
    pub(super) fn for_people(&self) -> BTreeMap<String, String> {
        let rows = self.workspaces.iter().flat_map(Drift::for_people);
        rows.map(|row| {
            (
                row.digest.as_str().to_owned(),
                format!("{} {}", row.key, row.path),
            )
        })
        .collect()
    }
}

/// The kind of blob under which reports are kept.
pub(crate) const BLOB: &str = "drift";

/// What a report is kept as: the digest of the plan that would put things right. Where people have to, that one says nothing
/// of it, and plans that do nothing are the same everywhere.
pub(crate) fn kept_as(env: &EnvName, plan: &PlanFacts) -> String {
    let digest = plan.digest.as_ref().map_or("", |digest| digest.as_str());
    if plan.by_hand.is_empty() {
        return digest.to_owned();
    }
    let mut hasher = Hasher::default();
    hasher.field(b"hodman drift report 1");
    hasher.field(env.as_str().as_bytes());
    hasher.field(digest.as_bytes());
    for row in plan.by_hand.keys() {
        hasher.field(row.as_bytes());
    }
    hasher.finish().as_str().to_owned()
}

/// The differences that a plan of `package` found.
pub(super) async fn report(
    job: &Job<'_>,
    env: &EnvName,
    package: Option<&PackageDigest>,
    taken: &Taken,
) -> Result<DriftReport, WorkError> {
    let current = deployed(job, env).await?;
    let before = match &current {
        Some(current) => last_applied(job, env, current, package, taken).await?,
        None => None,
    };
    let mut workspaces = Vec::new();
    if let Some(part) = taken.parts.iter().find(|part| part.is_foundation()) {
        // A change of a module goes through a package like any other; nobody edits one by hand in a console.
        let protected = part.ledgers.own.protected();
        let same = current.as_ref().is_some_and(|current| {
            current.binding == taken.binding && Some(&current.package) == package
        });
        workspaces.push(drift(&ThreeWay {
            last_applied: same.then_some(&taken.foundation.desired),
            declared: &taken.foundation.desired,
            observed: &part.observed,
            context: &foundation::context(job, env, &taken.environment, protected),
            hand_edits: HandEdits::PutBack,
        })?);
    }
    for (place, part) in taken.workspaces() {
        let context = PlanContext {
            given: taken.given.clone(),
            ..taken::context(job, env, &taken.environment, place, &part.ledgers)
        };
        workspaces.push(drift(&ThreeWay {
            last_applied: before.as_ref(),
            declared: &taken.desired,
            observed: &part.observed,
            context: &context,
            hand_edits: hand_edits(&taken.environment),
        })?);
    }
    Ok(DriftReport {
        env: env.to_string(),
        declared: package.cloned(),
        last_applied: current.map(|current| current.package),
        workspaces,
    })
}

fn hand_edits(environment: &Environment) -> HandEdits {
    match environment.drift {
        files::Drift::PullRequest => HandEdits::ProposeBack,
        files::Drift::Report | files::Drift::Heal => HandEdits::PutBack,
    }
}

/// What is in place, as far as the database remembers.
async fn deployed(job: &Job<'_>, env: &EnvName) -> Result<Option<Deployed>, WorkError> {
    let Some(row) = job.work.store.load_state(job.pipeline).await? else {
        return Ok(None);
    };
    let mut state: PipelineState = serde_json::from_str(&row.json)?;
    Ok(state
        .environments
        .remove(env)
        .and_then(|environment| environment.current))
}

/// What the package in place wants under the binding it was applied with. None when that binding is another than now's:
/// its file is not remembered, only its name.
async fn last_applied(
    job: &Job<'_>,
    env: &EnvName,
    current: &Deployed,
    package: Option<&PackageDigest>,
    taken: &Taken,
) -> Result<Option<Desired>, WorkError> {
    if current.binding != taken.binding {
        return Ok(None);
    }
    if Some(&current.package) == package {
        return Ok(Some(taken.desired.clone()));
    }
    let tree = job.work.packages.tree(&current.package).await?;
    let modules = foundation::resolve(job, env, &taken.environment, &tree)?;
    let from = (&*tree, &*job.repo.branch);
    Ok(Some(desired(env, &taken.environment, from, &modules)?.1))
}

impl Work {
    /// The differences as they are now: between the package in place, the one pinned on the default branch (the branch
    /// itself where none is) and the workspaces. Nothing is written, decided or remembered by it.
    ///
    /// # Errors
    /// When the repository, the package store or a workspace cannot be read, or the bundle does not resolve.
    pub async fn preview_drift(
        self: &Arc<Self>,
        pipeline: &str,
        env: &EnvName,
    ) -> Result<DriftReport, WorkError> {
        self.reading(pipeline, async |job, head| {
            let environment = taken::environment_at(&job, env, &head)?;
            let path = format!("environments/{env}/release.yaml");
            let pin = job
                .repo
                .mirror
                .read(&head, &job.repo.path(&path))?
                .map(|bytes| files::parse_release(&path, &String::from_utf8_lossy(&bytes)))
                .transpose()?;
            let package = pin.map(|pin| PackageDigest(pin.package.to_string()));
            let tree = match &package {
                Some(package) => self.packages.tree(package).await?,
                None => Arc::new(check::tree_at(&job, &head)?),
            };
            let engines = taken::Engines::for_plan(true);
            let taken = taken::take_tree_asking(&job, env, environment, &tree, engines).await?;
            report(&job, env, package.as_ref(), &taken).await
        })
        .await
    }
}
