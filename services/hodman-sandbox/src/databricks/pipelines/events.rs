//! The event log of a pipeline.

use serde_json::{Value, json};

use super::updates::{State, Update, existing};
use crate::databricks::call::Call;
use crate::databricks::error::ApiError;
use crate::databricks::paging::{Paging, iso};
use crate::databricks::world::World;

const PAGES: Paging = Paging {
    size: "max_results",
    default: 25,
    most: 250,
};

pub(super) fn created(pipeline: &str, update: &Update, now: i64) -> Value {
    let message = format!("Update {} started by API_CALL.", &update.id[..6]);
    event(pipeline, update, "create_update", "INFO", &message, now)
}

pub(super) fn progress(pipeline: &str, update: &Update, state: State, now: i64) -> Value {
    let (level, reason) = match (&update.fault, state) {
        (Some(fault), State::Failed) => ("ERROR", format!(" {fault}")),
        _ => ("INFO", String::new()),
    };
    let message = format!("Update {} is {}.{reason}", &update.id[..6], state.name());
    event(pipeline, update, "update_progress", level, &message, now)
}

fn event(
    pipeline: &str,
    update: &Update,
    kind: &str,
    level: &str,
    message: &str,
    now: i64,
) -> Value {
    json!({
        "id": uuid::Uuid::new_v4().to_string(),
        "origin": {"cloud": "AWS", "pipeline_id": pipeline, "update_id": update.id},
        "timestamp": iso(now),
        "message": message,
        "level": level,
        "maturity_level": "STABLE",
        "event_type": kind,
    })
}

/// Newest first, unless `order_by` says otherwise; `filter` knows `level` and the update's id.
pub(super) fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let pipeline = existing(world, call)?;
    let filter = call.query("filter").unwrap_or_default();
    let wanted = |event: &Value| {
        let level = event["level"].as_str().unwrap_or_default();
        let update = event["origin"]["update_id"].as_str().unwrap_or_default();
        (!filter.contains("level") || filter.contains(&format!("'{level}'")))
            && (!filter.contains("update_id") || filter.contains(update))
    };
    let mut found: Vec<Value> = pipeline
        .events
        .iter()
        .filter(|event| wanted(event))
        .cloned()
        .collect();
    if !call
        .query("order_by")
        .is_some_and(|order| order.ends_with("asc"))
    {
        found.reverse();
    }
    PAGES.answer(call, "events", found)
}
