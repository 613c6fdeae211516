//! Terraform's states.

use serde_json::{Value, json};

use super::super::{From, read};
use super::{addresses, owned};

pub(super) const TERRAFORM: &str = r#"{
  "version": 4, "terraform_version": "1.11.4", "serial": 3, "lineage": "ab",
  "resources": [
    {"mode": "managed", "type": "databricks_job", "name": "nightly", "provider": "p",
     "instances": [{"attributes": {"id": "123", "name": "Nightly"}}]},
    {"mode": "managed", "type": "databricks_job", "name": "etl", "module": "module.jobs", "provider": "p",
     "instances": [{"index_key": "orders", "attributes": {"id": "124", "name": "Orders"}},
                   {"index_key": "orders", "deposed": "1a", "attributes": {"id": "99", "name": "Orders"}}]},
    {"mode": "managed", "type": "databricks_permissions", "name": "nightly", "provider": "p",
     "instances": [{"attributes": {"id": "/jobs/123"}}]},
    {"mode": "managed", "type": "aws_s3_bucket", "name": "root", "provider": "p",
     "instances": [{"attributes": {"id": "bucket", "bucket": "bucket"}}]},
    {"mode": "managed", "type": "aws_s3_bucket_policy", "name": "root", "provider": "p",
     "instances": [{"attributes": {"id": "bucket", "bucket": "bucket"}}]},
    {"mode": "managed", "type": "aws_vpc", "name": "main", "provider": "p",
     "instances": [{"attributes": {"id": "vpc-1"}}]},
    {"mode": "data", "type": "databricks_job", "name": "looked_up", "provider": "p",
     "instances": [{"attributes": {"id": "5"}}]}
  ]
}"#;

#[test]
fn a_terraform_state() {
    let state = read(From::Tfstate, "terraform.tfstate", TERRAFORM.as_bytes()).unwrap();
    assert_eq!(
        addresses(&state),
        owned(&[
            ("aws_s3_bucket.root", "aws_buckets.root", "bucket"),
            ("databricks_job.nightly", "jobs.nightly", "123"),
            (
                "module.jobs.databricks_job.etl[\"orders\"]",
                "jobs.etl_orders",
                "124"
            ),
        ])
    );
    assert_eq!(state.others, Vec::<String>::new());
    let of_stacks: Vec<(&str, Option<&str>, &str)> = state
        .resources
        .iter()
        .map(|one| (one.address.as_str(), one.kind.as_deref(), one.id.as_str()))
        .collect();
    let wanted = [
        ("aws_s3_bucket.root", Some("AWS::S3::Bucket"), "bucket"),
        ("aws_vpc.main", Some("AWS::EC2::VPC"), "vpc-1"),
    ];
    assert_eq!(of_stacks, wanted);
}

#[test]
fn a_terraform_state_with_secrets_names_them_and_keeps_their_values() {
    let text = json!({"version": 4, "resources": [
        {"mode": "managed", "type": "databricks_secret_scope", "name": "shop", "instances": [{"attributes": {"id": "shop", "name": "shop"}}]},
        {"mode": "managed", "type": "databricks_secret", "name": "mail", "instances": [{"attributes":
            {"id": "shop|||mail", "scope": "shop", "key": "mail", "string_value": "canary-in-a-state"}}]},
        {"mode": "managed", "type": "databricks_secret_acl", "name": "mail", "instances": [{"attributes":
            {"id": "shop|||users", "scope": "shop", "principal": "users", "permission": "READ"}}]},
        {"mode": "managed", "type": "databricks_git_credential", "name": "hub", "instances": [{"attributes":
            {"id": "77", "git_provider": "gitHub", "personal_access_token": "canary-in-a-state"}}]},
    ]});
    let state = read(
        From::Tfstate,
        "terraform.tfstate",
        text.to_string().as_bytes(),
    );
    let state = state.unwrap();
    assert_eq!(
        addresses(&state),
        owned(&[
            ("databricks_git_credential.hub", "git_credentials.hub", "77"),
            ("databricks_secret.mail", "secrets.mail", "shop/mail"),
            ("databricks_secret_scope.shop", "secret_scopes.shop", "shop"),
        ])
    );
    assert_eq!(state.others, Vec::<String>::new());
    assert!(!format!("{state:?}").contains("canary"));
}

#[test]
fn a_terraform_state_of_what_workspaces_stand_on() {
    let one = |kind: &str, attributes: Value| json!({"mode": "managed", "type": kind, "name": "this", "provider": "p", "instances": [{"attributes": attributes}]});
    let text = json!({"version": 4, "resources": [
        one("aws_cloudformation_stack", json!({"id": "arn:aws:cloudformation:x:1:stack/net/0", "name": "net"})),
        one("aws_iam_role", json!({"id": "shop", "name": "shop", "arn": "arn:aws:iam::1:role/shop"})),
        one("databricks_mws_credentials", json!({"id": "acc/c-1", "credentials_id": "c-1", "credentials_name": "shop"})),
        one("databricks_mws_ncc_private_endpoint_rule", json!({"id": "n/r", "network_connectivity_config_id": "n", "rule_id": "r"})),
        one("databricks_mws_permission_assignment", json!({"id": "7|9", "workspace_id": 7, "principal_id": 9})),
        one("databricks_mws_workspaces", json!({"id": "acc/7", "workspace_id": 7, "workspace_name": "shop", "token": [{"token_value": "dapi-secret"}]})),
        one("databricks_mws_ncc_binding", json!({"id": "7/n"})),
    ]})
    .to_string();
    let state = read(From::Tfstate, "terraform.tfstate", text.as_bytes()).unwrap();
    let found: Vec<(String, &str, Option<&str>)> = state
        .objects
        .iter()
        .map(|found| {
            (
                found.key.to_string(),
                found.id.as_str(),
                found.name.as_deref(),
            )
        })
        .collect();
    let own = |key: &str, id, name| (format!("{key}.this"), id, name);
    assert_eq!(
        found,
        [
            own("cloudformation_stacks", "net", Some("net")),
            own("aws_roles", "shop", Some("shop")),
            own("account_credentials", "c-1", Some("shop")),
            own("account_private_endpoint_rules", "n/r", None),
            own("account_permission_assignments", "7/9", None),
            own("account_workspaces", "7", Some("shop")),
        ]
    );
    assert_eq!(state.others, ["databricks_mws_ncc_binding.this"]);
    let of = state.of(|kind| kind == "aws_roles");
    assert_eq!(of.objects.len(), 1);
    assert!(
        !serde_json::to_string(&state)
            .unwrap()
            .contains("dapi-secret")
    );
}

#[test]
fn a_connection_is_known_by_its_name_whatever_the_provider_calls_its_id() {
    let state = json!({"version": 4, "resources": [{"mode": "managed", "type": "databricks_connection", "name": "db",
        "instances": [{"attributes": {"id": "1b2c|shop_db", "name": "shop_db"}},
                      {"index_key": "old", "attributes": {"id": "1b2c|old_db"}}]}]});
    let read = read(From::Tfstate, "t", state.to_string().as_bytes()).unwrap();
    let ids: Vec<&str> = read
        .objects
        .iter()
        .map(|object| object.id.as_str())
        .collect();
    assert_eq!(ids, ["shop_db", "old_db"]);
}

#[test]
fn ids_are_taken_as_the_service_writes_them_and_older_apis_for_what_they_are() {
    let text = json!({"version": 4, "resources": [
        {"mode": "managed", "type": "databricks_directory", "name": "team", "instances": [{"attributes": {"id": "/Shared/team", "path": "/Shared/team"}}]},
        {"mode": "managed", "type": "databricks_alert", "name": "late", "instances": [{"attributes": {"id": "a-1", "display_name": "late"}}]},
        {"mode": "managed", "type": "databricks_alert_v2", "name": "late", "instances": [{"attributes": {"id": "a-2", "display_name": "late"}}]},
    ]});
    let state = read(
        From::Tfstate,
        "terraform.tfstate",
        text.to_string().as_bytes(),
    )
    .unwrap();
    assert_eq!(
        addresses(&state),
        owned(&[
            ("databricks_alert_v2.late", "alerts.late", "a-2"),
            (
                "databricks_directory.team",
                "directories.team",
                "/Workspace/Shared/team"
            ),
        ])
    );
    assert_eq!(
        state.others,
        ["databricks_alert.late (of an older API, which is not managed)"]
    );
}
