//! Copies of several people, and copies under other prefixes than the usual one.

use serde_json::json;

use super::project::Project;
use crate::capture::*;

/// What somebody made, under that name.
fn made_by(project: &mut Project, id: u64, name: &str, creator: &str) {
    let id_text = id.to_string();
    let settings = json!({"name": name, "timeout_seconds": id, "queue": {"enabled": true}});
    let answer = json!({"job_id": id, "creator_user_name": creator, "settings": settings});
    project.object("jobs", &id_text, answer);
}

fn with_target(target: &str) -> Project {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!("{text}targets: {{dev: {target}}}\n")
    });
    project
}

/// The keys and ids that the lock has.
fn locked(project: &Project) -> Vec<String> {
    let entries = project.lock.entries.iter();
    entries
        .map(|entry| format!("{}.{} {}", entry.kind, entry.key, entry.id))
        .collect()
}

#[test]
fn several_people_have_copies_of_one_key_and_one_after_the_other_stands_for_it() {
    let mut project = Project::new();
    made_by(&mut project, 12, "[dev bob] Nightly", "bob@example.com");
    made_by(&mut project, 11, "[dev ada] Nightly", "ada@example.com");
    made_by(&mut project, 13, "[dev eve] Nightly", "eve@example.com");
    project.job(
        20,
        "[dev bob] All",
        json!({"tasks": [{"task_key": "a", "run_job_task": {"job_id": 12}}]}),
    );
    project.merge_capture();
    assert_eq!(locked(&project), ["jobs.all 20", "jobs.nightly 11"]);
    let text = project.text("resources/all.job.yml");
    assert!(
        text.contains("job_id: ${resources.jobs.nightly.id}"),
        "{text}"
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    // A new one does not take its place, and the place is not lost with the one that had it.
    made_by(&mut project, 1, "[dev zoe] Nightly", "zoe@example.com");
    assert_eq!(project.capture().changes, BTreeMap::new());
    project
        .snapshot
        .resources
        .retain(|live| live.listed.id != "11");
    project
        .snapshot
        .resources
        .retain(|live| live.listed.id != "1");
    project.merge_capture();
    assert_eq!(locked(&project), ["jobs.all 20", "jobs.nightly 12"]);
    assert!(
        project
            .text("resources/nightly.job.yml")
            .contains("name: Nightly\n")
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn a_prefix_with_the_user_in_it_makes_copies_of_everybodys() {
    let mut project = with_target(
        "{presets: {name_prefix: \"[${workspace.current_user.short_name}] \", tags: {by: \"${workspace.current_user.userName}\"}}}",
    );
    made_by(&mut project, 11, "[ada] Nightly", "ada@example.com");
    made_by(&mut project, 12, "[bob_b] Nightly", "Bob.B@example.com");
    // Made by somebody else than the name says, so it is just called so.
    made_by(&mut project, 13, "[bob_b] Weekly", "ada@example.com");
    project.job(
        14,
        "[ada] Paused",
        json!({"tags": {"by": "ada@example.com"}, "max_concurrent_runs": 4}),
    );
    for (id, name, creator) in [
        ("main.ada_sales", "ada_sales", "ada@example.com"),
        ("main.bob_b_sales", "bob_b_sales", "Bob.B@example.com"),
    ] {
        let schema =
            json!({"name": name, "catalog_name": "main", "full_name": id, "created_by": creator});
        project.object("schemas", id, schema);
    }
    for (id, schema) in [("1", "ada_sales"), ("2", "bob_b_sales")] {
        let volume = json!({"name": "raw", "catalog_name": "main", "schema_name": schema, "volume_type": "MANAGED",
            "full_name": format!("main.{schema}.raw"), "volume_id": id});
        project.object("volumes", &format!("main.{schema}.raw"), volume);
    }
    for schema in ["ada_sales", "bob_b_sales"] {
        let name = format!("main.{schema}.facts");
        let index = json!({"name": name, "endpoint_name": "e", "primary_key": "id", "index_type": "DIRECT_ACCESS"});
        project.object("vector_search_indexes", &name, index);
    }
    // The API does not say who made a dashboard.
    let board = json!({"dashboard_id": "d-1", "display_name": "[ada] Sales", "warehouse_id": "w-1", "parent_path": "/Shared/team",
        "serialized_dashboard": "{\"pages\":[]}"});
    project.object("dashboards", "d-1", board);
    let captured = project.merge_capture();
    assert_eq!(
        locked(&project),
        [
            "dashboards.sales d-1",
            "jobs.bob_b_weekly 13",
            "jobs.nightly 11",
            "jobs.paused 14",
            "schemas.sales main.ada_sales",
            "vector_search_indexes.main_sales_facts main.ada_sales.facts",
            "volumes.raw main.ada_sales.raw"
        ],
        "{:#?}",
        captured.rows
    );
    let text = project.text("resources/paused.job.yml");
    assert!(
        text.contains("name: Paused\n") && text.contains("max_concurrent_runs: 4"),
        "not the mode's doing: {text}"
    );
    assert!(!text.contains("tags"), "{text}");
    let text = project.text("resources/raw.volume.yml");
    assert!(text.contains("schema_name: sales\n"), "{text}");
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.lock = Default::default();
    assert_eq!(
        project.capture().changes,
        BTreeMap::new(),
        "without the lock"
    );
}

#[test]
fn the_files_of_a_copy_are_the_repositorys_also_in_a_folder_with_the_user_in_it() {
    for root in [
        "/Workspace/Users/${workspace.current_user.userName}/try/${bundle.target}",
        "~/try/${bundle.target}",
    ] {
        let mut project = with_target("{mode: development}");
        project.rewrite("databricks.yml", |text| {
            format!("{text}workspace: {{root_path: \"{root}\"}}\n")
        });
        project.rewrite("src/load.py", |_| {
            "# Databricks notebook source\nprint(1)\n".into()
        });
        project.rewrite("resources/load.yml", |_| {
            "resources:\n  jobs:\n    load:\n      name: Load\n      tasks:\n        - task_key: a\n          notebook_task: {notebook_path: ../src/load.py}\n".into()
        });
        let path = "/Workspace/Users/ada@example.com/try/dev/files/src/load";
        project.job(
            11,
            "[dev ada] Load",
            json!({"tags": {"dev": "ada"}, "max_concurrent_runs": 4,
            "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": path}}]}),
        );
        let captured = project.capture();
        assert_eq!(
            (captured.changes, captured.rows),
            (BTreeMap::new(), vec![]),
            "{root}"
        );
    }
}

#[test]
fn a_service_principal_deploys_under_the_name_that_it_is_shown_by() {
    let mut project = Project::new();
    let id = "3f2504e0-4f89-11d3-9a0c-0305e82c3301";
    let principal =
        json!({"id": "9", "applicationId": id, "displayName": "Nightly-Deployer", "active": true});
    project.object("service_principals", "9", principal);
    let name = "dev_nightly_deployer_sales";
    let schema = json!({"name": name, "catalog_name": "main", "full_name": format!("main.{name}"), "created_by": id});
    project.object("schemas", &format!("main.{name}"), schema);
    project.merge_capture();
    assert!(
        project
            .text("resources/sales.schema.yml")
            .contains("name: sales\n")
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn what_a_target_deploys_under_its_prefix_is_the_original_of_peoples_copies() {
    let mut project = with_target("{presets: {name_prefix: \"try-\"}}");
    project.job(11, "try-Nightly", json!({"timeout_seconds": 5}));
    made_by(&mut project, 12, "[dev ada] Nightly", "ada@example.com");
    project.merge_capture();
    assert_eq!(locked(&project), ["jobs.nightly 11"]);
    assert!(
        project
            .text("resources/nightly.job.yml")
            .contains("name: Nightly\n")
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn what_is_called_as_if_a_prefix_stood_there_and_takes_none_is_no_copy() {
    let mut project = with_target("{mode: development, presets: {name_prefix: \"try-\"}}");
    project.job(
        11,
        "try-Nightly",
        json!({"max_concurrent_runs": 4, "tags": {"dev": "ada"}}),
    );
    project.job(12, "Nightly", json!({"timeout_seconds": 5}));
    let scope = json!({"name": "try-scope", "backend_type": "DATABRICKS"});
    project.object("secret_scopes", "try-scope", scope);
    made_by(&mut project, 13, "dev_ada_load", "ada@example.com");
    let captured = project.merge_capture();
    assert_eq!(
        locked(&project),
        [
            "jobs.dev_ada_load 13",
            "jobs.nightly 12",
            "secret_scopes.try_scope try-scope"
        ],
        "{:#?}",
        captured.rows
    );
    let folded = |row: &CaptureRow| row.detail.contains("development copy of `Nightly`");
    assert!(captured.rows.iter().any(folded), "{:#?}", captured.rows);
    assert_eq!(project.capture().changes, BTreeMap::new());
}
