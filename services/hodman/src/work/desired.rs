//! What a package wants in an environment, before anybody looked at a workspace.

use super::{Repo, WorkError};
use hodman_core::ids::EnvName;
use hodman_model::bundle::{self, Options, ResolvedBundle};
use hodman_model::files::{Environment, Layout, Presence, Tree};
use hodman_model::kinds::files as file_sets;
use hodman_model::modules::Foundation;
use hodman_model::package;
use hodman_model::plan::Desired;

/// The bundle in `tree`, which is or will be on the branch of `repo` that is promoted, resolved for `environment`, and what it wants together with what the modules want in workspaces.
///
/// # Errors
/// When the bundle does not resolve, or names something that has no counterpart in the environment.
pub(super) fn desired(
    env: &EnvName,
    environment: &Environment,
    (tree, repo): (&Tree, &Repo),
    foundation: &Foundation,
) -> Result<(ResolvedBundle, Desired), WorkError> {
    if environment.state == Presence::Absent {
        return Ok((ResolvedBundle::default(), Desired::nothing()));
    }
    let options = Options {
        branch: Some(repo.branch.clone()),
        origin_url: Some(repo.origin_url().to_owned()),
        // They ran when the package was made, or did not: here only what they left counts.
        allow_builds: true,
        // What was captured elsewhere has its counterpart here, or this stops.
        ..environment.options(env.as_str(), tree, foundation)?
    };
    let mut bundle = bundle::resolve_with(tree, environment.target_of(env.as_str()), &options)?;
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
