//! `terraform.tfstate`, version 4: of a bundle that was deployed with the Terraform engine, or of somebody's own
//! configuration with the Databricks provider.

use serde::Deserialize;
use serde_json::Value;

use super::bundle_state::name_of;
use super::{Former, FormerState, not_json, refused};
use crate::bundle::ResourceKey;
use crate::diagnostic::Diagnostics;
use crate::kinds::kind;

/// Types of the Databricks provider and our kinds. Types whose id says something else than the API's id are not here.
pub(super) const TYPES: &[(&str, &str)] = &[
    ("databricks_alert", "alerts"),
    ("databricks_alert_v2", "alerts"),
    ("databricks_app", "apps"),
    ("databricks_catalog", "catalogs"),
    ("databricks_cluster", "clusters"),
    ("databricks_cluster_policy", "cluster_policies"),
    ("databricks_connection", "connections"),
    ("databricks_dashboard", "dashboards"),
    ("databricks_directory", "directories"),
    ("databricks_external_location", "external_locations"),
    ("databricks_global_init_script", "global_init_scripts"),
    ("databricks_group", "groups"),
    ("databricks_instance_pool", "instance_pools"),
    ("databricks_ip_access_list", "ip_access_lists"),
    ("databricks_job", "jobs"),
    ("databricks_mlflow_experiment", "experiments"),
    ("databricks_mlflow_model", "models"),
    ("databricks_model_serving", "model_serving_endpoints"),
    ("databricks_pipeline", "pipelines"),
    ("databricks_query", "queries"),
    ("databricks_registered_model", "registered_models"),
    ("databricks_repo", "git_folders"),
    ("databricks_schema", "schemas"),
    ("databricks_secret_scope", "secret_scopes"),
    ("databricks_service_principal", "service_principals"),
    ("databricks_sql_endpoint", "sql_warehouses"),
    ("databricks_storage_credential", "storage_credentials"),
    (
        "databricks_vector_search_endpoint",
        "vector_search_endpoints",
    ),
    ("databricks_vector_search_index", "vector_search_indexes"),
    ("databricks_volume", "volumes"),
];

/// Types that say something about another object and go with it.
const BESIDE: &[&str] = &[
    "databricks_permissions",
    "databricks_grants",
    "databricks_grant",
];

#[derive(Deserialize)]
struct File {
    version: Option<u64>,
    #[serde(default)]
    resources: Vec<Resource>,
}

#[derive(Deserialize)]
struct Resource {
    #[serde(default)]
    module: Option<String>,
    mode: String,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    instances: Vec<Instance>,
}

#[derive(Deserialize)]
struct Instance {
    #[serde(default)]
    index_key: Option<Value>,
    /// Set for what a plan has to destroy before it makes another; not the object itself.
    #[serde(default)]
    deposed: Option<String>,
    #[serde(default)]
    attributes: Value,
}

pub(super) fn read(path: &str, bytes: &[u8]) -> Result<FormerState, Diagnostics> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| not_json(path, &error))?;
    if file.version != Some(4) {
        return Err(refused(
            path,
            match file.version {
                Some(version) => format!("version {version} of Terraform's state is not known"),
                None => "no `version`: not a Terraform state".to_owned(),
            },
            "version 4 is, which Terraform writes since 0.12; `terraform state pull` gives it",
        ));
    }
    let mut found = FormerState::default();
    for resource in file.resources {
        if resource.mode != "managed" || BESIDE.contains(&resource.kind.as_str()) {
            continue;
        }
        let known = TYPES
            .iter()
            .find(|(of, _)| *of == resource.kind)
            .map(|(_, kind)| *kind)
            .filter(|name| kind(name).is_some());
        for instance in resource
            .instances
            .iter()
            .filter(|instance| instance.deposed.is_none())
        {
            let address = address(&resource, instance);
            match (known, id_of(&resource.kind, &instance.attributes)) {
                (Some(kind), Some(id)) => found.objects.push(Former {
                    key: ResourceKey::new(kind, key(&resource, instance)),
                    name: name_of(&instance.attributes),
                    address,
                    id,
                }),
                _ => found.others.push(address),
            }
        }
    }
    Ok(found)
}

/// The id as the API says it: with some types the provider keeps it in another attribute than `id`.
fn id_of(kind: &str, attributes: &Value) -> Option<String> {
    let field = match kind {
        "databricks_dashboard" => "dashboard_id",
        "databricks_ip_access_list" => "list_id",
        "databricks_app" => "name",
        _ => "id",
    };
    let text = |field: &str| match attributes.get(field)? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    text(field).or_else(|| text("id"))
}

fn address(resource: &Resource, instance: &Instance) -> String {
    let module = resource
        .module
        .as_ref()
        .map_or(String::new(), |module| format!("{module}."));
    // Numbers and quoted texts stand in brackets just as JSON writes them.
    let index = instance
        .index_key
        .as_ref()
        .map_or(String::new(), |index| format!("[{index}]"));
    format!("{module}{}.{}{index}", resource.kind, resource.name)
}

/// One of several made by `count` or `for_each` is called by its index: `databricks_job.etl["orders"]` is `etl_orders`.
fn key(resource: &Resource, instance: &Instance) -> String {
    match &instance.index_key {
        None | Some(Value::Null) => resource.name.clone(),
        Some(Value::String(index)) => format!("{}_{index}", resource.name).replace('.', "_"),
        Some(other) => format!("{}_{other}", resource.name),
    }
}
