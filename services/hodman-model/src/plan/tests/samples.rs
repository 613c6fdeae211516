//! A config of every kind.

use serde_json::{Value, json};

use crate::kinds::Kind;

/// A config of each kind, its first fields being those that it cannot do without: how many, and all of them.
pub fn sample(kind: &dyn Kind) -> (&'static [&'static str], Value) {
    match kind.name() {
        "clusters" => (
            &["cluster_name", "num_workers"],
            json!({"cluster_name": "c", "num_workers": 2, "spark_version": "15", "node_type_id": "m", "spark_conf": {"a": "b"},
                   "autotermination_minutes": 20}),
        ),
        "jobs" => (
            &["name"],
            json!({"name": "j", "max_concurrent_runs": 2, "parameters": [{"name": "b", "default": 1}, {"name": "a", "default": "x"}],
                   "tasks": [{"task_key": "t", "existing_cluster_id": "${resources.clusters.x.id}"}]}),
        ),
        "pipelines" => (
            &["name"],
            json!({"name": "p", "catalog": "main", "schema": "s", "development": false, "continuous": true,
                   "configuration": {"a": 1}, "libraries": [{"notebook": {"path": "/Workspace/x"}}]}),
        ),
        "sql_warehouses" => (
            &["name", "cluster_size"],
            json!({"name": "w", "cluster_size": "Small", "auto_stop_mins": 10, "max_num_clusters": 2,
                   "tags": {"custom_tags": [{"key": "b", "value": "1"}, {"key": "a", "value": "2"}]}}),
        ),
        "cluster_policies" => (
            &["name", "definition"],
            json!({"name": "p", "definition": "{\"b\": {\"type\": \"fixed\"},  \"a\": 1}", "description": "d", "max_clusters_per_user": 3}),
        ),
        "instance_pools" => (
            &["instance_pool_name", "node_type_id"],
            json!({"instance_pool_name": "p", "node_type_id": "m", "min_idle_instances": 1, "max_capacity": 4, "custom_tags": {"a": "b"}}),
        ),
        "secret_scopes" => (&["name"], json!({"name": "s"})),
        "secrets" => (
            &["scope", "key", "value"],
            json!({"scope": "s", "key": "k", "value": "env:X"}),
        ),
        "git_folders" => (
            &["path", "url", "provider"],
            json!({"path": "/Workspace/Users/a@x/r", "url": "https://x/r.git", "provider": "gitHub", "branch": "main"}),
        ),
        "git_credentials" => (
            &["git_provider", "name"],
            json!({"git_provider": "gitHub", "name": "n", "git_username": "u", "personal_access_token": "env:T"}),
        ),
        "directories" => (&["path"], json!({"path": "/Workspace/Shared/d"})),
        "ip_access_lists" => (
            &["label", "list_type", "ip_addresses"],
            json!({"label": "l", "list_type": "ALLOW", "ip_addresses": ["2.2.2.2", "1.1.1.1"], "enabled": true}),
        ),
        "workspace_conf" => (
            &["enableIpAccessLists"],
            json!({"enableIpAccessLists": true, "maxTokenLifetimeDays": 90}),
        ),
        "global_init_scripts" => (
            &["name", "script"],
            json!({"name": "s", "script": "ZWNobw==", "enabled": true, "position": 1}),
        ),
        "service_principals" => (
            &["displayName"],
            json!({"displayName": "sp", "active": true}),
        ),
        "groups" => (&["displayName"], json!({"displayName": "team"})),
        "catalogs" => (
            &["name"],
            json!({"name": "Shop", "comment": "c", "properties": {"a": "b"}}),
        ),
        "schemas" => (
            &["name", "catalog_name"],
            json!({"name": "s", "catalog_name": "Main", "comment": "c"}),
        ),
        "volumes" => (
            &["name", "catalog_name", "schema_name", "volume_type"],
            json!({"name": "v", "catalog_name": "main", "schema_name": "s", "volume_type": "EXTERNAL", "storage_location": "s3://b/v/", "comment": "c"}),
        ),
        "external_locations" => (
            &["name", "url", "credential_name"],
            json!({"name": "l", "url": "s3://b/l/", "credential_name": "c", "comment": "x", "read_only": true}),
        ),
        "storage_credentials" => (
            &["name", "aws_iam_role"],
            json!({"name": "c", "aws_iam_role": {"role_arn": "arn:aws:iam::1:role/x"}, "comment": "x"}),
        ),
        "connections" => (
            &["name", "connection_type", "options"],
            json!({"name": "c", "connection_type": "POSTGRESQL", "options": {"host": "h", "password": "env:P"}, "comment": "x"}),
        ),
        "registered_models" => (
            &["name", "catalog_name", "schema_name"],
            json!({"name": "m", "catalog_name": "main", "schema_name": "s", "comment": "c"}),
        ),
        "models" => (
            &["name"],
            json!({"name": "m", "description": "d", "tags": [{"key": "b", "value": "1"}, {"key": "a", "value": "2"}]}),
        ),
        "experiments" => (
            &["name"],
            json!({"name": "/Shared/e", "artifact_location": "s3://b/e/", "tags": [{"key": "a", "value": "1"}]}),
        ),
        "model_serving_endpoints" => (
            &["name", "config"],
            json!({"name": "e", "config": {"served_entities": [{"name": "one", "entity_name": "main.s.m", "entity_version": "1",
                   "workload_size": "Small", "scale_to_zero_enabled": true}]}, "tags": [{"key": "a", "value": "1"}]}),
        ),
        "vector_search_endpoints" => (
            &["name", "endpoint_type"],
            json!({"name": "v", "endpoint_type": "STANDARD"}),
        ),
        "vector_search_indexes" => (
            &[
                "name",
                "endpoint_name",
                "primary_key",
                "index_type",
                "delta_sync_index_spec",
            ],
            json!({"name": "Main.s.i", "endpoint_name": "v", "primary_key": "id", "index_type": "DELTA_SYNC",
                   "delta_sync_index_spec": {"source_table": "main.s.t", "pipeline_type": "TRIGGERED",
                     "embedding_source_columns": [{"name": "text", "embedding_model_endpoint_name": "e"}]}}),
        ),
        "dashboards" => (
            &["display_name", "serialized_dashboard"],
            json!({"display_name": "d", "serialized_dashboard": {"pages": [{"name": "p"}]}, "parent_path": "/Shared/boards",
                   "warehouse_id": "w"}),
        ),
        "alerts" => (
            &[
                "display_name",
                "query_text",
                "warehouse_id",
                "evaluation",
                "schedule",
            ],
            json!({"display_name": "a", "query_text": "select 1", "warehouse_id": "w", "custom_summary": "s", "parent_path": "/Shared",
                   "evaluation": {"source": {"name": "x"}, "comparison_operator": "GREATER_THAN", "threshold": {"value": {"double_value": 1.0}}},
                   "schedule": {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC"}}),
        ),
        "queries" => (
            &["display_name", "query_text", "warehouse_id"],
            json!({"display_name": "q", "query_text": "select :a", "warehouse_id": "w", "tags": ["b", "a"], "catalog": "main",
                   "parameters": [{"name": "a", "text_value": {"value": "x"}}]}),
        ),
        "apps" => (
            &["name"],
            json!({"name": "a", "description": "d", "source_code_path": "/Workspace/Shared/a",
                   "resources": [{"name": "w", "sql_warehouse": {"id": "w", "permission": "CAN_USE"}}]}),
        ),
        "aws_roles" => (
            &["name", "trust"],
            json!({"name": "r", "trust": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:AssumeRole"],
                   "Principal": {"AWS": "arn:aws:iam::1:root"}}]}, "description": "d", "policies": {"p": {"Statement": []}},
                   "attached": ["arn:b", "arn:a"], "max_session_duration": 7200, "tags": {"a": "b"}}),
        ),
        "aws_buckets" => (
            &["name"],
            json!({"name": "b", "policy": {"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}]},
                   "encryption": {"algorithm": "AES256"}, "ownership": "BucketOwnerEnforced", "versioning": "Enabled"}),
        ),
        "cloudformation_stacks" => (
            &["stack_name", "template", "template_body"],
            json!({"stack_name": "s", "template": "sha256:1", "template_body": "Resources: {}", "parameters": {"Bits": 12, "Dns": true}}),
        ),
        "terraform_stacks" => (
            &["name", "source"],
            json!({"name": "t", "source": "sha256:1", "sources": "{}", "directory": "modules/net", "variables": {"size": 1}}),
        ),
        "account_credentials" => (
            &["credentials_name", "aws_credentials"],
            json!({"credentials_name": "c", "aws_credentials": {"sts_role": {"role_arn": "arn:r"}}}),
        ),
        "account_storage_configurations" => (
            &["storage_configuration_name", "root_bucket_info", "role_arn"],
            json!({"storage_configuration_name": "s", "root_bucket_info": {"bucket_name": "b"}, "role_arn": "arn:r"}),
        ),
        "account_vpc_endpoints" => (
            &["vpc_endpoint_name", "aws_vpc_endpoint_id", "region"],
            json!({"vpc_endpoint_name": "e", "aws_vpc_endpoint_id": "vpce-1", "region": "eu-central-1"}),
        ),
        "account_networks" => (
            &["network_name", "vpc_id"],
            json!({"network_name": "n", "vpc_id": "vpc-1", "subnet_ids": ["s2", "s1"], "security_group_ids": ["sg"]}),
        ),
        "account_private_access_settings" => (
            &["private_access_settings_name", "region"],
            json!({"private_access_settings_name": "p", "region": "eu-central-1", "public_access_enabled": true}),
        ),
        "account_customer_managed_keys" => (
            &["use_cases", "aws_key_info"],
            json!({"use_cases": ["STORAGE", "MANAGED_SERVICES"], "aws_key_info": {"key_arn": "arn:k"}}),
        ),
        "account_network_connectivity_configs" => (
            &["name", "region"],
            json!({"name": "n", "region": "eu-central-1"}),
        ),
        "account_workspaces" => (
            &[
                "workspace_name",
                "aws_region",
                "credentials_id",
                "storage_configuration_id",
            ],
            json!({"workspace_name": "w", "aws_region": "eu-central-1", "credentials_id": "${resources.account_credentials.a.id}",
                   "storage_configuration_id": "${resources.account_storage_configurations.a.id}", "custom_tags": {"team": "x"}}),
        ),
        "account_metastores" => (
            &["name", "region"],
            json!({"name": "m", "region": "eu-central-1", "storage_root": "s3://b/m/"}),
        ),
        "account_metastore_assignments" => (
            &["workspace_id", "metastore_id"],
            json!({"workspace_id": "${resources.account_workspaces.a.id}", "metastore_id": "${resources.account_metastores.a.id}"}),
        ),
        "account_private_endpoint_rules" => (
            &["network_connectivity_config_id", "endpoint_service"],
            json!({"network_connectivity_config_id": "${resources.account_network_connectivity_configs.a.id}",
                   "endpoint_service": "com.amazonaws.vpce.x", "domain_names": ["b.x", "a.x"], "enabled": false}),
        ),
        "account_network_policies" => (
            &["network_policy_id"],
            json!({"network_policy_id": "tight", "egress": {"network_access": {"restriction_mode": "RESTRICTED_ACCESS",
                   "allowed_internet_destinations": [{"destination": "packages.example", "internet_destination_type": "DNS_NAME"}]}}}),
        ),
        "account_workspace_networks" => (
            &["workspace_id", "network_policy_id"],
            json!({"workspace_id": "${resources.account_workspaces.a.id}",
                   "network_policy_id": "${resources.account_network_policies.a.id}"}),
        ),
        "account_groups" => (
            &["displayName"],
            json!({"displayName": "team", "externalId": "e",
                   "members": [{"value": "${resources.account_service_principals.a.id}"}]}),
        ),
        "account_service_principals" => (
            &["displayName"],
            json!({"displayName": "robot", "active": false, "externalId": "e"}),
        ),
        "account_permission_assignments" => (
            &["workspace_id", "principal_id"],
            json!({"workspace_id": "${resources.account_workspaces.a.id}", "principal_id": "${resources.account_groups.a.id}",
                   "permission_levels": ["USER", "ADMIN"]}),
        ),
        "account_federation_policies" => (
            &["policy_id", "oidc_policy"],
            json!({"policy_id": "ci", "oidc_policy": {"issuer": "https://i", "audiences": ["b", "a"]}, "description": "d"}),
        ),
        "account_service_principal_federation_policies" => (
            &["policy_id", "oidc_policy", "service_principal_id"],
            json!({"policy_id": "ci", "oidc_policy": {"issuer": "https://i", "subject": "s", "subject_claim": "sub"},
                   "service_principal_id": "${resources.account_service_principals.a.id}", "description": "d"}),
        ),
        "account_ip_access_lists" => (
            &["label", "list_type", "ip_addresses"],
            json!({"label": "l", "list_type": "ALLOW", "ip_addresses": ["10.0.0.0/8", "1.1.1.1"], "enabled": true}),
        ),
        "account_ip_access_enforcements" => (
            &[],
            json!({"enabled": false, "lists": ["${resources.account_ip_access_lists.a.id}"]}),
        ),
        "account_log_deliveries" => (
            &[
                "config_name",
                "log_type",
                "output_format",
                "credentials_id",
                "storage_configuration_id",
            ],
            json!({"config_name": "d", "log_type": "AUDIT_LOGS", "output_format": "JSON",
                   "credentials_id": "${resources.account_credentials.a.id}",
                   "storage_configuration_id": "${resources.account_storage_configurations.a.id}"}),
        ),
        other => panic!("{other} has no sample: every kind is tried"),
    }
}
