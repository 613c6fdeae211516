//! Libraries API 2.0: what is installed on clusters. Nothing is really installed, so it is at once.

use axum::Router;
use serde_json::{Value, json};

use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

pub(crate) fn router() -> Router<Shared<World>> {
    let path = |name: &str| format!("/api/2.0/libraries/{name}");
    Router::new()
        .route(&path("all-cluster-statuses"), get(all))
        .route(&path("install"), post(install))
        .route(&path("uninstall"), post(uninstall))
}

fn all(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    let clusters = world.clusters.all();
    // Clusters without any are not in the answer.
    let statuses: Vec<Value> = clusters
        .filter(|cluster| !cluster.libraries.is_empty())
        .map(|cluster| {
            let libraries: Vec<Value> = cluster
                .libraries
                .iter()
                .map(|(library, status)| {
                    json!({"library": library, "status": status, "is_library_for_all_clusters": false})
                })
                .collect();
            json!({"cluster_id": cluster.id, "library_statuses": libraries})
        })
        .collect();
    Ok(json!({ "statuses": statuses }))
}

fn install(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let wanted = libraries(call)?;
    let cluster = world.clusters.get_mut(call.required_text("cluster_id")?)?;
    for library in wanted {
        cluster.libraries.retain(|(known, _)| *known != library);
        cluster.libraries.push((library, "INSTALLED"));
    }
    Ok(json!({}))
}

/// They stay until the cluster starts anew.
fn uninstall(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let wanted = libraries(call)?;
    let cluster = world.clusters.get_mut(call.required_text("cluster_id")?)?;
    for (library, status) in &mut cluster.libraries {
        if wanted.contains(library) {
            *status = "UNINSTALL_ON_RESTART";
        }
    }
    Ok(json!({}))
}

fn libraries(call: &Call) -> Result<Vec<Value>, ApiError> {
    let all = call.body.get("libraries").and_then(Value::as_array);
    all.cloned()
        .ok_or_else(|| ApiError::invalid("Missing required field: libraries"))
}
