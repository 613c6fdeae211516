//! What a create or an edit of a warehouse may say, and what the service fills in.

use serde_json::{Map, Value, json};

use crate::databricks::error::ApiError;
use crate::databricks::table::fill;

const FIELDS: [&str; 14] = [
    "auto_stop_mins",
    "channel",
    "cluster_size",
    "customer_version_label",
    "enable_photon",
    "enable_serverless_compute",
    "instance_profile_arn",
    "max_num_clusters",
    "min_num_clusters",
    "spot_instance_policy",
    "statement_timeout",
    "tags",
    "warehouse_type",
    "name",
];

const SIZES: [&str; 10] = [
    "2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large",
    "4X-Large", "5X-Large",
];

const LONGEST_NAME: usize = 100;
const MOST_TAGS: usize = 45;

/// The body as the settings of the warehouse `name`.
pub(super) fn settled(
    body: &Map<String, Value>,
    name: &str,
) -> Result<Map<String, Value>, ApiError> {
    let mut row: Map<String, Value> = body
        .iter()
        .filter(|(key, value)| FIELDS.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    row.insert("name".into(), json!(name));
    fill(&mut row, "cluster_size", json!("Medium"));
    fill(&mut row, "auto_stop_mins", json!(120));
    fill(&mut row, "min_num_clusters", json!(1));
    fill(&mut row, "max_num_clusters", json!(1));
    fill(&mut row, "enable_photon", json!(true));
    fill(&mut row, "enable_serverless_compute", json!(false));
    fill(&mut row, "warehouse_type", json!("CLASSIC"));
    fill(&mut row, "spot_instance_policy", json!("COST_OPTIMIZED"));
    fill(&mut row, "channel", json!({"name": "CHANNEL_NAME_CURRENT"}));
    check(&row, name)?;
    Ok(row)
}

fn check(row: &Map<String, Value>, name: &str) -> Result<(), ApiError> {
    let number = |key: &str| row.get(key).and_then(Value::as_i64).unwrap_or(0);
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default();
    let refuse = |message: String| Err(ApiError::invalid(message));
    if name.is_empty() || name.chars().count() >= LONGEST_NAME {
        return refuse(format!(
            "The name must have between 1 and {} characters.",
            LONGEST_NAME - 1
        ));
    }
    if !SIZES.contains(&text("cluster_size")) {
        return refuse(format!(
            "'{}' is not a valid cluster size.",
            text("cluster_size")
        ));
    }
    let stop = number("auto_stop_mins");
    if stop != 0 && stop < 10 {
        return refuse("auto_stop_mins must be 0 or at least 10.".to_owned());
    }
    if number("min_num_clusters") < 1 || number("max_num_clusters") < number("min_num_clusters") {
        return refuse(
            "max_num_clusters must be at least min_num_clusters, and that at least 1.".to_owned(),
        );
    }
    if row.get("enable_serverless_compute") == Some(&json!(true)) && text("warehouse_type") != "PRO"
    {
        return refuse("Serverless compute needs warehouse_type PRO.".to_owned());
    }
    let tags = row.get("tags").and_then(|tags| tags.get("custom_tags"));
    if tags.and_then(Value::as_array).map_or(0, Vec::len) >= MOST_TAGS {
        return refuse(format!("A warehouse has fewer than {MOST_TAGS} tags."));
    }
    Ok(())
}
