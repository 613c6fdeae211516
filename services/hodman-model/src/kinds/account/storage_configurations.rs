//! Storage configurations: the root bucket of workspaces. No update, no unique name.

use std::sync::LazyLock;

use super::plain::{Changing, IN_USE, Plain, Removing, at_once};
use crate::kinds::rules::{Rules, patterns};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: STORAGE_CONFIGURATIONS.settable,
    inside: &[("root_bucket_info", &["bucket_name"])],
    name_field: "storage_configuration_name",
    replace_on: patterns(
        &["storage_configuration_name", "root_bucket_info", "role_arn"],
        &[],
    ),
    field_order: &["storage_configuration_name", "root_bucket_info"],
    ..Rules::default()
});

/// Storage configurations of the account.
pub(super) static STORAGE_CONFIGURATIONS: Plain = Plain {
    name: "account_storage_configurations",
    singular: "account_storage_configuration",
    path: "storage-configurations",
    id_field: "storage_configuration_id",
    unique: "",
    items_field: "",
    wrapper: "",
    wraps_requests: false,
    settable: &["role_arn", "root_bucket_info", "storage_configuration_name"],
    later: &[],
    numbers: &[],
    holds_own_folder: "",
    outputs: &["storage_configuration_id", "account_id", "root_bucket_info"],
    changing: Changing::Never,
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness: at_once,
    loses: "",
    for_ever: false,
    passing: &[IN_USE],
};
