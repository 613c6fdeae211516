//! Delivery of audit and billing logs. A configuration can be switched off, never removed.

use std::sync::LazyLock;

use super::plain::{Changing, Plain, Removing, at_once};
use crate::kinds::fields::{fills, references};
use crate::kinds::rules::{Rules, patterns};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: LOG_DELIVERIES.settable,
    name_field: "config_name",
    texts: patterns(&["workspace_ids_filter.*"], &[]),
    sets: patterns(&["workspace_ids_filter"], &[]),
    // The month of its making, where usage is delivered.
    server_fills: fills(&[("delivery_start_time", false)], &[]),
    references: references(
        &[
            ("credentials_id", "account_credentials"),
            ("storage_configuration_id", "account_storage_configurations"),
            ("workspace_ids_filter.*", "account_workspaces"),
        ],
        &[],
    ),
    replace_on: patterns(
        &[
            "config_name",
            "credentials_id",
            "delivery_path_prefix",
            "delivery_start_time",
            "log_type",
            "output_format",
            "storage_configuration_id",
            "workspace_ids_filter",
        ],
        &[],
    ),
    field_order: &["config_name", "log_type", "output_format"],
    ..Rules::default()
});

/// Log deliveries of the account.
pub(super) static LOG_DELIVERIES: Plain = Plain {
    name: "account_log_deliveries",
    singular: "account_log_delivery",
    path: "log-delivery",
    id_field: "config_id",
    unique: "",
    items_field: "log_delivery_configurations",
    wrapper: "log_delivery_configuration",
    wraps_requests: true,
    settable: &[
        "config_name",
        "credentials_id",
        "delivery_path_prefix",
        "delivery_start_time",
        "log_type",
        "output_format",
        "storage_configuration_id",
        "workspace_ids_filter",
    ],
    later: &[],
    numbers: &["workspace_ids_filter"],
    holds_own_folder: "",
    outputs: &["config_id", "status"],
    changing: Changing::Never,
    keeps: &[],
    removing: Removing::SwitchOff("status", "DISABLED"),
    rules: || &RULES,
    readiness: at_once,
    loses: "logs from then on; the configuration stays behind, switched off",
    for_ever: false,
    passing: &["Failed credentials validation checks"],
};
