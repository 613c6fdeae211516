//! What clusters of their own and clusters inside jobs have in common.

use serde_json::json;

use super::pattern::Pattern;
use super::rules::{Default, Reference, Rules, ServerFill, expand, patterns};

/// Adds the rules for cluster specs that stand at `places` (`""` is the root).
pub(super) fn add_rules(rules: &mut Rules, places: &[&str]) {
    let aliases: &[(&str, &[&str])] = &[("{cluster}", places)];
    rules.volatile.extend(patterns(
        &[
            // Other clouds' attributes come back empty or with defaults.
            "{cluster}.azure_attributes",
            "{cluster}.gcp_attributes",
            "{cluster}.effective_spark_version",
            "{cluster}.default_tags",
        ],
        aliases,
    ));
    for (at, value) in [
        // Text of the clusters API: without these fields the server takes these values.
        ("{cluster}.apply_policy_default_values", json!(false)),
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
    ] {
        rules
            .defaults
            .extend(expand(&[at], aliases).iter().map(|at| Default {
                at: Pattern::new(at),
                value: value.clone(),
            }));
    }
    for (at, captured) in [
        // "auto" becomes the zone that was found, and zones differ between regions.
        ("{cluster}.aws_attributes.zone_id", false),
        // Takes the worker's type.
        ("{cluster}.driver_node_type_id", false),
        ("{cluster}.driver_instance_pool_id", false),
        // Depends on the workspace's age and settings; a person's choice is worth keeping.
        ("{cluster}.data_security_mode", true),
        ("{cluster}.enable_elastic_disk", false),
        ("{cluster}.runtime_engine", true),
        ("{cluster}.disk_spec", false),
        // The creator, when the mode is single user: never the same person in production.
        ("{cluster}.single_user_name", false),
    ] {
        rules
            .server_fills
            .extend(expand(&[at], aliases).iter().map(|at| ServerFill {
                at: Pattern::new(at),
                captured,
            }));
    }
    rules.texts.extend(patterns(
        &[
            "{cluster}.spark_conf.*",
            "{cluster}.spark_env_vars.*",
            "{cluster}.custom_tags.*",
        ],
        aliases,
    ));
    rules.references.extend(
        [
            ("{cluster}.instance_pool_id", "instance_pools"),
            ("{cluster}.policy_id", "cluster_policies"),
        ]
        .iter()
        .flat_map(|(at, kind)| {
            expand(&[at], aliases)
                .into_iter()
                .map(move |at| (at, *kind))
        })
        .map(|(at, kind)| Reference {
            at: Pattern::new(&at),
            kind,
        }),
    );
    rules.file_paths.extend(patterns(
        &["{cluster}.init_scripts.*.workspace.destination"],
        aliases,
    ));
}
