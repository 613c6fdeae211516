//! Instance pools: `/api/2.0/instance-pools`. Their names are unique.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, fills, only};
use super::listed::{id_text, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Paging, ReadError, Readiness,
    Reversibility,
};

/// Instance pools.
#[derive(Clone, Copy, Debug)]
pub struct InstancePools;

/// The request of `instance-pools/create`.
const SETTABLE: &[&str] = &[
    "aws_attributes",
    "custom_tags",
    "disk_spec",
    "enable_elastic_disk",
    "idle_instance_autotermination_minutes",
    "instance_pool_name",
    "max_capacity",
    "min_idle_instances",
    "node_type_flexibility",
    "node_type_id",
    "preloaded_docker_images",
    "preloaded_spark_versions",
];

/// The request of `instance-pools/edit`: `node_type_id` must be there and must not differ.
const EDITABLE: &[&str] = &[
    "custom_tags",
    "idle_instance_autotermination_minutes",
    "instance_pool_name",
    "max_capacity",
    "min_idle_instances",
    "node_type_id",
];

static PERMISSIONS: Permissions = Permissions {
    object_type: "instance-pools",
    levels: &["CAN_ATTACH_TO", "CAN_MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "instance_pool_name",
    tags_field: "custom_tags",
    volatile: patterns(
        &[
            "custom_tags.hodman_pipeline",
            "custom_tags.hodman_env",
            "custom_tags.hodman_key",
        ],
        &[],
    ),
    defaults: defaults(
        &[
            ("min_idle_instances", json!(0)),
            ("aws_attributes.availability", json!("SPOT")),
            ("aws_attributes.spot_bid_price_percent", json!(100)),
        ],
        &[],
    ),
    server_fills: fills(
        &[
            ("idle_instance_autotermination_minutes", true),
            ("enable_elastic_disk", true),
            ("aws_attributes.availability", true),
            // "auto" becomes the zone that was found, and zones differ between regions.
            ("aws_attributes.zone_id", false),
            ("aws_attributes.spot_bid_price_percent", true),
            ("node_type_flexibility", false),
            ("disk_spec", false),
        ],
        &[],
    ),
    texts: patterns(&["custom_tags.*"], &[]),
    sets: patterns(&["preloaded_spark_versions"], &[]),
    replace_on: patterns(
        &[
            "aws_attributes",
            "disk_spec",
            "enable_elastic_disk",
            "node_type_flexibility",
            "node_type_id",
            "preloaded_docker_images",
            "preloaded_spark_versions",
        ],
        &[],
    ),
    field_order: &[
        "instance_pool_name",
        "node_type_id",
        "min_idle_instances",
        "max_capacity",
        "idle_instance_autotermination_minutes",
    ],
    ..Rules::default()
});

impl Kind for InstancePools {
    fn name(&self) -> &'static str {
        "instance_pools"
    }

    fn singular(&self) -> &'static str {
        "instance_pool"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "instance_pool_name")
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            paging: Paging::None,
            ..ListCall::new(
                "/api/2.0/instance-pools/list",
                "instance_pools",
                "instance_pool_id",
            )
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.0/instance-pools/get", "instance_pool_id", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        // A deleted pool is still answered while its instances go away.
        if answer.get("state").and_then(Value::as_str) == Some("DELETED") {
            return Ok(None);
        }
        let id = id_text(answer.get("instance_pool_id")).ok_or(ReadError {
            kind: "instance_pool",
            field: "instance_pool_id",
        })?;
        Ok(Some(Listed {
            id,
            name: text(answer, "instance_pool_name").unwrap_or_default(),
            marker: Marker::from_tags(answer.get("custom_tags")),
            natural: self.natural(answer),
            config: RULES.normalise(&only(answer, SETTABLE)),
            outputs: Value::Null,
            creator: None,
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let mut body = as_map(&RULES.as_sent(config));
        marker.write(&mut body, "custom_tags");
        Call::post("/api/2.0/instance-pools/create", Value::Object(body), false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let mut body = as_map(&RULES.as_sent(&only(config, EDITABLE)));
        marker.write(&mut body, "custom_tags");
        body.insert("instance_pool_id".to_owned(), json!(id));
        if let Some(node) = live.get("node_type_id") {
            body.entry("node_type_id").or_insert_with(|| node.clone());
        }
        // A field that is left out keeps its value.
        body.entry("min_idle_instances").or_insert(json!(0));
        vec![Call::post(
            "/api/2.0/instance-pools/edit",
            Value::Object(body),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::post(
            "/api/2.0/instance-pools/delete",
            json!({ "instance_pool_id": id }),
            true,
        )]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("instance_pool_id"))
    }

    fn readiness(&self, answer: &Value) -> Readiness {
        match answer.get("state").and_then(Value::as_str) {
            Some(state @ ("STOPPED" | "DELETED")) => Readiness::Failed(state.to_owned()),
            _ => Readiness::Ready,
        }
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id and its idle instances: clusters that draw on it cannot start until they name another"
                    .to_owned(),
            },
        }
    }
}
