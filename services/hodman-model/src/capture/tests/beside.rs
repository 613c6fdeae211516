//! Permissions, grants and who it runs as.

use serde_json::json;

use super::project::Project;
use crate::capture::*;

fn shared() -> Project {
    let mut project = Project::new();
    project.job(11, "Nightly", json!({"max_retries": 1}));
    project.live("11").config["permissions"] = json!({
        "user:ada@example.com": "IS_OWNER", "group:users": "CAN_VIEW", "group:ops": "CAN_MANAGE_RUN"});
    project
}

const FILE: &str = "resources/nightly.job.yml";

#[test]
fn permissions_are_kept_as_a_bundle_writes_them() {
    let mut project = shared();
    let captured = project.merge_capture();
    assert_eq!(
        project.text(FILE),
        "resources:
  jobs:
    nightly:
      name: Nightly
      max_retries: 1
      permissions:
        - group_name: ${var.principal_ops}
          level: CAN_MANAGE_RUN
        - group_name: users
          level: CAN_VIEW
"
    );
    let root = project.text("databricks.yml");
    assert!(
        root.starts_with("# The shop.\n") && root.contains("principal_ops: ops\n"),
        "{root}"
    );
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.key == "variables.principal_ops" && row.what == CapturedAs::Note)
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.lock = Default::default();
    assert_eq!(project.capture().changes, BTreeMap::new());
    assert_eq!(project.capture().rows, []);
}

#[test]
fn a_changed_permission_is_one_line_and_comments_stay() {
    let mut project = shared();
    project.merge_capture();
    project.rewrite(FILE, |text| {
        text.replace("level: CAN_VIEW", "level: CAN_VIEW  # everybody looks")
    });
    let permissions = &mut project.live("11").config["permissions"];
    permissions["group:ops"] = json!("CAN_MANAGE");
    permissions["service_principal:robot"] = json!("CAN_VIEW");
    project.merge_capture();
    let text = project.text(FILE);
    assert!(text.contains("CAN_VIEW  # everybody looks"), "{text}");
    assert!(
        text.contains("- group_name: ${var.principal_ops}\n          level: CAN_MANAGE\n"),
        "{text}"
    );
    assert!(
        text.contains("service_principal_name: ${var.principal_robot}"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    let permissions = project.live("11").config["permissions"]
        .as_object_mut()
        .unwrap();
    permissions.remove("group:ops");
    project.merge_capture();
    let text = project.text(FILE);
    assert!(
        !text.contains("principal_ops") && text.contains("# everybody looks"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn what_the_workspace_does_not_tell_is_what_git_says() {
    let mut project = shared();
    project.merge_capture();
    project
        .live("11")
        .config
        .as_object_mut()
        .unwrap()
        .remove("permissions");
    project.rewrite(FILE, |text| {
        format!("{text}      run_as: {{service_principal_name: robot}}\n")
    });
    let captured = project.capture();
    assert_eq!((captured.changes, captured.rows), (BTreeMap::new(), vec![]));
    project.live("11").config["permissions"] = json!({});
    let captured = project.merge_capture();
    assert_eq!(captured.rows[0].detail, "permissions");
    assert!(
        project.text(FILE).contains("\n      permissions: []\n"),
        "asked, and nobody has any: {}",
        project.text(FILE)
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn what_is_installed_on_a_cluster_is_told_as_long_as_it_is() {
    let mut project = Project::new();
    project.cluster("c-1", "Shared", json!({"num_workers": 1}));
    let told = |project: &Project| -> Vec<String> {
        let rows = project.capture().rows.into_iter();
        rows.filter(|row| row.detail.starts_with("libraries"))
            .map(|row| row.detail)
            .collect()
    };
    project.merge_capture();
    assert_eq!(told(&project), [""; 0]);
    project.live("c-1").outputs = json!({"libraries": [
        {"maven": {"coordinates": "org:lib:1"}}, {"pypi": {"package": "pandas"}}, {"whl": "/Volumes/a.whl"}]});
    assert_eq!(
        told(&project),
        [
            "libraries that are installed on it are not captured, a bundle says them of tasks: \
          maven org:lib:1, pypi pandas, whl /Volumes/a.whl"
        ]
    );
    project.live("c-1").outputs = json!({"libraries": []});
    assert_eq!(told(&project), [""; 0]);
}

#[test]
fn what_stands_in_the_workspace_is_news_once_and_known_from_then_on() {
    let mut project = Project::new();
    project.cluster("c-1", "Shared", json!({"num_workers": 1}));
    project.live("c-1").outputs = json!({"libraries": [{"pypi": {"package": "pandas"}}]});
    let told = |captured: &Captured| -> Vec<CapturedAs> {
        let rows = captured.rows.iter();
        rows.filter(|row| row.detail.starts_with("libraries"))
            .map(|row| row.what)
            .collect()
    };
    let first = project.merge_capture();
    assert_eq!(told(&first), [CapturedAs::Note]);
    assert_eq!(told(&project.capture()), [CapturedAs::Known]);
    // Another object changes: nobody is told of this one again.
    project.job(12, "Any", json!({}));
    assert_eq!(told(&project.merge_capture()), [CapturedAs::Known]);
    // Itself changes.
    project.live("c-1").config["num_workers"] = json!(2);
    assert_eq!(told(&project.merge_capture()), [CapturedAs::Note]);
    assert_eq!(told(&project.capture()), [CapturedAs::Known]);
    // What is told changes.
    project.live("c-1").outputs = json!({"libraries": [{"pypi": {"package": "polars"}}]});
    assert_eq!(told(&project.capture()), [CapturedAs::Note]);
}

#[test]
fn whom_a_job_runs_as_is_told_where_its_settings_do_not_say_it() {
    let mut project = Project::new();
    project.job(11, "Mine", json!({}));
    project.live("11").outputs = json!({"runs_as": "robot@example.com"});
    let told = |project: &Project| {
        let rows = project.capture().rows;
        let mut all = rows.iter().map(|row| row.detail.as_str());
        all.any(|detail| detail.contains("runs as robot@example.com"))
    };
    assert!(told(&project));
    project.merge_capture();
    project.rewrite("resources/mine.job.yml", |text| {
        format!("{text}      run_as: {{user_name: robot@example.com}}\n")
    });
    project.live("11").config["timeout_seconds"] = json!(60);
    assert!(!told(&project), "the bundle says it");
}

#[test]
fn a_principal_that_a_job_runs_as_is_captured_and_people_are_told_whenever_git_says_otherwise() {
    const ROBOT: &str = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
    let mut project = Project::new();
    project.job(11, "Mine", json!({}));
    let as_principal = json!({"run_as": {"service_principal_name": ROBOT}, "runs_as": ROBOT});
    let as_user = |name: &str| json!({"run_as": {"user_name": name}, "runs_as": name});
    project.merge_capture();
    let notes = |project: &Project| -> Vec<String> {
        let rows = project.capture().rows.into_iter();
        rows.filter(|row| row.what == CapturedAs::Note)
            .map(|row| row.detail)
            .collect()
    };
    project.live("11").outputs = as_principal;
    let captured = project.merge_capture();
    assert_eq!(captured.rows[0].detail, "run_as");
    let text = project.text("resources/mine.job.yml");
    assert!(
        text.contains("service_principal_name: ${var.principal_3f2504e0"),
        "{text}"
    );
    assert_eq!(project.capture().rows, []);
    project.live("11").outputs = as_user("bob@example.com");
    assert_eq!(
        notes(&project),
        [format!(
            "`run_as`: it runs as bob@example.com in the workspace; Git says {ROBOT}, which stays"
        )]
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    // Its creator's, which is what every job is.
    project.live("11").outputs = json!({"run_as": {"user_name": "ada@example.com"}});
    assert_eq!(notes(&project).len(), 1);
    project.rewrite("resources/mine.job.yml", |text| {
        let (start, _) = text.split_once("      run_as:").unwrap();
        start.to_owned()
    });
    assert_eq!(notes(&project), [""; 0]);
    project.live("11").outputs = as_user("bob@example.com");
    assert_eq!(notes(&project).len(), 1, "also later");
    project.live("11").config["timeout_seconds"] = json!(60);
    assert_eq!(notes(&project).len(), 1, "once");
}

#[test]
fn a_job_that_runs_as_another_says_so_with_a_variable() {
    let mut project = Project::new();
    project.job(
        11,
        "Mine",
        json!({"run_as": {"user_name": "ada@example.com"}}),
    );
    project.job(
        12,
        "Robot's",
        json!({"run_as": {"service_principal_name": "3f2504e0-4f89-11d3-9a0c-0305e82c3301"}}),
    );
    project.merge_capture();
    assert!(!project.text("resources/mine.job.yml").contains("run_as"));
    let text = project.text("resources/robot_s.job.yml");
    assert!(
        text.contains("run_as:\n        service_principal_name: ${var.principal_3f2504e0"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn who_may_no_longer_do_anything_is_taken_away_everywhere() {
    let mut project = shared();
    project.object(
        "schemas",
        "main.s",
        json!({"full_name": "main.s", "name": "s", "catalog_name": "main", "grants": {"ops": ["SELECT"], "all": ["USE_SCHEMA"]}}),
    );
    project.live("main.s").config["grants"] = json!({"ops": ["SELECT"], "all": ["USE_SCHEMA"]});
    project.object(
        "groups",
        "7",
        json!({"id": "7", "displayName": "analysts", "members": [{"value": "1"}]}),
    );
    project.merge_capture();
    let schema = "resources/s.schema.yml";
    let group = "resources/analysts.group.yml";
    assert!(
        project.text(group).contains("members:"),
        "{}",
        project.text(group)
    );
    // One by one, as people do, and all at once.
    for left in [
        json!({"group:users": "CAN_VIEW"}),
        json!({"user:ada@example.com": "IS_OWNER"}),
    ] {
        project.live("11").config["permissions"] = left;
        project.merge_capture();
    }
    project.live("main.s").config["grants"] = json!({});
    project
        .live("7")
        .config
        .as_object_mut()
        .unwrap()
        .remove("members");
    project.merge_capture();
    for (file, said) in [
        (FILE, "permissions: []"),
        (schema, "grants: []"),
        (group, "members: []"),
    ] {
        assert!(
            project.text(file).contains(said),
            "{file}: {}",
            project.text(file)
        );
    }
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![])
    );
    // What had nobody from the start says nothing: other environments may have theirs.
    project.job(12, "Hourly", json!({}));
    project.live("12").config["permissions"] = json!({});
    project.merge_capture();
    assert!(
        !project
            .text("resources/hourly.job.yml")
            .contains("permissions")
    );
}
