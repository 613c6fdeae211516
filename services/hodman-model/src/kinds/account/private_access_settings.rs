//! Private access settings: who reaches a workspace from where. Shared by the workspaces of a region; a change is a full
//! replacement that takes minutes in all of them.

use std::sync::LazyLock;

use serde_json::json;

use super::plain::{Changing, IN_USE, Plain, Removing, at_once};
use crate::kinds::Method;
use crate::kinds::fields::{defaults, references};
use crate::kinds::rules::{Rules, patterns, spelled, upper_case};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: PRIVATE_ACCESS_SETTINGS.settable,
    name_field: "private_access_settings_name",
    defaults: defaults(
        &[
            ("private_access_level", json!("ACCOUNT")),
            ("public_access_enabled", json!(false)),
        ],
        &[],
    ),
    spellings: spelled(&patterns(&["private_access_level"], &[]), upper_case),
    sets: patterns(&["allowed_vpc_endpoint_ids"], &[]),
    references: references(
        &[("allowed_vpc_endpoint_ids.*", "account_vpc_endpoints")],
        &[],
    ),
    replace_on: patterns(&["region"], &[]),
    field_order: &["private_access_settings_name", "region"],
    ..Rules::default()
});

/// Private access settings of the account.
pub(super) static PRIVATE_ACCESS_SETTINGS: Plain = Plain {
    name: "account_private_access_settings",
    singular: "account_private_access_setting",
    path: "private-access-settings",
    id_field: "private_access_settings_id",
    unique: "",
    items_field: "",
    wrapper: "",
    wraps_requests: false,
    settable: &[
        "allowed_vpc_endpoint_ids",
        "private_access_level",
        "private_access_settings_name",
        "public_access_enabled",
        "region",
    ],
    later: &[],
    numbers: &[],
    holds_own_folder: "",
    outputs: &["private_access_settings_id", "account_id"],
    changing: Changing::By(
        Method::Put,
        &[
            "allowed_vpc_endpoint_ids",
            "private_access_level",
            "private_access_settings_name",
            "public_access_enabled",
            "region",
        ],
    ),
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness: at_once,
    loses: "",
    for_ever: false,
    passing: &[IN_USE],
};
