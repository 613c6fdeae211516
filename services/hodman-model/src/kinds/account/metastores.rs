//! Metastores of Unity Catalog: one for each region. A create takes a name and a place, everything else is a change after it.

use std::sync::LazyLock;

use super::plain::{Changing, Plain, Removing, at_once};
use crate::kinds::Method;
use crate::kinds::fields::fills;
use crate::kinds::rules::{Rules, patterns};

/// What only a change takes.
const LATER: &[&str] = &[
    "delta_sharing_organization_name",
    "delta_sharing_recipient_token_lifetime_in_seconds",
    "delta_sharing_scope",
    "owner",
    "privilege_model_version",
    "storage_root_credential_id",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: METASTORES.settable,
    name_field: "name",
    // As the Terraform provider compares it (catalog/resource_metastore.go); what is sent keeps its case.
    lower_case: patterns(&["name"], &[]),
    locations: patterns(&["storage_root"], &[]),
    server_fills: fills(
        &[
            ("owner", true),
            ("external_access_enabled", true),
            ("region", false),
            ("delta_sharing_scope", true),
            ("delta_sharing_recipient_token_lifetime_in_seconds", true),
            ("delta_sharing_organization_name", true),
            ("storage_root_credential_id", false),
            ("privilege_model_version", false),
        ],
        &[],
    ),
    replace_on: patterns(&["region", "storage_root"], &[]),
    field_order: &["name", "region", "storage_root", "owner"],
    ..Rules::default()
});

/// Metastores of the account.
pub(super) static METASTORES: Plain = Plain {
    name: "account_metastores",
    singular: "account_metastore",
    path: "metastores",
    id_field: "metastore_id",
    unique: "",
    items_field: "metastores",
    wrapper: "metastore_info",
    wraps_requests: true,
    settable: &[
        "delta_sharing_organization_name",
        "delta_sharing_recipient_token_lifetime_in_seconds",
        "delta_sharing_scope",
        "external_access_enabled",
        "name",
        "owner",
        "privilege_model_version",
        "region",
        "storage_root",
        "storage_root_credential_id",
    ],
    later: LATER,
    numbers: &[],
    holds_own_folder: "storage_root",
    outputs: &["metastore_id", "global_metastore_id"],
    changing: Changing::By(
        Method::Put,
        &[
            "delta_sharing_organization_name",
            "delta_sharing_recipient_token_lifetime_in_seconds",
            "delta_sharing_scope",
            "external_access_enabled",
            "owner",
            "privilege_model_version",
            "storage_root_credential_id",
        ],
    ),
    keeps: &[(
        "name",
        "the account gives a metastore no other name; name the one that it has",
    )],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness: at_once,
    loses: "every catalog, schema, table and grant in it",
    for_ever: true,
    passing: &[],
};
