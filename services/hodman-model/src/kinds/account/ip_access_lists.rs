//! IP access lists of the account console.

use std::sync::LazyLock;

use serde_json::json;

use super::plain::{Changing, Plain, Removing, at_once};
use crate::kinds::Method;
use crate::kinds::fields::defaults;
use crate::kinds::rules::{Rules, patterns};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: IP_ACCESS_LISTS.settable,
    name_field: "label",
    defaults: defaults(&[("enabled", json!(true))], &[]),
    sets: patterns(&["ip_addresses"], &[]),
    field_order: &["label", "list_type", "ip_addresses"],
    ..Rules::default()
});

/// IP access lists of the account.
pub(super) static IP_ACCESS_LISTS: Plain = Plain {
    name: "account_ip_access_lists",
    singular: "account_ip_access_list",
    path: "ip-access-lists",
    id_field: "list_id",
    unique: "",
    items_field: "ip_access_lists",
    wrapper: "ip_access_list",
    wraps_requests: false,
    settable: &["enabled", "ip_addresses", "label", "list_type"],
    later: &["enabled"],
    numbers: &[],
    holds_own_folder: "",
    outputs: &["list_id", "address_count"],
    changing: Changing::By(
        Method::Put,
        &["enabled", "ip_addresses", "label", "list_type"],
    ),
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness: at_once,
    loses: "",
    for_ever: false,
    passing: &[],
};
