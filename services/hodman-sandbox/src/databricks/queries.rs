//! Saved SQL queries.

use axum::Router;
use serde_json::{Value, json};

use super::call::{Call, Shared, delete, get, patch, post};
use super::error::ApiError;
use super::saved_sql::SavedSql;
use super::table::{fill, object};
use super::world::World;

const ROOT: &str = "/api/2.0/sql/queries";

const KIND: SavedSql = SavedSql {
    what: "Query",
    wrapper: Some("query"),
    fields: &[
        "apply_auto_limit",
        "catalog",
        "description",
        "display_name",
        "parameters",
        "parent_path",
        "query_text",
        "run_as_mode",
        "schema",
        "tags",
        "warehouse_id",
    ],
    required: &["display_name"],
    permissions: "queries",
    trashed: "TRASHED",
    list: "results",
    unlisted: &["parent_path"],
    table: |world| &mut world.queries,
};

pub(crate) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/{{id}}");
    Router::new()
        .route(ROOT, get(list))
        .route(ROOT, post(create))
        .route(&one, get(show))
        .route(&one, patch(change))
        .route(&one, delete(trash))
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let defaults = json!({
        "apply_auto_limit": false,
        "run_as_mode": "OWNER",
        "last_modifier_user_name": call.caller.login,
    });
    KIND.create(world, &precise(call), object(defaults))
}

/// Dates are days unless the parameter says otherwise.
fn precise(call: &Call) -> Call {
    let mut call = call.clone();
    let parameters = call
        .body
        .get_mut("query")
        .and_then(|query| query.get_mut("parameters"));
    let parameters = parameters.and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        for kind in ["date_value", "date_range_value"] {
            if let Some(Value::Object(date)) = parameter.get_mut(kind) {
                fill(date, "precision", json!("DAY_PRECISION"));
            }
        }
    }
    call
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    KIND.show(world, call)
}

/// The owner can be changed, too, which a create cannot say.
fn change(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let call = precise(call);
    KIND.change(world, &call, call.text("update_mask"), &["owner_user_name"])
}

fn trash(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    KIND.trash(world, call)
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    KIND.list(world, call)
}
