//! What of ours starts by itself in a workspace is paused while nothing may start there: schedules, triggers and continuous runs
//! of jobs, and continuous pipelines. Each is noted before it is paused, and woken as it was.

use super::super::WorkError;
use super::super::taken::Part;
use super::compute;
use super::site::Site;
use hodman_clients::databricks::{ApiError, Request, Retry, Workspace};
use hodman_model::claims::{Still, paused, starts};
use hodman_model::plan::Row;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const PIPELINES: &str = "/api/2.0/pipelines";

/// The states of a pipeline in which there is something to stop.
const GOES: [&str; 6] = [
    "DEPLOYING",
    "STARTING",
    "RUNNING",
    "RECOVERING",
    "RESETTING",
    "INITIALIZING",
];

/// The jobs of ours that run one after the other without end: what they do now ends when they are paused, and not before.
pub(super) fn endless(site: &Site<'_>, part: &Part) -> BTreeSet<String> {
    let again =
        |config: &Value| starts(config).is_some_and(|starts| starts.get("continuous").is_some());
    ours(site, part, "jobs", again).map(str::to_owned).collect()
}

/// Pauses what of ours starts by itself in the workspace.
pub(super) async fn fall(site: &Site<'_>, row: &Row, part: &Part) -> Result<(), WorkError> {
    let workspace = &part.workspace;
    let mut jobs = BTreeMap::new();
    for id in ours(site, part, "jobs", |config| starts(config).is_some()) {
        let found = settings(workspace, id).await?;
        if let Some(were) = found.as_ref().and_then(starts) {
            jobs.insert(id.to_owned(), were);
        }
    }
    let mut pipelines = BTreeSet::new();
    let endless = |config: &Value| config.get("continuous") == Some(&json!(true));
    for id in ours(site, part, "pipelines", endless) {
        let show = Request::get(format!("{PIPELINES}/{id}"));
        let found = there(workspace.call(show).await)?;
        let state = found
            .as_ref()
            .and_then(|found| found.get("state")?.as_str());
        if state.is_some_and(|state| GOES.contains(&state)) {
            pipelines.insert(id.to_owned());
        }
    }
    if jobs.is_empty() && pipelines.is_empty() {
        return Ok(());
    }
    let remember = |still: &mut Still| {
        for (id, were) in &jobs {
            still.jobs.entry(id.clone()).or_insert_with(|| were.clone());
        }
        still.pipelines.extend(pipelines.iter().cloned());
    };
    site.ledger.stand_still(&row.key, remember).await?;
    tracing::info!(key = %row.key, workspace = workspace.name(), "pausing {} jobs and {} pipelines", jobs.len(), pipelines.len());
    for (id, were) in &jobs {
        site.job.fence.check().await?;
        put(workspace, id, &paused(were)).await?;
    }
    for id in &pipelines {
        site.job.fence.check().await?;
        let stop = Request::post(
            format!("{PIPELINES}/{id}/stop"),
            json!({}),
            Retry::Idempotent,
        );
        there(workspace.call(stop).await)?;
    }
    Ok(())
}

/// Everything that stood still goes on as it was. What is gone meanwhile is nobody's concern.
pub(super) async fn wake(workspace: &Workspace, still: &Still) -> Result<(), WorkError> {
    compute::refill(workspace, &still.pools).await?;
    for id in still.jobs.keys() {
        let found = settings(workspace, id).await?;
        if let Some(were) = found.and_then(|found| still.to_put_back(id, &found)) {
            put(workspace, id, &were).await?;
        }
    }
    for id in &still.pipelines {
        let show = Request::get(format!("{PIPELINES}/{id}"));
        let found = there(workspace.call(show).await)?.unwrap_or_default();
        let endless = found.pointer("/spec/continuous") == Some(&json!(true));
        let state = found.get("state").and_then(Value::as_str);
        if endless && state.is_some_and(|state| !GOES.contains(&state)) {
            let path = format!("{PIPELINES}/{id}/updates");
            let start = Request::post(path, json!({}), Retry::NotIdempotent);
            there(workspace.call(start).await)?;
        }
    }
    Ok(())
}

/// The ids of our objects of the kind whose config is so.
fn ours<'p>(
    site: &Site<'_>,
    part: &'p Part,
    kind: &'static str,
    is_so: impl Fn(&Value) -> bool + 'p,
) -> impl Iterator<Item = &'p str> {
    let (pipeline, env) = (site.job.pipeline.to_owned(), site.env.as_str().to_owned());
    let objects = part.observed.objects.iter();
    let objects = objects.filter(move |object| {
        let marker = object.listed.marker.as_ref();
        let ours = marker.is_some_and(|found| found.pipeline == pipeline && found.env == env);
        object.kind == kind && ours && is_so(&object.listed.config)
    });
    objects.map(|object| object.listed.id.as_str())
}

async fn settings(workspace: &Workspace, id: &str) -> Result<Option<Value>, WorkError> {
    let get = Request::get("/api/2.2/jobs/get").query("job_id", id);
    let found = there(workspace.call(get).await)?;
    Ok(found.and_then(|mut found| Some(found.get_mut("settings")?.take())))
}

async fn put(workspace: &Workspace, id: &str, settings: &Value) -> Result<(), WorkError> {
    let number: i64 = id
        .parse()
        .map_err(|_| WorkError::lasting(format!("the id of a job is no number: {id}")))?;
    let body = json!({"job_id": number, "new_settings": settings});
    let update = Request::post("/api/2.2/jobs/update", body, Retry::Idempotent);
    there(workspace.call(update).await).map(drop)
}

/// The answer; none of what is gone.
fn there(answer: Result<Value, ApiError>) -> Result<Option<Value>, WorkError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(WorkError::from(error).doing("pausing and waking what starts by itself")),
    }
}
