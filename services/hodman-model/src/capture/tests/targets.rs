//! What a target says about a resource is looked at, and changed where it is said.

use serde_json::json;

use super::{merged, project::Project};
use crate::capture::*;

const ROOT: &str = "bundle:
  name: shop
include: [resources/*.yml]
targets:
  dev:
    resources:
      jobs:
        nightly_load:
          max_concurrent_runs: 3 # dev is small
          tasks:
            - task_key: load
              max_retries: 2
  prod:
    resources:
      jobs:
        nightly_load:
          max_concurrent_runs: 9
";

/// The job of `merged`, as a target changes it; dev is as the target says.
fn overridden() -> Project {
    let mut project = merged();
    project.rewrite("databricks.yml", |_| ROOT.into());
    project.edit_job(11, |settings| {
        settings["max_concurrent_runs"] = json!(3);
        settings["tasks"][0]["max_retries"] = json!(2);
    });
    project
}

fn file(captured: &Captured, path: &str) -> String {
    let bytes = captured.changes.get(path).cloned().flatten();
    String::from_utf8(bytes.unwrap_or_default()).unwrap()
}

#[test]
fn what_the_target_says_is_no_difference() {
    let mut project = overridden();
    let captured = project.merge_capture();
    assert!(captured.changes.is_empty(), "{:#?}", captured.rows);
}

#[test]
fn an_edit_of_what_the_target_says_goes_there_and_others_to_the_resource() {
    let mut project = overridden();
    // A lock that knows this state.
    project.lock = project.capture().lock;
    project.edit_job(11, |settings| {
        settings["max_concurrent_runs"] = json!(4);
        settings["tasks"][0]["max_retries"] = json!(1);
        settings["timeout_seconds"] = json!(60);
    });
    let captured = project.capture();
    let root = file(&captured, "databricks.yml");
    assert!(
        root.contains("          max_concurrent_runs: 4 # dev is small\n"),
        "{root}"
    );
    assert!(root.contains("              max_retries: 1\n"), "{root}");
    assert!(
        root.contains("          max_concurrent_runs: 9\n"),
        "prod's stays: {root}"
    );
    let own = file(&captured, "resources/nightly_load.job.yml");
    assert!(own.contains("timeout_seconds: 60"), "{own}");
    assert!(!own.contains("max_concurrent_runs"), "{own}");
}

#[test]
fn both_sides_are_merged_with_what_the_target_says() {
    let mut project = overridden();
    project.lock = project.capture().lock;
    // Git changes one field, people another.
    project.rewrite("resources/nightly_load.job.yml", |text| {
        text.replace(
            "      name: Nightly load\n",
            "      name: Nightly load\n      timeout_seconds: 30\n",
        )
    });
    project.edit_job(11, |settings| settings["max_concurrent_runs"] = json!(5));
    let captured = project.capture();
    assert!(
        captured
            .rows
            .iter()
            .all(|row| row.what != CapturedAs::Conflict),
        "{:#?}",
        captured.rows
    );
    let root = file(&captured, "databricks.yml");
    assert!(
        root.contains("          max_concurrent_runs: 5 # dev is small\n"),
        "{root}"
    );
}

#[test]
fn what_cannot_be_taken_away_for_one_target_stays_and_is_said() {
    let mut project = overridden();
    project.rewrite("resources/nightly_load.job.yml", |text| {
        text.replace(
            "      name: Nightly load\n",
            "      name: Nightly load\n      max_concurrent_runs: 2\n",
        )
    });
    project.lock = project.capture().lock;
    project.edit_job(11, |settings| {
        settings
            .as_object_mut()
            .unwrap()
            .remove("max_concurrent_runs");
    });
    let captured = project.capture();
    assert!(
        !captured.changes.contains_key("databricks.yml"),
        "{captured:#?}"
    );
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.detail.contains("cannot be taken away for one target")),
        "{:#?}",
        captured.rows
    );
}

#[test]
fn a_job_that_is_gone_leaves_no_target_half_of_it() {
    let mut project = overridden();
    project.lock = project.capture().lock;
    project
        .snapshot
        .resources
        .retain(|live| live.listed.id != "11" && live.listed.id != "12");
    let captured = project.capture();
    assert_eq!(
        captured.changes.get("resources/nightly_load.job.yml"),
        Some(&None)
    );
    let root = file(&captured, "databricks.yml");
    assert!(!root.contains("nightly_load"), "{root}");
}
