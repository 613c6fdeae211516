//! `/git/refs`.

use git2::{Oid, Repository};
use serde_json::{Value, json};

use crate::github::auth::Access;
use crate::github::git::{self, history};
use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::{Repo, World};

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), rest) {
        ("GET", ["git", "ref", name @ ..]) => get(world, repo, &format!("refs/{}", name.join("/"))),
        ("GET", ["git", "refs"]) => matching(world, repo, "refs/"),
        ("GET", ["git", "refs" | "matching-refs", name @ ..]) => {
            matching(world, repo, &format!("refs/{}", name.join("/")))
        }
        ("POST", ["git", "refs"]) => create(world, call, repo),
        ("PATCH", ["git", "refs", name @ ..]) => {
            update(world, call, repo, &format!("refs/{}", name.join("/")))
        }
        ("DELETE", ["git", "refs", name @ ..]) => {
            delete(world, call, repo, &format!("refs/{}", name.join("/")))
        }
        _ => return None,
    })
}

fn ref_json(world: &World, repo: &Repo, git: &Repository, name: &str, oid: Oid) -> Value {
    let api = format!("{}/repos/{}/git", world.base_url, repo.full_name());
    let kind = git::kind_name(
        git.find_object(oid, None)
            .ok()
            .and_then(|object| object.kind()),
    );
    json!({
        "ref": name, "node_id": format!("REF_{name}"), "url": format!("{api}/{name}"),
        "object": {"sha": oid.to_string(), "type": kind, "url": format!("{api}/{kind}s/{oid}")},
    })
}

fn get(world: &World, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let oid = git.refname_to_id(name).map_err(|_| ApiError::not_found())?;
    Answer::ok(ref_json(world, found, &git, name, oid))
}

fn matching(world: &World, repo: u64, prefix: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let refs = git::refs(&git)?;
    let refs = refs
        .iter()
        .filter(|(name, _)| name.starts_with(prefix) || format!("{name}/") == prefix);
    Answer::list(
        refs.map(|(name, oid)| ref_json(world, found, &git, name, *oid))
            .collect(),
    )
}

fn target(call: &Call, git: &Repository) -> Result<Oid, ApiError> {
    let sha = call.need("Reference", "sha")?;
    let oid = Oid::from_str(sha)
        .ok()
        .filter(|oid| git.find_object(*oid, None).is_ok());
    oid.ok_or_else(|| ApiError::unprocessable("Object does not exist"))
}

fn create(world: &mut World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "contents", Access::Write)?;
    let by = world.login(&call.caller)?;
    let name = call.need("Reference", "ref")?;
    let found = world.repo(repo)?;
    let git = found.open()?;
    let valid = git2::Reference::is_valid_name(name);
    if !valid || !(name.starts_with("refs/heads/") || name.starts_with("refs/tags/")) {
        return Err(ApiError::unprocessable(&format!(
            "Reference name '{name}' is not valid."
        )));
    }
    let oid = target(call, &git)?;
    if git.find_reference(name).is_ok() {
        return Err(ApiError::unprocessable("Reference already exists"));
    }
    git::set_ref(&git, name, oid)?;
    world.refs_changed(repo, &by)?;
    Answer::created(ref_json(world, world.repo(repo)?, &git, name, oid))
}

fn update(world: &mut World, call: &Call, repo: u64, name: &str) -> Reply {
    world.allow(&call.caller, repo, "contents", Access::Write)?;
    let by = world.login(&call.caller)?;
    let git = world.repo(repo)?.open()?;
    let old = git
        .refname_to_id(name)
        .map_err(|_| ApiError::unprocessable("Reference does not exist"))?;
    let new = target(call, &git)?;
    let forced = call.body["force"] == true;
    let forward = history::contains(&git, new, old);
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        world.may_push(repo, branch, Some(new), &call.caller)?;
        let rules = world.repo(repo)?.protection.get(branch);
        if !forward && rules.is_some_and(|rules| !rules.force) {
            return Err(ApiError::unprocessable("Cannot force-push to this branch"));
        }
    }
    if !forced && !forward {
        return Err(ApiError::unprocessable("Update is not a fast forward"));
    }
    git::set_ref(&git, name, new)?;
    world.refs_changed(repo, &by)?;
    Answer::ok(ref_json(world, world.repo(repo)?, &git, name, new))
}

fn delete(world: &mut World, call: &Call, repo: u64, name: &str) -> Reply {
    world.allow(&call.caller, repo, "contents", Access::Write)?;
    let by = world.login(&call.caller)?;
    if let Some(branch) = name.strip_prefix("refs/heads/") {
        world.may_push(repo, branch, None, &call.caller)?;
    }
    let git = world.repo(repo)?.open()?;
    let mut reference = git
        .find_reference(name)
        .map_err(|_| ApiError::unprocessable("Reference does not exist"))?;
    reference.delete()?;
    world.refs_changed(repo, &by)?;
    Answer::empty()
}
