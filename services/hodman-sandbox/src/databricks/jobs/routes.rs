//! The calls on jobs.

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::validate::list as tasks_of;
use super::{defaults, merge, runs, validate};
use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::table::{Table, fill};
use crate::databricks::tokens::Caller;
use crate::databricks::world::World;

pub(crate) use runs::run_now;

/// `jobs/get` of version 2.2 answers this many tasks at once.
const TASKS_PER_PAGE: usize = 100;

/// Settings that `jobs/list` leaves out unless `expand_tasks` is true.
const EXPANDED: [&str; 4] = ["tasks", "job_clusters", "environments", "parameters"];

pub(crate) fn router() -> Router<Shared<World>> {
    let mut router = Router::new();
    for version in ["2.1", "2.2"] {
        let path = |name: &str| format!("/api/{version}/jobs/{name}");
        router = router
            .route(&path("create"), post(create))
            .route(&path("get"), get(show))
            .route(&path("list"), get(list))
            .route(&path("reset"), post(reset))
            .route(&path("update"), post(update))
            .route(&path("delete"), post(remove))
            .route(&path("run-now"), post(run_now))
            .route(&path("runs/get"), get(runs::show))
            .route(&path("runs/list"), get(runs::list))
            .route(&path("runs/cancel"), post(runs::cancel))
            .route(&path("runs/cancel-all"), post(runs::cancel_all))
            .route(&path("runs/delete"), post(runs::remove))
            .route(&path("runs/get-output"), get(runs::output));
    }
    router
}

pub(crate) fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mut settings = settled(&call.body, &world.policies, &call.caller)?;
    queue_by_default(&mut settings, call);
    let id = world.next_id();
    world.jobs.add(id, settings, &call.caller, call.now);
    let acl = call
        .body
        .get("access_control_list")
        .and_then(Value::as_array)
        .filter(|_| !world.jobs.ignore_access);
    if let Err(refused) =
        world
            .permissions
            .created("jobs", &id.to_string(), &call.caller, acl, &world.directory)
    {
        world.jobs.remove(id)?;
        return Err(refused);
    }
    Ok(json!({"job_id": id}))
}

/// Since version 2.2 of the API runs are queued unless the job says that they are not; before, a job that says nothing has none.
fn queue_by_default(settings: &mut Map<String, Value>, call: &Call) {
    if !call.path.starts_with("/api/2.1/") {
        fill(settings, "queue", json!({"enabled": true}));
    }
}

/// Checked and filled.
fn settled(
    given: &Map<String, Value>,
    policies: &Table,
    owner: &Caller,
) -> Result<Map<String, Value>, ApiError> {
    validate::check(given, policies)?;
    defaults::filled(given, owner)
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let job = world.jobs.get(call.required_query_id("job_id")?)?;
    let mut view = job.view();
    if call.path.starts_with("/api/2.1/") {
        return Ok(Value::Object(view));
    }
    let start = match call.query("page_token") {
        Some(token) => usize::try_from(read_page_token(token)?).unwrap_or(usize::MAX),
        None => 0,
    };
    let all = tasks_of(&job.settings, "tasks");
    let page: Vec<Value> = all
        .iter()
        .skip(start)
        .take(TASKS_PER_PAGE)
        .cloned()
        .collect();
    let end = start + page.len();
    if end < all.len() {
        view.insert("next_page_token".into(), json!(page_token(end as u64)));
    }
    if all.len() > TASKS_PER_PAGE {
        view["settings"]["tasks"] = json!(page);
    }
    Ok(Value::Object(view))
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let limit = call
        .query_number("limit")?
        .filter(|limit| *limit != 0)
        .unwrap_or(20);
    let limit = usize::try_from(limit)
        .ok()
        .filter(|limit| (1..=100).contains(limit))
        .ok_or_else(|| {
            ApiError::invalid(format!(
                "Invalid limit: {limit}. The limit must be between 1 and 100."
            ))
        })?;
    let before = call
        .query("page_token")
        .filter(|token| !token.is_empty())
        .map(read_page_token)
        .transpose()?;
    let offset = usize::try_from(call.query_number("offset")?.unwrap_or(0)).unwrap_or(0);
    let expand = call.query_is_true("expand_tasks");
    let visible = world.jobs.visible(before.is_none());
    let mut found = world
        .jobs
        .all()
        .rev()
        .filter(|job| visible.contains(&job.id))
        .filter(|job| {
            call.query("name")
                .is_none_or(|name| name.is_empty() || job.name().eq_ignore_ascii_case(name))
        })
        .filter(|job| before.is_none_or(|before| job.id < before))
        .skip(offset);
    let mut jobs = Vec::new();
    let mut last = 0;
    for job in found.by_ref().take(limit) {
        last = job.id;
        jobs.push(list_item(job.view(), expand));
    }
    let more = found.next().is_some();
    let mut answer = Map::new();
    if !jobs.is_empty() {
        answer.insert("jobs".into(), json!(jobs));
    }
    answer.insert("has_more".into(), json!(more));
    if more {
        answer.insert("next_page_token".into(), json!(page_token(last)));
    }
    Ok(Value::Object(answer))
}

fn list_item(mut view: Map<String, Value>, expand: bool) -> Value {
    view.remove("run_as_user_name");
    view.remove("run_as_owner");
    if let Some(Value::Object(settings)) = view.get_mut("settings") {
        for key in EXPANDED {
            if !expand {
                settings.remove(key);
            } else if let Some(Value::Array(elements)) = settings.get_mut(key) {
                elements.truncate(TASKS_PER_PAGE);
            }
        }
    }
    Value::Object(view)
}

pub(crate) fn reset(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let new = new_settings(call)?;
    replace(world, call, |_| Ok(new))
}

pub(crate) fn update(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let changes = if call.body.contains_key("new_settings") {
        new_settings(call)?
    } else {
        Map::new()
    };
    let removed: Vec<String> = call
        .body
        .get("fields_to_remove")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|field| field.as_str().map(str::to_owned))
        .collect();
    replace(world, call, |settings| {
        merge::updated(settings, &changes, &removed)
    })
}

/// Keeps what `change` makes of the settings, if it is a legal job.
fn replace(
    world: &mut World,
    call: &Call,
    change: impl FnOnce(&Map<String, Value>) -> Result<Map<String, Value>, ApiError>,
) -> Result<Value, ApiError> {
    let job = world.jobs.get_mut(call.required_id("job_id")?)?;
    let settings = settled(
        &change(&job.settings)?,
        &world.policies,
        &Caller::of(&job.creator),
    )?;
    job.settings = settings;
    job.changed_by.clone_from(&call.caller.login);
    job.changed = call.now;
    Ok(json!({}))
}

fn new_settings(call: &Call) -> Result<Map<String, Value>, ApiError> {
    match call.body.get("new_settings") {
        Some(Value::Object(settings)) => Ok(settings.clone()),
        _ => Err(ApiError::invalid("Missing required field: new_settings")),
    }
}

pub(crate) fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_id("job_id")?;
    world.jobs.remove(id)?;
    world.permissions.forget("jobs", &id.to_string());
    Ok(json!({}))
}

pub(super) fn page_token(position: u64) -> String {
    URL_SAFE_NO_PAD.encode(format!("after:{position}"))
}

pub(super) fn read_page_token(token: &str) -> Result<u64, ApiError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix("after:")?.parse().ok())
        .ok_or_else(|| ApiError::invalid(format!("Invalid page token: {token}")))
}
