//! The calls on runs.

use serde_json::{Map, Value, json};

use super::super::routes::{page_token, read_page_token};
use super::{Life, Run, TaskRun, advance, places};
use crate::databricks::call::Call;
use crate::databricks::clock::Progress;
use crate::databricks::error::ApiError;
use crate::databricks::jobs::validate::{list as elements, text};
use crate::databricks::world::World;

/// The service takes longer tokens for a mistake.
const LONGEST_TOKEN: usize = 64;

pub(crate) fn run_now(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let job = world.jobs.get(call.required_id("job_id")?)?.clone();
    let token = call
        .text("idempotency_token")
        .filter(|token| !token.is_empty());
    if let Some(token) = token {
        if token.len() > LONGEST_TOKEN {
            return Err(ApiError::invalid(format!(
                "idempotency_token must have at most {LONGEST_TOKEN} characters."
            )));
        }
        if let Some(id) = world.jobs.tokens.get(token) {
            let run = world.jobs.runs.get(id);
            let run = run.ok_or_else(|| {
                ApiError::invalid(format!(
                    "The run with idempotency token '{token}' was deleted."
                ))
            })?;
            return Ok(json!({"run_id": run.id, "number_in_job": run.number}));
        }
    }
    let id = world.next_id();
    let mut tasks = Vec::new();
    for task in elements(&job.settings, "tasks") {
        tasks.push(TaskRun {
            id: world.next_id(),
            key: text(task, "task_key").unwrap_or_default().to_owned(),
            outcome: None,
        });
    }
    let key = job
        .settings
        .get("tags")
        .and_then(|tags| text(tags, "hodman_key"));
    let failure = world
        .jobs
        .failing
        .remove(job.name())
        .or_else(|| world.jobs.failing.remove(key?));
    let mut run = Run {
        id,
        job_id: job.id,
        number: job.runs + 1,
        creator: call.caller.login.clone(),
        run_as: job.run_as().to_owned(),
        parameters: parameters(&job.settings, call),
        settings: job.settings,
        life: Life::Pending,
        progress: Progress::start(call.now),
        started: call.now,
        ended: None,
        tasks,
        failure,
    };
    if world
        .jobs
        .runs
        .values()
        .filter(|other| other.job_id == job.id && other.active())
        .count()
        >= places(&run.settings)
    {
        let queues = run
            .settings
            .get("queue")
            .and_then(|queue| queue.get("enabled"))
            == Some(&Value::Bool(true));
        run.life = if queues { Life::Queued } else { Life::Skipped };
        run.ended = (!queues).then_some(call.now);
    }
    if let Some(token) = token {
        world.jobs.tokens.insert(token.to_owned(), id);
    }
    world.jobs.get_mut(job.id)?.runs += 1;
    let answer = json!({"run_id": id, "number_in_job": run.number});
    world.jobs.runs.insert(id, run);
    Ok(answer)
}

/// Job parameters with their defaults and this run's values.
fn parameters(settings: &Map<String, Value>, call: &Call) -> Value {
    let given = call.body.get("job_parameters");
    elements(settings, "parameters")
        .iter()
        .filter_map(|parameter| {
            let name = text(parameter, "name")?;
            let mut shown = json!({"name": name, "default": parameter.get("default")});
            if let Some(value) = given.and_then(|given| given.get(name)) {
                shown["value"] = value.clone();
            }
            Some(shown)
        })
        .collect()
}

fn existing(world: &mut World, id: u64, now: i64) -> Result<&mut Run, ApiError> {
    advance(world, id, now);
    world
        .jobs
        .runs
        .get_mut(&id)
        .ok_or_else(|| ApiError::invalid(format!("Run {id} does not exist.")))
}

pub(in super::super) fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_query_id("run_id")?;
    let url = world.url.clone();
    Ok(Value::Object(
        existing(world, id, call.now)?.view(&url, true),
    ))
}

pub(in super::super) fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let limit = call
        .query_number("limit")?
        .filter(|limit| *limit != 0)
        .unwrap_or(20);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=25).contains(limit))
        .ok_or_else(|| {
            ApiError::invalid(format!(
                "Invalid limit: {limit}. The limit must be between 1 and 25."
            ))
        })?;
    let before = call
        .query("page_token")
        .filter(|token| !token.is_empty())
        .map(read_page_token)
        .transpose()?;
    let job = call
        .query("job_id")
        .map(|_| call.required_query_id("job_id"))
        .transpose()?;
    let ids: Vec<u64> = world.jobs.runs.keys().copied().collect();
    ids.into_iter().for_each(|id| advance(world, id, call.now));
    let (active, completed) = (
        call.query_is_true("active_only"),
        call.query_is_true("completed_only"),
    );
    let mut found = world
        .jobs
        .runs
        .values()
        .rev()
        .filter(|run| job.is_none_or(|job| run.job_id == job))
        .filter(|run| before.is_none_or(|before| run.id < before))
        .filter(|run| (!active || !run.over()) && (!completed || run.over()));
    let page: Vec<&Run> = found.by_ref().take(limit).collect();
    let more = found.next().is_some();
    let expand = call.query_is_true("expand_tasks");
    let mut answer = Map::new();
    if !page.is_empty() {
        answer.insert(
            "runs".into(),
            page.iter()
                .map(|run| Value::Object(run.view(&world.url, expand)))
                .collect(),
        );
    }
    answer.insert("has_more".into(), json!(more));
    if let (true, Some(last)) = (more, page.last()) {
        answer.insert("next_page_token".into(), json!(page_token(last.id)));
    }
    Ok(Value::Object(answer))
}

pub(in super::super) fn cancel(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let run = existing(world, call.required_id("run_id")?, call.now)?;
    stop(run, call.now);
    Ok(json!({}))
}

pub(in super::super) fn cancel_all(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let job = call.required_id("job_id")?;
    world.jobs.get(job)?;
    world
        .jobs
        .runs
        .values_mut()
        .filter(|run| run.job_id == job)
        .for_each(|run| stop(run, call.now));
    Ok(json!({}))
}

fn stop(run: &mut Run, now: i64) {
    if !run.over() {
        run.life = Life::Cancelled;
        run.ended = Some(now);
    }
}

pub(in super::super) fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_id("run_id")?;
    if !existing(world, id, call.now)?.over() {
        return Err(ApiError::state(format!(
            "Run {id} is active, it can be deleted when it has ended."
        )));
    }
    world.jobs.runs.remove(&id);
    Ok(json!({}))
}

/// Output is kept per task: the run of a job has none of its own.
pub(in super::super) fn output(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_query_id("run_id")?;
    if world.jobs.runs.contains_key(&id) {
        return Err(ApiError::invalid(
            "Retrieving the output of runs with multiple tasks is not supported. Please retrieve the output of each individual task run instead.",
        ));
    }
    let found = world
        .jobs
        .runs
        .values()
        .find_map(|run| run.output_view(&world.url, id));
    found.ok_or_else(|| ApiError::invalid(format!("Run {id} does not exist.")))
}
