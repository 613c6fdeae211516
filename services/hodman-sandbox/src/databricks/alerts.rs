//! Alerts of both versions: on a saved query, and with a query and a schedule of their own.

mod second;

use axum::Router;
use serde_json::{Value, json};

use super::call::{Call, Shared, delete, get, patch, post};
use super::error::ApiError;
use super::saved_sql::SavedSql;
use super::table::object;
use super::world::World;

const ROOT: &str = "/api/2.0/sql/alerts";

const KIND: SavedSql = SavedSql {
    what: "Alert",
    wrapper: Some("alert"),
    fields: &[
        "condition",
        "custom_body",
        "custom_subject",
        "display_name",
        "notify_on_ok",
        "parent_path",
        "query_id",
        "seconds_to_retrigger",
    ],
    required: &["display_name", "query_id", "condition"],
    permissions: "alerts",
    trashed: "TRASHED",
    list: "results",
    unlisted: &["parent_path"],
    table: |world| &mut world.alerts,
};

pub(crate) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(trash))
        .merge(second::router())
}

/// The query must be there and not in the trash.
fn check_query(world: &World, call: &Call) -> Result<(), ApiError> {
    let id = call
        .body
        .get("alert")
        .and_then(|alert| alert.get("query_id"));
    let Some(id) = id.and_then(Value::as_str) else {
        return Ok(());
    };
    let query = world.queries.get("Query", id)?;
    if query.get("lifecycle_state") != Some(&json!("ACTIVE")) {
        return Err(ApiError::invalid(format!("Query {id} is in the trash.")));
    }
    Ok(())
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    check_query(world, call)?;
    let defaults = json!({"state": "UNKNOWN", "notify_on_ok": false, "seconds_to_retrigger": 0});
    KIND.create(world, call, object(defaults))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    KIND.show(world, call)
}

fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    check_query(world, call)?;
    KIND.change(world, call, call.text("update_mask"), &["owner_user_name"])
}

fn trash(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    KIND.trash(world, call)
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    KIND.list(world, call)
}
