//! The issue side of pull requests: comments and labels.

use serde_json::{Value, json};

use super::number;
use crate::github::auth::Access;
use crate::github::http::Call;
use crate::github::json::node_id;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::{Repo, World};

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), rest) {
        ("GET", ["issues"]) => issues(world, call, repo),
        (_, ["issues", "comments", id]) => number(id).and_then(|id| one(world, call, repo, id)),
        ("GET", ["issues", n]) => number(n)
            .and_then(|n| world.issue_json(repo, n))
            .and_then(Answer::ok),
        ("PATCH", ["issues", _]) => {
            return super::pulls::route(world, call, repo, &["pulls", rest[1]]);
        }
        ("GET", ["issues", n, "comments"]) => number(n).and_then(|n| list(world, repo, n)),
        ("POST", ["issues", n, "comments"]) => number(n).and_then(|n| create(world, call, repo, n)),
        ("GET", ["issues", n, "labels"]) => number(n).and_then(|n| labels_of(world, repo, n)),
        ("POST" | "PUT", ["issues", n, "labels"]) => {
            number(n).and_then(|n| add_labels(world, call, repo, n))
        }
        ("DELETE", ["issues", n, "labels", name]) => {
            number(n).and_then(|n| remove_label(world, call, repo, n, name))
        }
        ("GET", ["labels"]) => labels(world, repo),
        ("POST", ["labels"]) => create_label(world, call, repo),
        ("GET", ["labels", name]) => label(world, repo, name),
        ("DELETE", ["labels", name]) => delete_label(world, call, repo, name),
        _ => return None,
    })
}

fn issues(world: &World, call: &Call, repo: u64) -> Reply {
    let state = call.query("state").unwrap_or("open");
    let pulls = world
        .repo(repo)?
        .pulls
        .iter()
        .rev()
        .filter(|pull| state == "all" || pull.state() == state);
    Answer::list(
        pulls
            .map(|pull| world.issue_json(repo, pull.number))
            .collect::<Result<_, _>>()?,
    )
}

/// An App may comment with either permission, as on GitHub.
fn may_comment(world: &World, call: &Call, repo: u64) -> Result<(), ApiError> {
    let person = !matches!(
        call.caller,
        crate::github::auth::Caller::Installation { .. }
    );
    let access = if person { Access::Read } else { Access::Write };
    world
        .allow(&call.caller, repo, "pull_requests", access)
        .or_else(|_| world.allow(&call.caller, repo, "issues", access))
}

fn list(world: &World, repo: u64, n: u64) -> Reply {
    let comments = world.repo(repo)?.pull(n)?.comments.iter();
    Answer::list(
        comments
            .map(|comment| world.comment_json(repo, n, comment.id))
            .collect::<Result<_, _>>()?,
    )
}

fn create(world: &mut World, call: &Call, repo: u64, n: u64) -> Reply {
    may_comment(world, call, repo)?;
    let by = world.login(&call.caller)?;
    let body = call.need("IssueComment", "body")?;
    if body.chars().count() > 65_536 {
        return Err(ApiError::refused(
            "IssueComment",
            "body is too long (maximum is 65536 characters)",
        ));
    }
    let app = world.app_of(&call.caller);
    let id = world.add_comment(repo, n, body, &by, app)?;
    Answer::created(world.comment_json(repo, n, id)?)
}

fn one(world: &mut World, call: &Call, repo: u64, id: u64) -> Reply {
    let has =
        |pull: &&crate::github::pull::Pull| pull.comments.iter().any(|comment| comment.id == id);
    let n = world
        .repo(repo)?
        .pulls
        .iter()
        .find(has)
        .map(|pull| pull.number)
        .ok_or_else(ApiError::not_found)?;
    if call.method == "GET" {
        return Answer::ok(world.comment_json(repo, n, id)?);
    }
    may_comment(world, call, repo)?;
    let (by, now) = (world.login(&call.caller)?, world.now());
    if call.method == "DELETE" {
        world.emit_comment(repo, n, id, "deleted", &by)?;
        world
            .repo_mut(repo)?
            .pull_mut(n)?
            .comments
            .retain(|comment| comment.id != id);
        return Answer::empty();
    }
    let body = call.need("IssueComment", "body")?.to_owned();
    for comment in world
        .repo_mut(repo)?
        .pull_mut(n)?
        .comments
        .iter_mut()
        .filter(|comment| comment.id == id)
    {
        (comment.body, comment.updated_at) = (body.clone(), now);
    }
    world.emit_comment(repo, n, id, "edited", &by)?;
    Answer::ok(world.comment_json(repo, n, id)?)
}

impl World {
    /// A label; labels nobody created have GitHub's default colour.
    pub(crate) fn label_json(&self, repo: &Repo, name: &str) -> Value {
        let url = format!("{}/repos/{}/labels/{name}", self.base_url, repo.full_name());
        let known = repo.labels.get(name).cloned().unwrap_or_default();
        json!({
            "id": known["id"].as_u64().unwrap_or(1), "node_id": node_id("Label", known["id"].as_u64().unwrap_or(1)), "url": url,
            "name": name, "color": known["color"].as_str().unwrap_or("ededed"), "default": false, "description": known["description"],
        })
    }
}

fn labels(world: &World, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    Answer::list(
        found
            .labels
            .keys()
            .map(|name| world.label_json(found, name))
            .collect(),
    )
}

fn label(world: &World, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    if found.labels.contains_key(name) {
        Answer::ok(world.label_json(found, name))
    } else {
        Err(ApiError::not_found())
    }
}

fn create_label(world: &mut World, call: &Call, repo: u64) -> Reply {
    world
        .allow(&call.caller, repo, "issues", Access::Write)
        .or_else(|_| world.allow(&call.caller, repo, "pull_requests", Access::Write))?;
    let name = call.need("Label", "name")?;
    if world.repo(repo)?.labels.contains_key(name) {
        return Err(ApiError::validation(
            "Validation Failed",
            "Label",
            "name",
            "already_exists",
        ));
    }
    let label = json!({"id": world.next_id(), "color": call.text("color"), "description": call.body["description"]});
    world.repo_mut(repo)?.labels.insert(name.to_owned(), label);
    Answer::created(world.label_json(world.repo(repo)?, name))
}

fn delete_label(world: &mut World, call: &Call, repo: u64, name: &str) -> Reply {
    world
        .allow(&call.caller, repo, "issues", Access::Write)
        .or_else(|_| world.allow(&call.caller, repo, "pull_requests", Access::Write))?;
    let found = world.repo_mut(repo)?;
    found.labels.remove(name).ok_or_else(ApiError::not_found)?;
    for pull in &mut found.pulls {
        pull.labels.retain(|known| known != name);
    }
    Answer::empty()
}

fn labels_of(world: &World, repo: u64, n: u64) -> Reply {
    let found = world.repo(repo)?;
    Answer::list(
        found
            .pull(n)?
            .labels
            .iter()
            .map(|name| world.label_json(found, name))
            .collect(),
    )
}

fn add_labels(world: &mut World, call: &Call, repo: u64, n: u64) -> Reply {
    world.allow(&call.caller, repo, "pull_requests", Access::Write)?;
    let by = world.login(&call.caller)?;
    let given = call.body["labels"]
        .as_array()
        .or_else(|| call.body.as_array())
        .cloned()
        .unwrap_or_default();
    let names: Vec<String> = given
        .iter()
        .filter_map(|label| label.as_str().or(label["name"].as_str()))
        .map(Into::into)
        .collect();
    if call.method == "PUT" {
        let old = world.repo(repo)?.pull(n)?.labels.clone();
        for gone in old.iter().filter(|old| !names.contains(old)) {
            unlabel(world, repo, n, gone, &by)?;
        }
    }
    for name in names {
        let id = world.next_id();
        let found = world.repo_mut(repo)?;
        found
            .labels
            .entry(name.clone())
            .or_insert_with(|| json!({"id": id, "color": "ededed", "description": null}));
        let pull = found.pull_mut(n)?;
        if !pull.labels.contains(&name) {
            pull.labels.push(name.clone());
            emit_label(world, repo, n, &name, "labeled", &by)?;
        }
    }
    labels_of(world, repo, n)
}

fn remove_label(world: &mut World, call: &Call, repo: u64, n: u64, name: &str) -> Reply {
    world.allow(&call.caller, repo, "pull_requests", Access::Write)?;
    let by = world.login(&call.caller)?;
    if !world
        .repo(repo)?
        .pull(n)?
        .labels
        .iter()
        .any(|known| known == name)
    {
        return Err(ApiError::new(404, "Label does not exist"));
    }
    unlabel(world, repo, n, name, &by)?;
    labels_of(world, repo, n)
}

fn unlabel(world: &mut World, repo: u64, n: u64, name: &str, by: &str) -> Result<(), ApiError> {
    world
        .repo_mut(repo)?
        .pull_mut(n)?
        .labels
        .retain(|known| known != name);
    emit_label(world, repo, n, name, "unlabeled", by)
}

fn emit_label(
    world: &mut World,
    repo: u64,
    n: u64,
    name: &str,
    action: &str,
    by: &str,
) -> Result<(), ApiError> {
    let label = world.label_json(world.repo(repo)?, name);
    let payload = json!({"number": n, "pull_request": world.pull_json(repo, n)?, "label": label});
    world.emit(repo, "pull_request", Some(action), payload, by);
    Ok(())
}
