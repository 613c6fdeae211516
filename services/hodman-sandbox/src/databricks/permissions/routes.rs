//! The calls on permissions.

use axum::Router;
use serde_json::{Value, json};

use super::kinds::Kind;
use crate::databricks::call::{Call, Shared, get, patch, put};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

const ROOT: &str = "/api/2.0/permissions/";

pub(crate) fn router() -> Router<Shared<World>> {
    Kind::names().fold(Router::new(), |router, kind| {
        // The two of `authorization` are one object each.
        let object = if kind.starts_with("authorization/") {
            format!("{ROOT}{kind}")
        } else {
            format!("{ROOT}{kind}/{{id}}")
        };
        router
            .route(&format!("{object}/permissionLevels"), get(levels))
            .route(&object, get(show))
            .route(&object, put(replace))
            .route(&object, patch(merge))
    })
}

/// Kind and id that the path names, if there is such an object.
fn object(world: &World, call: &Call) -> Result<(&'static Kind, String), ApiError> {
    let path = call.path.strip_prefix(ROOT).unwrap_or_default();
    let path = path.strip_suffix("/permissionLevels").unwrap_or(path);
    let id = call.param("id");
    let kind = Kind::of(path.strip_suffix(&format!("/{id}")).unwrap_or(path))?;
    let number = id.parse::<u64>().ok();
    let exists = match kind.name {
        "jobs" => number.is_some_and(|id| world.jobs.get(id).is_ok()),
        "clusters" => world.clusters.contains(id),
        "warehouses" => world.warehouses.contains(id),
        "cluster-policies" => world.policies.contains(id),
        "instance-pools" => world.pools.contains(id),
        "repos" => world.repos.contains(id),
        "notebooks" | "files" | "directories" => number.is_some_and(|id| world.files.has_id(id)),
        "pipelines" => world.pipelines.contains(id),
        "dashboards" => world.dashboards.contains(id),
        "queries" => world.queries.contains(id),
        "alerts" => world.alerts.contains(id),
        "alertsv2" => world.alerts_v2.contains(id),
        "serving-endpoints" => world.serving.contains_id(id),
        "experiments" => number.is_some_and(|id| world.experiments.contains(id)),
        "registered-models" => world.models.find("id", &json!(id)).is_some(),
        "apps" => world.apps.contains(id),
        "vector-search-endpoints" => world.vector_search.contains_id(id),
        "authorization/tokens" | "authorization/passwords" => true,
        _ => false,
    };
    if !exists {
        return Err(ApiError::missing(format!(
            "{} {id} does not exist.",
            kind.object_type()
        )));
    }
    Ok((kind, id.to_owned()))
}

fn entries(call: &Call) -> &[Value] {
    call.body
        .get("access_control_list")
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (kind, id) = object(world, call)?;
    Ok(view(world, kind, &id))
}

fn view(world: &World, kind: &Kind, id: &str) -> Value {
    let above = match kind.name {
        "notebooks" | "files" | "directories" => world.files.above(id),
        _ => Vec::new(),
    };
    world.permissions.view(kind, id, &above)
}

fn replace(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (kind, id) = object(world, call)?;
    world
        .permissions
        .replace(kind, &id, entries(call), &world.directory)?;
    Ok(view(world, kind, &id))
}

fn merge(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (kind, id) = object(world, call)?;
    world
        .permissions
        .merge(kind, &id, entries(call), &world.directory)?;
    Ok(view(world, kind, &id))
}

fn levels(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (kind, _) = object(world, call)?;
    let levels: Vec<Value> =
        kind.levels.iter().map(|level| json!({"permission_level": level, "description": format!("{level} on {}", kind.name)})).collect();
    Ok(json!({ "permission_levels": levels }))
}
