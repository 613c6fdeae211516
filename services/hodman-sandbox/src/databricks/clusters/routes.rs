//! The calls on clusters.

use axum::Router;
use serde_json::{Map, Value, json};

use super::{Cluster, State};
use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::compute::apply_policy;
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

pub(crate) fn router() -> Router<Shared<World>> {
    let mut router = super::libraries::router();
    for version in ["2.0", "2.1"] {
        let path = |name: &str| format!("/api/{version}/clusters/{name}");
        router = router
            .route(&path("create"), post(create))
            .route(&path("get"), get(show))
            .route(&path("list"), get(list))
            .route(&path("edit"), post(edit))
            .route(&path("start"), post(start))
            .route(&path("restart"), post(restart))
            .route(&path("resize"), post(resize))
            .route(&path("delete"), post(terminate))
            .route(&path("permanent-delete"), post(permanent_delete))
            .route(&path("pin"), post(pin))
            .route(&path("unpin"), post(unpin));
    }
    router
}

pub(crate) fn create(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let spec = checked(world, call)?;
    let source = if call.path.is_empty() { "UI" } else { "API" };
    let id = world
        .clusters
        .add(spec, &call.caller.login, source, call.now)
        .id
        .clone();
    world
        .permissions
        .created("clusters", &id, &call.caller, None, &world.directory)?;
    Ok(json!({"cluster_id": id}))
}

/// The body as the spec of a cluster.
fn checked(world: &World, call: &Call) -> Result<Map<String, Value>, ApiError> {
    let mut spec: Map<String, Value> = call
        .body
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    for outside in [
        "cluster_id",
        "idempotency_token",
        "clone_from",
        "apply_policy_default_values",
    ] {
        spec.remove(outside);
    }
    if let Some(policy) = call.text("policy_id") {
        let policy = world
            .policies
            .get("Policy", policy)
            .map_err(|_| ApiError::invalid(format!("Policy {policy} does not exist")))?;
        apply_policy(&mut spec, policy, call.flag("apply_policy_default_values"))?;
    }
    if !spec.get("spark_version").is_some_and(Value::is_string) {
        return Err(ApiError::invalid("Missing required field: spark_version"));
    }
    if !spec.contains_key("num_workers")
        && !spec.contains_key("autoscale")
        && spec.get("is_single_node") != Some(&json!(true))
    {
        return Err(ApiError::invalid(
            "Missing required field: one of num_workers and autoscale must be set",
        ));
    }
    if !spec.contains_key("node_type_id")
        && !spec.contains_key("instance_pool_id")
        && !spec.contains_key("node_type_flexibility")
    {
        return Err(ApiError::invalid(
            "Missing required field: one of node_type_id and instance_pool_id must be set",
        ));
    }
    if let Some(pool) = call
        .text("instance_pool_id")
        .filter(|pool| !world.pools.contains(pool))
    {
        return Err(ApiError::invalid(format!(
            "Instance pool {pool} does not exist"
        )));
    }
    Ok(spec)
}

/// The cluster as it is now.
fn existing<'a>(world: &'a mut World, id: &str, now: i64) -> Result<&'a mut Cluster, ApiError> {
    let pace = world.pace;
    let cluster = world.clusters.get_mut(id)?;
    cluster.advance(pace, now);
    Ok(cluster)
}

fn unexpected(cluster: &Cluster) -> ApiError {
    let mut state = cluster.state.name().to_lowercase();
    state[..1].make_ascii_uppercase();
    ApiError::state(format!(
        "Cluster {} is in unexpected state {state}.",
        cluster.id
    ))
}

fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call
        .query("cluster_id")
        .ok_or_else(|| ApiError::invalid("Missing required field: cluster_id"))?;
    Ok(Value::Object(existing(world, id, call.now)?.view()))
}

/// Without `page_size` all at once: the 2.0 behaviour; with it, pages by id.
fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let pace = world.pace;
    world
        .clusters
        .clusters
        .values_mut()
        .for_each(|cluster| cluster.advance(pace, call.now));
    let size = call
        .query_number("page_size")?
        .filter(|size| *size != 0)
        .unwrap_or(100);
    let size = usize::try_from(size)
        .ok()
        .filter(|size| (1..=100).contains(size))
        .ok_or_else(|| {
            ApiError::invalid(format!(
                "Invalid page_size: {size}. It must be between 1 and 100."
            ))
        })?;
    let after = call.query("page_token").unwrap_or_default();
    let states: Vec<&str> = call
        .query("filter_by.cluster_states")
        .map(|states| states.split(',').collect())
        .unwrap_or_default();
    let mut found = world
        .clusters
        .all()
        .filter(|cluster| cluster.id.as_str() > after)
        .filter(|cluster| states.is_empty() || states.contains(&cluster.state.name()));
    let page: Vec<&Cluster> = found.by_ref().take(size).collect();
    let next = if found.next().is_some() {
        page.last().map_or("", |last| last.id.as_str())
    } else {
        ""
    };
    let clusters: Vec<Value> = page
        .iter()
        .map(|cluster| Value::Object(cluster.view()))
        .collect();
    Ok(json!({"clusters": clusters, "next_page_token": next, "prev_page_token": ""}))
}

/// A full replacement; a running cluster restarts with it.
pub(crate) fn edit(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let spec = checked(world, call)?;
    let cluster = existing(world, call.required_text("cluster_id")?, call.now)?;
    match cluster.state {
        State::Running => cluster.enter(State::Restarting, call.now),
        State::Terminated => {}
        _ => return Err(unexpected(cluster)),
    }
    cluster.spec = spec;
    Ok(json!({}))
}

fn start(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let cluster = existing(world, call.required_text("cluster_id")?, call.now)?;
    if cluster.state != State::Terminated {
        return Err(unexpected(cluster));
    }
    cluster.enter(State::Pending, call.now);
    cluster.started = call.now;
    Ok(json!({}))
}

fn restart(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let cluster = existing(world, call.required_text("cluster_id")?, call.now)?;
    if cluster.state != State::Running {
        return Err(unexpected(cluster));
    }
    cluster.enter(State::Restarting, call.now);
    Ok(json!({}))
}

fn resize(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let cluster = existing(world, call.required_text("cluster_id")?, call.now)?;
    if cluster.state != State::Running {
        return Err(unexpected(cluster));
    }
    let (new, old) = if call.body.contains_key("autoscale") {
        ("autoscale", "num_workers")
    } else {
        ("num_workers", "autoscale")
    };
    let size = call
        .body
        .get(new)
        .cloned()
        .ok_or_else(|| ApiError::invalid("Missing required field: num_workers"))?;
    cluster.spec.remove(old);
    cluster.spec.insert(new.into(), size);
    cluster.enter(State::Resizing, call.now);
    Ok(json!({}))
}

/// `clusters/delete` ends the cluster and keeps its configuration.
fn terminate(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let cluster = existing(world, call.required_text("cluster_id")?, call.now)?;
    if !matches!(cluster.state, State::Terminating | State::Terminated) {
        cluster.enter(State::Terminating, call.now);
    }
    Ok(json!({}))
}

pub(crate) fn permanent_delete(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let id = call.required_text("cluster_id")?;
    let cluster = existing(world, id, call.now)?;
    if cluster.pinned {
        return Err(ApiError::invalid(format!(
            "Cluster {id} is pinned, unpin it first."
        )));
    }
    world.clusters.clusters.remove(id);
    world.permissions.forget("clusters", id);
    Ok(json!({}))
}

fn pin(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    existing(world, call.required_text("cluster_id")?, call.now)?.pinned = true;
    Ok(json!({}))
}

fn unpin(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    existing(world, call.required_text("cluster_id")?, call.now)?.pinned = false;
    Ok(json!({}))
}
