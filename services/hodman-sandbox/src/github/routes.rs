//! Which handler answers which path.

mod accounts;
mod apps;
mod branches;
mod checks;
mod comments;
mod commits;
mod contents;
mod extras;
mod gitdata;
mod hooks;
mod pulls;
mod refs;
mod repos;
mod reviews;
mod search;
mod statuses;

use super::http::Call;
use super::reply::{ApiError, Reply};
use super::world::World;

/// First path segments that belong to the REST interface; everything else is a page for people.
const ROOTS: [&str; 14] = [
    "user",
    "users",
    "orgs",
    "repos",
    "app",
    "apps",
    "installation",
    "search",
    "rate_limit",
    "graphql",
    "meta",
    "repositories",
    "organizations",
    "octocat",
];

pub(crate) fn is_api(segments: &[&str]) -> bool {
    segments.first().is_none_or(|first| ROOTS.contains(first))
}

/// Handlers below `/repos/{owner}/{repo}`; each says `None` for paths it does not know.
type RepoRoutes = fn(&mut World, &Call, u64, &[&str]) -> Option<Reply>;

const REPO_ROUTES: [RepoRoutes; 13] = [
    repos::route,
    refs::route,
    gitdata::route,
    contents::route,
    commits::route,
    branches::route,
    pulls::route,
    reviews::route,
    comments::route,
    statuses::route,
    checks::route,
    hooks::route,
    extras::route,
];

pub(crate) fn dispatch(world: &mut World, call: &Call, segments: &[&str]) -> Reply {
    if let ["repos", owner, name, rest @ ..] = segments {
        let repo = world
            .find_repo(owner, name)
            .filter(|repo| world.sees(&call.caller, *repo));
        let repo = repo.ok_or_else(ApiError::not_found)?;
        let found = REPO_ROUTES
            .iter()
            .find_map(|route| route(world, call, repo, rest));
        return found.unwrap_or_else(|| {
            apps::repo_route(world, call, repo, rest).unwrap_or_else(|| Err(ApiError::not_found()))
        });
    }
    accounts::route(world, call, segments)
        .or_else(|| apps::route(world, call, segments))
        .or_else(|| search::route(world, call, segments))
        .unwrap_or_else(|| Err(ApiError::not_found()))
}

/// A number in a path; anything else is a path that does not exist.
pub(crate) fn number(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}
