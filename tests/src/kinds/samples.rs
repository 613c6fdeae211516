//! One sample of each kind.
//!
//! Long because the table stands in one piece: one entry for each kind, and nothing else.

use serde_json::{Value, json};

/// The key of every sample below its kind.
pub const KEY: &str = "proof";

/// Kinds without a sample, and why.
pub const UNSAMPLED: &[(&str, &str)] = &[
    (
        "secrets",
        "its value comes from a source that the daemon's settings allow; played where these are tested",
    ),
    (
        "git_credentials",
        "its token comes from a source that the daemon's settings allow; played where these are tested",
    ),
    (
        "models",
        "a bundle that declares a model of the workspace registry is refused: it is known, so that none is lost, and not made",
    ),
];

/// One kind's sample.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The kind.
    pub kind: &'static str,
    /// The resource as the bundle says it first.
    pub declared: Value,
    /// Fields that somebody changes in the workspace; null where nothing of it can be changed, and somebody deletes it.
    pub by_hand: Value,
    /// Fields as the next version of the bundle says them; null where none can change without losing the content.
    pub next: Value,
}

fn sample(kind: &'static str, declared: Value, by_hand: Value, next: Value) -> Sample {
    Sample {
        kind,
        declared,
        by_hand,
        next,
    }
}

/// All of them.
#[must_use]
pub fn samples() -> Vec<Sample> {
    let mut all = compute();
    all.extend(workspace());
    all.extend(unity());
    all.extend(analytics());
    all
}

fn compute() -> Vec<Sample> {
    vec![
        sample(
            "instance_pools",
            json!({"instance_pool_name": "proof pool", "node_type_id": "m5.large", "min_idle_instances": 0, "max_capacity": 4,
                   "permissions": [{"level": "CAN_ATTACH_TO", "group_name": "users"}]}),
            json!({"max_capacity": 5}),
            json!({"max_capacity": 6}),
        ),
        sample(
            "cluster_policies",
            json!({"name": "proof policy", "definition": "{\"spark_version\": {\"type\": \"unlimited\"}}", "description": "first",
                   "permissions": [{"level": "CAN_USE", "group_name": "users"}]}),
            json!({"description": "by hand"}),
            json!({"description": "second"}),
        ),
        sample(
            "clusters",
            json!({"cluster_name": "proof cluster", "spark_version": "15.4.x-scala2.12", "num_workers": 1, "autotermination_minutes": 20,
                   "instance_pool_id": "${resources.instance_pools.proof.id}", "policy_id": "${resources.cluster_policies.proof.id}",
                   "permissions": [{"level": "CAN_RESTART", "group_name": "users"}]}),
            json!({"autotermination_minutes": 45}),
            json!({"autotermination_minutes": 30}),
        ),
        sample(
            "jobs",
            json!({"name": "proof job", "max_concurrent_runs": 2,
                   "tasks": [{"task_key": "a", "existing_cluster_id": "${resources.clusters.proof.id}",
                              "notebook_task": {"notebook_path": "../src/load.py"}},
                             {"task_key": "b", "depends_on": [{"task_key": "a"}],
                              "pipeline_task": {"pipeline_id": "${resources.pipelines.proof.id}"}}],
                   "permissions": [{"level": "CAN_VIEW", "group_name": "users"}]}),
            json!({"max_concurrent_runs": 7}),
            json!({"max_concurrent_runs": 3}),
        ),
        sample(
            "pipelines",
            json!({"name": "proof pipeline", "serverless": true, "configuration": {"day": "first"},
                   "libraries": [{"notebook": {"path": "../src/load.py"}}],
                   "permissions": [{"level": "CAN_VIEW", "group_name": "users"}]}),
            json!({"configuration": {"day": "by hand"}}),
            json!({"configuration": {"day": "second"}}),
        ),
        sample(
            "sql_warehouses",
            json!({"name": "proof warehouse", "cluster_size": "Small", "auto_stop_mins": 10, "max_num_clusters": 2,
                   "permissions": [{"level": "CAN_USE", "group_name": "users"}]}),
            json!({"auto_stop_mins": 60}),
            json!({"auto_stop_mins": 15}),
        ),
        sample(
            "global_init_scripts",
            json!({"name": "proof script", "script": "ZWNobyAx", "enabled": false}),
            json!({"script": "ZWNobyAy"}),
            json!({"script": "ZWNobyAz"}),
        ),
    ]
}

fn workspace() -> Vec<Sample> {
    vec![
        sample(
            "secret_scopes",
            json!({"name": "proof-scope", "permissions": [{"level": "READ", "group_name": "users"}]}),
            json!({"permissions": {"group:users": "WRITE"}}),
            json!({"permissions": [{"level": "MANAGE", "group_name": "users"}]}),
        ),
        sample(
            "git_folders",
            json!({"path": "/Workspace/Shared/proof/repository", "url": "https://github.com/acme/shop.git", "provider": "gitHub", "branch": "main"}),
            json!({"branch": "hand"}),
            json!({"branch": "second"}),
        ),
        sample(
            "directories",
            json!({"path": "/Workspace/Shared/proof-folder", "permissions": [{"level": "CAN_READ", "group_name": "users"}]}),
            json!({"permissions": {"group:users": "CAN_MANAGE"}}),
            json!({"permissions": [{"level": "CAN_EDIT", "group_name": "users"}]}),
        ),
        sample(
            "ip_access_lists",
            json!({"label": "proof list", "list_type": "ALLOW", "ip_addresses": ["10.0.0.0/8"], "enabled": true}),
            json!({"ip_addresses": ["10.0.0.0/8", "11.0.0.0/8"]}),
            json!({"ip_addresses": ["12.0.0.0/8"]}),
        ),
        sample(
            "workspace_conf",
            json!({"maxTokenLifetimeDays": "90"}),
            json!({"maxTokenLifetimeDays": "1"}),
            json!({"maxTokenLifetimeDays": "30"}),
        ),
        sample(
            "service_principals",
            json!({"displayName": "proof principal", "active": true}),
            json!({"displayName": "renamed by hand"}),
            json!({"displayName": "second principal"}),
        ),
        sample(
            "groups",
            json!({"displayName": "proof-group", "entitlements": [{"value": "workspace-access"}]}),
            json!({"entitlements": [{"value": "allow-cluster-create"}]}),
            json!({"entitlements": [{"value": "databricks-sql-access"}]}),
        ),
    ]
}

fn unity() -> Vec<Sample> {
    let grants = |privilege: &str| json!([{"principal": "users", "privileges": [privilege]}]);
    let commented = || json!({"comment": "by hand"});
    let next = || json!({"comment": "second"});
    vec![
        sample(
            "storage_credentials",
            json!({"name": "proof_credential", "aws_iam_role": {"role_arn": "arn:aws:iam::123456789012:role/proof"}, "comment": "first",
                   "grants": grants("CREATE_EXTERNAL_LOCATION")}),
            commented(),
            next(),
        ),
        sample(
            "external_locations",
            json!({"name": "proof_lake", "url": "s3://proof-lake/data", "comment": "first",
                   "credential_name": "${resources.storage_credentials.proof.name}", "grants": grants("READ_FILES")}),
            commented(),
            next(),
        ),
        sample(
            "catalogs",
            json!({"name": "proof_catalog", "comment": "first", "grants": grants("USE_CATALOG")}),
            commented(),
            next(),
        ),
        sample(
            "schemas",
            json!({"name": "sales", "catalog_name": "${resources.catalogs.proof.name}", "comment": "first", "grants": grants("USE_SCHEMA")}),
            commented(),
            next(),
        ),
        sample(
            "volumes",
            json!({"name": "raw", "catalog_name": "${resources.catalogs.proof.name}", "schema_name": "${resources.schemas.proof.name}",
                   "volume_type": "MANAGED", "comment": "first", "grants": grants("READ_VOLUME")}),
            commented(),
            next(),
        ),
        sample(
            "connections",
            json!({"name": "proof_db", "connection_type": "POSTGRESQL", "comment": "first",
                   "options": {"host": "db.example.com", "port": "5432"}, "grants": grants("USE_CONNECTION")}),
            json!({"options": {"host": "other.example.com", "port": "5432"}}),
            json!({"options": {"host": "db.example.com", "port": "5433"}}),
        ),
        sample(
            "registered_models",
            json!({"name": "churn", "catalog_name": "${resources.catalogs.proof.name}", "schema_name": "${resources.schemas.proof.name}",
                   "comment": "first", "grants": grants("EXECUTE")}),
            commented(),
            next(),
        ),
    ]
}

fn analytics() -> Vec<Sample> {
    let external = |base: &str| {
        json!({"served_entities": [{"name": "gpt", "external_model": {"name": "gpt", "provider": "openai", "task": "llm/v1/chat",
               "openai_config": {"openai_api_key": "{{secrets/proof-scope/openai}}", "openai_api_base": base}}}]})
    };
    let query = || json!({"group_name": "users", "level": "CAN_RUN"});
    vec![
        sample(
            "experiments",
            json!({"name": "/Workspace/Shared/proof-experiment", "tags": [{"key": "team", "value": "first"}],
                   "trace_location": {"uc_trace_location": {"catalog": "Main", "schema": "ML", "table_prefix": "proof"}},
                   "permissions": [{"level": "CAN_READ", "group_name": "users"}]}),
            json!({"tags": [{"key": "team", "value": "by hand"}]}),
            json!({"tags": [{"key": "team", "value": "second"}]}),
        ),
        sample(
            "model_serving_endpoints",
            json!({"name": "proof-endpoint", "config": external("https://first.example.com"),
                   "permissions": [{"level": "CAN_QUERY", "group_name": "users"}]}),
            json!({"config": external("https://hand.example.com")}),
            json!({"config": external("https://second.example.com")}),
        ),
        sample(
            "vector_search_endpoints",
            json!({"name": "proof-search", "endpoint_type": "STANDARD", "permissions": [{"level": "CAN_USE", "group_name": "users"}]}),
            json!({"permissions": {"group:users": "CAN_MANAGE"}}),
            json!({"permissions": [{"level": "CAN_MANAGE", "group_name": "users"}]}),
        ),
        sample(
            "vector_search_indexes",
            json!({"name": "${resources.schemas.proof.id}.facts", "endpoint_name": "${resources.vector_search_endpoints.proof.name}",
                   "primary_key": "id", "index_type": "DIRECT_ACCESS",
                   "direct_access_index_spec": {"schema_json": "{\"id\": \"integer\"}"}}),
            Value::Null,
            Value::Null,
        ),
        sample(
            "dashboards",
            json!({"display_name": "proof board", "parent_path": "/Workspace/Shared", "warehouse_id": "${resources.sql_warehouses.proof.id}",
                   "dataset_catalog": "main", "dataset_schema": "sales",
                   "serialized_dashboard": "{\"pages\": [{\"name\": \"first\"}], \"datasets\": [{\"name\": \"d\", \"displayName\": \"D\", \"queryLines\": [\"SELECT 1\"], \"catalog\": \"own\"}]}", "permissions": [query()]}),
            json!({"serialized_dashboard": {"pages": [{"name": "hand"}], "datasets": []}}),
            json!({"dataset_catalog": "other"}),
        ),
        sample(
            "alerts",
            json!({"display_name": "proof alert", "query_text": "select 1", "warehouse_id": "${resources.sql_warehouses.proof.id}",
                   "parent_path": "/Workspace/Shared",
                   "evaluation": {"source": {"name": "n"}, "comparison_operator": "GREATER_THAN", "threshold": {"value": {"double_value": 1.0}}},
                   "schedule": {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC"}, "permissions": [query()]}),
            json!({"query_text": "select 2"}),
            json!({"query_text": "select 3"}),
        ),
        sample(
            "queries",
            json!({"display_name": "proof query", "query_text": "select 1", "warehouse_id": "${resources.sql_warehouses.proof.id}",
                   "parent_path": "/Workspace/Shared", "permissions": [query()]}),
            json!({"query_text": "select 2"}),
            json!({"query_text": "select 3"}),
        ),
        sample(
            "apps",
            json!({"name": "proof-app", "description": "first", "source_code_path": "../src", "permissions": [{"level": "CAN_USE", "group_name": "users"}]}),
            json!({"description": "by hand"}),
            json!({"description": "second"}),
        ),
    ]
}
