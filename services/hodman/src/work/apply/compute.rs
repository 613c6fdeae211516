//! What runs in a workspace on machines of its own: clusters, classic SQL warehouses, idle instances of pools.

use super::super::WorkError;
use hodman_clients::databricks::{Request, Retry, Workspace};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

const POOLS: &str = "/api/2.0/instance-pools";
const WAREHOUSES: &str = "/api/2.0/sql/warehouses";

/// The fields of a pool that say how many idle instances it keeps, and for how long.
const KEEPS: [&str; 2] = [
    "min_idle_instances",
    "idle_instance_autotermination_minutes",
];

/// What an edit of a pool must repeat, or it is taken for something to be changed.
const REPEATED: [&str; 5] = [
    "instance_pool_id",
    "instance_pool_name",
    "node_type_id",
    "max_capacity",
    "custom_tags",
];

/// Something that runs, and the request that stops it.
pub(super) struct Running {
    /// For people.
    pub what: String,
    /// None when it is stopping already.
    pub stop: Option<Request>,
    /// For a pool: its id and how it was set.
    pub pool: Option<(String, Value)>,
}

fn text<'v>(value: &'v Value, field: &str) -> &'v str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Runs of jobs that are under way, and would be cut off; but for those of jobs that `never_end`.
pub(super) async fn runs(
    workspace: &Workspace,
    never_end: &BTreeSet<String>,
) -> Result<Vec<String>, WorkError> {
    let active = [("active_only", "true"), ("limit", "25")];
    let runs = workspace.list_all("/api/2.2/jobs/runs/list", &active, "runs");
    let ends = |run: &&Value| {
        let job = run.get("job_id").map(Value::to_string);
        job.is_none_or(|job| !never_end.contains(&job))
    };
    let id = |run: &Value| run.get("run_id").map(|id| format!("run {id}"));
    Ok(runs.await?.iter().filter(ends).filter_map(id).collect())
}

/// Everything that runs.
pub(super) async fn running(workspace: &Workspace) -> Result<Vec<Running>, WorkError> {
    let mut found = Vec::new();
    for cluster in workspace.clusters().list_all().await? {
        let id = text(&cluster, "cluster_id");
        let stops = match text(&cluster, "state") {
            "PENDING" | "RUNNING" | "RESTARTING" | "RESIZING" => true,
            "TERMINATING" => false,
            _ => continue,
        };
        let body = json!({"cluster_id": id});
        // Named so in the API: it can be started again.
        let stop = Request::post("/api/2.1/clusters/delete", body, Retry::Idempotent);
        found.push(Running {
            what: format!("cluster {id}"),
            stop: stops.then_some(stop),
            pool: None,
        });
    }
    for warehouse in workspace.list_all(WAREHOUSES, &[], "warehouses").await? {
        let id = text(&warehouse, "id");
        let stops = match text(&warehouse, "state") {
            "STARTING" | "RUNNING" => true,
            "STOPPING" => false,
            _ => continue,
        };
        if warehouse.get("enable_serverless_compute") == Some(&json!(true)) {
            continue;
        }
        let path = format!("{WAREHOUSES}/{id}/stop");
        let stop = Request::post(path, json!({}), Retry::Idempotent);
        found.push(Running {
            what: format!("SQL warehouse {id}"),
            stop: stops.then_some(stop),
            pool: None,
        });
    }
    let pools = workspace
        .call(Request::get(format!("{POOLS}/list")))
        .await?;
    let pools = pools.get("instance_pools").and_then(Value::as_array);
    for pool in pools.into_iter().flatten() {
        let id = text(pool, "instance_pool_id");
        let keeps = number(pool, "min_idle_instances") > 0;
        let stats = pool.get("stats").unwrap_or(&Value::Null);
        let has = [
            "idle_count",
            "pending_idle_count",
            "used_count",
            "pending_used_count",
        ]
        .iter()
        .any(|field| number(stats, field) > 0);
        if keeps || has {
            let edit = edit(pool, &json!({KEEPS[0]: 0, KEEPS[1]: 0}));
            let emptied = KEEPS
                .iter()
                .all(|field| pool.get(*field) == Some(&json!(0)));
            found.push(Running {
                what: format!("instances of pool {id}"),
                stop: (!emptied).then_some(edit),
                pool: (!emptied).then(|| (id.to_owned(), kept(pool))),
            });
        }
    }
    Ok(found)
}

fn number(value: &Value, field: &str) -> i64 {
    value.get(field).and_then(Value::as_i64).unwrap_or_default()
}

/// How many idle instances the pool keeps, and for how long.
fn kept(pool: &Value) -> Value {
    let fields = KEEPS.iter().filter_map(|field| {
        let value = pool.get(*field)?.clone();
        Some(((*field).to_owned(), value))
    });
    Value::Object(fields.collect())
}

fn edit(pool: &Value, keeps: &Value) -> Request {
    let repeated = REPEATED.iter().filter_map(|field| {
        let value = pool.get(*field)?.clone();
        Some(((*field).to_owned(), value))
    });
    let mut body: Map<String, Value> = repeated.collect();
    body.extend(keeps.as_object().cloned().unwrap_or_default());
    Request::post(
        format!("{POOLS}/edit"),
        Value::Object(body),
        Retry::Idempotent,
    )
}

/// Puts the pools back to how they were set. One that is gone meanwhile is nobody's concern.
pub(super) async fn refill(
    workspace: &Workspace,
    pools: &BTreeMap<String, Value>,
) -> Result<(), WorkError> {
    for (id, keeps) in pools {
        let get = Request::get(format!("{POOLS}/get")).query("instance_pool_id", id);
        let put = match workspace.call(get).await {
            Ok(pool) => workspace.call(edit(&pool, keeps)).await.map(drop),
            Err(error) => Err(error),
        };
        match put {
            Ok(()) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(WorkError::from(error).doing(&format!("refilling pool {id}"))),
        }
    }
    Ok(())
}
