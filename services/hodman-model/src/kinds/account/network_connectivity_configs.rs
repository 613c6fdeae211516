//! Network connectivity configurations: how serverless compute gets out. No update; their rules are objects of their own.

use std::sync::LazyLock;

use super::plain::{Changing, IN_USE, Plain, Removing, at_once};
use crate::kinds::rules::{Rules, patterns};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: NETWORK_CONNECTIVITY_CONFIGS.settable,
    name_field: "name",
    replace_on: patterns(&["name", "region"], &[]),
    field_order: &["name", "region"],
    ..Rules::default()
});

/// Network connectivity configurations of the account.
pub(super) static NETWORK_CONNECTIVITY_CONFIGS: Plain = Plain {
    name: "account_network_connectivity_configs",
    singular: "account_network_connectivity_config",
    path: "network-connectivity-configs",
    id_field: "network_connectivity_config_id",
    unique: "",
    items_field: "items",
    wrapper: "",
    wraps_requests: false,
    settable: &["name", "region"],
    later: &[],
    numbers: &[],
    holds_own_folder: "",
    outputs: &[
        "network_connectivity_config_id",
        "account_id",
        "egress_config",
    ],
    changing: Changing::Never,
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness: at_once,
    loses: "the addresses from which serverless compute comes, which others may have let in",
    for_ever: true,
    passing: &[IN_USE],
};
