//! What clusters of their own and clusters inside jobs have in common.

use serde_json::json;

use super::fields::{Aliases, defaults, fills, references};
use super::rules::{Rules, patterns};

/// Adds the rules for cluster specs that stand at `places` (`""` is the root).
pub(super) fn add_rules(rules: &mut Rules, places: &[&str]) {
    let aliases: Aliases<'_> = &[("{cluster}", places)];
    rules.volatile.extend(patterns(
        &[
            // Other clouds' attributes come back empty or with defaults.
            "{cluster}.azure_attributes",
            "{cluster}.gcp_attributes",
            "{cluster}.effective_spark_version",
            "{cluster}.default_tags",
            "{cluster}.init_scripts_safe_mode",
            // Says how a request is to be understood; some answers repeat it, others do not.
            "{cluster}.apply_policy_default_values",
        ],
        aliases,
    ));
    rules.defaults.extend(defaults(
        // Text of the clusters API: without these fields the server takes these values.
        &[
            ("{cluster}.enable_local_disk_encryption", json!(false)),
            ("{cluster}.aws_attributes.first_on_demand", json!(1)),
            (
                "{cluster}.aws_attributes.availability",
                json!("SPOT_WITH_FALLBACK"),
            ),
            (
                "{cluster}.aws_attributes.spot_bid_price_percent",
                json!(100),
            ),
            ("{cluster}.aws_attributes.ebs_volume_count", json!(0)),
        ],
        aliases,
    ));
    rules.server_fills.extend(fills(
        &[
            // "auto" becomes the zone that was found, and zones differ between regions.
            ("{cluster}.aws_attributes.zone_id", false),
            // Comes from the pool or the policy where there is one.
            ("{cluster}.node_type_id", true),
            // Takes the worker's.
            ("{cluster}.driver_node_type_id", true),
            ("{cluster}.driver_instance_pool_id", true),
            ("{cluster}.driver_node_type_flexibility", false),
            ("{cluster}.worker_node_type_flexibility", false),
            // Depends on the workspace's age and settings; a person's choice is worth keeping.
            ("{cluster}.data_security_mode", true),
            ("{cluster}.enable_elastic_disk", false),
            ("{cluster}.runtime_engine", true),
            ("{cluster}.disk_spec", false),
            ("{cluster}.is_single_node", true),
            ("{cluster}.kind", true),
            ("{cluster}.use_ml_runtime", true),
            // The creator, when the mode is single user: never the same person in production.
            ("{cluster}.single_user_name", false),
        ],
        aliases,
    ));
    rules.policy_fills.extend(patterns(&["{cluster}"], aliases));
    for place in patterns(&["{cluster}"], aliases) {
        for (field, other) in [
            ("driver_node_type_id", "node_type_id"),
            ("driver_instance_pool_id", "instance_pool_id"),
        ] {
            rules.repeats.push((place.clone(), field, other));
        }
    }
    rules.texts.extend(patterns(
        &[
            "{cluster}.spark_conf.*",
            "{cluster}.spark_env_vars.*",
            "{cluster}.custom_tags.*",
        ],
        aliases,
    ));
    rules.references.extend(references(
        &[
            ("{cluster}.instance_pool_id", "instance_pools"),
            ("{cluster}.driver_instance_pool_id", "instance_pools"),
            ("{cluster}.policy_id", "cluster_policies"),
        ],
        aliases,
    ));
    rules.file_paths.extend(patterns(
        &["{cluster}.init_scripts.*.workspace.destination"],
        aliases,
    ));
}
