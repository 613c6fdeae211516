//! What people said in fields that the server fills where nobody says them.

use serde_json::{Value, json};

use super::project::Project;
use crate::capture::*;
use crate::files::parse_environment;
use crate::kinds::RESTORED;

/// A cluster of a job as the API answers it.
fn cluster(more: &Value) -> Value {
    let mut spec = json!({"spark_version": "15", "num_workers": 1, "node_type_id": "m5.large"});
    for (field, value) in more.as_object().unwrap() {
        spec[field] = value.clone();
    }
    spec
}

fn job(more: &Value) -> Value {
    json!({"job_clusters": [{"job_cluster_key": "c", "new_cluster": cluster(more)}],
           "tasks": [{"task_key": "t", "job_cluster_key": "c"}]})
}

/// Captured, merged, and nothing is left to capture, with the lock and without.
fn settled(project: &mut Project) -> Captured {
    let captured = project.merge_capture();
    for _ in 0..2 {
        let again = project.capture();
        assert_eq!(again.changes, BTreeMap::new());
        assert_eq!(again.rows, []);
        project.lock = CapturedLock::default();
    }
    captured
}

#[track_caller]
fn has(project: &Project, file: &str, lines: &[&str], not: &[&str]) {
    assert!(
        project.tree.contains_key(file),
        "{file} of {:?}",
        project.tree.keys()
    );
    let text = project.text(file);
    for line in lines {
        assert!(text.contains(line), "{line} in\n{text}");
    }
    for line in not {
        assert!(!text.contains(line), "no {line} in\n{text}");
    }
}

#[test]
fn what_the_server_would_not_have_filled_is_captured() {
    let mut project = Project::new();
    let mut settings = job(
        &json!({"data_security_mode": "DATA_SECURITY_MODE_DEDICATED", "single_user_name": "analysts",
        "enable_elastic_disk": false, "aws_attributes": {"zone_id": "eu-1a", "first_on_demand": 1}}),
    );
    settings["budget_policy_id"] = json!("b-1");
    settings["usage_policy_id"] = json!("u-1");
    settings["parent_path"] = json!("/Workspace/Shared/jobs");
    project.job(11, "Nightly", settings);
    project.cluster(
        "c-1",
        "Shared",
        json!({"creator_user_name": "ada@example.com", "single_user_name": "11111111-2222-3333-4444-555555555555",
               "enable_elastic_disk": false, "aws_attributes": {"zone_id": "eu-1a"}}),
    );
    project.object(
        "instance_pools",
        "p-1",
        json!({"instance_pool_id": "p-1", "instance_pool_name": "Pool", "node_type_id": "m5.large", "aws_attributes": {"zone_id": "eu-1b"}}),
    );
    let captured = settled(&mut project);
    has(
        &project,
        "resources/nightly.job.yml",
        &[
            "single_user_name: ${var.principal_analysts}",
            "enable_elastic_disk: false",
            "budget_policy_id: ${var.budget_policy_b_1}",
            "usage_policy_id: ${var.budget_policy_u_1}",
            "parent_path: /Workspace/Shared/jobs",
        ],
        &["zone"],
    );
    has(
        &project,
        "resources/shared.cluster.yml",
        &[
            "single_user_name: ${var.principal_11111111_2222_3333_4444_555555555555}",
            "enable_elastic_disk: false",
        ],
        &["zone"],
    );
    for (key, zone) in [
        ("jobs.nightly", "eu-1a"),
        ("clusters.shared", "eu-1a"),
        ("instance_pools.pool", "eu-1b"),
    ] {
        let told = captured.rows.iter().any(|row| {
            row.key == key
                && row
                    .detail
                    .contains("`aws_attributes.zone_id` is not captured")
                && row.detail.contains(zone)
        });
        assert!(told, "{key}: {:#?}", captured.rows);
    }
    let text = json!({"mode": "promoted", "workspaces": [{"name": "qa", "host": "https://qa.example.com"}]});
    let file = "environments/qa/environment.yaml";
    let environment = parse_environment(file, &text.to_string()).unwrap();
    let refused = identity::variables(file, &environment, "qa", &project.tree).unwrap_err();
    for sort in ["principals", "budget_policies"] {
        assert!(
            refused.to_string().contains(&format!("identity.{sort}")),
            "{refused}"
        );
    }
}

#[test]
fn what_the_server_fills_by_itself_is_not() {
    let mut project = Project::new();
    for folder in [
        "/Workspace/Users/ada@example.com",
        "/Workspace/Users/bob@example.com",
    ] {
        project.rules.paths.push(folder.to_owned());
    }
    let mut settings = job(
        &json!({"single_user_name": "ada@example.com", "instance_pool_id": "p-9", "enable_elastic_disk": false,
        "aws_attributes": {"zone_id": "eu-1a"}}),
    );
    settings["parent_path"] = json!("/Workspace/Users/ada@example.com");
    project.job(11, "Nightly", settings);
    project.job(
        12,
        "Auto",
        job(&json!({"aws_attributes": {"zone_id": "auto"}})),
    );
    let mut theirs = job(&json!({"single_user_name": "robot"}));
    theirs["run_as"] = json!({"service_principal_name": "robot"});
    theirs["parent_path"] = json!("/Users/bob@example.com/x");
    project.job(13, "As robot", theirs);
    let captured = settled(&mut project);
    let none = ["single_user_name", "elastic", "zone", "parent_path"];
    has(&project, "resources/nightly.job.yml", &[], &none);
    has(&project, "resources/auto.job.yml", &[], &none);
    has(&project, "resources/as_robot.job.yml", &[], &none);
    let told: Vec<&str> = captured
        .rows
        .iter()
        .filter(|row| row.detail.contains("`parent_path` is not captured"))
        .map(|row| row.key.as_str())
        .collect();
    assert_eq!(told, ["jobs.as_robot"]);
}

#[test]
fn what_git_says_in_words_of_its_own_stays() {
    let mut project = Project::new();
    project.job(
        11,
        "Nightly",
        job(&json!({"single_user_name": "ada@example.com", "aws_attributes": {"zone_id": "eu-1a"}, "enable_elastic_disk": true})),
    );
    project.merge_capture();
    project.rewrite("resources/nightly.job.yml", |text| {
        text.replace(
            "num_workers: 1",
            "num_workers: 1\n            aws_attributes: {zone_id: auto} # anywhere\n            single_user_name: ada@example.com # me",
        )
    });
    let captured = project.capture();
    assert_eq!(captured.changes, BTreeMap::new(), "{:#?}", captured.rows);
    project.lock = captured.lock;
    // A change in the workspace arrives, and the rest is as it was.
    project.edit_job(11, |settings| {
        settings["job_clusters"][0]["new_cluster"]["single_user_name"] = json!("analysts");
    });
    settled(&mut project);
    has(
        &project,
        "resources/nightly.job.yml",
        &[
            "single_user_name: ${var.principal_analysts}",
            "{zone_id: auto} # anywhere",
        ],
        &[],
    );
    // A zone that only Git asks for is no difference: whatever is there was found by the server, before and after.
    let asked = project.text("resources/nightly.job.yml");
    project.rewrite("resources/nightly.job.yml", |text| {
        text.replace("zone_id: auto", "zone_id: eu-1c")
    });
    let captured = project.capture();
    assert!(captured.rows.is_empty(), "{:#?}", captured.rows);
    project.rewrite("resources/nightly.job.yml", |_| asked.clone());
    // So does another zone where Git asks for a certain one.
    project.rewrite("resources/nightly.job.yml", |text| {
        text.replace("zone_id: auto", "zone_id: eu-1a")
    });
    project.lock = project.capture().lock;
    project.edit_job(11, |settings| {
        settings["job_clusters"][0]["new_cluster"]["aws_attributes"]["zone_id"] = json!("eu-1b");
    });
    settled(&mut project);
    has(
        &project,
        "resources/nightly.job.yml",
        &["{zone_id: \"${var.zone_eu_1b}\"}"],
        &[],
    );
}

#[test]
fn what_was_restored_from_git_gets_no_new_lines() {
    let mut project = Project::new();
    project.job(11, "Nightly", job(&json!({})));
    project.merge_capture();
    let before = project.text("resources/nightly.job.yml");
    // Restored from there: the server filled what nobody said, and one of the two is us.
    let mut settings = job(
        &json!({"single_user_name": "hodman", "enable_elastic_disk": true, "aws_attributes": {"zone_id": "eu-1a"}}),
    );
    settings["budget_policy_id"] = json!("b-1");
    settings["tags"] =
        json!({"hodman_pipeline": "shop", "hodman_env": RESTORED, "hodman_key": "jobs.nightly"});
    project.job(11, "Nightly", settings);
    let captured = project.capture();
    assert!(
        !captured.changes.contains_key("resources/nightly.job.yml"),
        "{:#?}",
        captured.rows
    );
    settled(&mut project);
    assert_eq!(project.text("resources/nightly.job.yml"), before);
}
