//! Folders that jobs, pipelines and apps run.

use serde_json::json;

use super::project::Project;
use crate::capture::*;
use crate::kinds::kind;

fn project() -> Project {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!("{text}targets: {{dev: {{default: true}}}}\n")
    });
    project.rules.paths.clear();
    project.live_file("/Shared/dbt/dbt_project.yml", b"name: shop\n", None);
    project.live_file("/Shared/dbt/models/a.sql", b"select 1\n", None);
    project.live_file("/Shared/wheels/shop.whl", b"PK", None);
    project.live_file("/Shared/wheels/requirements.txt", b"x\n", None);
    project.live_file("/Shared/other/not_asked_for.txt", b"x\n", None);
    project.job(
        11,
        "Nightly",
        json!({
            "tasks": [{"task_key": "t", "dbt_task": {"project_directory": "/Workspace/Shared/dbt", "commands": ["dbt run"]}, "environment_key": "e"}],
            "environments": [{"environment_key": "e", "spec": {"environment_version": "2", "dependencies":
                ["pandas==2.0", "/Workspace/Shared/wheels/shop.whl", "-r /Workspace/Shared/wheels/requirements.txt"]}}]
        }),
    );
    project
}

fn pipeline(project: &mut Project) {
    project.notebook("/Shared/pipe/transformations/one", "x\n");
    project.live_file("/Shared/pipe/transformations/two.sql", b"select 1\n", None);
    let answer = json!({"pipeline_id": "p-1", "name": "Pipe", "spec": {"name": "Pipe", "root_path": "/Workspace/Shared/pipe",
        "libraries": [{"glob": {"include": "/Workspace/Shared/pipe/transformations/**"}}]}});
    let listed = kind("pipelines").unwrap().read(&answer).unwrap().unwrap();
    project
        .snapshot
        .resources
        .push(LiveResource::new("pipelines", listed));
}

#[test]
fn what_lies_below_them_comes_along_and_they_are_paths_of_the_repository() {
    let mut project = project();
    pipeline(&mut project);
    let captured = project.merge_capture();
    let job = project.text("resources/nightly.job.yml");
    for line in [
        "project_directory: ../src/dbt\n",
        "- pandas==2.0\n",
        "- ../src/wheels/shop.whl\n",
        "- \"-r ../src/wheels/requirements.txt\"\n",
    ] {
        assert!(job.contains(line), "{line} in\n{job}");
    }
    let pipe = project.text("resources/pipe.pipeline.yml");
    assert!(pipe.contains("root_path: ../src/pipe\n"), "{pipe}");
    assert!(
        pipe.contains("include: \"../src/pipe/transformations/**\"\n"),
        "{pipe}"
    );
    for path in [
        "src/dbt/models/a.sql",
        "src/pipe/transformations/one.py",
        "src/wheels/requirements.txt",
    ] {
        assert!(project.tree.contains_key(path), "{path}");
    }
    assert!(
        !project
            .tree
            .keys()
            .any(|path| path.contains("not_asked_for"))
    );
    let told: Vec<&CaptureRow> = captured
        .rows
        .iter()
        .filter(|row| row.what != CapturedAs::Added)
        .collect();
    assert!(told.is_empty(), "{told:#?}");
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![])
    );
    project.lock = CapturedLock::default();
    assert_eq!(project.capture().rows, [], "the form is the same from here");
}

#[test]
fn folders_are_asked_for_and_patterns_by_the_folder_that_they_begin_in() {
    let mut project = project();
    pipeline(&mut project);
    let wanted = wanted_paths(&project.rules, &project.snapshot.resources);
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    assert_eq!(
        wanted,
        [
            "/Shared/dbt",
            "/Shared/pipe",
            "/Shared/pipe/transformations",
            "/Shared/wheels/requirements.txt",
            "/Shared/wheels/shop.whl"
        ]
    );
}

#[test]
fn the_folder_of_an_app_is_one_of_the_repository() {
    let mut project = project();
    project.live_file("/Shared/app/app.py", b"x\n", None);
    let answer = json!({"name": "shop", "default_source_code_path": "/Workspace/Shared/app",
        "active_deployment": {"deployment_id": "d", "mode": "SNAPSHOT", "source_code_path": "/Workspace/Users/x/src/d"}});
    let listed = kind("apps").unwrap().read(&answer).unwrap().unwrap();
    project
        .snapshot
        .resources
        .push(LiveResource::new("apps", listed));
    project.merge_capture();
    let app = project.text("resources/shop.app.yml");
    assert!(app.contains("source_code_path: ../src/app\n"), "{app}");
    assert_eq!(project.text("src/app/app.py"), "x\n");
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn what_is_not_captured_is_told() {
    let mut project = project();
    let dbt = |path: &String| path.starts_with("/Shared/dbt/");
    project.snapshot.files.retain(|path, _| !dbt(path));
    let captured = project.capture();
    let told: Vec<&str> = captured
        .rows
        .iter()
        .filter(|row| row.what == CapturedAs::Note)
        .map(|row| row.detail.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "points to /Workspace/Shared/dbt, which is not captured as it is; the path means nothing in another workspace"
        ]
    );
}
