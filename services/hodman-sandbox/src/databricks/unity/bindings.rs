//! Which workspaces may use an isolated catalog, external location or storage credential. These calls answer from every
//! workspace of the metastore, or nobody could open again what was closed.

use std::collections::BTreeMap;

use axum::Router;
use axum::routing::MethodFilter;
use serde_json::{Value, json};

use super::ROOT;
use super::desk::{Desk, serves};
use super::kind::Kind;
use super::pages::paged;
use crate::databricks::call::{Call, Shared};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

const READ_WRITE: &str = "BINDING_TYPE_READ_WRITE";
const TYPES: [&str; 2] = [READ_WRITE, "BINDING_TYPE_READ_ONLY"];

pub(super) fn router() -> Router<Shared<World>> {
    let one = format!("{ROOT}/bindings/{{type}}/{{name}}");
    let older = format!("{ROOT}/workspace-bindings/catalogs/{{name}}");
    Router::new()
        .route(&one, serves(MethodFilter::GET, show))
        .route(&one, serves(MethodFilter::PATCH, change))
        .route(&older, serves(MethodFilter::GET, show_older))
        .route(&older, serves(MethodFilter::PATCH, change_older))
}

fn kind(call: &Call) -> Result<Kind, ApiError> {
    let word = call.param("type");
    let upper = word.to_uppercase().replace('-', "_");
    let mut kinds = Kind::ALL.into_iter();
    kinds
        .find(|kind| kind.is_bindable() && kind.securable() == upper)
        .ok_or_else(|| ApiError::invalid(format!("'{word}' cannot be bound to workspaces.")))
}

fn rows(bindings: &BTreeMap<u64, String>) -> Vec<Value> {
    let rows = bindings.iter();
    rows.map(|(workspace, kind)| json!({"workspace_id": workspace, "binding_type": kind}))
        .collect()
}

fn show(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let securable = desk.metastore.get(kind(call)?, call.param("name"))?;
    paged(rows(&securable.bindings), "bindings", call)
}

/// Workspaces and binding types of a field of the body.
fn named(call: &Call, field: &str) -> Result<BTreeMap<u64, String>, ApiError> {
    let entries = call.body.get(field).and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .map(|entry| {
            let workspace = entry.get("workspace_id").and_then(Value::as_u64);
            let workspace = workspace
                .ok_or_else(|| ApiError::invalid("Missing required field: workspace_id"))?;
            let kind = entry.get("binding_type").and_then(Value::as_str);
            let kind = kind.unwrap_or(READ_WRITE);
            if TYPES.contains(&kind) {
                Ok((workspace, kind.to_owned()))
            } else {
                let message = format!("'{kind}' is not a known binding type.");
                Err(ApiError::invalid(message))
            }
        })
        .collect()
}

fn change(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let (add, remove) = (named(call, "add")?, named(call, "remove")?);
    let securable = desk.metastore.get_mut(kind(call)?, call.param("name"))?;
    let bindings = &mut securable.bindings;
    bindings.retain(|workspace, _| !remove.contains_key(workspace));
    bindings.extend(add);
    Ok(json!({ "bindings": rows(bindings) }))
}

fn show_older(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let catalog = desk.metastore.get(Kind::Catalog, call.param("name"))?;
    let workspaces: Vec<&u64> = catalog.bindings.keys().collect();
    Ok(json!({ "workspaces": workspaces }))
}

fn change_older(desk: &mut Desk<'_>, call: &Call) -> Result<Value, ApiError> {
    let named = |field: &str| -> Vec<u64> {
        let ids = call.body.get(field).and_then(Value::as_array);
        let ids = ids.into_iter().flatten();
        ids.filter_map(Value::as_u64).collect()
    };
    let (add, remove) = (named("assign_workspaces"), named("unassign_workspaces"));
    let catalog = desk.metastore.get_mut(Kind::Catalog, call.param("name"))?;
    let bindings = &mut catalog.bindings;
    bindings.retain(|workspace, _| !remove.contains(workspace));
    bindings.extend(add.into_iter().map(|id| (id, READ_WRITE.to_owned())));
    let workspaces: Vec<&u64> = bindings.keys().collect();
    Ok(json!({ "workspaces": workspaces }))
}
