use serde_json::json;

use super::merged;
use crate::bundle::ResourceKey;
use crate::capture::*;
use crate::plan::FieldChange;

fn change(
    path: &str,
    before: Option<serde_json::Value>,
    after: Option<serde_json::Value>,
) -> FieldChange {
    FieldChange {
        path: path.parse().unwrap(),
        before,
        after,
        redacted: false,
    }
}

fn text(adopted: &Adopted, path: &str) -> String {
    String::from_utf8(adopted.changes[path].clone().unwrap()).unwrap()
}

#[test]
fn the_file_takes_what_the_workspace_has() {
    let mut project = merged();
    project.rewrite("resources/nightly_load.job.yml", |text| {
        format!("# ours\n{text}")
    });
    let key = ResourceKey::new("jobs", "nightly_load");
    let changes = [
        change("name", Some(json!("By hand")), Some(json!("Nightly load"))),
        change("tasks[task_key=load].max_retries", Some(json!(3)), None),
        change(
            "tasks[task_key=load].existing_cluster_id",
            None,
            Some(json!("${resources.clusters.shared_etl.id}")),
        ),
        change(
            "tasks[task_key=new]",
            Some(
                json!({"task_key": "new", "notebook_task": {"notebook_path": "${files}/src/etl/load"}}),
            ),
            None,
        ),
        change("${files}", Some(json!("sha256:a")), Some(json!("sha256:b"))),
        FieldChange {
            redacted: true,
            ..change("description", Some(json!("(redacted)")), None)
        },
    ];
    let adopted = adopt(&project.tree, &key, &changes, "prod").unwrap();
    assert_eq!(
        text(&adopted, "resources/nightly_load.job.yml"),
        "# ours
resources:
  jobs:
    nightly_load:
      name: By hand
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: ../src/etl/load.py
          max_retries: 3
        - task_key: new
          notebook_task:
            notebook_path: ../src/etl/load.py
"
    );
    assert_eq!(adopted.notes.len(), 2);
    assert_eq!(adopted.changes.len(), 1);
}

#[test]
fn what_the_target_overrides_is_changed_there() {
    let mut project = merged();
    project.rewrite("databricks.yml", |_| {
        "bundle: {name: shop}\ninclude: [resources/*.yml]\ntargets:\n  prod:\n    resources:\n      jobs:\n        all:\n          max_concurrent_runs: 5  # prod\n".into()
    });
    let key = ResourceKey::new("jobs", "all");
    let changes = [
        change("max_concurrent_runs", Some(json!(9)), Some(json!(5))),
        change("timeout_seconds", Some(json!(60)), None),
    ];
    let adopted = adopt(&project.tree, &key, &changes, "prod").unwrap();
    assert!(text(&adopted, "databricks.yml").ends_with("max_concurrent_runs: 9  # prod\n"));
    assert!(text(&adopted, "resources/all.job.yml").ends_with("      timeout_seconds: 60\n"));
}

#[test]
fn a_replaced_variable_is_said_and_an_unknown_resource_is_an_error() {
    let mut project = merged();
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All", "name: ${var.title}")
    });
    let key = ResourceKey::new("jobs", "all");
    let changes = [change("name", Some(json!("By hand")), Some(json!("All")))];
    let adopted = adopt(&project.tree, &key, &changes, "prod").unwrap();
    assert_eq!(
        adopted.notes,
        ["`name` was ${var.title} and is a fixed value now"]
    );
    let unknown = adopt(
        &project.tree,
        &ResourceKey::new("jobs", "none"),
        &changes,
        "prod",
    )
    .unwrap_err();
    assert_eq!(
        unknown.to_string(),
        "the bundle does not define `jobs.none`"
    );
}

const IN_A_TARGET: &str = "bundle: {name: shop}
include: [resources/*.yml, targets.yml]
variables:
  title: {default: All}
";

#[test]
fn a_reference_stays_for_the_others_and_the_target_says_the_value() {
    let mut project = merged();
    project.rewrite("databricks.yml", |_| IN_A_TARGET.into());
    project.rewrite("targets.yml", |_| {
        "targets:\n  # Where customers look.\n  prod:\n    mode: production\n".into()
    });
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All", "name: ${var.title} # as people call it")
    });
    let key = ResourceKey::new("jobs", "all");
    let changes = [change("name", Some(json!("By hand")), Some(json!("All")))];
    let adopted = adopt(&project.tree, &key, &changes, "prod").unwrap();
    assert_eq!(
        text(&adopted, "targets.yml"),
        "targets:\n  # Where customers look.\n  prod:\n    mode: production\n    resources:\n      jobs:\n        all:\n          name: By hand\n"
    );
    assert_eq!(adopted.changes.len(), 1, "the reference stays: {adopted:?}");
    assert!(
        adopted.notes[0].contains("stays ${var.title}"),
        "{adopted:?}"
    );
}

#[test]
fn a_task_that_the_target_overrides_in_another_file_is_changed_there() {
    let mut project = merged();
    project.rewrite("databricks.yml", |_| IN_A_TARGET.into());
    project.rewrite("targets.yml", |_| {
        "targets:\n  prod:\n    resources:\n      jobs:\n        nightly_load:\n          tasks:\n            - task_key: load\n              max_retries: 5 # prod is patient\n              timeout_seconds: 60\n"
            .into()
    });
    let key = ResourceKey::new("jobs", "nightly_load");
    let changes = [
        change(
            "tasks[task_key=load].max_retries",
            Some(json!(9)),
            Some(json!(5)),
        ),
        change("timeout_seconds", Some(json!(30)), None),
    ];
    let adopted = adopt(&project.tree, &key, &changes, "prod").unwrap();
    let there = text(&adopted, "targets.yml");
    assert!(
        there.contains("              max_retries: 9 # prod is patient\n"),
        "{there}"
    );
    assert!(text(&adopted, "resources/nightly_load.job.yml").contains("timeout_seconds: 30"));
}
