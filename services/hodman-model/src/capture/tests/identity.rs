//! Values that differ between environments.

use serde_json::json;

use super::project::Project;
use crate::capture::*;
use crate::files::parse_environment;

fn compute() -> Project {
    let mut project = Project::new();
    project.cluster(
        "c-1",
        "ETL",
        json!({"node_type_id": "i3.xlarge", "policy_id": "P1"}),
    );
    project.cluster("c-2", "Big", json!({"node_type_id": "i3.2xlarge"}));
    project.job(11, "Nightly", json!({
        "schedule": {"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"},
        "email_notifications": {"on_failure": ["team@example.com"]},
        "tasks": [{"task_key": "t", "new_cluster": {"node_type_id": "i3.xlarge",
            "cluster_log_conf": {"s3": {"destination": "s3://logs-dev/x", "region": "eu-central-1"}}}}]}));
    project
}

#[test]
fn they_become_variables_one_for_each_value() {
    let mut project = compute();
    project.merge_capture();
    let job = project.text("resources/nightly.job.yml");
    for line in [
        "pause_status: ${var.pause_status_paused}",
        "- ${var.notify_team_example_com}",
        "node_type_id: ${var.node_type_i3_xlarge}",
        "destination: ${var.storage_s3_logs_dev_x}",
    ] {
        assert!(job.contains(line), "{line} in\n{job}");
    }
    assert!(
        project
            .text("resources/etl.cluster.yml")
            .contains("node_type_id: ${var.node_type_i3_xlarge}")
    );
    let root = project.text("databricks.yml");
    assert_eq!(
        root.matches("node_type_i3_xlarge:").count(),
        2,
        "declared once, told once:\n{root}"
    );
    assert!(root.contains("  dev:\n    variables:\n"), "{root}");
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.lock = Default::default();
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![])
    );
}

#[test]
fn sorts_can_be_left_as_they_are_and_a_named_variable_is_used() {
    let mut project = compute();
    project.rules.literals = vec!["node_types".into(), "storage".into()];
    project.rewrite("databricks.yml", |text| {
        format!("{text}variables:\n  catalog:\n    default: shop_dev\n")
    });
    project.job(12, "Report", json!({"tasks": [{"task_key": "t", "notebook_task": {"notebook_path": "/Shared/x", "base_parameters": {"catalog": "shop_dev"}}}]}));
    project.merge_capture();
    let job = project.text("resources/nightly.job.yml");
    assert!(
        job.contains("node_type_id: i3.xlarge") && job.contains("s3://logs-dev/x"),
        "{job}"
    );
    assert!(
        project
            .text("resources/report.job.yml")
            .contains("catalog: ${var.catalog}")
    );
}

#[test]
fn an_environment_without_a_counterpart_is_refused_by_name() {
    let mut project = compute();
    project.merge_capture();
    let of = |identity: &str| {
        let text = format!(
            "mode: promoted\nworkspaces: [{{name: qa, host: \"https://qa.example.com\"}}]\nidentity: {identity}\n"
        );
        let environment = parse_environment("environments/qa/environment.yaml", &text).unwrap();
        identity::variables(
            "environments/qa/environment.yaml",
            &environment,
            "qa",
            &project.tree,
        )
    };
    let told = "notifications: {team@example.com: ops@example.com}, pause_statuses: {PAUSED: UNPAUSED}, storage: {\"s3://logs-dev/x\": \"s3://logs-qa/x\"}, cluster_policies: {\"*\": \"*\"}";
    let missing = of(&format!("{{{told}, node_types: {{i3.xlarge: m5.large}}}}")).unwrap_err();
    assert_eq!(missing.0.len(), 1, "{missing:?}");
    assert_eq!(
        missing.0[0].message,
        "`identity.node_types` has no counterpart for `i3.2xlarge` (variable `node_type_i3_2xlarge`)"
    );
    let values = of(&format!(
        "{{{told}, node_types: {{i3.xlarge: m5.large, \"*\": \"*\"}}}}"
    ))
    .unwrap();
    assert_eq!(values["node_type_i3_xlarge"], "m5.large");
    assert_eq!(values["node_type_i3_2xlarge"], "i3.2xlarge");
    assert_eq!(values["pause_status_paused"], "UNPAUSED");
    assert_eq!(of("{}").unwrap_err().0.len(), 6);
}

#[test]
fn the_captured_environment_itself_needs_no_map() {
    let mut project = compute();
    project.merge_capture();
    let dev = parse_environment(
        "environments/dev/environment.yaml",
        "mode: free-form\nworkspaces: [{name: dev, host: \"https://dev.example.com\"}]\n",
    )
    .unwrap();
    assert_eq!(
        identity::variables("e", &dev, "dev", &project.tree).unwrap(),
        BTreeMap::new()
    );
}

#[test]
fn a_policy_that_every_workspace_comes_with_is_looked_up_by_its_name() {
    let mut project = Project::new();
    project.cluster("c-1", "Ada's", json!({"num_workers": 0, "policy_id": "D"}));
    let id = ("cluster_policies".to_owned(), "D".to_owned());
    let built_in = &mut project.snapshot.built_in;
    built_in.insert(id, "Personal Compute".to_owned());
    project.merge_capture();
    let root = project.text("databricks.yml");
    assert!(
        root.contains("lookup:\n      cluster_policy: Personal Compute\n"),
        "{root}"
    );
}

#[test]
fn what_is_not_captured_is_looked_up_by_its_name() {
    let mut project = Project::new();
    project.cluster("c-1", "Shared", json!({"num_workers": 1}));
    project.rules.exclude_kinds = vec!["clusters".into()];
    project.job(
        11,
        "Nightly",
        json!({"tasks": [{"task_key": "t", "existing_cluster_id": "c-1"}]}),
    );
    let captured = project.merge_capture();
    assert!(
        project
            .text("resources/nightly.job.yml")
            .contains("existing_cluster_id: ${var.cluster_shared}")
    );
    assert!(
        project
            .text("databricks.yml")
            .contains("lookup:\n      cluster: Shared\n"),
        "{}",
        project.text("databricks.yml")
    );
    assert!(captured.rows.iter().all(|row| !row.detail.contains("c-1")));
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![])
    );
    // A job's id is a number.
    project.rules.by_kind.insert(
        "jobs".into(),
        crate::files::Selection {
            exclude: vec!["Load".into()],
            ..Default::default()
        },
    );
    project.job(13, "Load", json!({}));
    project.job(
        14,
        "All",
        json!({"tasks": [{"task_key": "t", "run_job_task": {"job_id": 13}}]}),
    );
    project.merge_capture();
    assert!(
        project
            .text("resources/all.job.yml")
            .contains("job_id: ${var.job_load}"),
        "{}",
        project.text("resources/all.job.yml")
    );
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![])
    );
    // Two of the same name: neither can be meant.
    project.cluster("c-2", "Shared", json!({"num_workers": 1}));
    project.job(
        12,
        "Other",
        json!({"tasks": [{"task_key": "t", "existing_cluster_id": "c-2"}]}),
    );
    assert!(
        project
            .capture()
            .rows
            .iter()
            .any(|row| row.detail.contains("refers to clusters c-2"))
    );
}
