//! What the service adds to a cluster that does not say it.

use serde_json::{Map, Value, json};

use crate::databricks::table::fill;

/// Additions to a job's `new_cluster`.
pub(crate) fn fill_new_cluster(spec: &mut Map<String, Value>) {
    fill(spec, "enable_elastic_disk", json!(true));
    fill(spec, "data_security_mode", json!("SINGLE_USER"));
    fill(spec, "runtime_engine", json!("STANDARD"));
    fill_aws(spec);
}

/// Additions to an all-purpose cluster.
pub(super) fn fill_cluster(spec: &mut Map<String, Value>) {
    fill_new_cluster(spec);
    call_modes_by_their_names(spec);
    if spec.get("is_single_node") == Some(&json!(true)) {
        fill_single_node(spec);
    }
    if let Some(node) = spec.get("node_type_id").cloned() {
        fill(spec, "driver_node_type_id", node);
    }
    fill(spec, "autotermination_minutes", json!(120));
    fill(spec, "enable_local_disk_encryption", json!(false));
    fill(spec, "disk_spec", json!({"disk_count": 0}));
    fill(spec, "init_scripts_safe_mode", json!(false));
}

/// Answers know the access modes by the names they had first.
fn call_modes_by_their_names(spec: &mut Map<String, Value>) {
    let mode = spec.get("data_security_mode").and_then(Value::as_str);
    let name = match mode {
        Some("DATA_SECURITY_MODE_DEDICATED" | "DATA_SECURITY_MODE_AUTO") => "SINGLE_USER",
        Some("DATA_SECURITY_MODE_STANDARD") => "USER_ISOLATION",
        _ => return,
    };
    spec.insert("data_security_mode".into(), json!(name));
}

fn fill_single_node(spec: &mut Map<String, Value>) {
    fill(spec, "num_workers", json!(0));
    for (field, entries) in [
        ("custom_tags", [("ResourceClass", "SingleNode")].as_slice()),
        (
            "spark_conf",
            &[
                ("spark.master", "local[*]"),
                ("spark.databricks.cluster.profile", "singleNode"),
            ],
        ),
    ] {
        fill(spec, field, json!({}));
        if let Some(Value::Object(map)) = spec.get_mut(field) {
            for (key, value) in entries {
                fill(map, key, json!(value));
            }
        }
    }
}

fn fill_aws(spec: &mut Map<String, Value>) {
    fill(spec, "aws_attributes", json!({}));
    if let Some(Value::Object(aws)) = spec.get_mut("aws_attributes") {
        fill(aws, "first_on_demand", json!(1));
        fill(aws, "availability", json!("SPOT_WITH_FALLBACK"));
        fill(aws, "zone_id", json!("us-east-1a"));
        fill(aws, "spot_bid_price_percent", json!(100));
        fill(aws, "ebs_volume_count", json!(0));
    }
}
