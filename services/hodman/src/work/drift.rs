//! Whose doing each difference is: what was applied last, what is pinned, what is there.

use super::desired::desired;
use super::taken::{self, Taken};
use super::{Job, Work, WorkError, check, foundation};
use hodman_core::ids::{ActionDigest, EnvName, PackageDigest};
use hodman_core::state::{Deployed, PipelineState};
use hodman_model::bundle::ResourceKey;
use hodman_model::drift::{Drift, HandEdits, ThreeWay, drift};
use hodman_model::files::{self, Environment, Workspace as Place};
use hodman_model::plan::{Desired, Plan, PlanContext};
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
    let current = deployed(job, env).await?;
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

/// What was applied last.
struct Before {
    /// The environment's file of then.
    environment: Environment,
    /// What ought to be there by it.
    desired: Desired,
}

/// How many versions of an environment's file are looked through for the one that something was applied under.
const VERSIONS: usize = 50;

/// What the package in place wants under the binding it was applied with. None when that binding is another than now's and
/// Git does not have its file any more.
async fn last_applied(
    job: &Job<'_>,
    env: &EnvName,
    current: &Deployed,
    package: Option<&PackageDigest>,
    taken: &Taken,
) -> Result<Option<Before>, WorkError> {
    let same = current.binding == taken.binding;
    if same && Some(&current.package) == package {
        return Ok(Some(Before {
            environment: taken.environment.clone(),
            desired: taken.desired.clone(),
        }));
    }
    let environment = match same {
        true => taken.environment.clone(),
        false => match bound_as(job, env, current)? {
            Some(environment) => environment,
            None => return Ok(None),
        },
    };
    let tree = job.work.packages.tree(&current.package).await?;
    let from = (&*tree, &*job.repo.branch);
    let wanted = foundation::resolve(job, env, &environment, &tree)
        .and_then(|modules| Ok(desired(env, &environment, from, &modules)?.1));
    match wanted {
        Ok(desired) => Ok(Some(Before {
            environment,
            desired,
        })),
        // What the file of then called may be gone by now.
        Err(error) if !same => {
            tracing::debug!(%env, "the binding of the last apply is not known any more: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The environment's file whose binding something was applied under: only the binding's digest is remembered, and the file
/// with that digest is in the history of the default branch.
fn bound_as(
    job: &Job<'_>,
    env: &EnvName,
    current: &Deployed,
) -> Result<Option<Environment>, WorkError> {
    let mirror = &job.repo.mirror;
    let Some(head) = mirror.head(&job.repo.branch)? else {
        return Ok(None);
    };
    let path = format!("environments/{env}/environment.yaml");
    for version in mirror.history_of(&job.repo.path(&path), &head, VERSIONS)? {
        // A version that was removed or cannot be read was not applied.
        let Ok(environment) = taken::environment_at(job, env, &version.commit) else {
            continue;
        };
        if environment.binding_digest().to_string() == current.binding.as_str() {
            return Ok(Some(environment));
        }
    }
    Ok(None)
}

/// Whether a workspace was bound then as it is now: in one that is new nothing was applied.
fn binds(environment: &Environment, place: &Place) -> bool {
    let mut places = environment.workspaces.iter();
    places.any(|then| then.name == place.name && then.host == place.host)
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
