//! Account objects: what is read back is what was asked for, and what cannot change is made anew.

mod plain;
mod states;

use serde_json::{Value, json};

use super::ACCOUNT_KINDS;
use crate::kinds::{Marker, Method, Readiness, kind};

fn marker() -> Marker {
    Marker {
        pipeline: "shop".into(),
        env: "qa".into(),
        key: "main".into(),
    }
}

/// What a module may ask for, and what the service adds.
fn samples() -> Vec<(&'static str, Value, Value)> {
    vec![
        (
            "account_credentials",
            json!({"credentials_name": "c", "aws_credentials": {"sts_role": {"role_arn": "arn:r"}}}),
            json!({"credentials_id": "1"}),
        ),
        (
            "account_storage_configurations",
            json!({"storage_configuration_name": "s", "root_bucket_info": {"bucket_name": "b"}}),
            json!({"storage_configuration_id": "1"}),
        ),
        (
            "account_vpc_endpoints",
            json!({"vpc_endpoint_name": "e", "aws_vpc_endpoint_id": "vpce-1", "region": "eu-central-1"}),
            json!({"vpc_endpoint_id": "1", "state": "available", "use_case": "WORKSPACE_ACCESS"}),
        ),
        (
            "account_networks",
            json!({"network_name": "n", "vpc_id": "vpc-1", "subnet_ids": ["s2", "s1"], "security_group_ids": ["sg"]}),
            json!({"network_id": "1", "vpc_status": "UNATTACHED"}),
        ),
        (
            "account_private_access_settings",
            json!({"private_access_settings_name": "p", "region": "eu-central-1"}),
            json!({"private_access_settings_id": "1", "private_access_level": "ACCOUNT", "public_access_enabled": false}),
        ),
        (
            "account_customer_managed_keys",
            json!({"use_cases": ["STORAGE", "MANAGED_SERVICES"], "aws_key_info": {"key_arn": "arn:k"}}),
            json!({"customer_managed_key_id": "1"}),
        ),
        (
            "account_network_connectivity_configs",
            json!({"name": "ncc", "region": "eu-central-1"}),
            json!({"network_connectivity_config_id": "1", "egress_config": {"default_rules": {}}}),
        ),
        (
            "account_workspaces",
            json!({"workspace_name": "w", "aws_region": "eu-central-1", "credentials_id": "1", "storage_configuration_id": "2", "custom_tags": {"team": "x"}}),
            json!({"workspace_id": 7, "workspace_status": "RUNNING", "deployment_name": "dbc-7", "pricing_tier": "PREMIUM"}),
        ),
        (
            "account_metastores",
            json!({"name": "m", "region": "eu-central-1", "storage_root": "s3://b/m/"}),
            json!({"metastore_id": "1", "owner": "x", "delta_sharing_scope": "INTERNAL"}),
        ),
        (
            "account_metastore_assignments",
            json!({"workspace_id": "7", "metastore_id": "1"}),
            json!({"workspace_id": 7, "default_catalog_name": "main"}),
        ),
        (
            "account_ip_access_lists",
            json!({"label": "l", "list_type": "ALLOW", "ip_addresses": ["10.0.0.0/8"]}),
            json!({"list_id": "1", "enabled": true, "address_count": 1}),
        ),
        (
            "account_ip_access_enforcements",
            json!({"enabled": true}),
            json!({"etag": "v", "acct_ip_acl_enable": {"value": true}}),
        ),
        (
            "account_private_endpoint_rules",
            json!({"network_connectivity_config_id": "n", "endpoint_service": "s", "domain_names": ["b", "a"]}),
            json!({"rule_id": "1", "network_connectivity_config_id": "n", "enabled": true, "deactivated": false, "connection_state": "PENDING"}),
        ),
        (
            "account_network_policies",
            json!({"network_policy_id": "p", "egress": {"network_access": {"restriction_mode": "FULL_ACCESS"}}}),
            json!({"account_id": "a"}),
        ),
        (
            "account_workspace_networks",
            json!({"workspace_id": "7", "network_policy_id": "p"}),
            json!({}),
        ),
        (
            "account_groups",
            json!({"displayName": "g", "members": [{"value": "2"}, {"value": "1"}]}),
            json!({"id": "1", "roles": []}),
        ),
        (
            "account_service_principals",
            json!({"displayName": "robot"}),
            json!({"id": "1", "active": true, "applicationId": "0-0"}),
        ),
        (
            "account_permission_assignments",
            json!({"workspace_id": "7", "principal_id": "9", "permission_levels": ["USER"]}),
            json!({"workspace_id": "7", "principal": {"principal_id": 9, "group_name": "g"}}),
        ),
        (
            "account_federation_policies",
            json!({"policy_id": "ci", "description": "d", "oidc_policy": {"issuer": "https://i"}}),
            json!({"policy_id": "ci", "uid": "u"}),
        ),
        (
            "account_service_principal_federation_policies",
            json!({"policy_id": "ci", "description": "d", "service_principal_id": "9", "oidc_policy": {"issuer": "https://i", "subject": "s"}}),
            json!({"policy_id": "ci", "uid": "u", "service_principal_id": 9}),
        ),
        (
            "account_log_deliveries",
            json!({"config_name": "d", "log_type": "AUDIT_LOGS", "output_format": "JSON", "credentials_id": "1", "storage_configuration_id": "2"}),
            json!({"config_id": "1", "status": "ENABLED"}),
        ),
    ]
}

#[test]
fn every_kind_reads_back_what_it_asked_for() {
    let samples = samples();
    for kind in ACCOUNT_KINDS {
        let (_, config, more) = samples
            .iter()
            .find(|(name, ..)| *name == kind.name())
            .unwrap_or_else(|| panic!("{} has no sample", kind.name()));
        let create = kind.create(config, &marker());
        assert!(
            create.path.starts_with("/api/2.0/accounts/{account_id}/"),
            "{}",
            create.path
        );
        assert!(matches!(
            create.method,
            Method::Post | Method::Put | Method::Patch
        ));
        let mut answer = create.body.clone().unwrap();
        let wrapper = answer.as_object().unwrap().iter().next();
        let wrapper = wrapper.filter(|(_, inner)| {
            create.body.as_ref().unwrap().as_object().unwrap().len() == 1 && inner.is_object()
        });
        let name = wrapper.map(|(name, _)| name.clone());
        let inner = match &name {
            Some(name) => &mut answer[name.as_str()],
            None => &mut answer,
        };
        for (field, value) in more.as_object().unwrap() {
            inner[field.as_str()] = value.clone();
        }
        let listed = kind
            .read(&answer)
            .unwrap()
            .unwrap_or_else(|| panic!("{} is nobody's", kind.name()));
        let rules = kind.rules();
        let wanted = rules.normalise(config);
        assert_eq!(
            rules.without_fills(&rules.normalise(&listed.config), Some(&wanted)),
            wanted,
            "{}",
            kind.name()
        );
        assert_eq!(
            kind.created_id(&answer, config),
            Some(listed.id),
            "{}",
            kind.name()
        );
    }
}

#[test]
fn what_has_no_update_is_made_anew_before_the_old_one_goes() {
    for kind in ACCOUNT_KINDS {
        let nothing = kind
            .update("1", &json!({}), &json!({"a": 1}), &marker())
            .is_empty();
        // These send what differs, and nothing does here.
        let differs = ["account_workspaces", "account_private_endpoint_rules"];
        if !differs.contains(&kind.name()) {
            assert_eq!(kind.creates_first(), nothing, "{}", kind.name());
        }
    }
}

#[test]
fn a_workspace_says_whose_it_is_and_how_it_is() {
    let kind = kind("account_workspaces").unwrap();
    let (_, config, _) = samples()
        .into_iter()
        .find(|(name, ..)| *name == kind.name())
        .unwrap();
    let body = kind.create(&config, &marker()).body.unwrap();
    assert_eq!(body["custom_tags"]["hodman_key"], "main");
    let mut answer = body.clone();
    answer["workspace_id"] = json!(7);
    answer["workspace_status"] = json!("PROVISIONING");
    assert!(matches!(kind.readiness(&answer), Readiness::Pending(_)));
    assert_eq!(kind.read(&answer).unwrap().unwrap().marker, Some(marker()));

    answer["workspace_status"] = json!("FAILED");
    answer["workspace_status_message"] = json!("no such bucket");
    let failed = kind.read(&answer).unwrap().unwrap();
    assert_eq!(failed.config["failed"], "FAILED: no such bucket");
    let repair = kind.update("7", &failed.config, &config, &marker());
    let mask = &repair[0].query["update_mask"];
    assert_eq!(mask, "credentials_id,custom_tags,storage_configuration_id");

    let mut other = config.clone();
    other["network_id"] = json!("n");
    answer["workspace_status"] = json!("RUNNING");
    let live = kind.read(&answer).unwrap().unwrap();
    let change = kind.update("7", &live.config, &other, &marker());
    assert_eq!(change[0].query["update_mask"], "custom_tags,network_id");
    let body = change[0].body.as_ref().unwrap();
    assert_eq!(body["network_id"], "n");
    assert_eq!(body["custom_tags"]["team"], "x");
}

#[test]
fn a_workspace_without_our_tags_gets_them_though_nothing_else_differs() {
    let kind = kind("account_workspaces").unwrap();
    let mut config = json!({"workspace_name": "w", "aws_region": "eu-central-1", "credentials_id": "1", "storage_configuration_id": "2"});
    let mut answer = config.clone();
    answer["workspace_id"] = json!(7);
    answer["workspace_status"] = json!("RUNNING");
    let theirs = kind.read(&answer).unwrap().unwrap();
    assert_eq!(theirs.marker, None);
    let change = kind.update("7", &theirs.config, &config, &marker());
    assert_eq!(change[0].query["update_mask"], "custom_tags");
    assert_eq!(
        change[0].body.as_ref().unwrap()["custom_tags"]["hodman_key"],
        "main"
    );
    // Their own tags stay.
    config["custom_tags"] = json!({"team": "x"});
    let change = kind.update("7", &theirs.config, &config, &marker());
    assert_eq!(change[0].body.as_ref().unwrap()["custom_tags"]["team"], "x");
}

#[test]
fn the_words_of_the_network_are_joined() {
    let kind = kind("account_workspaces").unwrap();
    let call = kind.failure_call(&json!({"network_id": "n"})).unwrap();
    assert!(call.path.ends_with("/networks/n"));
    let words = kind.failure_words(&json!({"error_messages": [
        {"error_type": "subnet", "error_message": "no way out"},
        {"error_type": "vpc", "error_message": "no DNS"},
    ]}));
    assert_eq!(words, "subnet: no way out; vpc: no DNS");
}

#[test]
fn one_assignment_is_taken_from_the_list_of_its_workspace() {
    let kind = kind("account_permission_assignments").unwrap();
    assert!(
        kind.get("7/9")
            .path
            .ends_with("/workspaces/7/permissionassignments")
    );
    let list = json!({"permission_assignments": [
        {"principal": {"principal_id": 8}, "permissions": ["ADMIN"]},
        {"principal": {"principal_id": 9}, "permissions": ["USER"]},
    ]});
    let found = kind.pick("7/9", list.clone()).unwrap();
    let found = kind.read(&found).unwrap().unwrap();
    assert_eq!(
        (found.id.as_str(), found.natural.as_deref()),
        ("7/9", Some("7/9"))
    );
    assert_eq!(found.config["permission_levels"], json!(["USER"]));
    assert_eq!(kind.pick("7/10", list), None);
    assert_eq!(kind.below("7/9").as_deref(), Some("7"));
    let gone = kind.delete("7/9", &json!({}));
    assert!(
        gone[0]
            .path
            .ends_with("/workspaces/7/permissionassignments/principals/9")
    );
}

#[test]
fn what_lies_below_another_is_asked_for_with_the_ids_of_both() {
    let policies = kind("account_service_principal_federation_policies").unwrap();
    let one = policies.get("9/ci").path;
    assert!(
        one.ends_with("/servicePrincipals/9/federationPolicies/ci"),
        "{one}"
    );
    let config = json!({"policy_id": "ci", "service_principal_id": "9", "oidc_policy": {"issuer": "https://i"}});
    let create = policies.create(&config, &marker());
    assert_eq!(create.query["policy_id"], "ci");
    assert_eq!(
        create.body,
        Some(json!({"oidc_policy": {"issuer": "https://i"}}))
    );
    let change = &policies.update("9/ci", &json!({}), &config, &marker())[0];
    assert_eq!(change.query["update_mask"], "description,oidc_policy");
    assert_eq!(change.body.as_ref().unwrap()["description"], "");
    let bare = json!({"policy_id": "ci", "oidc_policy": {"issuer": "https://i"}});
    let found = policies
        .read(&policies.pick("9/ci", bare).unwrap())
        .unwrap()
        .unwrap();
    assert_eq!(found.id, "9/ci");

    let rules = kind("account_private_endpoint_rules").unwrap();
    let one = rules.get("n/r").path;
    assert!(
        one.ends_with("/network-connectivity-configs/n/private-endpoint-rules/r"),
        "{one}"
    );
    assert_eq!(rules.below("n/r").as_deref(), Some("n"));
}

#[test]
fn an_endpoint_rule_says_what_differs_and_is_nobodys_once_deactivated() {
    let kind = kind("account_private_endpoint_rules").unwrap();
    let live = json!({"network_connectivity_config_id": "n", "endpoint_service": "s", "domain_names": ["a"], "enabled": false});
    let wanted = json!({"network_connectivity_config_id": "n", "endpoint_service": "s"});
    let change = &kind.update("n/r", &live, &wanted, &marker())[0];
    assert_eq!(change.query["update_mask"], "domain_names,enabled");
    assert_eq!(
        change.body,
        Some(json!({"domain_names": [], "enabled": true}))
    );
    assert!(kind.update("n/r", &live, &live, &marker()).is_empty());
    let off = kind.after_create("n/r", &live, &marker());
    assert_eq!(off[0].body, Some(json!({"enabled": false})));
    assert!(kind.after_create("n/r", &wanted, &marker()).is_empty());
    let mut answer = live;
    answer["rule_id"] = json!("r");
    assert_eq!(kind.read(&answer).unwrap().unwrap().id, "n/r");
    answer["deactivated"] = json!(true);
    assert_eq!(kind.read(&answer).unwrap(), None);
}

#[test]
fn a_group_that_says_nothing_of_members_leaves_them_to_others() {
    let kind = kind("account_groups").unwrap();
    let live = json!({"displayName": "g", "members": [{"value": "1"}]});
    let change = &kind.update("5", &live, &json!({"displayName": "h"}), &marker())[0];
    assert_eq!(change.method, Method::Put);
    assert!(change.path.ends_with("/scim/v2/Groups/5"));
    let body = change.body.as_ref().unwrap();
    assert_eq!(
        (&body["displayName"], &body["members"]),
        (&json!("h"), &json!([{"value": "1"}]))
    );
}

#[test]
fn a_workspace_goes_back_under_the_policy_of_all() {
    let kind = kind("account_workspace_networks").unwrap();
    let back = &kind.delete("7", &json!({}))[0];
    assert_eq!(
        back.body,
        Some(json!({"workspace_id": 7, "network_policy_id": "default-policy"}))
    );
}
