//! Network policies: where serverless compute may go to. Their id is chosen by who makes them; every account has
//! `default-policy`, which is changed only when it was taken over.

use std::sync::LazyLock;

use super::plain::{Changing, IN_USE, Plain, Removing, at_once};
use crate::kinds::Method;
use crate::kinds::fields::fills;
use crate::kinds::rules::{Rules, patterns};

const SETTABLE: &[&str] = &["egress", "ingress", "ingress_dry_run", "network_policy_id"];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "network_policy_id",
    server_fills: fills(
        &[
            ("egress.network_access.policy_enforcement", true),
            ("ingress", true),
            ("ingress_dry_run", true),
        ],
        &[],
    ),
    // Said as a whole each time.
    silence_resets: Some(&[]),
    replace_on: patterns(&["network_policy_id"], &[]),
    field_order: &["network_policy_id", "egress"],
    ..Rules::default()
});

/// Network policies of the account.
pub(super) static NETWORK_POLICIES: Plain = Plain {
    name: "account_network_policies",
    singular: "account_network_policy",
    path: "network-policies",
    id_field: "network_policy_id",
    unique: "network_policy_id",
    items_field: "items",
    wrapper: "",
    wraps_requests: false,
    settable: SETTABLE,
    later: &[],
    numbers: &[],
    holds_own_folder: "",
    outputs: &["network_policy_id", "account_id"],
    changing: Changing::By(Method::Put, SETTABLE),
    keeps: &[],
    removing: Removing::Delete,
    rules: || &RULES,
    readiness: at_once,
    loses: "",
    for_ever: false,
    passing: &[IN_USE],
};
