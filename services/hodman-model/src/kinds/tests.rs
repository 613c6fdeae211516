//! A raw answer of the workspace in, the managed form out.

mod access;
mod alerts;
mod apps_and_models;
mod catalogs;
mod compute;
mod dashboards;
mod forms;
mod given_back;
mod harness;
mod indexes;
mod jobs;
mod permissions;
mod pipelines;
mod queries;
mod redaction;
mod requests;
mod said;
mod unity;

use serde_json::{Value, json};

use super::*;
use harness::marker;

fn job(settings: Value) -> Value {
    json!({"job_id": 7, "creator_user_name": "ada@example.com", "created_time": 1_700_000_000_000_i64, "settings": settings})
}

fn managed(kind: &dyn Kind, answer: &Value) -> Value {
    kind.read(answer).unwrap().unwrap().config
}

#[test]
fn a_jobs_defaults_and_marker_are_no_part_of_it() {
    let live = job(json!({
        "name": "nightly",
        "format": "MULTI_TASK",
        "email_notifications": {"no_alert_for_skipped_runs": false},
        "webhook_notifications": {},
        "timeout_seconds": 0,
        "max_concurrent_runs": 1,
        "queue": {"enabled": true},
        "edit_mode": "UI_LOCKED",
        "deployment": {"kind": "BUNDLE", "metadata_file_path": "/x"},
        "schedule": {"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"},
        "tags": {"hodman_pipeline": "p", "hodman_env": "qa", "hodman_key": "nightly", "team": "x"},
        "tasks": [
            {"task_key": "b", "run_if": "ALL_SUCCESS", "timeout_seconds": 0, "email_notifications": {},
             "depends_on": [{"task_key": "a"}],
             "notebook_task": {"notebook_path": "/n", "source": "WORKSPACE", "base_parameters": {"n": 1}}},
            {"task_key": "a", "max_retries": 2,
             "for_each_task": {"inputs": "[1]", "task": {"task_key": "inner", "run_if": "ALL_SUCCESS"}},
             "new_cluster": {"spark_version": "15", "azure_attributes": {"availability": "X"}, "spark_conf": {"a.b": true}}}
        ]
    }));
    let listed = Jobs.read(&live).unwrap().unwrap();
    assert_eq!(
        listed.config,
        json!({
            "name": "nightly",
            "schedule": {"quartz_cron_expression": "0 0 5 * * ?", "timezone_id": "UTC"},
            "tags": {"team": "x"},
            "tasks": [
                {"task_key": "a", "max_retries": 2,
                 "for_each_task": {"inputs": "[1]", "task": {"task_key": "inner"}},
                 "new_cluster": {"spark_version": "15", "spark_conf": {"a.b": "true"}}},
                {"task_key": "b", "depends_on": [{"task_key": "a"}],
                 "notebook_task": {"notebook_path": "/n", "base_parameters": {"n": "1"}}}
            ]
        })
    );
    let marker = Marker {
        pipeline: "p".into(),
        env: "qa".into(),
        key: "nightly".into(),
    };
    assert_eq!(listed.marker, Some(marker));
    assert_eq!(
        (listed.id.as_str(), listed.creator.as_deref()),
        ("7", Some("ada@example.com"))
    );
    assert_eq!(listed.created_at.unwrap().timestamp(), 1_700_000_000);
    assert_eq!(listed.modified_at, None);
}

#[test]
fn values_that_are_no_defaults_stay() {
    let kept = json!({
        "name": "n", "max_concurrent_runs": 4, "queue": {"enabled": false}, "timeout_seconds": 60, "continuous": {},
        "schedule": {"quartz_cron_expression": "0", "timezone_id": "UTC", "pause_status": "PAUSED"},
        "tasks": [{"task_key": "a", "run_if": "ALL_DONE", "notebook_task": {"notebook_path": "n", "source": "GIT"}}]
    });
    assert_eq!(managed(&Jobs, &job(kept.clone())), kept);
}

#[test]
fn a_job_queues_its_runs_where_the_bundle_says_nothing_and_not_where_the_workspace_does() {
    let made = |config: Value| {
        Jobs.create(&Jobs.rules().normalise(&config), &marker())
            .body
            .unwrap()["queue"]
            .clone()
    };
    assert_eq!(made(json!({"name": "n"})), json!({"enabled": true}));
    let without = json!({"name": "n", "queue": {"enabled": false}});
    assert_eq!(made(without.clone()), json!({"enabled": false}));
    let update = &Jobs.update("7", &Value::Null, &json!({"name": "n"}), &marker())[0];
    assert_eq!(
        update.body.as_ref().unwrap()["new_settings"]["queue"],
        json!({"enabled": true})
    );
    // What was made by an older version of the API says nothing, and has none.
    assert_eq!(managed(&Jobs, &job(json!({"name": "n"}))), without);
    assert_eq!(
        managed(&Jobs, &job(json!({"name": "n", "queue": null}))),
        without
    );
    let queued = json!({"name": "n", "queue": {"enabled": true}});
    assert_eq!(managed(&Jobs, &job(queued)), json!({"name": "n"}));
}

#[test]
fn half_a_marker_is_none() {
    let listed = Jobs
        .read(&job(
            json!({"tags": {"hodman_pipeline": "p", "hodman_env": "qa"}}),
        ))
        .unwrap()
        .unwrap();
    assert_eq!(listed.marker, None);
}

#[test]
fn a_clusters_state_is_no_part_of_it() {
    let live = json!({
        "cluster_id": "1123-abc", "cluster_name": "etl", "cluster_source": "UI", "creator_user_name": "ada@example.com",
        "spark_version": "15.4.x-scala2.12", "node_type_id": "i3.xlarge", "driver_node_type_id": "i3.xlarge",
        "num_workers": 0, "autotermination_minutes": 30, "state": "RUNNING", "state_message": "", "start_time": 1,
        "cluster_cores": 4.0, "jdbc_port": 10000, "spark_context_id": 99, "default_tags": {"Vendor": "Databricks"},
        "driver": {"host_private_ip": "10.0.0.1"}, "last_restarted_time": 5, "enable_local_disk_encryption": false,
        "aws_attributes": {"first_on_demand": 1, "availability": "SPOT_WITH_FALLBACK", "spot_bid_price_percent": 100,
                           "ebs_volume_count": 0, "zone_id": "eu-central-1a"},
        "custom_tags": {"hodman_pipeline": "p", "hodman_env": "e", "hodman_key": "k"},
        "spec": {"cluster_name": "etl"}
    });
    let listed = Clusters.read(&live).unwrap().unwrap();
    assert_eq!(
        listed.config,
        json!({
            "cluster_name": "etl", "spark_version": "15.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 0,
            "autotermination_minutes": 30, "aws_attributes": {"zone_id": "eu-central-1a"}
        })
    );
    assert_eq!(listed.marker.unwrap().key, "k");
    let silent = Clusters
        .rules()
        .without_fills(&listed.config, Some(&json!({"cluster_name": "etl"})));
    assert_eq!(silent.get("aws_attributes"), None);
    let asked = json!({"aws_attributes": {"zone_id": "auto"}});
    assert_eq!(
        Clusters.rules().without_fills(&listed.config, Some(&asked))["aws_attributes"]["zone_id"],
        "eu-central-1a"
    );
}

#[test]
fn clusters_of_job_runs_are_nobodys() {
    for source in ["JOB", "PIPELINE", "SQL"] {
        assert_eq!(
            Clusters
                .read(&json!({"cluster_id": "x", "cluster_source": source}))
                .unwrap(),
            None
        );
    }
}

#[test]
fn an_answer_that_is_no_object_is_an_error_that_says_what_lacks() {
    assert_eq!(
        Jobs.read(&json!({"settings": {}})).unwrap_err().to_string(),
        "a job in the workspace's answer has no `job_id`"
    );
    assert_eq!(
        Jobs.read(&json!({"job_id": 1})).unwrap_err().field,
        "settings"
    );
    assert_eq!(Clusters.read(&json!({})).unwrap_err().field, "cluster_id");
}

#[test]
fn requests_carry_the_marker_and_numeric_job_ids() {
    let marker = Marker {
        pipeline: "p".into(),
        env: "qa".into(),
        key: "k".into(),
    };
    let tags = json!({"hodman_pipeline": "p", "hodman_env": "qa", "hodman_key": "k"});
    let create = Jobs.create(&json!({"name": "n"}), &marker);
    assert_eq!(
        create.body,
        Some(json!({"name": "n", "queue": {"enabled": true}, "tags": tags}))
    );
    assert!(!create.idempotent, "a second create makes a second job");
    let update = &Jobs.update("42", &Value::Null, &json!({"name": "n"}), &marker)[0];
    assert_eq!(update.path, "/api/2.2/jobs/reset");
    assert_eq!(
        update.body,
        Some(
            json!({"job_id": 42, "new_settings": {"name": "n", "queue": {"enabled": true}, "tags": tags}})
        )
    );
    assert_eq!(
        Jobs.delete("42", &Value::Null)[0].body,
        Some(json!({"job_id": 42}))
    );
    assert_eq!(
        Jobs.created_id(&json!({"job_id": 42}), &Value::Null)
            .as_deref(),
        Some("42")
    );
    let edit = &Clusters.update("c-1", &Value::Null, &json!({"cluster_name": "n"}), &marker)[0];
    assert_eq!(edit.path, "/api/2.1/clusters/edit");
    assert_eq!(
        edit.body,
        Some(json!({"cluster_id": "c-1", "cluster_name": "n", "custom_tags": tags}))
    );
    assert_eq!(
        Clusters.delete("c-1", &Value::Null)[0].path,
        "/api/2.1/clusters/permanent-delete"
    );
}

#[test]
fn what_a_kind_reads_back_from_its_own_create_is_what_was_asked_for() {
    let marker = Marker {
        pipeline: "p".into(),
        env: "qa".into(),
        key: "k".into(),
    };
    for (kind, config) in [
        (
            kind("clusters").unwrap(),
            json!({"cluster_name": "n", "spark_version": "15", "num_workers": 2}),
        ),
        (
            kind("jobs").unwrap(),
            json!({"name": "n", "tasks": [{"task_key": "a"}]}),
        ),
    ] {
        let mut answer = kind.create(&config, &marker).body.unwrap();
        if kind.name() == "jobs" {
            answer = json!({"job_id": 1, "settings": answer});
        } else {
            answer["cluster_id"] = json!("c");
        }
        let listed = kind.read(&answer).unwrap().unwrap();
        assert_eq!(
            (listed.config, listed.marker),
            (config, Some(marker.clone())),
            "{}",
            kind.name()
        );
    }
}

#[test]
fn texts_name_file_sets_by_their_folders_below_the_root() {
    let root = files::root("p", "qa");
    let digest = crate::digest::sha256(b"x");
    let folder = files::folder(&root, &digest);
    let short = folder.trim_start_matches("/Workspace").to_owned();
    let in_place = files::folder(&root, &files::in_place());
    let shown = |text: &str| -> Vec<(String, crate::digest::Digest)> {
        let found = files::folders_in(&root, text).into_iter();
        found
            .map(|(at, digest)| (text[at].to_owned(), digest))
            .collect()
    };
    let whole = (folder.clone(), digest.clone());
    assert_eq!(shown(&folder), std::slice::from_ref(&whole));
    assert_eq!(shown(&short), [(short.clone(), digest.clone())]);
    for inside in [
        "{}/src/a",
        "-r {}/requirements.txt",
        "--editable {}",
        "--config={}/x",
        "a \"{}\" b",
        "file:{}/x",
    ] {
        assert_eq!(
            shown(&inside.replace("{}", &folder)),
            std::slice::from_ref(&whole),
            "{inside}"
        );
    }
    assert_eq!(
        shown(&format!("{folder}/a,{short}/b:{in_place}/c")),
        [
            whole,
            (short, digest),
            (in_place.clone(), files::in_place())
        ]
    );
    for other in [
        "/Workspace/Shared/a",
        &format!("{root}/short/a"),
        &format!("{folder}0/a"),
        &format!("/Volumes{}/src", folder.trim_start_matches("/Workspace")),
        &format!("{root}/files.json"),
        &root,
    ] {
        assert_eq!(shown(other), [], "{other}");
    }
}

#[test]
fn the_size_of_a_page_is_asked_for_once() {
    let all = KINDS.iter().copied().chain(foundation_kinds());
    for kind in all {
        let Listing::All(list) = kind.listing() else {
            continue;
        };
        let says = list.query.iter().any(|(name, _)| name == "count");
        // Whoever goes through the pages says it.
        assert!(!says || list.paging != Paging::StartIndex, "{kind:?}");
    }
}
