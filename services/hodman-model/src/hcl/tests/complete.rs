//! That nothing of what a capture has is left out of Terraform, but for what the provider truly lacks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Plain, parses_and_is_formatted, resource};
use crate::bundle::ResourceKey;
use crate::bundle::full::{full, schema_of};
use crate::kinds::{Captured, KINDS, Kind};

/// Fields that the provider has no argument for, kind and path, by the reason. A path with a star in front is any that ends
/// so, and a kind of `*` any kind.
const LACKING: &[(&str, &[(&str, &str)])] = &[
    (
        "newer in the API than the provider's schema here",
        &[
            ("*", "*dependency_mode"),
            ("*", "*on_maintenance_complete"),
            ("*", "*on_maintenance_start"),
            ("*", "custom_max_retention_hours"),
            ("alerts", "custom_template_format"),
            ("alerts", "parameters"),
            ("apps", "resources.app"),
            ("apps", "resources.experiment"),
            ("apps", "resources.postgres"),
            ("apps", "telemetry_export_destinations"),
            ("apps", "usage_policy_id"),
            ("catalogs", "managed_encryption_settings"),
            ("experiments", "trace_location"),
            ("jobs", "continuous.maintenance_window"),
            ("jobs", "environment_variables"),
            ("jobs", "environments.spec.base_environment"),
            ("jobs", "environments.spec.project_environment"),
            ("jobs", "git_source.sparse_checkout"),
            ("jobs", "job_clusters.serverless_compute_id"),
            ("jobs", "schedule.sql_condition"),
            ("jobs", "tasks.ai_runtime_task"),
            ("jobs", "tasks.alert_task"),
            ("jobs", "tasks.compute"),
            ("jobs", "tasks.dashboard_task.filters"),
            ("jobs", "tasks.dashboard_task.subscription.attachment"),
            ("jobs", "tasks.environment_variables_key"),
            ("jobs", "*_selection"),
            ("jobs", "tasks.pipeline_task.parameters"),
            ("jobs", "tasks.python_operator_task"),
            ("jobs", "trigger.sql_condition"),
            ("jobs", "triggers"),
            (
                "model_serving_endpoints",
                "config.served_entities.external_model.amazon_bedrock_config.uc_service_credential_name",
            ),
            (
                "model_serving_endpoints",
                "config.served_entities.burst_scaling_enabled",
            ),
            (
                "model_serving_endpoints",
                "config.served_models.burst_scaling_enabled",
            ),
            ("pipelines", "environment.environment_version"),
            ("pipelines", "ingestion_definition.connector_type"),
            ("pipelines", "ingestion_definition.data_staging_options"),
            ("pipelines", "ingestion_definition.full_refresh_window"),
            ("pipelines", "*.connector_options"),
            ("pipelines", "*.fanout_options"),
            (
                "pipelines",
                "*.table_configuration.auto_full_refresh_policy",
            ),
            ("pipelines", "*.table_configuration.clustering_columns"),
            ("pipelines", "*.table_configuration.enable_auto_clustering"),
            ("pipelines", "*.table_configuration.row_filter"),
            ("pipelines", "*.table_configuration.source_metadata_column"),
            ("pipelines", "*.table_configuration.table_properties"),
            ("pipelines", "*.api_source_connector_config"),
            ("pipelines", "*.google_ads_config"),
            ("pipelines", "parameters"),
            ("sql_warehouses", "statement_timeout"),
            ("vector_search_endpoints", "usage_policy_id"),
            ("vector_search_indexes", "index_subtype"),
        ],
    ),
    (
        "the provider makes the app; what runs in it is deployed by other means",
        &[
            ("apps", "config"),
            ("apps", "git_repository"),
            ("apps", "git_source"),
            ("apps", "source_code_path"),
        ],
    ),
    (
        "clusters of jobs end with their run",
        &[("jobs", "*.new_cluster.autotermination_minutes")],
    ),
    (
        "only ever sent, never captured",
        &[("connections", "secrets")],
    ),
];

/// A config with everything that a capture of the kind can have.
fn everything(kind: &dyn Kind) -> Value {
    let schema = schema_of(kind.name()).unwrap_or_default();
    let mut config = full(schema).unwrap_or_else(|| json!({"aKey": "true"}));
    let rules = kind.rules();
    if let Some(map) = config.as_object_mut() {
        map.retain(|field, _| {
            rules.settable.is_empty() || rules.settable.contains(&field.as_str())
        });
        for list in ["members", "entitlements", "roles"] {
            if rules.settable.contains(&list) {
                map.insert(list.to_owned(), json!([{"value": "workspace-access"}]));
            }
        }
    }
    // A mapping that has nothing in it.
    if let Some(trigger) = config.get_mut("trigger").and_then(Value::as_object_mut) {
        trigger.remove("manual");
    }
    rules.without_fills(&rules.normalise(&config), None)
}

fn is_lacking(kind: &str, path: &str, (of, end): (&str, &str)) -> bool {
    (of == kind || of == "*")
        && match end.strip_prefix('*') {
            Some(end) => path.ends_with(end),
            None => path == end,
        }
}

#[test]
fn every_captured_field_has_a_place_or_a_reason() {
    let lacking = || {
        LACKING
            .iter()
            .flat_map(|(_, fields)| fields.iter().copied())
    };
    let mut used = BTreeSet::new();
    let mut left_out = Vec::new();
    for kind in KINDS {
        let key = ResourceKey::new(kind.name(), "it");
        let form = everything(*kind);
        let Some(written) = resource(&key, "1", &form, &mut Plain) else {
            continue;
        };
        ::hcl::parse(&written.text).unwrap_or_else(|error| panic!("{key}: {error}"));
        for path in &written.unknown {
            let known: Vec<_> = lacking()
                .filter(|field| is_lacking(kind.name(), path, *field))
                .collect();
            if known.is_empty() && kind.captured() == Captured::Whole {
                left_out.push(format!("{} {path}", kind.name()));
            }
            used.extend(known);
        }
    }
    assert!(left_out.is_empty(), "{}", left_out.join("\n"));
    let stale: Vec<_> = lacking().filter(|field| !used.contains(field)).collect();
    assert!(stale.is_empty(), "the provider has them by now: {stale:?}");
}

#[test]
fn what_the_provider_calls_otherwise_or_wants_said() {
    let cases = [
        (
            "jobs",
            json!({"name": "j", "git_source": {"git_url": "https://x/r", "git_provider": "gitHub", "git_branch": "main"}}),
            "git_source {\n    branch   = \"main\"\n    provider = \"gitHub\"\n    url      = \"https://x/r\"\n",
        ),
        (
            "groups",
            json!({"displayName": "team", "entitlements": [{"value": "allow-cluster-create"}],
                   "members": [{"value": "${resources.service_principals.robot.id}"}, {"value": "77"}],
                   "roles": [{"value": "arn:aws:iam::1:instance-profile/x"}]}),
            "display_name         = \"team\"\n  allow_cluster_create = true\n",
        ),
        (
            "service_principals",
            json!({"displayName": "robot", "active": false}),
            "display_name = \"robot\"\n",
        ),
        (
            "global_init_scripts",
            json!({"name": "s", "script": "ZWNobw=="}),
            "content_base64 = \"ZWNobw==\"\n",
        ),
        (
            "git_folders",
            json!({"path": "/Workspace/Shared/r", "url": "https://x/r", "provider": "gitHub"}),
            "git_provider = \"gitHub\"\n",
        ),
        (
            "vector_search_endpoints",
            json!({"name": "v"}),
            "endpoint_type = \"STANDARD\"\n",
        ),
        (
            "volumes",
            json!({"name": "v", "catalog_name": "c", "schema_name": "s"}),
            "volume_type  = \"MANAGED\"\n",
        ),
        (
            "volumes",
            json!({"name": "v", "catalog_name": "c", "schema_name": "s", "volume_type": "EXTERNAL"}),
            "volume_type  = \"EXTERNAL\"\n",
        ),
        (
            "dashboards",
            json!({"display_name": "d", "warehouse_id": "w", "parent_path": "/Shared"}),
            "embed_credentials = false\n",
        ),
        (
            "workspace_conf",
            json!({"enableIpAccessLists": "true"}),
            "custom_config = {\n    enableIpAccessLists = \"true\"\n  }\n",
        ),
    ];
    for (kind, form, wanted) in cases {
        let written = resource(&ResourceKey::new(kind, "it"), "1", &form, &mut Plain).unwrap();
        assert!(written.unknown.is_empty(), "{kind}: {:?}", written.unknown);
        assert!(
            written.text.contains(wanted),
            "{wanted} in\n{}",
            written.text
        );
        parses_and_is_formatted(&written.text);
        if kind == "groups" {
            for part in [
                "import {\n  to = databricks_group_member.it_77\n  id = \"1|77\"\n}\n",
                "resource \"databricks_group_member\" \"it_robot\" {\n  group_id  = databricks_group.it.id\n  member_id = databricks_service_principal.robot.id\n}\n",
                "resource \"databricks_group_role\" \"it_x\" {\n  group_id = databricks_group.it.id\n  role     = \"arn:aws:iam::1:instance-profile/x\"\n}\n",
            ] {
                assert!(written.text.contains(part), "{part} in\n{}", written.text);
            }
        }
    }
}

#[test]
fn who_may_do_what_names_the_attribute_that_the_provider_documents() {
    let permissions = json!({"group:ops": "CAN_MANAGE"});
    let grants = json!({"ops": ["USE_CONNECTION"]});
    let cases = [
        ("jobs", "permissions", "job_id = databricks_job.it.id\n"),
        ("apps", "permissions", "app_name = databricks_app.it.name\n"),
        (
            "directories",
            "permissions",
            "directory_id = databricks_directory.it.object_id\n",
        ),
        (
            "models",
            "permissions",
            "registered_model_id = databricks_mlflow_model.it.registered_model_id\n",
        ),
        (
            "model_serving_endpoints",
            "permissions",
            "serving_endpoint_id = databricks_model_serving.it.serving_endpoint_id\n",
        ),
        (
            "vector_search_endpoints",
            "permissions",
            "vector_search_endpoint_id = databricks_vector_search_endpoint.it.endpoint_id\n",
        ),
        (
            "connections",
            "grants",
            "foreign_connection = databricks_connection.it.name\n",
        ),
        ("volumes", "grants", "volume = databricks_volume.it.id\n"),
    ];
    for (kind, field, wanted) in cases {
        let access = match field {
            "permissions" => &permissions,
            _ => &grants,
        };
        let form = json!({ field: access });
        let written = resource(&ResourceKey::new(kind, "it"), "1", &form, &mut Plain).unwrap();
        assert!(
            written.text.contains(wanted),
            "{wanted} in\n{}",
            written.text
        );
    }
}

#[test]
fn what_refers_to_a_connection_takes_its_name() {
    let form = json!({"name": "p", "ingestion_definition": {"connection_name": "${resources.connections.crm.id}",
        "ingestion_gateway_id": "${resources.pipelines.gateway.id}"}});
    let written = resource(&ResourceKey::new("pipelines", "p"), "1", &form, &mut Plain).unwrap();
    for wanted in [
        "= databricks_connection.crm.name\n",
        "= databricks_pipeline.gateway.id\n",
    ] {
        assert!(
            written.text.contains(wanted),
            "{wanted} in\n{}",
            written.text
        );
    }
}

#[test]
fn a_job_says_that_its_runs_wait_for_each_other() {
    let cases = [
        (json!({"name": "j"}), "queue {\n    enabled = true\n  }\n"),
        (
            json!({"name": "j", "queue": {"enabled": false}}),
            "queue {\n    enabled = false\n  }\n",
        ),
    ];
    for (form, wanted) in cases {
        let written = resource(&ResourceKey::new("jobs", "j"), "1", &form, &mut Plain).unwrap();
        assert_eq!(written.text.matches("queue {").count(), 1);
        assert!(
            written.text.contains(wanted),
            "{wanted} in\n{}",
            written.text
        );
        parses_and_is_formatted(&written.text);
    }
}
