//! Cluster policies. Their names are unique.

mod rules;

use axum::Router;
use serde_json::{Map, Value, json};

use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::table::fill;
use crate::databricks::world::World;

pub(crate) use rules::apply;

const WHAT: &str = "Policy";

pub(super) fn router() -> Router<Shared<World>> {
    Router::new()
        .route("/api/2.0/policies/clusters/create", post(create))
        .route("/api/2.0/policies/clusters/edit", post(edit))
        .route("/api/2.0/policies/clusters/delete", post(remove))
        .route("/api/2.0/policies/clusters/get", get(show))
        .route("/api/2.0/policies/clusters/list", get(list))
}

fn checked(call: &Call) -> Result<Map<String, Value>, ApiError> {
    call.required_text("name")?;
    if !call.body.contains_key("definition") && !call.body.contains_key("policy_family_id") {
        return Err(ApiError::invalid(
            "Missing required field: one of definition and policy_family_id must be set",
        ));
    }
    for key in ["definition", "policy_family_definition_overrides"] {
        let Some(definition) = call.text(key) else {
            continue;
        };
        let parsed: Result<Map<String, Value>, _> = serde_json::from_str(definition);
        parsed.map_err(|error| {
            ApiError::invalid(format!(
                "The policy's definition is not a JSON object: {error}"
            ))
        })?;
    }
    let mut row = call.body.clone();
    row.remove("policy_id");
    row.retain(|_, value| !value.is_null());
    fill(&mut row, "definition", json!("{}"));
    Ok(row)
}

fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let mut row = checked(call)?;
    world
        .policies
        .must_be_unique(WHAT, "name", call.required_text("name")?, None)?;
    let id = format!("{:016X}", world.next_id());
    row.insert("policy_id".into(), json!(id));
    row.insert("creator_user_name".into(), json!(call.caller.login));
    row.insert("created_at_timestamp".into(), json!(call.now));
    row.insert("is_default".into(), json!(false));
    world.policies.insert(&id, row);
    world.permissions.created(
        "cluster-policies",
        &id,
        &call.caller,
        None,
        &world.directory,
    )?;
    Ok(json!({"policy_id": id}))
}

/// A full replacement, except for what the service keeps about the policy.
fn edit(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_text("policy_id")?;
    let mut new = checked(call)?;
    world
        .policies
        .must_be_unique(WHAT, "name", call.required_text("name")?, Some(id))?;
    let row = world.policies.get_mut(WHAT, id)?;
    for kept in [
        "policy_id",
        "creator_user_name",
        "created_at_timestamp",
        "is_default",
    ] {
        if let Some(value) = row.get(kept) {
            new.insert(kept.into(), value.clone());
        }
    }
    *row = new;
    Ok(json!({}))
}

fn remove(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_text("policy_id")?;
    world.policies.remove(WHAT, id)?;
    world.permissions.forget("cluster-policies", id);
    Ok(json!({}))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    Ok(Value::Object(
        world
            .policies
            .get(WHAT, call.query("policy_id").unwrap_or_default())?
            .clone(),
    ))
}

fn list(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    let policies = world.policies.list();
    Ok(json!({"total_count": policies.len(), "policies": policies}))
}
