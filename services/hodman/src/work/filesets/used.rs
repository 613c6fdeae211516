//! Which file sets somebody uses now.
//!
//! Only what our principal may see counts: a job that is hidden from it, and a person who runs a notebook in an old folder by
//! hand, are not known.

use crate::work::{WorkError, live};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{Pages, Request, Workspace};
use hodman_model::digest::Digest;
use hodman_model::kinds::{Identity, Kind};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Runs and updates that are asked for at once.
const AT_ONCE: usize = 8;

/// Updates of pipelines that go on no more.
const ENDED: [&str; 3] = ["COMPLETED", "FAILED", "CANCELED"];

/// The lists of a run that come in parts.
const PARTS: [&str; 2] = ["tasks", "job_clusters"];

/// The sets that anybody's objects point to, or that a run or an update of a pipeline uses now: it keeps the files it started
/// with.
pub(super) async fn used(workspace: &Workspace, root: &str) -> Result<BTreeSet<Digest>, WorkError> {
    let mut used = BTreeSet::new();
    let runs_files = |kind: &dyn Kind| {
        let rules = kind.rules();
        kind.identity() == Identity::Tags
            || !rules.notebook_paths.is_empty()
            || !rules.file_paths.is_empty()
    };
    for object in live::everything(workspace, &runs_files).await? {
        live::folders(&object.listed.config, root, &mut used);
    }
    for run in runs(workspace).await? {
        live::folders(&run, root, &mut used);
    }
    for update in updates(workspace).await? {
        live::folders(&update, root, &mut used);
    }
    Ok(used)
}

/// The runs at work, with all of their tasks.
async fn runs(workspace: &Workspace) -> Result<Vec<Value>, WorkError> {
    let listed = workspace.list_all(
        "/api/2.2/jobs/runs/list",
        &[("active_only", "true"), ("expand_tasks", "true")],
        "runs",
    );
    let (cut, mut whole): (Vec<Value>, Vec<Value>) = listed
        .await?
        .into_iter()
        .partition(|run| run["has_more"] == json!(true));
    let mut asked = Vec::with_capacity(cut.len());
    for run in &cut {
        asked.push(async move {
            // A list shows the first hundred tasks of a run.
            let id = run["run_id"].to_string();
            let get = Request::get("/api/2.2/jobs/runs/get").query("run_id", &id);
            match workspace.whole(&get, &PARTS).await {
                Ok(run) => Ok(Some(run)),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(WorkError::from(error).doing("reading a run")),
            }
        });
    }
    let more: Vec<Option<Value>> = futures::stream::iter(asked)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    whole.extend(more.into_iter().flatten());
    Ok(whole)
}

/// The updates of pipelines at work, each with the settings that it began with.
async fn updates(workspace: &Workspace) -> Result<Vec<Value>, WorkError> {
    let list = Request::get("/api/2.0/pipelines").query("max_results", "100");
    let mut active: Vec<String> = Vec::new();
    let take = |items: Vec<Value>| {
        for pipeline in &items {
            let Some(id) = pipeline["pipeline_id"].as_str() else {
                continue;
            };
            let latest = pipeline["latest_updates"].as_array();
            for update in latest.into_iter().flatten() {
                let over = update["state"]
                    .as_str()
                    .is_some_and(|state| ENDED.contains(&state));
                if let Some(update) = update["update_id"].as_str().filter(|_| !over) {
                    active.push(format!("/api/2.0/pipelines/{id}/updates/{update}"));
                }
            }
        }
    };
    match workspace
        .each_page(&list, "statuses", Pages::Token, take)
        .await
    {
        Ok(()) => {}
        // A workspace without pipelines runs none.
        Err(error) if live::no_such_api(&error) => return Ok(Vec::new()),
        Err(error) => return Err(WorkError::from(error).doing("listing pipelines")),
    }
    let mut asked = Vec::with_capacity(active.len());
    for path in &active {
        asked.push(async move {
            match workspace.call(Request::get(path)).await {
                Ok(update) => Ok(Some(update)),
                Err(error) if error.is_not_found() => Ok(None),
                Err(error) => Err(WorkError::from(error).doing("reading a pipeline's update")),
            }
        });
    }
    let found: Vec<Option<Value>> = futures::stream::iter(asked)
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::used;
    use crate::work::live::tests::World;
    use hodman_model::digest::{Digest, sha256};
    use hodman_model::kinds::files;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    const ROOT: &str = "/Workspace/Shared/.hodman/shop/qa";

    fn set(name: &str) -> Digest {
        sha256(name.as_bytes())
    }

    fn notebook(name: &str) -> Value {
        let path = format!("{}/src/load", files::folder(ROOT, &set(name)));
        json!({ "notebook_task": { "notebook_path": path } })
    }

    fn at_work(path: &str) -> Option<Value> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        match path {
            "/api/2.2/jobs/runs/list" => Some(json!({ "runs": [
                { "run_id": 7, "tasks": [notebook("listed")], "has_more": true },
                { "run_id": 8, "tasks": [notebook("small")] },
            ]})),
            "/api/2.2/jobs/runs/get" if query.contains("run_id=7") => {
                Some(match query.contains("page_token=rest") {
                    true => json!({ "run_id": 7, "tasks": [notebook("hundred and first")] }),
                    false => {
                        let tasks = [notebook("listed")];
                        json!({ "run_id": 7, "tasks": tasks, "next_page_token": "rest" })
                    }
                })
            }
            "/api/2.0/pipelines" => Some(json!({ "statuses": [{
                "pipeline_id": "p",
                "latest_updates": [
                    { "update_id": "now", "state": "RUNNING" },
                    { "update_id": "before", "state": "COMPLETED" },
                ],
            }]})),
            "/api/2.0/pipelines/p" => {
                Some(json!({ "pipeline_id": "p", "name": "p", "spec": { "name": "p" } }))
            }
            "/api/2.0/pipelines/p/updates/now" => Some(json!({ "update": {
                "config": { "libraries": [{ "notebook": notebook("updating")["notebook_task"] }] },
            }})),
            _ => None,
        }
    }

    #[tokio::test]
    async fn all_tasks_of_a_run_count_and_so_do_the_files_that_an_update_began_with() {
        let world = World::new(at_work).await;
        let found = used(&world.workspace, ROOT).await.unwrap();
        let wanted = ["listed", "small", "hundred and first", "updating"].map(set);
        assert_eq!(found, BTreeSet::from(wanted));
    }
}
