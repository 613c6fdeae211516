//! Repository webhooks.

use serde_json::{Value, json};

use super::number;
use crate::github::auth::Access;
use crate::github::hook::{Hook, HookTarget, Outcome};
use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    let ["hooks", rest @ ..] = rest else {
        return None;
    };
    let permission = "repository_hooks";
    let access = if call.method == "GET" {
        Access::Read
    } else {
        Access::Admin
    };
    if let Err(error) = world.allow(&call.caller, repo, permission, access.max(Access::Write)) {
        return Some(Err(error));
    }
    if let [id, ..] = rest {
        let own = number(id)
            .ok()
            .and_then(|id| world.hooks.get(&id))
            .is_some_and(|hook| hook.repository() == Some(repo));
        if !own {
            return Some(Err(ApiError::not_found()));
        }
    }
    Some(match (call.method.as_str(), rest) {
        ("GET", []) => list(world, repo),
        ("POST", []) => create(world, call, repo),
        ("GET", [id]) => number(id).and_then(|id| Answer::ok(json_of(world, repo, id)?)),
        ("PATCH", [id]) => number(id).and_then(|id| change(world, call, repo, id)),
        ("DELETE", [id]) => number(id).and_then(|id| {
            world.hooks.remove(&id);
            Answer::empty()
        }),
        ("POST", [id, "pings"]) => number(id).and_then(|id| {
            world.ping(id);
            Answer::empty()
        }),
        ("POST", [id, "tests"]) => number(id).and_then(|id| test(world, call, repo, id)),
        (_, [id, "deliveries", rest @ ..]) => {
            number(id).and_then(|id| deliveries(world, call, id, rest))
        }
        _ => return None,
    })
}

fn json_of(world: &World, repo: u64, id: u64) -> Result<Value, ApiError> {
    let hook = world.hooks.get(&id).ok_or_else(ApiError::not_found)?;
    Ok(hook.json(&world.base_url, &world.repo(repo)?.full_name()))
}

fn list(world: &World, repo: u64) -> Reply {
    let ids = world
        .hooks
        .values()
        .filter(|hook| hook.repository() == Some(repo))
        .map(|hook| hook.id);
    Answer::list(
        ids.map(|id| json_of(world, repo, id))
            .collect::<Result<_, _>>()?,
    )
}

fn events_of(body: &Value, key: &str) -> Option<Vec<String>> {
    let events = body[key].as_array()?;
    Some(
        events
            .iter()
            .filter_map(Value::as_str)
            .map(ToOwned::to_owned)
            .collect(),
    )
}

fn create(world: &mut World, call: &Call, repo: u64) -> Reply {
    let config = &call.body["config"];
    let url = config["url"]
        .as_str()
        .ok_or_else(|| ApiError::missing("Hook", "url"))?;
    let events = events_of(&call.body, "events").unwrap_or_else(|| vec!["push".to_owned()]);
    let same = |hook: &Hook| hook.repository() == Some(repo) && hook.url == url;
    if world.hooks.values().any(same) {
        return Err(ApiError::refused(
            "Hook",
            "Hook already exists on this repository",
        ));
    }
    let id = world.next_id();
    let secret = config["secret"].as_str().map(ToOwned::to_owned);
    let mut hook = Hook::new(id, HookTarget::Repository(repo), url, secret, events);
    hook.active = call.body["active"].as_bool().unwrap_or(true);
    config["content_type"]
        .as_str()
        .unwrap_or("form")
        .clone_into(&mut hook.content_type);
    world.hooks.insert(id, hook);
    world.ping(id);
    Answer::created(json_of(world, repo, id)?)
}

fn change(world: &mut World, call: &Call, repo: u64, id: u64) -> Reply {
    let hook = world.hooks.get_mut(&id).ok_or_else(ApiError::not_found)?;
    if let Some(events) = events_of(&call.body, "events") {
        hook.events = events;
    }
    hook.events
        .extend(events_of(&call.body, "add_events").unwrap_or_default());
    if let Some(gone) = events_of(&call.body, "remove_events") {
        hook.events.retain(|event| !gone.contains(event));
    }
    hook.active = call.body["active"].as_bool().unwrap_or(hook.active);
    let config = &call.body["config"];
    if let Some(url) = config["url"].as_str() {
        url.clone_into(&mut hook.url);
    }
    if let Some(secret) = config["secret"].as_str() {
        hook.secret = Some(secret.to_owned());
    }
    if let Some(kind) = config["content_type"].as_str() {
        kind.clone_into(&mut hook.content_type);
    }
    Answer::ok(json_of(world, repo, id)?)
}

/// Sends the last push of the default branch again, to this hook only.
fn test(world: &mut World, call: &Call, repo: u64, id: u64) -> Reply {
    let by = world.login(&call.caller)?;
    let found = world.repo(repo)?;
    let name = format!("refs/heads/{}", found.default_branch);
    let tip = found.known_refs.get(&name).copied();
    let parent = tip.and_then(|tip| found.open().ok()?.find_commit(tip).ok()?.parent_id(0).ok());
    let mut payload = world.push_payload(repo, &name, (parent, tip), &by)?;
    payload["repository"] = world.repo_json(repo)?;
    payload["sender"] = world.user_json(&by);
    world.send(id, "push", None, &payload, Some(repo), None);
    Answer::empty()
}

/// The deliveries of any hook; used for Apps as well.
pub(super) fn deliveries(world: &mut World, call: &Call, hook: u64, rest: &[&str]) -> Reply {
    let found = world.hooks.get(&hook).ok_or_else(ApiError::not_found)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            let status = call.query("status");
            let wanted = |outcome: &Outcome| match status {
                Some("success") => outcome.is_success(),
                // One on its way has not failed yet.
                Some("failure") => !outcome.is_pending() && !outcome.is_success(),
                _ => true,
            };
            let newest_first = found
                .deliveries
                .iter()
                .rev()
                .filter(|delivery| wanted(&delivery.outcome));
            Answer::list(
                newest_first
                    .map(crate::github::hook::Delivery::json)
                    .collect(),
            )
        }
        ("GET", [id]) => {
            let mut answer = world
                .delivery(hook, number(id)?)
                .ok_or_else(ApiError::not_found)?
                .full_json();
            answer["url"] = json!(found.url);
            Answer::ok(answer)
        }
        ("POST", [id, "attempts"]) => {
            world
                .redeliver(hook, number(id)?)
                .ok_or_else(ApiError::not_found)?;
            Answer::accepted(json!({}))
        }
        _ => Err(ApiError::not_found()),
    }
}
