//! Customer-managed keys: keys of AWS for what the control plane and the root bucket keep. No name, no update.

use std::sync::LazyLock;

use serde_json::json;

use super::plain::{Changing, IN_USE, Plain, Removing, at_once};
use crate::kinds::fields::{defaults, fills};
use crate::kinds::rules::{Rules, patterns};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: CUSTOMER_MANAGED_KEYS.settable,
    inside: &[(
        "aws_key_info",
        &[
            "key_alias",
            "key_arn",
            "key_region",
            "reuse_key_for_cluster_volumes",
        ],
    )],
    // They have none; what tells two of them apart are the key and its uses.
    name_field: "aws_key_info",
    sets: patterns(&["use_cases"], &[]),
    server_fills: fills(&[("aws_key_info.key_region", false)], &[]),
    // "If this is set to true or omitted": https://docs.databricks.com/api/account/encryptionkeys/create
    defaults: defaults(
        &[("aws_key_info.reuse_key_for_cluster_volumes", json!(true))],
        &[],
    ),
    replace_on: patterns(&["aws_key_info", "use_cases"], &[]),
    field_order: &["use_cases", "aws_key_info"],
    ..Rules::default()
});

/// Customer-managed keys of the account.
pub(super) static CUSTOMER_MANAGED_KEYS: Plain = Plain {
    name: "account_customer_managed_keys",
    singular: "account_customer_managed_key",
    path: "customer-managed-keys",
    id_field: "customer_managed_key_id",
    unique: "",
    items_field: "",
    wrapper: "",
    wraps_requests: false,
    settable: &["aws_key_info", "use_cases"],
    later: &[],
    numbers: &[],
    holds_own_folder: "",
    outputs: &["customer_managed_key_id", "account_id"],
    changing: Changing::Never,
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness: at_once,
    loses: "",
    for_ever: false,
    passing: &[IN_USE],
};
