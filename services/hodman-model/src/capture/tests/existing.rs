//! A first capture beside a bundle that people wrote.

use serde_json::{Value, json};

use super::project::Project;
use crate::capture::*;

fn job_file(project: &mut Project, text: &str) {
    project.rewrite("resources/jobs.yml", |_| {
        format!("resources:\n  jobs:\n    load:\n{text}")
    });
}

#[track_caller]
fn nothing_new(project: &Project) {
    let captured = project.capture();
    assert_eq!((captured.changes, captured.rows), (BTreeMap::new(), vec![]));
}

#[test]
fn a_name_with_the_target_in_it_is_the_same_job() {
    let mut project = Project::new();
    job_file(
        &mut project,
        "      name: nightly-${bundle.target}-of-${bundle.name}\n",
    );
    project.job(11, "nightly-dev-of-shop", json!({}));
    nothing_new(&project);
}

#[test]
fn a_variable_of_an_included_file_is_known() {
    let mut project = Project::new();
    project.rewrite("resources/variables.yml", |_| {
        "variables:\n  title: {default: Nightly}\n".into()
    });
    job_file(&mut project, "      name: ${var.title}\n");
    project.job(11, "Nightly", json!({}));
    nothing_new(&project);
}

#[test]
fn what_is_said_for_all_is_not_written_into_each() {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!("{text}permissions:\n  - {{level: CAN_MANAGE, group_name: ops}}\n  - {{level: CAN_VIEW, group_name: all}}\ntargets:\n  dev:\n    run_as: {{service_principal_name: robot}}\n    presets: {{tags: {{team: shop}}, jobs_max_concurrent_runs: 3, trigger_pause_status: PAUSED, name_prefix: \"try-\"}}\n")
    });
    job_file(
        &mut project,
        "      name: Load\n      schedule: {quartz_cron_expression: 0 0 2 * * ?, timezone_id: UTC}\n",
    );
    project.job(11, "try-Load", json!({"tags": {"team": "shop"}, "max_concurrent_runs": 3, "run_as": {"service_principal_name": "robot"},
        "schedule": {"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED"}}));
    project.live("11").config["permissions"] =
        json!({"group:ops": "CAN_MANAGE", "group:all": "CAN_VIEW"});
    nothing_new(&project);
    // As it was before somebody deployed it, it is no difference either.
    let mut by_hand = Project::new();
    by_hand.tree = project.tree.clone();
    by_hand.job(11, "Load", json!({"schedule": {"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"}}));
    nothing_new(&by_hand);
    // What is new does not say it again, and what is more than that is written.
    project.job(12, "try-New", json!({"tags": {"team": "shop", "own": "1"}}));
    project.live("12").config["permissions"] =
        json!({"group:ops": "CAN_MANAGE", "group:more": "CAN_VIEW"});
    project.merge_capture();
    let text = project.text("resources/new.job.yml");
    assert!(
        text.contains("name: New\n") && text.contains("own: \"1\"") && text.contains("more"),
        "{text}"
    );
    assert!(!text.contains("ops") && !text.contains("team"), "{text}");
    nothing_new(&project);
}

#[test]
fn what_git_names_by_another_resource_is_the_name_that_the_workspace_has() {
    let mut project = Project::new();
    project.rewrite("resources/lake.yml", |_| {
        "resources:
  schemas:
    sales: {name: \"sales_${bundle.target}\", catalog_name: lake}
  connections:
    db: {name: db, connection_type: POSTGRESQL, options: {host: h}}
  volumes:
    raw: {name: raw, catalog_name: lake, schema_name: \"${resources.schemas.sales.name}\", volume_type: MANAGED}
  pipelines:
    flow:
      name: flow
      catalog: \"${resources.schemas.sales.catalog_name}\"
      schema: \"${resources.schemas.sales.name}\"
      ingestion_definition: {connection_name: \"${resources.connections.db.name}\"}
  vector_search_indexes:
    facts: {name: \"${resources.schemas.sales.id}.facts\", endpoint_name: e, primary_key: id, index_type: DIRECT_ACCESS}
"
        .into()
    });
    for (kind, id, answer) in [
        (
            "schemas",
            "lake.sales_dev",
            json!({"name": "sales_dev", "catalog_name": "lake", "full_name": "lake.sales_dev"}),
        ),
        (
            "connections",
            "db",
            json!({"name": "db", "full_name": "db", "connection_type": "POSTGRESQL", "options": {"host": "h"}}),
        ),
        (
            "volumes",
            "lake.sales_dev.raw",
            json!({"name": "raw", "catalog_name": "lake", "schema_name": "sales_dev", "volume_type": "MANAGED",
            "full_name": "lake.sales_dev.raw", "volume_id": "v"}),
        ),
        (
            "pipelines",
            "p-1",
            json!({"pipeline_id": "p-1", "name": "flow", "spec": {"name": "flow", "catalog": "lake", "schema": "sales_dev",
            "ingestion_definition": {"connection_name": "db"}}}),
        ),
        (
            "vector_search_indexes",
            "lake.sales_dev.facts",
            json!({"name": "lake.sales_dev.facts", "endpoint_name": "e", "primary_key": "id",
            "index_type": "DIRECT_ACCESS"}),
        ),
    ] {
        project.object(kind, id, answer);
    }
    nothing_new(&project);
    // And what changes beside it changes alone.
    project.job(12, "New", json!({}));
    project.merge_capture();
    project.live("lake.sales_dev.raw").config["comment"] = json!("of the shop");
    let captured = project.merge_capture();
    assert_eq!(captured.rows[0].detail, "comment", "{:#?}", captured.rows);
    let text = project.text("resources/lake.yml");
    assert!(
        text.contains("${resources.schemas.sales.name}") && text.contains("of the shop"),
        "{text}"
    );
    nothing_new(&project);
}

#[test]
fn a_notebook_that_git_has_elsewhere_is_that_file() {
    let mut project = Project::new();
    let text = "# Databricks notebook source\nprint(1)\n";
    project.rewrite("notebooks/load.py", |_| text.into());
    project.rewrite("notebooks/other.py", |_| text.into());
    job_file(
        &mut project,
        "      name: Load\n      tasks:\n        - task_key: a # ours\n          notebook_task: {notebook_path: ../notebooks/load.py}\n",
    );
    project.notebook("/Workspace/Shared/team/etl/load", "print(1)\n");
    project.job(11, "Load", json!({"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/Shared/team/etl/load"}}]}));
    nothing_new(&project);
    // Once captured, an edit goes to where the file is.
    project.job(12, "New", json!({}));
    project.merge_capture();
    project.notebook("/Workspace/Shared/team/etl/load", "print(2)\n");
    project.merge_capture();
    assert!(project.text("notebooks/load.py").ends_with("print(2)\n"));
    assert!(!project.tree.contains_key("src/etl/load.py"));
    nothing_new(&project);
}

#[test]
fn files_that_a_deployment_uploaded_to_a_shared_folder_are_not_doubled() {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!("{text}workspace: {{root_path: \"/Workspace/Shared/apps/${{bundle.name}}/${{bundle.target}}\"}}\n")
    });
    let text = "# Databricks notebook source\nprint(1)\n";
    project.rewrite("src/load.py", |_| text.into());
    job_file(
        &mut project,
        "      name: Load\n      tasks:\n        - task_key: a\n          notebook_task: {notebook_path: ../src/load.py}\n",
    );
    let path = "/Workspace/Shared/apps/shop/dev/files/src/load";
    project.notebook(path, "print(1)\n");
    project.job(
        11,
        "Load",
        json!({"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": path}}]}),
    );
    nothing_new(&project);
}

#[test]
fn paths_of_a_job_from_git_are_paths_of_that_repository() {
    let mut project = Project::new();
    project.notebook("/Repos/team/app/load", "print(1)\n");
    project.job(11, "From Git", json!({"git_source": {"git_url": "https://github.com/acme/app", "git_provider": "gitHub", "git_branch": "main"},
        "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "notebooks/load", "source": "GIT"}}]}));
    project.job(12, "From a checkout", json!({"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "/Repos/team/app/load"}}]}));
    let captured = project.merge_capture();
    let text = project.text("resources/from_git.job.yml");
    assert!(
        text.contains("notebook_path: notebooks/load\n") && text.contains("git_branch: main"),
        "{text}"
    );
    let text = project.text("resources/from_a_checkout.job.yml");
    assert!(
        text.contains("notebook_path: /Repos/team/app/load\n"),
        "{text}"
    );
    let told = |row: &CaptureRow| {
        row.detail
            .contains("points to /Repos/team/app/load, which is not captured as it is")
    };
    assert!(captured.rows.iter().any(told), "{:#?}", captured.rows);
    assert!(!captured.changes.keys().any(|path| path.starts_with("src/")));
    nothing_new(&project);
}

#[test]
fn in_a_job_from_git_what_lies_in_the_workspace_is_captured_all_the_same() {
    let mut project = Project::new();
    project.notebook("/Shared/team/check", "print(1)\n");
    project.notebook("/Shared/team/load", "print(2)\n");
    project.live_file("/Shared/team/shop.whl", b"w", None);
    project.live_file("/Shared/team/needs.txt", b"x\n", None);
    project.job(11, "Mixed", json!({"git_source": {"git_url": "https://github.com/acme/app", "git_provider": "gitHub", "git_branch": "main"},
        "environments": [{"environment_key": "e", "spec": {"dependencies": ["-r /Workspace/Shared/team/needs.txt"]}}],
        "tasks": [
            {"task_key": "a", "notebook_task": {"notebook_path": "Shared/team/load", "source": "GIT"}, "libraries": [{"whl": "/Workspace/Shared/team/shop.whl"}]},
            {"task_key": "b", "notebook_task": {"notebook_path": "/Workspace/Shared/team/check", "source": "WORKSPACE"}},
            {"task_key": "c", "notebook_task": {"notebook_path": "/Workspace/Shared/elsewhere", "source": "WORKSPACE"}},
            {"task_key": "d", "dbt_task": {"project_directory": "", "commands": ["dbt run"], "source": "GIT"}},
        ]}));
    let captured = project.merge_capture();
    let text = project.text("resources/mixed.job.yml");
    for said in [
        "notebook_path: Shared/team/load\n",
        "notebook_path: ../src/check.py\n            source: WORKSPACE\n",
        "whl: ../src/shop.whl\n",
        "- \"-r ../src/needs.txt\"\n",
        "project_directory: \"\"\n",
    ] {
        assert!(text.contains(said), "{said}{text}");
    }
    assert!(!text.contains("GIT\n"), "{text}");
    let told: Vec<&str> = captured
        .rows
        .iter()
        .filter(|row| row.detail.contains("points to"))
        .map(|row| row.detail.as_str())
        .collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("/Workspace/Shared/elsewhere"), "{told:?}");
    nothing_new(&project);
    project.edit_job(11, |job| {
        job["tasks"][0]["libraries"] =
            json!([{"whl": "/Workspace/Shared/team/shop.whl"}, {"pypi": {"package": "x"}}]);
    });
    project.merge_capture();
    let text = project.text("resources/mixed.job.yml");
    assert!(text.contains("whl: ../src/shop.whl\n"), "{text}");
    nothing_new(&project);
}

#[test]
fn folders_that_a_deployment_uploaded_are_those_of_the_repository() {
    for base in ["Shared/apps/shop", "Users/ada@example.com/.bundle/shop/dev"] {
        let mut project = Project::new();
        project.rewrite("databricks.yml", |text| {
            format!("{text}workspace: {{root_path: \"/Workspace/{base}\"}}\n")
        });
        project.rewrite("src/dbt/dbt_project.yml", |_| "name: shop\n".into());
        project.rewrite("src/dbt/models/a.sql", |_| "select 1\n".into());
        job_file(
            &mut project,
            "      name: Load\n      tasks:\n        - task_key: a\n          dbt_task: {project_directory: ../src/dbt, commands: [dbt run]}\n",
        );
        let folder = format!("/Workspace/{base}/files/src/dbt");
        project.live_file(&format!("{folder}/dbt_project.yml"), b"name: shop\n", None);
        project.live_file(&format!("{folder}/models/a.sql"), b"select 1\n", None);
        project.job(11, "Load", json!({"tasks": [{"task_key": "a", "dbt_task": {"project_directory": folder, "commands": ["dbt run"]}}]}));
        nothing_new(&project);
    }
}

#[test]
fn a_new_file_does_not_take_the_place_of_one_that_git_has_elsewhere() {
    let mut project = Project::new();
    let text = "# Databricks notebook source\nprint(1)\n";
    project.rewrite("src/load.py", |_| text.into());
    job_file(
        &mut project,
        "      name: Load\n      tasks:\n        - task_key: a\n          notebook_task: {notebook_path: ../src/load.py}\n",
    );
    // The one of the job comes later, and would have had to go elsewhere.
    project.notebook("/Workspace/Shared/load", "print(2)\n");
    project.notebook("/Workspace/Shared/team/etl/load", "print(1)\n");
    project.job(11, "Load", json!({"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/Shared/team/etl/load"}}]}));
    project.job(12, "Other", json!({"tasks": [{"task_key": "a", "notebook_task": {"notebook_path": "/Workspace/Shared/load"}}]}));
    project.merge_capture();
    assert!(project.text("src/load.py").ends_with("print(1)\n"));
    assert!(project.text("src/load_2.py").ends_with("print(2)\n"));
    let text = project.text("resources/other.job.yml");
    assert!(text.contains("../src/load_2.py"), "{text}");
    nothing_new(&project);
}

#[test]
fn homes_are_those_of_people_and_principals() {
    let mut project = Project::new();
    let paths = [
        ("/Repos/ada@example.com/app/load", true),
        ("/Repos/11111111-2222-3333-4444-555555555555/app/load", true),
        ("/Repos/team/b/nb", false),
        ("/Workspace/Users/ada@example.com/x", true),
        ("/Workspace/Users/robot/x", true),
    ];
    let tasks: Vec<Value> = paths
        .iter()
        .enumerate()
        .map(|(at, (path, _))| json!({"task_key": format!("t{at}"), "notebook_task": {"notebook_path": path}}))
        .collect();
    project.job(11, "Load", json!({ "tasks": tasks }));
    project.object(
        "ip_access_lists",
        "l-1",
        json!({"list_id": "l-1", "label": "Office", "list_type": "ALLOW", "ip_addresses": ["1.1.1.1"], "created_by": 10003}),
    );
    let captured = project.capture();
    for (path, personal) in paths {
        let told = captured
            .rows
            .iter()
            .find(|row| row.detail.contains(path))
            .unwrap();
        assert_eq!(
            told.detail.contains("from a personal folder"),
            personal,
            "{told:?}"
        );
    }
    let list = captured
        .rows
        .iter()
        .find(|row| row.key.starts_with("ip_access_lists."))
        .unwrap();
    assert_eq!(list.by, UNKNOWN, "a number is nobody's name");
}
