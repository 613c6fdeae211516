//! Branches, tags, protection, rulesets.

use serde_json::{Value, json};

use super::number;
use crate::github::auth::Access;
use crate::github::git;
use crate::github::http::Call;
use crate::github::protection::{Protection, active_rules};
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::{Repo, World};

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), rest) {
        ("GET", ["branches"]) => list(world, repo),
        ("GET", ["tags"]) => tags(world, repo),
        (_, ["branches", branch @ .., "protection"]) if !branch.is_empty() => {
            protection(world, call, repo, &branch.join("/"))
        }
        (_, ["branches", branch @ .., "protection", part]) => {
            protection_part(world, call, repo, &branch.join("/"), part)
        }
        ("GET", ["branches", name @ ..]) => get(world, repo, &name.join("/")),
        ("GET", ["rulesets"]) => world
            .repo(repo)
            .and_then(|found| Answer::list(found.rulesets.clone())),
        ("POST", ["rulesets"]) => create_ruleset(world, call, repo),
        ("GET" | "PUT" | "DELETE", ["rulesets", id]) => {
            number(id).and_then(|id| ruleset(world, call, repo, id))
        }
        ("GET", ["rules", "branches", name @ ..]) => {
            let name = name.join("/");
            world
                .repo(repo)
                .and_then(|found| Answer::list(active_rules(found, &name)))
        }
        _ => return None,
    })
}

fn short(world: &World, repo: &Repo, name: &str) -> Option<Value> {
    let tip = repo.known_refs.get(&format!("refs/heads/{name}"))?;
    let api = format!("{}/repos/{}", world.base_url, repo.full_name());
    Some(json!({
        "name": name, "commit": {"sha": tip.to_string(), "url": format!("{api}/commits/{tip}")},
        "protected": repo.protection.contains_key(name), "protection_url": format!("{api}/branches/{name}/protection"),
    }))
}

fn list(world: &World, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    let names = found
        .known_refs
        .keys()
        .filter_map(|name| name.strip_prefix("refs/heads/"));
    Answer::list(names.filter_map(|name| short(world, found, name)).collect())
}

fn tags(world: &World, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    let api = format!("{}/repos/{}", world.base_url, found.full_name());
    let mut tags = Vec::new();
    for name in found
        .known_refs
        .keys()
        .rev()
        .filter_map(|name| name.strip_prefix("refs/tags/"))
    {
        let Ok(commit) = found.commit(&format!("refs/tags/{name}")) else {
            continue;
        };
        tags.push(json!({
            "name": name, "commit": {"sha": commit.to_string(), "url": format!("{api}/commits/{commit}")},
            "zipball_url": format!("{api}/zipball/refs/tags/{name}"), "tarball_url": format!("{api}/tarball/refs/tags/{name}"),
            "node_id": format!("REF_refs/tags/{name}"),
        }));
    }
    Answer::list(tags)
}

fn get(world: &World, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let tip = git::branch_tip(&git, name).ok_or_else(|| ApiError::new(404, "Branch not found"))?;
    let mut answer = short(world, found, name).ok_or_else(ApiError::not_found)?;
    answer["commit"] = world.commit_json(found, &git, tip)?;
    let api = format!(
        "{}/repos/{}/branches/{name}",
        world.base_url,
        found.full_name()
    );
    answer["_links"] = json!({"self": api, "html": format!("{}/{}/tree/{name}", world.base_url, found.full_name())});
    let rules = found.protection.get(name).cloned().unwrap_or_default();
    let contexts: Vec<&String> = rules.checks.iter().map(|(name, _)| name).collect();
    answer["protection"] = json!({
        "enabled": found.protection.contains_key(name),
        "required_status_checks": {"enforcement_level": if rules.has_checks { "everyone" } else { "off" }, "contexts": contexts, "checks": []},
    });
    Answer::ok(answer)
}

fn protection(world: &mut World, call: &Call, repo: u64, branch: &str) -> Reply {
    let access = if call.method == "GET" {
        Access::Read
    } else {
        Access::Admin
    };
    world.allow(&call.caller, repo, "administration", access)?;
    let url = protection_url(world, repo, branch)?;
    let found = world.repo_mut(repo)?;
    if git::branch_tip(&found.open()?, branch).is_none() {
        return Err(ApiError::new(404, "Branch not found"));
    }
    let none = || ApiError::new(404, "Branch not protected");
    match call.method.as_str() {
        "GET" => Answer::ok(found.protection.get(branch).ok_or_else(none)?.json(&url)),
        "PUT" => {
            for field in [
                "required_status_checks",
                "enforce_admins",
                "required_pull_request_reviews",
                "restrictions",
            ] {
                if call.body.get(field).is_none() {
                    return Err(ApiError::unprocessable(&format!(
                        "Invalid request.\n\n\"{field}\" wasn't supplied."
                    )));
                }
            }
            let rules = Protection::parse(&call.body);
            let answer = rules.json(&url);
            found.protection.insert(branch.to_owned(), rules);
            Answer::ok(answer)
        }
        "DELETE" => found
            .protection
            .remove(branch)
            .map_or_else(|| Err(none()), |_| Answer::empty()),
        _ => Err(ApiError::not_found()),
    }
}

fn protection_url(world: &World, repo: u64, branch: &str) -> Result<String, ApiError> {
    Ok(format!(
        "{}/repos/{}/branches/{branch}/protection",
        world.base_url,
        world.repo(repo)?.full_name()
    ))
}

fn protection_part(world: &World, call: &Call, repo: u64, branch: &str, part: &str) -> Reply {
    world.allow(&call.caller, repo, "administration", Access::Read)?;
    let url = protection_url(world, repo, branch)?;
    let rules = world
        .repo(repo)?
        .protection
        .get(branch)
        .ok_or_else(|| ApiError::new(404, "Branch not protected"))?;
    let whole = rules.json(&url);
    whole
        .get(part)
        .filter(|_| call.method == "GET")
        .map_or_else(
            || Err(ApiError::not_found()),
            |part| Answer::ok(part.clone()),
        )
}

fn create_ruleset(world: &mut World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "administration", Access::Admin)?;
    call.need("Ruleset", "name")?;
    call.need("Ruleset", "enforcement")?;
    let (id, now) = (world.next_id(), world.stamp());
    let mut set = call.body.clone();
    if set.get("target").is_none() {
        set["target"] = json!("branch");
    }
    set["id"] = json!(id);
    set["source_type"] = json!("Repository");
    set["source"] = json!(world.repo(repo)?.full_name());
    set["node_id"] = json!(crate::github::json::node_id("RepositoryRuleset", id));
    (set["created_at"], set["updated_at"]) = (json!(now), json!(now));
    world.repo_mut(repo)?.rulesets.push(set.clone());
    Answer::created(set)
}

fn ruleset(world: &mut World, call: &Call, repo: u64, id: u64) -> Reply {
    let access = if call.method == "GET" {
        Access::Read
    } else {
        Access::Admin
    };
    world.allow(
        &call.caller,
        repo,
        if access == Access::Read {
            "metadata"
        } else {
            "administration"
        },
        access,
    )?;
    let sets = &mut world.repo_mut(repo)?.rulesets;
    let at = sets
        .iter()
        .position(|set| set["id"] == id)
        .ok_or_else(ApiError::not_found)?;
    match call.method.as_str() {
        "DELETE" => {
            sets.remove(at);
            Answer::empty()
        }
        "PUT" => {
            if let (Some(old), Some(new)) = (sets[at].as_object_mut(), call.body.as_object()) {
                old.extend(new.clone());
            }
            Answer::ok(sets[at].clone())
        }
        _ => Answer::ok(sets[at].clone()),
    }
}
