//! What clusters of their own and clusters inside jobs have in common.

use serde_json::json;

use super::fields::{Aliases, defaults, fills, references};
use super::rules::{Implied, Rules, Wish, patterns, spelled};

/// The older names of two access modes, which clusters answer whatever was asked for; jobs answer what was.
/// (databricks/cli, bundle/direct/dresources/cluster.go; terraform-provider-databricks, clusters/resource_cluster.go.)
const DEDICATED: &str = "SINGLE_USER";
const STANDARD: &str = "USER_ISOLATION";

/// What the service adds to a cluster with `is_single_node: true` (databricks-sdk-py, service/compute.py;
/// terraform-provider-databricks#4360).
const SINGLE_NODE: &[(&[&str], &str)] = &[
    (&["num_workers"], "0"),
    (&["custom_tags", "ResourceClass"], "SingleNode"),
    (
        &["spark_conf", "spark.databricks.cluster.profile"],
        "singleNode",
    ),
    (&["spark_conf", "spark.master"], "local["),
];

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
    let modes = patterns(&["{cluster}.data_security_mode"], aliases);
    rules.spellings.extend(spelled(&modes, access_mode));
    rules.wishes.extend(modes.into_iter().map(|at| Wish {
        at,
        value: "DATA_SECURITY_MODE_AUTO",
        met_by: &[DEDICATED, STANDARD],
    }));
    let flags = patterns(&["{cluster}.is_single_node"], aliases);
    rules.implied.extend(flags.into_iter().map(|flag| Implied {
        flag,
        beside: SINGLE_NODE,
    }));
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

fn access_mode(mode: &str) -> String {
    let answered = match mode {
        "DATA_SECURITY_MODE_DEDICATED" => DEDICATED,
        "DATA_SECURITY_MODE_STANDARD" => STANDARD,
        other => other,
    };
    answered.to_owned()
}
