//! Check runs and suites.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::number;
use crate::github::auth::Access;
use crate::github::checks::CheckRun;
use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), rest) {
        ("POST", ["check-runs"]) => create(world, call, repo),
        ("GET", ["check-runs", id]) => number(id)
            .and_then(|id| world.run_json(repo, id))
            .and_then(Answer::ok),
        ("PATCH", ["check-runs", id]) => number(id).and_then(|id| update(world, call, repo, id)),
        ("GET", ["check-runs", id, "annotations"]) => {
            number(id).and_then(|id| annotations(world, repo, id))
        }
        ("POST", ["check-runs", id, "rerequest"]) => {
            number(id).and_then(|id| rerequest(world, call, repo, id))
        }
        ("GET", ["check-suites", id]) => number(id)
            .and_then(|id| world.suite_json(repo, id))
            .and_then(Answer::ok),
        ("GET", ["check-suites", id, "check-runs"]) => {
            number(id).and_then(|id| runs(world, call, repo, |run| run.suite == id))
        }
        ("GET", ["commits", name @ .., "check-runs"]) => {
            of_commit(world, call, repo, &name.join("/"))
        }
        ("GET", ["commits", name @ .., "check-suites"]) => suites(world, repo, &name.join("/")),
        _ => return None,
    })
}

fn create(world: &mut World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "checks", Access::Write)?;
    let by = world.login(&call.caller)?;
    let id = world.create_run(repo, &call.body, world.app_of(&call.caller), &by)?;
    Answer::created(world.run_json(repo, id)?)
}

fn update(world: &mut World, call: &Call, repo: u64, id: u64) -> Reply {
    world.allow(&call.caller, repo, "checks", Access::Write)?;
    let by = world.login(&call.caller)?;
    let app = world.app_of(&call.caller);
    let run = world
        .repo(repo)?
        .runs
        .iter()
        .find(|run| run.id == id)
        .ok_or_else(ApiError::not_found)?;
    if app.is_some() && run.app != app {
        return Err(ApiError::forbidden(
            "Invalid app_id `check_run` can only be modified by the GitHub App that created it.",
        ));
    }
    world.update_run(repo, id, &call.body, &by)?;
    Answer::ok(world.run_json(repo, id)?)
}

fn annotations(world: &World, repo: u64, id: u64) -> Reply {
    let run = world
        .repo(repo)?
        .runs
        .iter()
        .find(|run| run.id == id)
        .ok_or_else(ApiError::not_found)?;
    Answer::list(run.annotations.clone())
}

fn rerequest(world: &mut World, call: &Call, repo: u64, id: u64) -> Reply {
    world.allow(&call.caller, repo, "checks", Access::Write)?;
    let by = world.login(&call.caller)?;
    let run = world
        .repo_mut(repo)?
        .runs
        .iter_mut()
        .find(|run| run.id == id)
        .ok_or_else(ApiError::not_found)?;
    if run.status != "completed" {
        return Err(ApiError::unprocessable(
            "This check run is not rerequestable",
        ));
    }
    "queued".clone_into(&mut run.status);
    (run.conclusion, run.completed_at) = (None, None);
    world.emit_run(repo, id, "rerequested", &by)?;
    Answer::created(json!({}))
}

fn of_commit(world: &World, call: &Call, repo: u64, name: &str) -> Reply {
    let sha = world.repo(repo)?.commit(name)?.to_string();
    runs(world, call, repo, |run| run.head_sha == sha)
}

/// Runs that pass the query's filters; by default only the newest of each name and App.
fn runs(world: &World, call: &Call, repo: u64, wanted: impl Fn(&CheckRun) -> bool) -> Reply {
    let app = call.query("app_id").and_then(|id| id.parse::<u64>().ok());
    let matching = world.repo(repo)?.runs.iter().filter(|run| {
        wanted(run)
            && call.query("check_name").is_none_or(|name| run.name == name)
            && call
                .query("status")
                .is_none_or(|status| run.status == status)
            && (app.is_none() || run.app == app)
    });
    let ids: Vec<u64> = if call.query("filter") == Some("all") {
        matching.map(|run| run.id).collect()
    } else {
        let newest: BTreeMap<_, u64> = matching
            .map(|run| ((run.app, run.name.as_str()), run.id))
            .collect();
        newest.into_values().collect()
    };
    Answer::counted(
        "check_runs",
        ids.into_iter()
            .map(|id| world.run_json(repo, id))
            .collect::<Result<_, _>>()?,
    )
}

fn suites(world: &World, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    let sha = found.commit(name)?.to_string();
    let of_commit = found.suites.iter().filter(|suite| suite.head_sha == sha);
    let list: Vec<Value> = of_commit
        .map(|suite| world.suite_json(repo, suite.id))
        .collect::<Result<_, _>>()?;
    Answer::counted("check_suites", list)
}
