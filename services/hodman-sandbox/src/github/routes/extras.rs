//! Deployments, environments, releases, workflow runs: recorded and given back, without a life of their own.

use serde_json::{Value, json};

use super::number;
use crate::github::auth::Access;
use crate::github::git;
use crate::github::http::Call;
use crate::github::json::node_id;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), rest) {
        ("GET", ["deployments"]) => deployments(world, call, repo),
        ("POST", ["deployments"]) => deploy(world, call, repo),
        ("GET", ["deployments", id]) => number(id)
            .and_then(|id| deployment(world, repo, id))
            .and_then(Answer::ok),
        ("GET", ["deployments", id, "statuses"]) => {
            number(id).and_then(|id| deployment_statuses(world, repo, id))
        }
        ("POST", ["deployments", id, "statuses"]) => {
            number(id).and_then(|id| set_deployment(world, call, repo, id))
        }
        ("GET", ["environments"]) => world.repo(repo).and_then(|found| {
            Answer::counted(
                "environments",
                found.environments.values().cloned().collect(),
            )
        }),
        ("GET", ["environments", name]) => environment(world, repo, name).and_then(Answer::ok),
        ("PUT", ["environments", name]) => put_environment(world, call, repo, name),
        ("GET", ["releases"]) => world
            .repo(repo)
            .and_then(|found| Answer::list(found.releases.clone())),
        ("POST", ["releases"]) => release(world, call, repo),
        ("GET", ["releases", "tags", tag]) => release_by_tag(world, repo, tag),
        ("GET", ["actions", "workflows"]) => {
            workflows(world, repo).and_then(|list| Answer::counted("workflows", list))
        }
        ("POST", ["actions", "workflows", id, "dispatches"]) => dispatch(world, call, repo, id),
        ("GET", ["actions", "runs"]) => world
            .repo(repo)
            .and_then(|found| Answer::counted("workflow_runs", found.workflow_runs.clone())),
        _ => return None,
    })
}

fn deployments(world: &World, call: &Call, repo: u64) -> Reply {
    let all = world.repo(repo)?.deployments.iter().rev();
    let same = |deployment: &Value, key: &str| {
        call.query(key).is_none_or(|value| deployment[key] == value)
    };
    let wanted = |deployment: &&Value| {
        ["environment", "ref", "sha", "task"]
            .iter()
            .all(|key| same(deployment, key))
    };
    Answer::list(all.filter(wanted).cloned().collect())
}

fn deployment(world: &World, repo: u64, id: u64) -> Result<Value, ApiError> {
    world
        .repo(repo)?
        .deployments
        .iter()
        .find(|known| known["id"] == id)
        .cloned()
        .ok_or_else(ApiError::not_found)
}

fn deploy(world: &mut World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "deployments", Access::Write)?;
    let by = world.login(&call.caller)?;
    let (id, now) = (world.next_id(), world.stamp());
    let found = world.repo(repo)?;
    let name = call.need("Deployment", "ref")?;
    let sha = found.commit(name)?.to_string();
    let url = format!(
        "{}/repos/{}/deployments/{id}",
        world.base_url,
        found.full_name()
    );
    let environment = call.text("environment").unwrap_or("production");
    let deployment = json!({
        "id": id, "node_id": node_id("Deployment", id), "url": url, "sha": sha, "ref": name, "environment": environment,
        "task": call.text("task").unwrap_or("deploy"), "payload": call.body["payload"], "original_environment": environment,
        "description": call.body["description"], "creator": world.user_json(&by), "created_at": now, "updated_at": now,
        "statuses_url": format!("{url}/statuses"), "repository_url": format!("{}/repos/{}", world.base_url, found.full_name()),
        "transient_environment": false, "production_environment": environment == "production",
    });
    world.repo_mut(repo)?.deployments.push(deployment.clone());
    world.emit(
        repo,
        "deployment",
        Some("created"),
        json!({ "deployment": deployment }),
        &by,
    );
    Answer::created(deployment)
}

fn deployment_statuses(world: &World, repo: u64, id: u64) -> Reply {
    deployment(world, repo, id)?;
    let all = world.repo(repo)?.deployment_statuses.iter().rev();
    let of = |status: &&Value| {
        status["deployment_url"]
            .as_str()
            .is_some_and(|url| url.ends_with(&format!("/{id}")))
    };
    Answer::list(all.filter(of).cloned().collect())
}

fn set_deployment(world: &mut World, call: &Call, repo: u64, id: u64) -> Reply {
    world.allow(&call.caller, repo, "deployments", Access::Write)?;
    let by = world.login(&call.caller)?;
    let deployment = deployment(world, repo, id)?;
    let (status_id, now) = (world.next_id(), world.stamp());
    let status = json!({
        "id": status_id, "node_id": node_id("DeploymentStatus", status_id), "state": call.need("DeploymentStatus", "state")?,
        "creator": world.user_json(&by), "description": call.text("description").unwrap_or_default(),
        "environment": deployment["environment"], "target_url": call.text("target_url").unwrap_or_default(),
        "log_url": call.text("log_url").unwrap_or_default(), "environment_url": call.text("environment_url").unwrap_or_default(),
        "created_at": now, "updated_at": now, "deployment_url": deployment["url"], "repository_url": deployment["repository_url"],
        "url": format!("{}/statuses/{status_id}", deployment["url"].as_str().unwrap_or_default()),
    });
    world
        .repo_mut(repo)?
        .deployment_statuses
        .push(status.clone());
    let payload = json!({"deployment_status": status, "deployment": deployment});
    world.emit(repo, "deployment_status", Some("created"), payload, &by);
    Answer::created(status)
}

fn environment(world: &World, repo: u64, name: &str) -> Result<Value, ApiError> {
    world
        .repo(repo)?
        .environments
        .get(name)
        .cloned()
        .ok_or_else(ApiError::not_found)
}

fn put_environment(world: &mut World, call: &Call, repo: u64, name: &str) -> Reply {
    world.allow(&call.caller, repo, "administration", Access::Admin)?;
    let (id, now) = (world.next_id(), world.stamp());
    let url = format!(
        "{}/repos/{}/environments/{name}",
        world.base_url,
        world.repo(repo)?.full_name()
    );
    let new = json!({
        "id": id, "node_id": node_id("Environment", id), "name": name, "url": url, "html_url": url, "created_at": now,
        "updated_at": now, "protection_rules": [], "deployment_branch_policy": call.body["deployment_branch_policy"],
    });
    Answer::ok(
        world
            .repo_mut(repo)?
            .environments
            .entry(name.to_owned())
            .or_insert(new)
            .clone(),
    )
}

fn release(world: &mut World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "contents", Access::Write)?;
    let by = world.login(&call.caller)?;
    let tag = call.need("Release", "tag_name")?;
    let (id, now) = (world.next_id(), world.stamp());
    let found = world.repo(repo)?;
    let target = call
        .text("target_commitish")
        .unwrap_or(&found.default_branch);
    let git = found.open()?;
    if git.find_reference(&format!("refs/tags/{tag}")).is_err() {
        git::set_ref(&git, &format!("refs/tags/{tag}"), found.commit(target)?)?;
    }
    let api = format!("{}/repos/{}", world.base_url, found.full_name());
    let release = json!({
        "id": id, "node_id": node_id("Release", id), "url": format!("{api}/releases/{id}"), "tag_name": tag,
        "html_url": format!("{}/{}/releases/tag/{tag}", world.base_url, found.full_name()), "target_commitish": target,
        "name": call.text("name").unwrap_or(tag), "body": call.body["body"], "draft": call.body["draft"] == true,
        "prerelease": call.body["prerelease"] == true, "created_at": now, "published_at": now, "author": world.user_json(&by),
        "assets": [], "assets_url": format!("{api}/releases/{id}/assets"), "upload_url": format!("{api}/releases/{id}/assets{{?name,label}}"),
        "tarball_url": format!("{api}/tarball/{tag}"), "zipball_url": format!("{api}/zipball/{tag}"),
    });
    world.repo_mut(repo)?.releases.push(release.clone());
    world.refs_changed(repo, &by)?;
    world.emit(
        repo,
        "release",
        Some("published"),
        json!({ "release": release }),
        &by,
    );
    Answer::created(release)
}

fn release_by_tag(world: &World, repo: u64, tag: &str) -> Reply {
    let release = world
        .repo(repo)?
        .releases
        .iter()
        .find(|release| release["tag_name"] == tag);
    Answer::ok(release.ok_or_else(ApiError::not_found)?.clone())
}

/// One workflow for each file under `.github/workflows` of the default branch.
fn workflows(world: &World, repo: u64) -> Result<Vec<Value>, ApiError> {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let Some(tip) = git::branch_tip(&git, &found.default_branch) else {
        return Ok(Vec::new());
    };
    let root = git.find_commit(tip)?.tree()?;
    let Ok(dir) = root.get_path(std::path::Path::new(".github/workflows")) else {
        return Ok(Vec::new());
    };
    let files = git.find_tree(dir.id())?;
    let api = format!(
        "{}/repos/{}/actions/workflows",
        world.base_url,
        found.full_name()
    );
    let one = |(index, entry): (usize, git2::TreeEntry<'_>)| {
        let (id, name) = (
            repo * 1000 + index as u64,
            String::from_utf8_lossy(entry.name_bytes()).into_owned(),
        );
        json!({
            "id": id, "node_id": node_id("Workflow", id), "name": name, "path": format!(".github/workflows/{name}"),
            "state": "active", "url": format!("{api}/{id}"), "html_url": format!("{api}/{id}"), "badge_url": format!("{api}/{id}/badge.svg"),
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        })
    };
    Ok(files.iter().enumerate().map(one).collect())
}

/// Records a queued run; nothing runs it.
fn dispatch(world: &mut World, call: &Call, repo: u64, workflow: &str) -> Reply {
    world.allow(&call.caller, repo, "actions", Access::Write)?;
    let by = world.login(&call.caller)?;
    let same = |known: &&Value| {
        known["id"].as_u64() == workflow.parse().ok()
            || known["path"]
                .as_str()
                .is_some_and(|path| path.ends_with(workflow))
    };
    let found = workflows(world, repo)?
        .iter()
        .find(same)
        .cloned()
        .ok_or_else(ApiError::not_found)?;
    let (id, now) = (world.next_id(), world.stamp());
    let name = call.need("WorkflowDispatch", "ref")?;
    let sha = world.repo(repo)?.commit(name)?.to_string();
    let run = json!({
        "id": id, "node_id": node_id("WorkflowRun", id), "name": found["name"], "head_branch": name, "head_sha": sha,
        "event": "workflow_dispatch", "status": "queued", "conclusion": null, "workflow_id": found["id"], "run_number": 1,
        "created_at": now, "updated_at": now, "actor": world.user_json(&by),
    });
    world.repo_mut(repo)?.workflow_runs.insert(0, run);
    let payload = json!({"ref": format!("refs/heads/{name}"), "workflow": found["path"], "inputs": call.body["inputs"]});
    world.emit(repo, "workflow_dispatch", None, payload, &by);
    Answer::empty()
}
