//! `terraform.tfstate`, version 4: of a bundle that was deployed with the Terraform engine, or of somebody's own
//! configuration with the Databricks provider.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::bundle_state::name_in;
use super::{Former, FormerResource, FormerState, facts, not_json, refused};
use crate::bundle::ResourceKey;
use crate::diagnostic::Diagnostics;
use crate::kinds::kind;
use crate::stacks::Importable;

/// Types of the Databricks provider and our kinds. Types whose id says something else than the API's id are not here.
pub(super) const TYPES: &[(&str, &str)] = &[
    ("databricks_alert_v2", "alerts"),
    ("databricks_app", "apps"),
    ("databricks_catalog", "catalogs"),
    ("databricks_cluster", "clusters"),
    ("databricks_cluster_policy", "cluster_policies"),
    ("databricks_connection", "connections"),
    ("databricks_dashboard", "dashboards"),
    ("databricks_directory", "directories"),
    ("databricks_external_location", "external_locations"),
    ("databricks_git_credential", "git_credentials"),
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

/// Types of secrets and of what workspaces stand on, our kinds, and the attributes that hold the API's id, with a slash between several.
/// Whether a group or a service principal is of the account or of a workspace its type does not say; a list of ids does.
const BY_ATTRIBUTES: &[(&str, &str, &[&str])] = &[
    (
        "aws_cloudformation_stack",
        "cloudformation_stacks",
        &["name"],
    ),
    ("aws_iam_role", "aws_roles", &["name"]),
    ("aws_s3_bucket", "aws_buckets", &["bucket"]),
    (
        "databricks_account_federation_policy",
        "account_federation_policies",
        &["policy_id"],
    ),
    (
        "databricks_account_network_policy",
        "account_network_policies",
        &["network_policy_id"],
    ),
    ("databricks_metastore", "account_metastores", &["id"]),
    (
        "databricks_metastore_assignment",
        "account_metastore_assignments",
        &["workspace_id"],
    ),
    (
        "databricks_mws_credentials",
        "account_credentials",
        &["credentials_id"],
    ),
    (
        "databricks_mws_customer_managed_keys",
        "account_customer_managed_keys",
        &["customer_managed_key_id"],
    ),
    (
        "databricks_mws_log_delivery",
        "account_log_deliveries",
        &["config_id"],
    ),
    (
        "databricks_mws_ncc_private_endpoint_rule",
        "account_private_endpoint_rules",
        &["network_connectivity_config_id", "rule_id"],
    ),
    (
        "databricks_mws_network_connectivity_config",
        "account_network_connectivity_configs",
        &["network_connectivity_config_id"],
    ),
    (
        "databricks_mws_networks",
        "account_networks",
        &["network_id"],
    ),
    (
        "databricks_mws_permission_assignment",
        "account_permission_assignments",
        &["workspace_id", "principal_id"],
    ),
    (
        "databricks_mws_private_access_settings",
        "account_private_access_settings",
        &["private_access_settings_id"],
    ),
    (
        "databricks_mws_storage_configurations",
        "account_storage_configurations",
        &["storage_configuration_id"],
    ),
    (
        "databricks_mws_vpc_endpoint",
        "account_vpc_endpoints",
        &["vpc_endpoint_id"],
    ),
    (
        "databricks_mws_workspaces",
        "account_workspaces",
        &["workspace_id"],
    ),
    ("databricks_secret", "secrets", &["scope", "key"]),
    (
        "databricks_service_principal_federation_policy",
        "account_service_principal_federation_policies",
        &["service_principal_id", "policy_id"],
    ),
    (
        "databricks_workspace_network_option",
        "account_workspace_networks",
        &["workspace_id"],
    ),
];

/// After the address of what holds it: what Terraform has no address for.
pub(super) const PART: &str = " (its attachment)";

/// Types of an API before the one that one of our kinds speaks: their objects are others, and go on as they are.
const OLDER: &[&str] = &[
    "databricks_alert",
    "databricks_sql_alert",
    "databricks_sql_query",
];

/// Types that say something about another object and go with it.
const BESIDE: &[&str] = &[
    "databricks_permissions",
    "databricks_grants",
    "databricks_grant",
    "databricks_secret_acl",
    // Parts of a role or a bucket.
    "aws_iam_role_policy",
    "aws_iam_role_policy_attachment",
    "aws_s3_bucket_ownership_controls",
    "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block",
    "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning",
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
        let below = BY_ATTRIBUTES.iter().find(|(of, ..)| *of == resource.kind);
        let known = TYPES
            .iter()
            .find(|(of, _)| *of == resource.kind)
            .map(|(_, kind)| *kind)
            .or(below.map(|(_, kind, _)| *kind))
            .and_then(kind);
        for instance in resource
            .instances
            .iter()
            .filter(|instance| instance.deposed.is_none())
        {
            let address = address(&resource, instance);
            let of_aws = found.resources.len();
            let known_there = Importable::of_terraform(&resource.kind);
            found.resources.extend(
                known_there.filter_map(|one| of_stacks(one, &address, &instance.attributes)),
            );
            let of_aws = found.resources.len() > of_aws;
            let id = match below {
                Some((_, _, fields)) => joined(&instance.attributes, fields),
                None => id_of(&resource.kind, &instance.attributes),
            };
            match (known, id) {
                (Some(kind), Some(id)) => found.objects.push(Former {
                    key: ResourceKey::new(kind.name(), key(&resource, instance)),
                    name: name_in(kind, &instance.attributes),
                    facts: facts::of(kind.name(), &instance.attributes),
                    address,
                    id,
                }),
                _ if of_aws => {}
                _ => found
                    .others
                    .push(match OLDER.contains(&resource.kind.as_str()) {
                        true => format!("{address} (of an older API, which is not managed)"),
                        false => address,
                    }),
            }
        }
    }
    only_once(&mut found.resources);
    Ok(found)
}

/// What a stack could take over of a resource.
fn of_stacks(one: &Importable, address: &str, attributes: &Value) -> Option<FormerResource> {
    let identifier = one.identifier_in(attributes)?;
    let parts: Vec<&str> = identifier.values().map(String::as_str).collect();
    Some(FormerResource {
        address: match one.is_part() {
            true => format!("{address}{PART}"),
            false => address.to_owned(),
        },
        kind: Some(one.kind.to_owned()),
        place: None,
        id: parts.join(", "),
        properties: one.properties_in(attributes),
        identifier,
    })
}

/// Leaves one of those that are the same thing of AWS: Terraform may have an attachment twice, the second time by itself.
fn only_once(resources: &mut Vec<FormerResource>) {
    let mut by_thing = BTreeMap::new();
    for (place, one) in resources.iter().enumerate() {
        by_thing.insert((one.kind.clone(), one.identifier.clone()), place);
    }
    let mut place = 0;
    resources.retain(|one| {
        place += 1;
        by_thing[&(one.kind.clone(), one.identifier.clone())] == place - 1
    });
}

/// The id as the API says it: with some types the provider keeps it in another attribute than `id`.
fn id_of(kind: &str, attributes: &Value) -> Option<String> {
    let field = match kind {
        "databricks_dashboard" => "dashboard_id",
        "databricks_ip_access_list" => "list_id",
        "databricks_app" | "databricks_connection" => "name",
        _ => "id",
    };
    let id = text(attributes, field).or_else(|| text(attributes, "id"))?;
    // The provider puts the metastore's id before the name of a connection.
    match (kind, id.split_once('|')) {
        ("databricks_connection", Some((_, name))) => Some(name.to_owned()),
        _ => Some(id),
    }
}

/// The id as these attributes say it.
fn joined(attributes: &Value, fields: &[&str]) -> Option<String> {
    let parts: Option<Vec<String>> = fields.iter().map(|field| text(attributes, field)).collect();
    parts.map(|parts| parts.join("/"))
}

fn text(attributes: &Value, field: &str) -> Option<String> {
    match attributes.get(field)? {
        Value::String(id) if !id.is_empty() => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
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
