//! All-purpose clusters: `/api/2.1/clusters`. Names are not unique.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::only;
use super::listed::{id_text, millis, text};
use super::pattern::Pattern;
use super::permissions::Permissions;
use super::rules::{Rules, ServerFill, as_map, patterns};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, ReadError, Reversibility,
    cluster_spec,
};

/// All-purpose clusters.
#[derive(Clone, Copy, Debug)]
pub struct Clusters;

/// The fields of a cluster that a person can set: the request of `clusters/create`. Everything else in an answer is state.
const SETTABLE: &[&str] = &[
    "apply_policy_default_values",
    "autoscale",
    "autotermination_minutes",
    "aws_attributes",
    "cluster_log_conf",
    "cluster_name",
    "custom_tags",
    "data_security_mode",
    "dependency_mode",
    "docker_image",
    "driver_instance_pool_id",
    "driver_node_type_flexibility",
    "driver_node_type_id",
    "enable_elastic_disk",
    "enable_local_disk_encryption",
    "init_scripts",
    "instance_pool_id",
    "is_single_node",
    "kind",
    "node_type_id",
    "num_workers",
    "policy_id",
    "runtime_engine",
    "single_user_name",
    "spark_conf",
    "spark_env_vars",
    "spark_version",
    "ssh_public_keys",
    "use_ml_runtime",
    "worker_node_type_flexibility",
    "workload_type",
];

static PERMISSIONS: Permissions = Permissions {
    object_type: "clusters",
    levels: &["CAN_ATTACH_TO", "CAN_RESTART", "CAN_MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut rules = Rules {
        settable: SETTABLE,
        name_field: "cluster_name",
        tags_field: "custom_tags",
        volatile: patterns(
            &[
                "custom_tags.hodman_pipeline",
                "custom_tags.hodman_env",
                "custom_tags.hodman_key",
            ],
            &[],
        ),
        // Absent means never, or what the workspace's administrators set; a person's choice is worth keeping.
        server_fills: vec![ServerFill {
            at: Pattern::new("autotermination_minutes"),
            captured: true,
        }],
        silence_resets: Some(&["autotermination_minutes"]),
        resize_on: patterns(&["num_workers", "autoscale"], &[]),
        field_order: &[
            "cluster_name",
            "spark_version",
            "node_type_id",
            "driver_node_type_id",
            "num_workers",
            "autoscale",
            "min_workers",
            "max_workers",
            "autotermination_minutes",
            "policy_id",
            "data_security_mode",
        ],
        ..Rules::default()
    };
    cluster_spec::add_rules(&mut rules, &[""]);
    rules
});

impl Kind for Clusters {
    fn name(&self) -> &'static str {
        "clusters"
    }

    fn singular(&self) -> &'static str {
        "cluster"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            query: vec![("page_size".to_owned(), "100".to_owned())],
            ..ListCall::new("/api/2.1/clusters/list", "clusters", "cluster_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.1/clusters/get", "cluster_id", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        // Clusters of job runs and pipelines come and go with them.
        if !matches!(
            answer.get("cluster_source").and_then(Value::as_str),
            None | Some("UI" | "API")
        ) {
            return Ok(None);
        }
        let id = id_text(answer.get("cluster_id")).ok_or(ReadError {
            kind: "cluster",
            field: "cluster_id",
        })?;
        let mut config = RULES.normalise(&only(answer, SETTABLE));
        drop_present_size(&mut config);
        Ok(Some(Listed {
            id,
            name: text(answer, "cluster_name").unwrap_or_default(),
            marker: Marker::from_tags(answer.get("custom_tags")),
            natural: None,
            config,
            outputs: Value::Null,
            creator: text(answer, "creator_user_name"),
            // `start_time` is when the creation was asked for, or the last restart; so it is neither.
            created_at: None,
            modified_at: millis(answer, "last_modified_time"),
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let mut body = as_map(&RULES.as_sent(config));
        marker.write(&mut body, "custom_tags");
        Call::post("/api/2.1/clusters/create", Value::Object(body), false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        // The edit is a full replacement: a cluster that stops by itself would run for ever.
        let mut body = as_map(&only(live, &["autotermination_minutes"]));
        body.extend(as_map(&RULES.as_sent(config)));
        marker.write(&mut body, "custom_tags");
        body.insert("cluster_id".to_owned(), json!(id));
        vec![Call::post(
            "/api/2.1/clusters/edit",
            Value::Object(body),
            true,
        )]
    }

    fn resize(&self, id: &str, config: &Value) -> Option<Call> {
        let mut body = as_map(&only(config, &["autoscale", "num_workers"]));
        if body.is_empty() {
            return None;
        }
        body.insert("cluster_id".to_owned(), json!(id));
        Some(Call::post(
            "/api/2.1/clusters/resize",
            Value::Object(body),
            true,
        ))
    }

    fn passing(&self, message: &str) -> bool {
        // A cluster takes changes while it runs and while it is terminated; on the way there it refuses them.
        const ON_THE_WAY: &[&str] = &["pending", "restarting", "resizing", "terminating"];
        let state = message.split_once("in unexpected state ");
        state.is_some_and(|(_, state)| {
            let state = state.to_lowercase();
            ON_THE_WAY.iter().any(|word| state.starts_with(word))
        })
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        // `clusters/delete` only stops it.
        vec![Call::post(
            "/api/2.1/clusters/permanent-delete",
            json!({ "cluster_id": id }),
            true,
        )]
    }

    fn stop(&self, id: &str) -> Option<Call> {
        let body = json!({ "cluster_id": id });
        Some(Call::post("/api/2.1/clusters/delete", body, true))
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("cluster_id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create => Reversibility::Reversible,
            Change::Update => Reversibility::Compensable {
                loses: "a running cluster restarts".to_owned(),
            },
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id, its event log and what runs on it".to_owned(),
            },
        }
    }
}

/// The API says how many workers an automatically sized cluster has just now.
fn drop_present_size(config: &mut Value) {
    if let Value::Object(map) = config
        && map.contains_key("autoscale")
    {
        map.remove("num_workers");
    }
}
