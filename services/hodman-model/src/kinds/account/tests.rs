//! Account objects: what is read back is what was asked for, and what cannot change is made anew.

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
        assert_eq!(create.method, Method::Post);
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
            rules.without_fills(&listed.config, Some(&wanted)),
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
        // The workspace sends what differs, and nothing does here.
        if kind.name() != "account_workspaces" {
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
    assert_eq!(change[0].query["update_mask"], "network_id");
    assert_eq!(change[0].body, Some(json!({"network_id": "n"})));
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
