//! Which fields these are, and what a person's value looks like.

use serde_json::Value;

use super::{Said, is_told};
use crate::capture::paths::short;
use crate::kinds::Listed;

/// Fields of every cluster that a kind has inside.
pub(super) const OF_CLUSTERS: &[&[&str]] = &[
    SINGLE_USER,
    ELASTIC_DISK,
    ZONE,
    &["driver_node_type_flexibility"],
    &["worker_node_type_flexibility"],
];
/// Fields of the kinds themselves.
pub(super) const OF_KINDS: &[(&str, &[&[&str]])] = &[
    (
        "jobs",
        &[&["budget_policy_id"], &["usage_policy_id"], PARENT],
    ),
    (
        "pipelines",
        &[
            &["budget_policy_id"],
            &["usage_policy_id"],
            PARENT,
            STORAGE,
            LOG_CATALOG,
            LOG_SCHEMA,
            COMPUTE,
        ],
    ),
    ("instance_pools", &[ZONE, DISKS, &["node_type_flexibility"]]),
    ("experiments", &[ARTIFACTS]),
    ("external_locations", &[QUEUE]),
    ("vector_search_endpoints", &[&["budget_policy_id"], QPS]),
    ("vector_search_indexes", &[COLUMNS, COLUMNS_TO_INDEX]),
    ("apps", &[FORWARDS, MIN_INSTANCES, MAX_INSTANCES]),
    ("global_init_scripts", &[POSITION]),
    ("connections", &[READ_ONLY]),
    ("model_serving_endpoints", &[TELEMETRY]),
    ("registered_models", &[LOCATION]),
    ("sql_warehouses", &[PROFILE, MAX_DBU, MULTIPLIER]),
    ("service_principals", &[APPLICATION, EXTERNAL]),
    ("groups", &[EXTERNAL]),
];
/// What is told of a new object, because nothing says whether a person said it, with why.
pub(super) const UNKNOWN: &[(&[&str], &str)] = &[
    (COLUMNS, "may be all that the source has"),
    (COLUMNS_TO_INDEX, "may be all that the source has"),
    (MIN_INSTANCES, "may be what the server gives every app"),
    (MAX_INSTANCES, "may be what the server gives every app"),
    (POSITION, "is its place among the workspace's scripts"),
    (COMPUTE, "names something of this workspace"),
    (PROFILE, "may be what the workspace gives every warehouse"),
    (MAX_DBU, "may be what the server gives every warehouse"),
    (MULTIPLIER, "may be what the server gives every warehouse"),
    (EXTERNAL, "may be what an identity provider wrote"),
    (
        APPLICATION,
        "is another one in every workspace, unless the principal is one of the account",
    ),
];
const SINGLE_USER: &[&str] = &["single_user_name"];
pub(super) const ELASTIC_DISK: &[&str] = &["enable_elastic_disk"];
pub(super) const ZONE: &[&str] = &["aws_attributes", "zone_id"];
pub(super) const PARENT: &[&str] = &["parent_path"];
const STORAGE: &[&str] = &["storage"];
const LOG_CATALOG: &[&str] = &["event_log", "catalog"];
const LOG_SCHEMA: &[&str] = &["event_log", "schema"];
const DISKS: &[&str] = &["disk_spec"];
const ARTIFACTS: &[&str] = &["artifact_location"];
const QUEUE: &[&str] = &["file_event_queue"];
const QPS: &[&str] = &["target_qps"];
const COLUMNS: &[&str] = &["delta_sync_index_spec", "columns_to_sync"];
const COLUMNS_TO_INDEX: &[&str] = &["delta_sync_index_spec", "columns_to_index"];
const FORWARDS: &[&str] = &["forward_user_access_token"];
const MIN_INSTANCES: &[&str] = &["compute_min_instances"];
const MAX_INSTANCES: &[&str] = &["compute_max_instances"];
const POSITION: &[&str] = &["position"];
const COMPUTE: &[&str] = &["serverless_compute_id"];
const READ_ONLY: &[&str] = &["read_only"];
const TELEMETRY: &[&str] = &["telemetry_config"];
const LOCATION: &[&str] = &["storage_location"];
const PROFILE: &[&str] = &["instance_profile_arn"];
const MAX_DBU: &[&str] = &["max_dbu"];
const MULTIPLIER: &[&str] = &["reyden_cluster_size_multiplier"];
const EXTERNAL: &[&str] = &["externalId"];
const APPLICATION: &[&str] = &["applicationId"];
/// Where to look for a zone by itself.
pub(super) const AUTO: &str = "auto";
/// Where the server keeps the state of a pipeline without a catalog, and the artifacts of an experiment, below its id.
const PIPELINES: &str = "dbfs:/pipelines/";
const EXPERIMENTS: &str = "dbfs:/databricks/mlflow-tracking/";

/// Whether a value says by itself that no server filled it, also where we deployed the object.
pub(super) fn says_itself(field: &[&str]) -> bool {
    let by_person = [ELASTIC_DISK, PARENT, STORAGE, LOG_CATALOG, LOG_SCHEMA];
    let others = [DISKS, ARTIFACTS, QUEUE, QPS, FORWARDS, READ_ONLY, LOCATION];
    by_person.contains(&field) || others.contains(&field)
}

/// Whether the server would not have filled that by itself.
pub(super) fn is_chosen(said: &Said<'_>, listed: &Listed) -> bool {
    let text = said.value.as_str().unwrap_or_default();
    let of = |fields: [&str; 2]| fields.iter().find_map(|field| listed.config.get(*field));
    match said.field {
        // A cluster of one person has its creator, and one of a job whoever the job runs as.
        SINGLE_USER => {
            let run_as = listed.config.get("run_as").and_then(Value::as_object);
            let mut known = run_as
                .into_iter()
                .flatten()
                .filter_map(|(_, name)| name.as_str());
            let runs_as = listed.outputs.get("runs_as").and_then(Value::as_str);
            !text.is_empty()
                && Some(text) != listed.creator.as_deref()
                && Some(text) != runs_as
                && known.all(|name| name != text)
        }
        // Where there is no pool that decides it, a disk grows.
        ELASTIC_DISK => *said.value == Value::Bool(false) && !has_pool(said.of),
        // The one that was found, whatever was asked for.
        ZONE => false,
        PARENT => !text.is_empty() && home(text).is_none(),
        STORAGE => is_elsewhere(text, PIPELINES),
        ARTIFACTS => is_elsewhere(text, EXPERIMENTS),
        // Those of the pipeline itself.
        LOG_CATALOG => differs(said.value, of(["catalog", "catalog"])),
        LOG_SCHEMA => differs(said.value, of(["schema", "target"])),
        // A person brings a queue along, the server makes one.
        QUEUE => {
            let mut queues = said.value.as_object().into_iter().flatten();
            queues.any(|(name, _)| name.starts_with("provided_"))
        }
        QPS => said.value.as_i64().is_some_and(|qps| qps > 0),
        DISKS => {
            let says = |field| said.value.get(field).and_then(Value::as_i64).unwrap_or(0) > 0;
            says("disk_count") || says("disk_size")
        }
        // On where nothing is said.
        FORWARDS | READ_ONLY => *said.value == Value::Bool(false),
        TELEMETRY => said.value.as_object().is_some_and(|map| !map.is_empty()),
        // A model's own folder is called by its id.
        LOCATION => text.rsplit('/').next().is_some_and(|last| !is_id(last)),
        field if is_told(field) => false,
        // What other node types may stand in.
        _ if said.value.is_object() => {
            let types = said.value.get("alternate_node_type_ids");
            let types = types.and_then(Value::as_array);
            types.is_some_and(|types| !types.is_empty())
        }
        _ => !text.is_empty(),
    }
}

/// Whether a location is another one than the server's own, which ends with an id.
fn is_elsewhere(location: &str, own: &str) -> bool {
    let rest = location
        .strip_prefix(own)
        .map(|id| id.trim_end_matches('/'));
    !location.is_empty() && rest.is_none_or(|id| id.is_empty() || !is_id(id))
}

fn is_id(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

fn differs(value: &Value, own: Option<&Value>) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty()) && own != Some(value)
}

pub(super) fn has_pool(cluster: &Value) -> bool {
    cluster.get("instance_pool_id").is_some()
}

/// Whose home a folder lies in.
pub(super) fn home(path: &str) -> Option<&str> {
    short(path).strip_prefix("/Users/")?.split('/').next()
}
