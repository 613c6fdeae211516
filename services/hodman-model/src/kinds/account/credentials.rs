//! Credentials: the role with which Databricks makes machines in our AWS account. No update, no unique name.

use std::sync::LazyLock;

use super::plain::{Changing, IN_USE, Plain, Removing, at_once};
use crate::kinds::fields::fills;
use crate::kinds::rules::{Rules, patterns};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: CREDENTIALS.settable,
    inside: &[
        ("aws_credentials", &["sts_role"]),
        ("aws_credentials.sts_role", &["external_id", "role_arn"]),
    ],
    name_field: "credentials_name",
    // The account's own id, always.
    server_fills: fills(&[("aws_credentials.sts_role.external_id", false)], &[]),
    replace_on: patterns(&["credentials_name", "aws_credentials"], &[]),
    field_order: &["credentials_name", "aws_credentials"],
    ..Rules::default()
});

/// Credentials of the account.
pub(super) static CREDENTIALS: Plain = Plain {
    name: "account_credentials",
    singular: "account_credential",
    path: "credentials",
    id_field: "credentials_id",
    unique: "",
    items_field: "",
    wrapper: "",
    wraps_requests: false,
    settable: &["aws_credentials", "credentials_name"],
    later: &[],
    numbers: &[],
    holds_own_folder: "",
    outputs: &["credentials_id", "account_id", "aws_credentials"],
    changing: Changing::Never,
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness: at_once,
    loses: "",
    for_ever: false,
    // The role is tried at once, and a role of a moment ago is not known everywhere: about ten seconds in real life.
    passing: &["Failed credentials validation checks", IN_USE],
};
