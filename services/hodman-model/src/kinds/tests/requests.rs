//! The requests of every kind of compute, security and settings, as the API has them.

use serde_json::{Value, json};

use super::harness::{irreversible, kind, replaces, said};
use crate::kinds::{Change, Identity, Listing, Method, Paging};

#[test]
fn one_object_is_read_as_documented() {
    for (name, id, path) in [
        ("jobs", "7", "/api/2.2/jobs/get?job_id=7"),
        ("clusters", "c", "/api/2.1/clusters/get?cluster_id=c"),
        ("pipelines", "p", "/api/2.0/pipelines/p"),
        ("sql_warehouses", "w", "/api/2.0/sql/warehouses/w"),
        (
            "cluster_policies",
            "X",
            "/api/2.0/policies/clusters/get?policy_id=X",
        ),
        (
            "instance_pools",
            "i",
            "/api/2.0/instance-pools/get?instance_pool_id=i",
        ),
        ("secret_scopes", "s", "/api/2.0/secrets/list?scope=s"),
        ("secrets", "s/k", "/api/2.0/secrets/list?scope=s"),
        ("git_folders", "9", "/api/2.0/repos/9"),
        (
            "git_folders",
            "/Workspace/Shared/a",
            "/api/2.0/workspace/get-status?path=/Workspace/Shared/a",
        ),
        ("git_credentials", "4", "/api/2.0/git-credentials/4"),
        (
            "directories",
            "/Workspace/Shared/a",
            "/api/2.0/workspace/get-status?path=/Workspace/Shared/a",
        ),
        ("ip_access_lists", "l", "/api/2.0/ip-access-lists/l"),
        ("workspace_conf", "a,b", "/api/2.0/workspace-conf?keys=a,b"),
        ("global_init_scripts", "g", "/api/2.0/global-init-scripts/g"),
        (
            "service_principals",
            "1",
            "/api/2.0/preview/scim/v2/ServicePrincipals/1",
        ),
        ("groups", "2", "/api/2.0/preview/scim/v2/Groups/2"),
    ] {
        let call = kind(name).get(id);
        assert_eq!(said(&call), (Method::Get, path.to_owned(), Value::Null));
    }
}

#[test]
fn lists_are_read_as_documented() {
    for (name, path, items, id, paging) in [
        (
            "jobs",
            "/api/2.2/jobs/list",
            "jobs",
            "job_id",
            Paging::Token,
        ),
        (
            "clusters",
            "/api/2.1/clusters/list",
            "clusters",
            "cluster_id",
            Paging::Token,
        ),
        (
            "pipelines",
            "/api/2.0/pipelines",
            "statuses",
            "pipeline_id",
            Paging::Token,
        ),
        (
            "sql_warehouses",
            "/api/2.0/sql/warehouses",
            "warehouses",
            "id",
            Paging::Token,
        ),
        (
            "cluster_policies",
            "/api/2.0/policies/clusters/list",
            "policies",
            "policy_id",
            Paging::None,
        ),
        (
            "instance_pools",
            "/api/2.0/instance-pools/list",
            "instance_pools",
            "instance_pool_id",
            Paging::None,
        ),
        (
            "secret_scopes",
            "/api/2.0/secrets/scopes/list",
            "scopes",
            "name",
            Paging::None,
        ),
        (
            "git_credentials",
            "/api/2.0/git-credentials",
            "credentials",
            "credential_id",
            Paging::None,
        ),
        (
            "ip_access_lists",
            "/api/2.0/ip-access-lists",
            "ip_access_lists",
            "list_id",
            Paging::None,
        ),
        (
            "global_init_scripts",
            "/api/2.0/global-init-scripts",
            "scripts",
            "script_id",
            Paging::None,
        ),
        (
            "service_principals",
            "/api/2.0/preview/scim/v2/ServicePrincipals",
            "Resources",
            "id",
            Paging::StartIndex,
        ),
        (
            "groups",
            "/api/2.0/preview/scim/v2/Groups",
            "Resources",
            "id",
            Paging::StartIndex,
        ),
    ] {
        let Listing::All(list) = kind(name).listing() else {
            panic!("{name} has one list");
        };
        assert_eq!(
            (
                list.path.as_str(),
                list.items_field,
                list.id_field,
                list.paging
            ),
            (path, items, id, paging),
            "{name}"
        );
    }
    for name in ["git_folders", "directories", "workspace_conf"] {
        assert!(matches!(kind(name).listing(), Listing::ByName), "{name}");
    }
    let Listing::Below { parent, list } = kind("secrets").listing() else {
        panic!("secrets lie in a scope");
    };
    let list = list("team");
    assert_eq!(
        (parent, list.path.as_str(), list.query, list.adds),
        (
            "secret_scopes",
            "/api/2.0/secrets/list",
            vec![("scope".to_owned(), "team".to_owned())],
            vec![("scope", json!("team"))]
        )
    );
}

#[test]
fn one_object_is_removed_as_documented() {
    for (name, id, method, path, body) in [
        (
            "jobs",
            "7",
            Method::Post,
            "/api/2.2/jobs/delete",
            json!({"job_id": 7}),
        ),
        (
            "clusters",
            "c",
            Method::Post,
            "/api/2.1/clusters/permanent-delete",
            json!({"cluster_id": "c"}),
        ),
        (
            "pipelines",
            "p",
            Method::Delete,
            "/api/2.0/pipelines/p",
            Value::Null,
        ),
        (
            "sql_warehouses",
            "w",
            Method::Delete,
            "/api/2.0/sql/warehouses/w",
            Value::Null,
        ),
        (
            "cluster_policies",
            "X",
            Method::Post,
            "/api/2.0/policies/clusters/delete",
            json!({"policy_id": "X"}),
        ),
        (
            "instance_pools",
            "i",
            Method::Post,
            "/api/2.0/instance-pools/delete",
            json!({"instance_pool_id": "i"}),
        ),
        (
            "secret_scopes",
            "s",
            Method::Post,
            "/api/2.0/secrets/scopes/delete",
            json!({"scope": "s"}),
        ),
        (
            "secrets",
            "s/k",
            Method::Post,
            "/api/2.0/secrets/delete",
            json!({"scope": "s", "key": "k"}),
        ),
        (
            "git_folders",
            "9",
            Method::Delete,
            "/api/2.0/repos/9",
            Value::Null,
        ),
        (
            "git_credentials",
            "4",
            Method::Delete,
            "/api/2.0/git-credentials/4",
            Value::Null,
        ),
        (
            "directories",
            "/Workspace/a",
            Method::Post,
            "/api/2.0/workspace/delete",
            json!({"path": "/Workspace/a", "recursive": false}),
        ),
        (
            "ip_access_lists",
            "l",
            Method::Delete,
            "/api/2.0/ip-access-lists/l",
            Value::Null,
        ),
        (
            "global_init_scripts",
            "g",
            Method::Delete,
            "/api/2.0/global-init-scripts/g",
            Value::Null,
        ),
        (
            "service_principals",
            "1",
            Method::Delete,
            "/api/2.0/preview/scim/v2/ServicePrincipals/1",
            Value::Null,
        ),
        (
            "groups",
            "2",
            Method::Delete,
            "/api/2.0/preview/scim/v2/Groups/2",
            Value::Null,
        ),
    ] {
        let calls = kind(name).delete(id, &Value::Null);
        assert_eq!(calls.len(), 1, "{name}");
        assert_eq!(said(&calls[0]), (method, path.to_owned(), body), "{name}");
        assert!(calls[0].idempotent, "{name}: gone twice is gone");
    }
    // A switch has no "not set": it stays as it is.
    assert!(kind("workspace_conf").delete("a", &Value::Null).is_empty());
}

#[test]
fn only_what_cannot_change_in_place_replaces() {
    for (name, fixed, free) in [
        ("jobs", &[][..], &["name", "tasks", "run_as"][..]),
        ("clusters", &[], &["cluster_name", "spark_version"]),
        (
            "pipelines",
            &[
                "storage",
                "ingestion_definition.connection_name",
                "gateway_definition.gateway_storage_schema",
            ],
            &["name", "catalog", "schema", "ingestion_definition.objects"],
        ),
        ("sql_warehouses", &[], &["name", "warehouse_type"]),
        ("cluster_policies", &[], &["name", "definition"]),
        (
            "instance_pools",
            &[
                "node_type_id",
                "disk_spec.disk_size",
                "aws_attributes.zone_id",
            ],
            &["instance_pool_name", "custom_tags.a", "max_capacity"],
        ),
        ("secret_scopes", &["name", "backend_type"], &["permissions"]),
        ("secrets", &["scope", "key"], &["value"]),
        (
            "git_folders",
            &["url", "path", "provider"],
            &["branch", "tag"],
        ),
        ("git_credentials", &["git_provider"], &["git_email"]),
        ("directories", &["path"], &["permissions"]),
        ("ip_access_lists", &[], &["label", "list_type", "enabled"]),
        ("workspace_conf", &[], &["enableIpAccessLists"]),
        ("global_init_scripts", &[], &["name", "script", "position"]),
        (
            "service_principals",
            &["applicationId"],
            &["displayName", "active"],
        ),
        ("groups", &[], &["displayName", "members"]),
    ] {
        for field in fixed {
            assert!(replaces(kind(name), field), "{name} {field}");
        }
        for field in free {
            assert!(!replaces(kind(name), field), "{name} {field}");
        }
    }
}

#[test]
fn what_cannot_be_made_again_says_so() {
    for (name, live, gone) in [
        ("jobs", json!({}), false),
        ("clusters", json!({}), false),
        ("pipelines", json!({"catalog": "main", "schema": "x"}), true),
        (
            "pipelines",
            json!({"storage": "dbfs:/x", "target": "t"}),
            false,
        ),
        ("sql_warehouses", json!({}), false),
        ("cluster_policies", json!({}), false),
        ("instance_pools", json!({}), false),
        ("secret_scopes", json!({}), true),
        ("secrets", json!({}), true),
        ("git_folders", json!({}), true),
        ("git_credentials", json!({}), true),
        ("directories", json!({}), false),
        ("ip_access_lists", json!({}), false),
        ("workspace_conf", json!({}), false),
        ("global_init_scripts", json!({}), false),
        ("service_principals", json!({}), true),
        ("groups", json!({}), true),
    ] {
        let kind = kind(name);
        for change in [Change::Delete, Change::Replace] {
            let is = irreversible(&kind.reversibility(change, &live));
            assert_eq!(is, gone, "{name} {change:?}");
        }
        for change in [Change::Create, Change::Update] {
            assert!(
                !irreversible(&kind.reversibility(change, &live)),
                "{name} {change:?}"
            );
        }
    }
}

#[test]
fn tags_are_for_those_whose_tags_stay() {
    for name in [
        "jobs",
        "clusters",
        "pipelines",
        "sql_warehouses",
        "instance_pools",
    ] {
        assert_eq!(kind(name).identity(), Identity::Tags, "{name}");
    }
}
