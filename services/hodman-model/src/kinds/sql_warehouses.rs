//! SQL warehouses: `/api/2.0/sql/warehouses`. Their names are unique.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::{defaults, fills, only};
use super::listed::{id_text, text};
use super::pattern::Pattern;
use super::permissions::Permissions;
use super::rules::{Rules, as_map};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError, Readiness,
    Reversibility, TAG_ENV, TAG_KEY, TAG_PIPELINE,
};

/// SQL warehouses.
#[derive(Clone, Copy, Debug)]
pub struct SqlWarehouses;

const PATH: &str = "/api/2.0/sql/warehouses";

/// The request to create one, without what only the service says (`creator_name`, `customer_version_label`).
const SETTABLE: &[&str] = &[
    "auto_stop_mins",
    "channel",
    "cluster_size",
    "enable_photon",
    "enable_serverless_compute",
    "instance_profile_arn",
    "max_dbu",
    "max_num_clusters",
    "min_num_clusters",
    "name",
    "reyden_cluster_size_multiplier",
    "spot_instance_policy",
    "statement_timeout",
    "tags",
    "warehouse_type",
];

/// What makes it a warehouse of one type or another; the two go together.
const TYPE: &[&str] = &["enable_serverless_compute", "warehouse_type"];

static PERMISSIONS: Permissions = Permissions {
    object_type: "warehouses",
    levels: &[
        "CAN_VIEW",
        "CAN_MONITOR",
        "CAN_USE",
        "CAN_MANAGE",
        "IS_OWNER",
    ],
    one_owner: true,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    tags_field: "tags",
    defaults: defaults(
        &[
            ("auto_stop_mins", json!(120)),
            ("channel.name", json!("CHANNEL_NAME_CURRENT")),
            ("enable_photon", json!(true)),
            ("min_num_clusters", json!(1)),
            // The same as the smallest number, so 1 only where that is 1, too.
            ("max_num_clusters", json!(1)),
            ("spot_instance_policy", json!("COST_OPTIMIZED")),
            ("statement_timeout", json!(0)),
        ],
        &[],
    ),
    server_fills: fills(
        &[
            ("cluster_size", true),
            // Follows from what the workspace may use.
            ("enable_serverless_compute", true),
            ("warehouse_type", true),
            // Deprecated; comes from the workspace's settings.
            ("instance_profile_arn", false),
            ("reyden_cluster_size_multiplier", false),
            ("max_dbu", false),
        ],
        &[],
    ),
    // The largest number is the smallest one when only that was said.
    repeats: vec![(Pattern::new(""), "max_num_clusters", "min_num_clusters")],
    silence_resets: Some(&[
        "cluster_size",
        "enable_serverless_compute",
        "warehouse_type",
    ]),
    list_keys: &[("custom_tags", "key")],
    field_order: &[
        "name",
        "cluster_size",
        "warehouse_type",
        "enable_serverless_compute",
        "min_num_clusters",
        "max_num_clusters",
        "auto_stop_mins",
        "key",
        "value",
    ],
    ..Rules::default()
});

impl Kind for SqlWarehouses {
    fn name(&self) -> &'static str {
        "sql_warehouses"
    }

    fn singular(&self) -> &'static str {
        "sql_warehouse"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "name")
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall::new(PATH, "warehouses", "id"))
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        if matches!(
            answer.get("state").and_then(Value::as_str),
            Some("DELETING" | "DELETED")
        ) {
            return Ok(None);
        }
        let id = id_text(answer.get("id")).ok_or(ReadError {
            kind: "sql_warehouse",
            field: "id",
        })?;
        let (tags, ours) = split_tags(answer);
        let mut settings = as_map(&only(answer, SETTABLE));
        settings.insert("tags".to_owned(), json!({ "custom_tags": tags }));
        let config = RULES.normalise(&Value::Object(settings));
        Ok(Some(Listed {
            id,
            name: text(answer, "name").unwrap_or_default(),
            marker: Marker::from_tags(Some(&Value::Object(ours))),
            natural: self.natural(answer),
            config,
            outputs: only(answer, &["jdbc_url", "odbc_params"]),
            creator: text(answer, "creator_name"),
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        Call::post(PATH, marked(config, marker), false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        // Fields that are left out go back to their defaults: as they should, but for what the service chose before.
        let mut body = as_map(&only(live, &["cluster_size"]));
        if only(config, TYPE) == json!({}) {
            body.extend(as_map(&only(live, TYPE)));
        }
        body.extend(as_map(&marked(config, marker)));
        vec![Call::post(
            &format!("{PATH}/{id}/edit"),
            Value::Object(body),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{PATH}/{id}"))]
    }

    fn stop(&self, id: &str) -> Option<Call> {
        Some(Call::post(
            &format!("/api/2.0/sql/warehouses/{id}/stop"),
            json!({}),
            true,
        ))
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("id"))
    }

    fn readiness(&self, answer: &Value) -> Readiness {
        // A stopped one starts with the first query; only one that is gone is of no use.
        match answer.get("state").and_then(Value::as_str) {
            Some(state @ ("DELETING" | "DELETED")) => Readiness::Failed(state.to_owned()),
            _ => Readiness::Ready,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create => Reversibility::Reversible,
            Change::Update => Reversibility::Compensable {
                loses: "queries that run are repeated when its size or type changes".to_owned(),
            },
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id, its query history and the queries that run".to_owned(),
            },
        }
    }
}

/// The tags of people, and ours as a mapping. The API has them as a list of keys and values.
fn split_tags(answer: &Value) -> (Vec<Value>, Map<String, Value>) {
    let mut ours = Map::new();
    let mut theirs = Vec::new();
    let tags = answer
        .pointer("/tags/custom_tags")
        .and_then(Value::as_array);
    for tag in tags.into_iter().flatten() {
        match tag.get("key").and_then(Value::as_str) {
            Some(key @ (TAG_PIPELINE | TAG_ENV | TAG_KEY)) => {
                ours.insert(
                    key.to_owned(),
                    tag.get("value").cloned().unwrap_or_default(),
                );
            }
            _ => theirs.push(tag.clone()),
        }
    }
    (theirs, ours)
}

/// `config` with `marker` among its tags.
fn marked(config: &Value, marker: &Marker) -> Value {
    let (mut tags, _) = split_tags(config);
    for (key, value) in [
        (TAG_PIPELINE, &marker.pipeline),
        (TAG_ENV, &marker.env),
        (TAG_KEY, &marker.key),
    ] {
        tags.push(json!({ "key": key, "value": value }));
    }
    let mut body = as_map(config);
    // The largest number is the smallest one when only that was said; not every version of the API knows.
    if let (Some(smallest), None) = (body.get("min_num_clusters"), body.get("max_num_clusters")) {
        let smallest = smallest.clone();
        body.insert("max_num_clusters".to_owned(), smallest);
    }
    body.insert("tags".to_owned(), json!({ "custom_tags": tags }));
    Value::Object(body)
}
