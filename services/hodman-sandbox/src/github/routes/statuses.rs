//! Commit statuses.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::github::auth::Access;
use crate::github::http::Call;
use crate::github::json::node_id;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), rest) {
        ("POST", ["statuses", sha]) => create(world, call, repo, sha),
        ("GET", ["commits", name @ .., "status"]) => combined(world, repo, &name.join("/")),
        ("GET", ["commits", name @ .., "statuses"]) => list(world, repo, &name.join("/")),
        ("GET", ["statuses", sha]) => list(world, repo, sha),
        _ => return None,
    })
}

fn create(world: &mut World, call: &Call, repo: u64, sha: &str) -> Reply {
    world.allow(&call.caller, repo, "statuses", Access::Write)?;
    let by = world.login(&call.caller)?;
    let state = call.need("Status", "state")?;
    if !matches!(state, "error" | "failure" | "pending" | "success") {
        return Err(ApiError::validation(
            "Validation Failed",
            "Status",
            "state",
            "invalid",
        ));
    }
    let (id, now) = (world.next_id(), world.stamp());
    let found = world.repo(repo)?;
    let oid = found.commit(sha)?;
    let git = found.open()?;
    let commit = world.commit_json(found, &git, oid)?;
    let url = format!(
        "{}/repos/{}/statuses/{oid}",
        world.base_url,
        found.full_name()
    );
    let status = json!({
        "id": id, "node_id": node_id("StatusContext", id), "url": url, "state": state, "sha": oid.to_string(),
        "context": call.text("context").unwrap_or("default"), "description": call.body["description"],
        "target_url": call.body["target_url"], "avatar_url": null, "creator": world.user_json(&by), "created_at": now,
        "updated_at": now,
    });
    let branches: Vec<Value> = found
        .known_refs
        .iter()
        .filter(|(name, tip)| name.starts_with("refs/heads/") && **tip == oid)
        .map(|(name, tip)| json!({"name": name.trim_start_matches("refs/heads/"), "commit": {"sha": tip.to_string(), "url": ""}, "protected": false}))
        .collect();
    let payload = json!({
        "id": id, "sha": oid.to_string(), "name": found.full_name(), "context": status["context"], "state": state,
        "description": status["description"], "target_url": status["target_url"], "avatar_url": null, "commit": commit,
        "branches": branches, "created_at": now, "updated_at": now,
    });
    world.repo_mut(repo)?.statuses.push(status.clone());
    world.emit(repo, "status", None, payload, &by);
    Answer::created(status)
}

fn list(world: &World, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    let sha = found.commit(name)?.to_string();
    Answer::list(
        found
            .statuses
            .iter()
            .rev()
            .filter(|status| status["sha"] == sha.as_str())
            .cloned()
            .collect(),
    )
}

fn combined(world: &World, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    let sha = found.commit(name)?.to_string();
    let mut newest: BTreeMap<&str, &Value> = BTreeMap::new();
    for status in found
        .statuses
        .iter()
        .filter(|status| status["sha"] == sha.as_str())
    {
        newest.insert(status["context"].as_str().unwrap_or_default(), status);
    }
    let has = |states: &[&str]| {
        newest
            .values()
            .any(|status| states.contains(&status["state"].as_str().unwrap_or_default()))
    };
    let state = if has(&["failure", "error"]) {
        "failure"
    } else if has(&["pending"]) || newest.is_empty() {
        "pending"
    } else {
        "success"
    };
    let api = format!(
        "{}/repos/{}/commits/{sha}",
        world.base_url,
        found.full_name()
    );
    let statuses: Vec<&Value> = newest.into_values().collect();
    Answer::ok(json!({
        "state": state, "sha": sha, "total_count": statuses.len(), "statuses": statuses, "repository": world.repo_json(repo)?,
        "commit_url": api, "url": format!("{api}/status"),
    }))
}
