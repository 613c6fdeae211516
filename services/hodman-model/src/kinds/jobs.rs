//! Jobs: `/api/2.2/jobs`. Names are not unique, and `create` has no idempotency key: the marker tag is what finds a
//! job again after an unclear answer.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::listed::{id_text, millis, text};
use super::pattern::Pattern;
use super::permissions::Permissions;
use super::rules::{Default, Reference, Rules, ServerFill, as_map, expand, patterns};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, ReadError, Reversibility,
    cluster_spec,
};

/// Jobs.
#[derive(Clone, Copy, Debug)]
pub struct Jobs;

static PERMISSIONS: Permissions = Permissions {
    object_type: "jobs",
    levels: &["CAN_VIEW", "CAN_MANAGE_RUN", "CAN_MANAGE", "IS_OWNER"],
    one_owner: true,
    id_output: None,
};

/// A task stands in the list or inside a `for_each_task`.
const TASK: &[&str] = &["tasks.*", "tasks.*.for_each_task.task"];
/// The places of a cluster spec inside a job.
const CLUSTER: &[&str] = &[
    "job_clusters.*.new_cluster",
    "tasks.*.new_cluster",
    "tasks.*.for_each_task.task.new_cluster",
];

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let aliases: &[(&str, &[&str])] = &[("{task}", TASK)];
    let default = |at: &str, value: Value| {
        expand(&[at], aliases)
            .into_iter()
            .map(move |at| Default {
                at: Pattern::new(&at),
                value: value.clone(),
            })
            .collect::<Vec<_>>()
    };
    let mut rules = Rules {
        name_field: "name",
        tags_field: "tags",
        volatile: patterns(
            &[
                "tags.hodman_pipeline",
                "tags.hodman_env",
                "tags.hodman_key",
                // Always MULTI_TASK since API 2.1.
                "format",
                // Who deployed it and whether the page may edit it: said by `databricks bundle` about itself.
                "deployment",
                "edit_mode",
                "effective_budget_policy_id",
                "effective_usage_policy_id",
            ],
            &[],
        ),
        defaults: [
            default("max_concurrent_runs", json!(1)),
            default("timeout_seconds", json!(0)),
            default("queue.enabled", json!(true)),
            default("schedule.pause_status", json!("UNPAUSED")),
            default("trigger.pause_status", json!("UNPAUSED")),
            default("continuous.pause_status", json!("UNPAUSED")),
            default(
                "email_notifications.no_alert_for_skipped_runs",
                json!(false),
            ),
            default(
                "notification_settings.no_alert_for_skipped_runs",
                json!(false),
            ),
            default(
                "notification_settings.no_alert_for_canceled_runs",
                json!(false),
            ),
            default("{task}.run_if", json!("ALL_SUCCESS")),
            default("{task}.timeout_seconds", json!(0)),
            default("{task}.max_retries", json!(0)),
            default("{task}.min_retry_interval_millis", json!(0)),
            default("{task}.retry_on_timeout", json!(false)),
            default("{task}.disable_auto_optimization", json!(false)),
            default("{task}.disabled", json!(false)),
            default(
                "{task}.email_notifications.no_alert_for_skipped_runs",
                json!(false),
            ),
            default(
                "{task}.notification_settings.no_alert_for_skipped_runs",
                json!(false),
            ),
            default(
                "{task}.notification_settings.no_alert_for_canceled_runs",
                json!(false),
            ),
            default(
                "{task}.notification_settings.alert_on_last_attempt",
                json!(false),
            ),
            default("{task}.notebook_task.source", json!("WORKSPACE")),
            default("{task}.spark_python_task.source", json!("WORKSPACE")),
            default("{task}.dbt_task.source", json!("WORKSPACE")),
            default("{task}.sql_task.file.source", json!("WORKSPACE")),
        ]
        .concat(),
        server_fills: [
            // The creator: never the same person in production.
            ("run_as", false),
            ("performance_target", true),
            ("budget_policy_id", false),
        ]
        .iter()
        .map(|(at, captured)| ServerFill {
            at: Pattern::new(at),
            captured: *captured,
        })
        .collect(),
        texts: patterns(
            &[
                "tags.*",
                "parameters.*.default",
                "{task}.notebook_task.base_parameters.*",
                "{task}.run_job_task.job_parameters.*",
                "{task}.sql_task.parameters.*",
                "{task}.python_wheel_task.named_parameters.*",
            ],
            aliases,
        ),
        keep_empty: patterns(&["continuous"], &[]),
        references: [
            ("{task}.existing_cluster_id", "clusters"),
            ("{task}.run_job_task.job_id", "jobs"),
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
        })
        .collect(),
        notebook_paths: patterns(&["{task}.notebook_task.notebook_path"], aliases),
        file_paths: patterns(
            &[
                "{task}.spark_python_task.python_file",
                "{task}.sql_task.file.path",
                "{task}.dbt_task.project_directory",
            ],
            aliases,
        ),
        list_keys: &[
            ("tasks", "task_key"),
            ("depends_on", "task_key"),
            ("job_clusters", "job_cluster_key"),
            ("parameters", "name"),
            ("environments", "environment_key"),
        ],
        field_order: &[
            "name",
            "task_key",
            "job_cluster_key",
            "environment_key",
            "description",
            "schedule",
            "trigger",
            "continuous",
            "quartz_cron_expression",
            "timezone_id",
            "pause_status",
            "depends_on",
            "notebook_path",
            "existing_cluster_id",
            "new_cluster",
            "spark_version",
            "node_type_id",
            "num_workers",
            "autoscale",
            "min_workers",
            "max_workers",
        ],
        ..Rules::default()
    };
    cluster_spec::add_rules(&mut rules, CLUSTER);
    rules
});

impl Kind for Jobs {
    fn name(&self) -> &'static str {
        "jobs"
    }

    fn singular(&self) -> &'static str {
        "job"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            query: vec![("limit".to_owned(), "100".to_owned())],
            whole: false,
            paged_fields: &["tasks", "job_clusters", "environments", "parameters"],
            ..ListCall::new("/api/2.2/jobs/list", "jobs", "job_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::get("/api/2.2/jobs/get", "job_id", id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let missing = |field| ReadError { kind: "job", field };
        let id = id_text(answer.get("job_id")).ok_or(missing("job_id"))?;
        let settings = answer
            .get("settings")
            .filter(|settings| settings.is_object())
            .ok_or(missing("settings"))?;
        Ok(Some(Listed {
            id,
            name: text(settings, "name").unwrap_or_default(),
            marker: Marker::from_tags(settings.get("tags")),
            natural: None,
            config: RULES.normalise(settings),
            outputs: Value::Null,
            creator: text(answer, "creator_user_name"),
            created_at: millis(answer, "created_time"),
            modified_at: millis(answer, "modified_time"),
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let mut body = as_map(config);
        marker.write(&mut body, "tags");
        Call::post("/api/2.2/jobs/create", Value::Object(body), false)
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let mut settings = as_map(config);
        marker.write(&mut settings, "tags");
        // `reset`, not `update`: the latter keeps fields and tasks that are gone from the bundle.
        vec![Call::post(
            "/api/2.2/jobs/reset",
            json!({ "job_id": job_id(id), "new_settings": settings }),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::post(
            "/api/2.2/jobs/delete",
            json!({ "job_id": job_id(id) }),
            true,
        )]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("job_id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            // Runs in progress keep the settings they started with.
            Change::Create | Change::Update => Reversibility::Reversible,
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id and its run history".to_owned(),
            },
        }
    }
}

/// Job ids are 64-bit numbers in the API.
fn job_id(id: &str) -> Value {
    id.parse::<u64>()
        .map_or_else(|_| json!(id), |number| json!(number))
}
