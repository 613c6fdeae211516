//! Which fields of a job mean what.

use std::sync::LazyLock;

use serde_json::json;

use crate::kinds::cluster_spec;
use crate::kinds::fields::{Aliases, code_sources, defaults, fills, references};
use crate::kinds::rules::{Rules, patterns};

/// A task stands in the list or inside a `for_each_task`.
const TASK: &[&str] = &["tasks.*", "tasks.*.for_each_task.task"];
/// The places of a cluster spec inside a job.
const CLUSTER: &[&str] = &[
    "job_clusters.*.new_cluster",
    "tasks.*.new_cluster",
    "tasks.*.for_each_task.task.new_cluster",
];

/// Where a task, trigger or schedule asks a SQL query whether to go on.
const SQL_CONDITION: &[&str] = &[
    "trigger.sql_condition",
    "schedule.sql_condition",
    "triggers.*.sql_condition",
];
/// The settings of `jobs/create`; `access_control_list` stands in `permissions`.
const SETTABLE: &[&str] = &[
    "budget_policy_id",
    "continuous",
    "description",
    "email_notifications",
    "environment_variables",
    "environments",
    "git_source",
    "health",
    "job_clusters",
    "max_concurrent_runs",
    "name",
    "notification_settings",
    "parameters",
    "parent_path",
    "performance_target",
    "queue",
    "run_as",
    "schedule",
    "tags",
    "tasks",
    "timeout_seconds",
    "trigger",
    "triggers",
    "usage_policy_id",
    "webhook_notifications",
];

pub(super) static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let aliases: Aliases<'_> = &[("{task}", TASK), ("{sql_condition}", SQL_CONDITION)];
    let mut rules = Rules {
        settable: SETTABLE,
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
                // A create brings it; some servers answer it among the settings.
                "access_control_list",
                "effective_budget_policy_id",
                "effective_usage_policy_id",
                // Which commit the last run used.
                "git_source.git_snapshot",
            ],
            &[],
        ),
        defaults: defaults(
            &[
                ("max_concurrent_runs", json!(1)),
                ("timeout_seconds", json!(0)),
                // That of bundles, which every request says; a job that answers nothing has none, see `read`.
                ("queue.enabled", json!(true)),
                ("schedule.pause_status", json!("UNPAUSED")),
                ("trigger.pause_status", json!("UNPAUSED")),
                ("triggers.*.pause_status", json!("UNPAUSED")),
                ("continuous.pause_status", json!("UNPAUSED")),
                ("continuous.task_retry_mode", json!("NEVER")),
                (
                    "email_notifications.no_alert_for_skipped_runs",
                    json!(false),
                ),
                (
                    "notification_settings.no_alert_for_skipped_runs",
                    json!(false),
                ),
                (
                    "notification_settings.no_alert_for_canceled_runs",
                    json!(false),
                ),
                ("{task}.run_if", json!("ALL_SUCCESS")),
                ("{task}.timeout_seconds", json!(0)),
                ("{task}.max_retries", json!(0)),
                ("{task}.min_retry_interval_millis", json!(0)),
                ("{task}.retry_on_timeout", json!(false)),
                ("{task}.disable_auto_optimization", json!(false)),
                ("{task}.disabled", json!(false)),
                (
                    "{task}.email_notifications.no_alert_for_skipped_runs",
                    json!(false),
                ),
                (
                    "{task}.notification_settings.no_alert_for_skipped_runs",
                    json!(false),
                ),
                (
                    "{task}.notification_settings.no_alert_for_canceled_runs",
                    json!(false),
                ),
                (
                    "{task}.notification_settings.alert_on_last_attempt",
                    json!(false),
                ),
                // False is no longer supported.
                ("{task}.spark_jar_task.run_as_repl", json!(true)),
                ("{task}.pipeline_task.full_refresh", json!(false)),
                ("{task}.sql_task.alert.pause_subscriptions", json!(false)),
                (
                    "{task}.sql_task.dashboard.pause_subscriptions",
                    json!(false),
                ),
                ("{task}.dashboard_task.subscription.paused", json!(false)),
                ("{task}.power_bi_task.refresh_after_update", json!(false)),
                (
                    "{task}.power_bi_task.power_bi_model.overwrite_existing",
                    json!(false),
                ),
            ],
            aliases,
        ),
        code_sources: code_sources(
            &[
                ("{task}.notebook_task.source", true),
                ("{task}.spark_python_task.source", false),
                ("{task}.dbt_task.source", true),
                ("{task}.sql_task.file.source", true),
                ("{task}.gen_ai_compute_task.source", true),
            ],
            aliases,
        ),
        server_fills: fills(
            &[
                // The creator: never the same person in production.
                ("run_as", false),
                ("performance_target", true),
                ("budget_policy_id", false),
                ("usage_policy_id", false),
                ("parent_path", false),
                // The API's text has it that silence is WORKSPACE also in a job with a `git_source`, and the contrary.
                ("{task}.spark_python_task.source", true),
                // The notebook's version when the task was saved.
                ("{task}.clean_rooms_notebook_task.etag", false),
                // `client` is the former name of `environment_version`.
                ("environments.*.spec.client", true),
                ("environments.*.spec.environment_version", true),
            ],
            aliases,
        ),
        texts: patterns(
            &[
                "tags.*",
                "parameters.*.default",
                "{task}.notebook_task.base_parameters.*",
                "{task}.spark_python_task.parameters.*",
                "{task}.spark_jar_task.parameters.*",
                "{task}.spark_submit_task.parameters.*",
                "{task}.python_wheel_task.parameters.*",
                "{task}.python_wheel_task.named_parameters.*",
                "{task}.python_operator_task.parameters.*.value",
                "{task}.run_job_task.job_parameters.*",
                "{task}.run_job_task.notebook_params.*",
                "{task}.run_job_task.python_named_params.*",
                "{task}.run_job_task.sql_params.*",
                "{task}.sql_task.parameters.*",
                "{task}.pipeline_task.parameters.*",
                "{task}.alert_task.parameters.*",
                "{task}.dashboard_task.filters.*",
                "{task}.condition_task.left",
                "{task}.condition_task.right",
                "{task}.clean_rooms_notebook_task.notebook_base_parameters.*",
                "{task}.dbt_platform_task.dbt_platform_job_id",
            ],
            aliases,
        ),
        keep_empty: patterns(
            &[
                "continuous",
                // What kind of task it is, although it says nothing more.
                "{task}.python_operator_task",
                "{task}.alert_task",
            ],
            aliases,
        ),
        sets: patterns(
            &[
                "email_notifications.*",
                "webhook_notifications.*",
                "{task}.email_notifications.*",
                "{task}.webhook_notifications.*",
                "trigger.table_update.table_names",
                "triggers.*.table_update.table_names",
            ],
            aliases,
        ),
        references: references(
            &[
                ("{task}.existing_cluster_id", "clusters"),
                ("{task}.run_job_task.job_id", "jobs"),
                ("{task}.pipeline_task.pipeline_id", "pipelines"),
                ("{task}.notebook_task.warehouse_id", "sql_warehouses"),
                ("{task}.sql_task.warehouse_id", "sql_warehouses"),
                ("{task}.dbt_task.warehouse_id", "sql_warehouses"),
                ("{task}.dashboard_task.warehouse_id", "sql_warehouses"),
                ("{task}.power_bi_task.warehouse_id", "sql_warehouses"),
                ("{task}.alert_task.warehouse_id", "sql_warehouses"),
                ("{sql_condition}.warehouse_id", "sql_warehouses"),
                ("{task}.sql_task.query.query_id", "queries"),
                ("{sql_condition}.sql_query_id", "queries"),
                ("{task}.sql_task.alert.alert_id", "alerts"),
                ("{task}.alert_task.alert_id", "alerts"),
                ("{task}.dashboard_task.dashboard_id", "dashboards"),
            ],
            aliases,
        ),
        notebook_paths: patterns(&["{task}.notebook_task.notebook_path"], aliases),
        file_paths: patterns(
            &[
                "{task}.spark_python_task.python_file",
                "{task}.sql_task.file.path",
                "{task}.dbt_task.project_directory",
                "{task}.dbt_task.profiles_directory",
                "{task}.alert_task.workspace_path",
                "{task}.ai_runtime_task.deployments.*.command_path",
                "{task}.ai_runtime_task.code_source_path",
                "{task}.gen_ai_compute_task.training_script_path",
                "{task}.gen_ai_compute_task.yaml_parameters_file_path",
                "{task}.libraries.*.whl",
                "{task}.libraries.*.jar",
                "{task}.libraries.*.egg",
                "{task}.libraries.*.requirements",
            ],
            aliases,
        ),
        silence_resets: Some(&[]),
        beside: &["run_as"],
        list_keys: &[
            ("tasks", "task_key"),
            ("depends_on", "task_key"),
            ("job_clusters", "job_cluster_key"),
            ("parameters", "name"),
            ("environments", "environment_key"),
            ("environment_variables", "environment_variables_key"),
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
