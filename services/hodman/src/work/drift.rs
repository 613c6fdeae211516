//! Whose doing each difference is: what was applied last, what is pinned, what is there.

use super::before::{self, Before, binds};
use super::taken::{self, Taken};
use super::{Job, Work, WorkError, check, foundation};
use hodman_core::ids::{ActionDigest, EnvName, PackageDigest};
use hodman_core::state::Deployed;
use hodman_model::bundle::ResourceKey;
use hodman_model::drift::{Drift, HandEdits, ThreeWay, drift};
use hodman_model::files::{self, Environment};
use hodman_model::plan::{Plan, PlanContext};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
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

    /// The names of the differences that doing `plan` puts right and that are people's doing, field by field.
    pub(super) fn repairs(&self, plan: &Plan) -> BTreeSet<ActionDigest> {
        let keys: BTreeSet<&ResourceKey> = plan.rows().map(|(_, row)| &row.key).collect();
        self.workspaces
            .iter()
            .flat_map(Drift::to_heal)
            .filter(|row| keys.contains(&row.key))
            .map(|row| ActionDigest(row.digest.as_str().to_owned()))
            .collect()
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

/// The kind of blob under which reports are kept, each by the digest of its content.
pub(crate) const BLOB: &str = "drift";

/// The differences that a plan of `package` found.
pub(super) async fn report(
    job: &Job<'_>,
    env: &EnvName,
    package: Option<&PackageDigest>,
    taken: &Taken,
) -> Result<DriftReport, WorkError> {
    let current = before::deployed(job, env).await?;
    let before = match &current {
        Some(current) => last_applied(job, env, current, package, taken).await?,
        None => None,
    };
    let bound = before.as_ref().map(|before| &before.environment);
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
            last_applied: before
                .as_ref()
                .filter(|_| bound.is_some_and(|bound| binds(bound, place)))
                .map(|before| &before.desired),
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

/// What was applied last, as far as it is known.
async fn last_applied(
    job: &Job<'_>,
    env: &EnvName,
    current: &Deployed,
    package: Option<&PackageDigest>,
    taken: &Taken,
) -> Result<Option<Before>, WorkError> {
    if current.binding == taken.binding && Some(&current.package) == package {
        return Ok(Some(Before {
            environment: taken.environment.clone(),
            desired: taken.desired.clone(),
            foundation: taken.foundation.desired.clone(),
        }));
    }
    before::of(job, env, current, &taken.environment).await
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
            let of = (&tree, package.as_ref());
            let taken = taken::take_package(&job, env, environment, of, engines).await?;
            report(&job, env, package.as_ref(), &taken).await
        })
        .await
    }
}
