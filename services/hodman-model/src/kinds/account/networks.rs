//! Network configurations: the subnets and security groups of one workspace. No update, no unique name; they are looked
//! into only when a workspace uses them.

use std::sync::LazyLock;

use serde_json::Value;

use super::plain::{Changing, IN_USE, Plain, Removing, messages};
use crate::kinds::Readiness;
use crate::kinds::fields::references;
use crate::kinds::rules::{Rules, patterns};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: NETWORKS.settable,
    inside: &[("vpc_endpoints", &["dataplane_relay", "rest_api"])],
    name_field: "network_name",
    sets: patterns(&["subnet_ids", "security_group_ids"], &[]),
    references: references(
        &[
            ("vpc_endpoints.rest_api.*", "account_vpc_endpoints"),
            ("vpc_endpoints.dataplane_relay.*", "account_vpc_endpoints"),
        ],
        &[],
    ),
    replace_on: patterns(
        &[
            "network_name",
            "vpc_id",
            "subnet_ids",
            "security_group_ids",
            "vpc_endpoints",
            "gcp_network_info",
        ],
        &[],
    ),
    field_order: &["network_name", "vpc_id", "subnet_ids", "security_group_ids"],
    ..Rules::default()
});

/// A new one is nobody's, and looked into when a workspace uses it.
fn readiness(answer: &Value) -> Readiness {
    match answer.get("vpc_status").and_then(Value::as_str) {
        Some(status @ "BROKEN") => Readiness::Failed(format!(
            "Databricks says that the network is {status}: {}",
            messages(answer, "error")
        )),
        _ => Readiness::Ready,
    }
}

/// Network configurations of the account.
pub(super) static NETWORKS: Plain = Plain {
    name: "account_networks",
    singular: "account_network",
    path: "networks",
    id_field: "network_id",
    unique: "",
    items_field: "",
    wrapper: "",
    wraps_requests: false,
    settable: &[
        "network_name",
        "security_group_ids",
        "subnet_ids",
        "vpc_endpoints",
        "vpc_id",
    ],
    later: &[],
    numbers: &[],
    holds_own_folder: "",
    outputs: &[
        "network_id",
        "account_id",
        "vpc_status",
        "error_messages",
        "warning_messages",
    ],
    changing: Changing::Never,
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness,
    loses: "",
    for_ever: false,
    passing: &[IN_USE],
};
