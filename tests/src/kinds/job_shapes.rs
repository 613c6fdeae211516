//! What a job may be made of: tasks of every kind, compute of its own, code from Git, and what starts it. Each shape goes together.

use serde_json::{Value, json};

use super::Dice;

/// A job cluster of no more than has to be said.
fn cluster() -> Value {
    json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large", "num_workers": 1})
}

/// One of the shapes, as fields of a job.
pub(super) fn job_shape(dice: &mut Dice) -> Value {
    let mut all = shapes();
    let at = dice.one_of(all.len());
    all.swap_remove(at)
}

fn shapes() -> Vec<Value> {
    let tuned = json!({"spark_version": "15.4.x-scala2.12", "node_type_id": "m5.large", "autoscale": {"min_workers": 1, "max_workers": 3},
        "spark_conf": {"spark.speculation": true}, "spark_env_vars": {"A": "1"}, "custom_tags": {"team": "shop"},
        "aws_attributes": {"availability": "SPOT_WITH_FALLBACK", "first_on_demand": 1}});
    vec![
        json!({
            "job_clusters": [{"job_cluster_key": "small", "new_cluster": cluster()}, {"job_cluster_key": "big", "new_cluster": tuned}],
            "tasks": [
                {"task_key": "jar", "job_cluster_key": "big", "spark_jar_task": {"main_class_name": "com.acme.Main", "parameters": ["a", "1"]},
                 "libraries": [{"maven": {"coordinates": "com.acme:main:1.0"}}]},
                {"task_key": "wheel", "depends_on": [{"task_key": "jar"}], "job_cluster_key": "small",
                 "python_wheel_task": {"package_name": "shop", "entry_point": "main", "named_parameters": {"day": "0"}},
                 "libraries": [{"pypi": {"package": "requests==2.32.0"}}]},
                {"task_key": "submit", "new_cluster": cluster(), "spark_submit_task": {"parameters": ["--class", "org.acme.Pi", "s3://acme/pi.jar", "10"]},
                 "max_retries": 2, "min_retry_interval_millis": 1000, "retry_on_timeout": true, "timeout_seconds": 600},
            ],
        }),
        json!({
            "environments": [{"environment_key": "default", "spec": {"environment_version": "2", "dependencies": ["requests==2.32.0"]}}],
            "tasks": [
                {"task_key": "python", "environment_key": "default", "spark_python_task": {"python_file": "s3://acme/jobs/load.py", "parameters": ["--day", "0"]}},
                {"task_key": "check", "depends_on": [{"task_key": "python"}],
                 "condition_task": {"op": "GREATER_THAN", "left": "{{tasks.python.values.rows}}", "right": "0"}},
                {"task_key": "each", "depends_on": [{"task_key": "check", "outcome": "true"}],
                 "for_each_task": {"inputs": "[1, 2]", "concurrency": 2,
                     "task": {"task_key": "one", "notebook_task": {"notebook_path": "../src/load.py", "base_parameters": {"n": "{{input}}"}}}}},
            ],
            "trigger": {"periodic": {"interval": 4, "unit": "HOURS"}},
        }),
        json!({
            "tasks": [
                {"task_key": "query", "sql_task": {"warehouse_id": "${resources.sql_warehouses.proof.id}", "query": {"query_id": "${resources.queries.proof.id}"}}},
                {"task_key": "board", "depends_on": [{"task_key": "query"}], "run_if": "ALL_DONE",
                 "dashboard_task": {"dashboard_id": "${resources.dashboards.proof.id}", "warehouse_id": "${resources.sql_warehouses.proof.id}"}},
                {"task_key": "flow", "pipeline_task": {"pipeline_id": "${resources.pipelines.proof.id}", "full_refresh": true}},
            ],
            "trigger": {"file_arrival": {"url": "s3://acme/in/", "min_time_between_triggers_seconds": 60}},
        }),
        json!({
            "git_source": {"git_url": "https://github.com/acme/shop", "git_provider": "gitHub", "git_branch": "main"},
            "environments": [{"environment_key": "dbt", "spec": {"environment_version": "2", "dependencies": ["dbt-databricks>=1.0.0,<2.0.0"]}}],
            "tasks": [
                {"task_key": "dbt", "environment_key": "dbt", "dbt_task": {"commands": ["dbt deps", "dbt run"], "warehouse_id": "${resources.sql_warehouses.proof.id}", "schema": "shop", "catalog": "main"}},
                {"task_key": "theirs", "notebook_task": {"notebook_path": "notebooks/load", "source": "GIT"}},
                {"task_key": "sql", "sql_task": {"warehouse_id": "${resources.sql_warehouses.proof.id}", "file": {"path": "sql/load.sql", "source": "GIT"}}},
            ],
            "continuous": {"pause_status": "PAUSED"},
        }),
    ]
}
