//! What was applied last, and what of it nothing speaks of any more.

use super::desired::desired;
use super::{Job, WorkError, foundation, taken};
use hodman_core::ids::{BindingDigest, EnvName, PackageDigest};
use hodman_core::state::{Deployed, PipelineState};
use hodman_model::files::{Environment, Presence, Workspace as Place};
use hodman_model::plan::Desired;

/// What was applied last.
pub(super) struct Before {
    /// The environment's file of then.
    pub environment: Environment,
    /// What ought to be there by it.
    pub desired: Desired,
    /// What the modules that it called wanted.
    pub foundation: Desired,
}

/// How many versions of an environment's file are looked through for the one that something was applied under.
const VERSIONS: usize = 50;

/// What is in place, as far as the database remembers.
pub(super) async fn deployed(job: &Job<'_>, env: &EnvName) -> Result<Option<Deployed>, WorkError> {
    let Some(row) = job.work.store.load_state(job.pipeline).await? else {
        return Ok(None);
    };
    let mut state: PipelineState = serde_json::from_str(&row.json)?;
    Ok(state
        .environments
        .remove(env)
        .and_then(|environment| environment.current))
}

/// What the package in place wants under the binding it was applied with, `now` being the environment's file as it is. None when
/// that binding is another than now's and Git does not have its file any more.
pub(super) async fn of(
    job: &Job<'_>,
    env: &EnvName,
    current: &Deployed,
    now: &Environment,
) -> Result<Option<Before>, WorkError> {
    let same = current.binding == binding(now);
    let environment = match same {
        true => now.clone(),
        false => match bound_as(job, env, current)? {
            Some(environment) => environment,
            None => return Ok(None),
        },
    };
    let tree = job.work.packages.tree(&current.package).await?;
    let wanted = foundation::resolve(job, env, &environment, &tree).and_then(|modules| {
        let (_, desired) = desired(job, env, &environment, &tree, &modules)?;
        // Of what was to go nothing was given.
        let foundation = match environment.state {
            Presence::Absent => Desired::nothing(),
            _ => modules.desired,
        };
        Ok((desired, foundation))
    });
    match wanted {
        Ok((desired, foundation)) => Ok(Some(Before {
            environment,
            desired,
            foundation,
        })),
        // What the file of then called may be gone by now.
        Err(error) if !same => {
            tracing::debug!(%env, "the binding of the last apply is not known any more: {error}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

pub(super) fn binding(environment: &Environment) -> BindingDigest {
    BindingDigest(environment.binding_digest().to_string())
}

/// The environment's file whose binding something was applied under: only the binding's digest is remembered, and the file
/// with that digest is in the history of the default branch.
fn bound_as(
    job: &Job<'_>,
    env: &EnvName,
    current: &Deployed,
) -> Result<Option<Environment>, WorkError> {
    let version = version_of(job, env, &current.binding)?;
    Ok(version.map(|(_, environment)| environment))
}

/// The newest commit whose file of the environment has this binding, and the file.
pub(super) fn version_of(
    job: &Job<'_>,
    env: &EnvName,
    wanted: &BindingDigest,
) -> Result<Option<(String, Environment)>, WorkError> {
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
        if binding(&environment) == *wanted {
            return Ok(Some((version.commit, environment)));
        }
    }
    Ok(None)
}

/// Whether a workspace was bound then as it is now: in one that is new nothing was applied.
pub(super) fn binds(environment: &Environment, place: &Place) -> bool {
    let mut places = environment.workspaces.iter();
    places.any(|then| then.name == place.name && then.host == place.host)
}

/// Lets what is wanted take away the permissions, grants and members that the last apply gave and that nothing speaks of any more: a
/// list that leaves Git goes, as with Terraform and bundles, and not only one that is empty. Nothing where nobody remembers what
/// was applied, or it was applied elsewhere.
pub(super) async fn take_away(
    job: &Job<'_>,
    env: &EnvName,
    package: Option<&PackageDigest>,
    now: &Environment,
    (wanted, foundation): (&mut Desired, &mut Desired),
) -> Result<(), WorkError> {
    if now.state == Presence::Absent {
        return Ok(());
    }
    let Some(current) = deployed(job, env).await? else {
        return Ok(());
    };
    if Some(&current.package) == package && current.binding == binding(now) {
        return Ok(());
    }
    let before = match of(job, env, &current, now).await {
        Ok(before) => before,
        // A plan must not depend on whether a server answered just now.
        Err(error) if error.is_transient() => return Err(error),
        Err(error) => {
            tracing::warn!(%env, "what was applied last is not known any more: {error}");
            None
        }
    };
    if let Some(before) = before {
        if now
            .workspaces
            .iter()
            .all(|place| binds(&before.environment, place))
        {
            wanted.take_away(&before.desired);
        }
        let then = &before.environment;
        if (&now.account, &now.aws) == (&then.account, &then.aws) {
            foundation.take_away(&before.foundation);
        }
    }
    Ok(())
}
