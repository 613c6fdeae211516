//! What a package wants in an environment, before anybody looked at a workspace.

use super::{Job, WorkError, before, check};
use hodman_core::ids::EnvName;
use hodman_model::bundle::{self, Options, ResolvedBundle};
use hodman_model::files::{Environment, Layout, Presence, Tree};
use hodman_model::kinds::files as file_sets;
use hodman_model::modules::Foundation;
use hodman_model::package;
use hodman_model::plan::Desired;
use std::collections::BTreeSet;

/// The bundle in `tree`, which is or will be on the branch that is promoted, resolved for `environment`, and what it wants together with what the modules want in workspaces.
///
/// # Errors
/// When the bundle does not resolve, or names something that has no counterpart in the environment.
pub(super) fn desired(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    tree: &Tree,
    foundation: &Foundation,
) -> Result<(ResolvedBundle, Desired), WorkError> {
    if environment.state == Presence::Absent {
        return Ok((ResolvedBundle::default(), Desired::nothing()));
    }
    let options = Options {
        branch: Some(job.repo.branch.clone()),
        origin_url: Some(job.repo.origin_url().to_owned()),
        // They ran when the package was made, or did not: here only what they left counts.
        allow_builds: true,
        // What was captured elsewhere has its counterpart here, or this stops.
        ..environment.options(env.as_str(), tree, foundation)?
    };
    let target = environment.target_of(env.as_str());
    let mut bundle = match bundle::resolve_with(tree, target, &options) {
        Ok(bundle) => bundle,
        Err(wrong) => {
            let declared_later = declared_later(job, env, environment, tree)?;
            if declared_later.is_empty() {
                return Err(wrong.into());
            }
            tracing::info!(%env, "the package does not know these variables yet: {declared_later:?}");
            let options = Options {
                declared_later,
                ..options
            };
            bundle::resolve_with(tree, target, &options)?
        }
    };
    foundation.put_inside(&mut bundle)?;
    let digest = package::file_set_digest(&bundle.files);
    let mut desired = Desired::from_bundle(&bundle, &digest)?;
    if environment.files.layout == Layout::InPlace
        && let Some(set) = &mut desired.files
    {
        set.folder = file_sets::in_place();
    }
    if !environment.files.places.is_empty() {
        desired.put_at(&bundle, &environment.files.places);
    }
    // Ten thousand resources once more, which nobody asks for from here on: its files are what is uploaded.
    bundle.resources.clear();
    Ok((bundle, desired))
}

/// The variables of the environment that this bundle does not declare and the one beside the environment's file does: a release that is
/// gone back to, or that a later one stands behind already, is older than the file. What neither declares is a misspelling.
fn declared_later(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    tree: &Tree,
) -> Result<BTreeSet<String>, WorkError> {
    let mut unknown = undeclared(environment, tree)?;
    if unknown.is_empty() {
        return Ok(unknown);
    }
    let version = before::version_of(job, env, &before::binding(environment))?;
    let later = match version {
        // What is wrong with that bundle is not what is wrong with this one.
        Some((commit, _)) => bundle::declared_variables(&check::tree_at(job, &commit)?),
        None => Ok(BTreeSet::new()),
    };
    let later = later.unwrap_or_default();
    unknown.retain(|name| later.contains(name));
    Ok(unknown)
}

/// The variables that the environment sets and this bundle does not declare.
pub(super) fn undeclared(
    environment: &Environment,
    tree: &Tree,
) -> Result<BTreeSet<String>, WorkError> {
    let declared = bundle::declared_variables(tree)?;
    let set = environment.variables.keys();
    Ok(set
        .filter(|name| !declared.contains(*name))
        .cloned()
        .collect())
}
