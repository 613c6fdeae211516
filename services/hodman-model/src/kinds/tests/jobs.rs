//! Jobs: every kind of task, what the server adds to each, what is cut off by a delete.

use serde_json::{Value, json};

use super::harness::{changes, comes_back, kind, marker, said};

/// One task of every kind, and what the service says more about it.
fn tasks() -> Vec<(&'static str, Value, Value)> {
    vec![
        (
            "notebook_task",
            json!({"notebook_path": "/n", "base_parameters": {"day": 1}, "warehouse_id": "w"}),
            json!({"source": "WORKSPACE"}),
        ),
        (
            "spark_python_task",
            json!({"python_file": "/f.py", "parameters": ["a", 1]}),
            json!({"source": "WORKSPACE"}),
        ),
        (
            "python_wheel_task",
            json!({"package_name": "p", "entry_point": "main", "named_parameters": {"n": 1}}),
            json!({}),
        ),
        (
            "spark_jar_task",
            json!({"main_class_name": "com.example.Main"}),
            json!({"run_as_repl": true}),
        ),
        (
            "spark_submit_task",
            json!({"parameters": ["--class", "x"]}),
            json!({}),
        ),
        (
            "sql_task",
            json!({"warehouse_id": "w", "file": {"path": "/q.sql"}, "parameters": {"n": 1}}),
            json!({"file": {"path": "/q.sql", "source": "WORKSPACE"}}),
        ),
        (
            "dbt_task",
            json!({"commands": ["dbt run"], "project_directory": "/d", "warehouse_id": "w"}),
            json!({"source": "WORKSPACE"}),
        ),
        (
            "dbt_cloud_task",
            json!({"connection_resource_name": "c", "dbt_cloud_job_id": 4}),
            json!({}),
        ),
        (
            "dbt_platform_task",
            json!({"connection_resource_name": "c", "dbt_platform_job_id": 4}),
            json!({}),
        ),
        (
            "pipeline_task",
            json!({"pipeline_id": "p"}),
            json!({"full_refresh": false}),
        ),
        (
            "run_job_task",
            json!({"job_id": 7, "job_parameters": {"n": 1}}),
            json!({}),
        ),
        (
            "condition_task",
            json!({"op": "EQUAL_TO", "left": "{{job.parameters.n}}", "right": 1}),
            json!({}),
        ),
        (
            "alert_task",
            json!({"alert_id": "a", "warehouse_id": "w", "subscribers": [{"user_name": "ada@example.com"}]}),
            json!({}),
        ),
        (
            "dashboard_task",
            json!({"dashboard_id": "d", "warehouse_id": "w", "subscription": {"subscribers": [{"user_name": "ada@example.com"}]}}),
            json!({"subscription": {"subscribers": [{"user_name": "ada@example.com"}], "paused": false}}),
        ),
        (
            "power_bi_task",
            json!({"connection_resource_name": "c", "warehouse_id": "w", "power_bi_model": {"model_name": "m"}}),
            json!({"refresh_after_update": false, "power_bi_model": {"model_name": "m", "overwrite_existing": false}}),
        ),
        (
            "clean_rooms_notebook_task",
            json!({"clean_room_name": "r", "notebook_name": "n", "notebook_base_parameters": {"n": 1}}),
            json!({"etag": "e"}),
        ),
        (
            "gen_ai_compute_task",
            json!({"dl_runtime_image": "i", "training_script_path": "/t.py", "compute": {"num_gpus": 1}}),
            json!({"source": "WORKSPACE"}),
        ),
        (
            "ai_runtime_task",
            json!({"experiment": "e", "deployments": [{"command": "x"}]}),
            json!({}),
        ),
        (
            "python_operator_task",
            json!({"main": "a.b", "parameters": [{"name": "n", "value": 1}]}),
            json!({}),
        ),
    ]
}

/// The answer to a create of `config`, each task with the service's additions.
fn answer(config: &Value) -> Value {
    let body = kind("jobs").create(config, &marker()).body.unwrap();
    let mut settings = body;
    for (field, value) in [
        ("format", json!("MULTI_TASK")),
        ("max_concurrent_runs", json!(1)),
        ("timeout_seconds", json!(0)),
        ("email_notifications", json!({})),
        ("webhook_notifications", json!({})),
        ("run_as", json!({"user_name": "ada@example.com"})),
        ("performance_target", json!("PERFORMANCE_OPTIMIZED")),
    ] {
        if settings.get(field).is_none() {
            settings[field] = value;
        }
    }
    for task in settings["tasks"].as_array_mut().unwrap() {
        fill(task);
        if let Some(inner) = task.pointer_mut("/for_each_task/task") {
            fill(inner);
        }
    }
    json!({"job_id": 7, "creator_user_name": "ada@example.com", "settings": settings})
}

fn fill(task: &mut Value) {
    for (field, value) in [
        ("run_if", json!("ALL_SUCCESS")),
        ("timeout_seconds", json!(0)),
        ("email_notifications", json!({})),
        ("max_retries", json!(0)),
        ("retry_on_timeout", json!(false)),
    ] {
        task[field] = value;
    }
    for (name, _, added) in tasks() {
        if let (Some(Value::Object(spec)), Value::Object(added)) = (task.get_mut(name), added) {
            spec.extend(added);
        }
    }
}

#[test]
fn every_kind_of_task_comes_back() {
    for (name, spec, _) in tasks() {
        let config = json!({"name": name, "tasks": [{"task_key": "a", name: spec}]});
        comes_back(kind("jobs"), &config, &answer(&config));
        let each = json!({"name": name, "tasks": [
            {"task_key": "a", "for_each_task": {"inputs": "[1]", "task": {"task_key": "b", name: spec}}}
        ]});
        comes_back(kind("jobs"), &each, &answer(&each));
    }
}

#[test]
fn the_api_gets_texts_where_it_takes_texts() {
    let config = json!({"tags": {"level": 8}, "tasks": [
        {"task_key": "a", "notebook_task": {"notebook_path": "/n", "base_parameters": {"on": true}}}
    ]});
    let body = kind("jobs").create(&config, &marker()).body.unwrap();
    assert_eq!(body["tags"]["level"], "8");
    assert_eq!(
        body["tasks"][0]["notebook_task"]["base_parameters"]["on"],
        "true"
    );
}

#[test]
fn sources_in_git_are_no_difference() {
    let config = json!({"git_source": {"git_url": "u", "git_provider": "gitHub", "git_branch": "main"},
        "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "n"}}, {"task_key": "b", "spark_python_task": {"python_file": "f.py"}}]});
    let mut live = answer(&config);
    live["settings"]["git_source"]["git_snapshot"] = json!({"used_commit": "abc"});
    for (index, spec) in [(0, "notebook_task"), (1, "spark_python_task")] {
        live["settings"]["tasks"][index][spec]["source"] = json!("GIT");
    }
    comes_back(kind("jobs"), &config, &live);
}

#[test]
fn a_task_whose_code_is_in_the_workspace_says_so_in_a_job_with_a_repository() {
    for (name, spec) in [
        ("notebook_task", json!({"notebook_path": "/Workspace/n"})),
        (
            "spark_python_task",
            json!({"python_file": "/Workspace/f.py"}),
        ),
        ("dbt_task", json!({"project_directory": "/Workspace/d"})),
    ] {
        let job = |source: Value| {
            let mut spec = spec.clone();
            spec["source"] = source;
            let task = json!({"task_key": "a", "for_each_task": {"inputs": "[1]", "task": {"task_key": "b", name: spec}}});
            json!({"git_source": {"git_url": "u", "git_provider": "gitHub"}, "tasks": [task]})
        };
        let ours = job(json!("WORKSPACE"));
        let live = |mut settings: Value| {
            settings["queue"] = json!({"enabled": true});
            json!({"job_id": 7, "settings": settings})
        };
        let same = changes(kind("jobs"), &ours, &live(ours.clone()));
        assert_eq!(same, [""; 0], "{name}");
        let found = changes(kind("jobs"), &ours, &live(job(json!("GIT"))));
        assert_eq!(found.len(), 1, "{name}");
        // And a hand edit is no default of the server's.
        if name != "spark_python_task" {
            let found = changes(kind("jobs"), &job(Value::Null), &live(ours.clone()));
            assert_eq!(found.len(), 1, "{name}");
        }
        let mut without = ours;
        without["git_source"] = Value::Null;
        let rules = kind("jobs").rules();
        let text = rules.normalise(&without).to_string();
        assert!(!text.contains("source"), "{text}");
    }
}

#[test]
fn a_run_as_that_is_declared_is_compared() {
    let silent = json!({"name": "n", "tasks": []});
    let live = answer(&silent);
    comes_back(kind("jobs"), &silent, &live);
    let declared = json!({"name": "n", "tasks": [], "run_as": {"service_principal_name": "sp"}});
    let found = changes(kind("jobs"), &declared, &live);
    assert_eq!(found, ["run_as.service_principal_name", "run_as.user_name"]);
}

#[test]
fn clusters_of_a_job_are_compared_as_clusters_are() {
    let config = json!({"name": "n", "tasks": [], "job_clusters": [
        {"job_cluster_key": "c", "new_cluster": {"spark_version": "15", "policy_id": "P", "instance_pool_id": "i",
                                                 "apply_policy_default_values": true}}
    ]});
    let mut live = answer(&config);
    let spec = &mut live["settings"]["job_clusters"][0]["new_cluster"];
    spec["num_workers"] = json!(3);
    spec["node_type_id"] = json!("x");
    spec["driver_node_type_id"] = json!("x");
    spec["custom_tags"] = json!({"cost": "policy"});
    spec["data_security_mode"] = json!("SINGLE_USER");
    comes_back(kind("jobs"), &config, &live);
    live["settings"]["job_clusters"][0]["new_cluster"]["spark_version"] = json!("16");
    assert_eq!(
        changes(kind("jobs"), &config, &live),
        ["job_clusters[job_cluster_key=c].new_cluster.spark_version"]
    );
}

#[test]
fn runs_that_a_delete_would_cut_off_are_named() {
    let kind = kind("jobs");
    assert_eq!(
        said(&kind.activity("7").unwrap()).1,
        "/api/2.2/jobs/runs/list?active_only=true&job_id=7&limit=25"
    );
    assert!(kind.busy(&json!({})).is_empty());
    assert_eq!(
        kind.busy(&json!({"runs": [{"run_id": 4711}, {"run_id": 4712}]})),
        ["run 4711", "run 4712"]
    );
}

#[test]
fn every_reference_of_a_job_names_a_kind_and_a_field() {
    let found: Vec<(String, &str)> = kind("jobs")
        .rules()
        .references
        .iter()
        .map(|reference| (reference.at.to_string(), reference.kind))
        .collect();
    for (at, of) in [
        ("tasks.*.pipeline_task.pipeline_id", "pipelines"),
        ("tasks.*.run_job_task.job_id", "jobs"),
        ("tasks.*.sql_task.warehouse_id", "sql_warehouses"),
        ("tasks.*.sql_task.query.query_id", "queries"),
        ("tasks.*.dashboard_task.dashboard_id", "dashboards"),
        ("tasks.*.alert_task.alert_id", "alerts"),
        (
            "tasks.*.for_each_task.task.new_cluster.instance_pool_id",
            "instance_pools",
        ),
        ("job_clusters.*.new_cluster.policy_id", "cluster_policies"),
        ("schedule.sql_condition.warehouse_id", "sql_warehouses"),
    ] {
        assert!(
            found.contains(&(at.to_owned(), of)),
            "{at} -> {of} in {found:?}"
        );
    }
}

#[test]
fn whom_it_runs_as_is_known_beside_settings_that_do_not_say_it() {
    let outputs = |run_as: Value, as_whom: &str| {
        let settings = json!({"name": "a", "run_as": run_as});
        let answer = json!({"job_id": 1, "creator_user_name": "ada@example.com",
            "run_as_user_name": as_whom, "settings": settings});
        kind("jobs").read(&answer).unwrap().unwrap().outputs
    };
    let robot = "robot@example.com";
    assert_eq!(outputs(Value::Null, robot)["runs_as"], robot);
    assert_eq!(outputs(json!({"user_name": robot}), robot), Value::Null);
    assert_eq!(
        outputs(Value::Null, "ada@example.com"),
        json!({"run_as": {"user_name": "ada@example.com"}}),
        "its creator, as always: nothing to tell"
    );
}
