//! What a workspace lets change, what it never does, and what has to stand still meanwhile.

use std::time::Duration;

use serde_json::Value;

use crate::field_path::PathSegment;
use crate::kinds::Maintenance;
use crate::plan::FieldChange;

/// In the managed form of a workspace that failed; never wanted, so that a plan repairs it.
pub(super) const FAILED: &str = "failed";

pub(super) const TAGS: &str = "custom_tags";

const MANAGED_SERVICES_KEY: &str = "managed_services_customer_managed_key_id";
const STORAGE_KEY: &str = "storage_customer_managed_key_id";

/// What a running workspace lets change.
pub(super) const CHANGES: &[&str] = &[
    "credentials_id",
    TAGS,
    MANAGED_SERVICES_KEY,
    "network_connectivity_config_id",
    "network_id",
    "private_access_settings_id",
    STORAGE_KEY,
];

/// What only one that failed lets change, beside those.
pub(super) const REPAIRS: &[&str] = &["storage_configuration_id"];

/// What may show only minutes after the change, without any other sign that it is still under way.
pub(super) const LATE: &[&str] = &[STORAGE_KEY];

/// How long no cluster may start after a change: the service says so, whether or not it makes the network anew.
const HOLD: Duration = Duration::from_mins(20);

/// A workspace that runs takes no change at all while clusters, pools or classic warehouses run in it. Only for the key of
/// managed services alone nothing has to be waited for afterwards.
pub(super) fn maintenance(live: &Value, fields: &[&str]) -> Option<Maintenance> {
    // Nothing runs in one that failed.
    if live.get(FAILED).is_some() || fields.is_empty() {
        return None;
    }
    let alone = fields.iter().all(|field| *field == MANAGED_SERVICES_KEY);
    let hold = if alone { Duration::ZERO } else { HOLD };
    Some(Maintenance { hold })
}

/// What the service would refuse, or not do without a word, only after everything was stopped for it: why, and what to do
/// instead.
pub(super) fn refused(live: &Value, changes: &[FieldChange]) -> Vec<String> {
    let failed = live.get(FAILED).is_some();
    let words = changes.iter().filter_map(|change| {
        let Some(PathSegment::Key(field)) = change.path.0.first() else {
            return None;
        };
        // One that failed is mended by asking for it once more, but for this one.
        if field == FAILED && !is_banned(live) {
            return None;
        }
        let why = one(
            field,
            failed,
            change.before.is_some(),
            change.after.is_some(),
        )?;
        Some(format!("{field}: {why}"))
    });
    words.collect()
}

fn is_banned(live: &Value) -> bool {
    let words = live.get(FAILED).and_then(Value::as_str);
    words.is_some_and(|words| words.starts_with("BANNED"))
}

fn one(field: &str, failed: bool, had: bool, wants: bool) -> Option<&'static str> {
    match (field, had, wants) {
        ("storage_configuration_id", ..) if !failed => Some(
            "a workspace that runs keeps the storage configuration and the bucket that it was made with; put back the one that it \
             has, or make another workspace under a key and a name of its own",
        ),
        ("network_id", false, true) if !failed => Some(
            "a workspace that runs in a network that Databricks made stays there; take it out, or make another workspace under a \
             key and a name of its own",
        ),
        ("network_id", true, false) => Some(
            "a workspace in a network of your own never goes back to one that Databricks makes; name the network that it has, or \
             another one of yours",
        ),
        (STORAGE_KEY, true, _) if !failed => Some(
            "the key of its storage is set once and stays; name the one that it has (the key itself is rotated in KMS)",
        ),
        ("private_access_settings_id", true, false) => Some(
            "private access settings are changed for others, never taken away; name those that it has, or others that allow \
             public access",
        ),
        (FAILED, true, false) => Some(
            "Databricks banned the workspace, and nothing that is asked of it mends that; ask Databricks' support, or let it go by \
             taking it out",
        ),
        ("network_connectivity_config_id", true, false) => Some(
            "a network connectivity configuration is changed for another, never taken away; name the one that it has, or another",
        ),
        (MANAGED_SERVICES_KEY, true, false) => Some(
            "the key of managed services is changed for another, never taken away; name the one that it has, or another",
        ),
        _ => None,
    }
}
