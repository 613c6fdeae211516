//! Folders named by the digest of their files: what people change in them is seen and put back, who runs there reads them, and
//! old ones go when nothing uses them.

use std::collections::BTreeSet;

use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::{Value, json};

const ROOT: &str = "/Workspace/Shared/.hodman/shop/qa";
const PERSON: &str = "ana@acme.example";

fn ready() {}

async fn call(scene: &Scene, method: &str, path: &str, body: Value) -> Value {
    scene
        .workspace("qa")
        .call(PERSON, method.parse().expect("a method"), path, body)
        .await
        .unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
}

/// The folder that the job of the bundle points into.
async fn folder(scene: &Scene) -> String {
    let (_, settings) = scene.people["qa"].job("nightly").await.expect("the job");
    let path = settings["tasks"][0]["notebook_task"]["notebook_path"]
        .as_str()
        .expect("a path");
    path.strip_suffix("/src/load")
        .expect("the notebook")
        .to_owned()
}

/// The folders that are there, by the whole path.
async fn folders(scene: &Scene) -> BTreeSet<String> {
    let there = scene.people["qa"].files(ROOT).await.expect("a list");
    there
        .iter()
        .filter_map(|path| {
            let whole = match path.starts_with("/Workspace") {
                true => path.clone(),
                false => format!("/Workspace{path}"),
            };
            let name = whole.strip_prefix(&format!("{ROOT}/"))?.split('/').next()?;
            (name.len() == 64).then(|| format!("{ROOT}/{name}"))
        })
        .collect()
}

/// Field and class of every difference in qa, as they are now.
async fn differences(daemon: &hodman::daemon::Daemon) -> Vec<(String, String)> {
    let report = daemon
        .parts()
        .work
        .preview_drift("shop", &EnvName::from("qa"))
        .await
        .expect("a report");
    report.workspaces[0]
        .drifted()
        .map(|row| {
            let class = serde_json::to_value(row.class).expect("a class");
            (
                row.path.to_string(),
                class.as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn code_that_somebody_changed_in_its_folder_is_seen_and_put_back() {
    ready();
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: heal",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    assert_eq!(differences(&daemon).await, vec![]);
    let (qa, workspace) = (&scene.people["qa"], scene.workspace("qa"));
    let notebook = format!("{}/src/load", folder(&scene).await);
    let of_git = qa.read(&notebook).await.expect("the notebook");
    let later = || scene.clock.advance(chrono::Duration::seconds(2));

    later();
    workspace
        .put_notebook(&notebook, &of_git, PERSON)
        .expect("touched");
    assert_eq!(differences(&daemon).await, vec![], "touched only");

    later();
    let text = "# Databricks notebook source\nprint(\"by hand\")\n";
    workspace
        .put_notebook(&notebook, text, PERSON)
        .expect("changed");
    let seen = differences(&daemon).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(
        seen[0].0.contains("src/load.py") && seen[0].1 == "hand-edit-to-put-back",
        "{seen:?}"
    );
    short.compared("qa").await.expect("compared");
    short
        .wait("the notebook to be put back", async || {
            let there = qa.read(&notebook).await.ok()?;
            (there == of_git).then_some(())
        })
        .await
        .expect("put back");
    short
        .wait("nothing left", async || {
            differences(&daemon).await.is_empty().then_some(())
        })
        .await
        .expect("as it was");

    // An older folder is looked at before something runs in it again.
    let first = notebook;
    let code = b"# Databricks notebook source\nprint(\"second\")\n";
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("src/load.py", Some(code.as_slice()))],
            "files change",
            "rita",
        )
        .expect("committed");
    short.promote("qa").await.expect("the second");
    later();
    workspace
        .put_notebook(&first, text, PERSON)
        .expect("changed in the old folder");
    let back = Ask::Rollback {
        env: "qa".into(),
        to: None,
        now: true,
        reason: "the second is wrong".to_owned(),
    };
    short.ask("olga", back).await.expect("asked");
    short
        .wait("the first again", async || {
            let now = format!("{}/src/load", folder(&scene).await);
            let there = qa.read(&now).await.ok()?;
            (now == first && there == of_git).then_some(())
        })
        .await
        .expect("what runs is what Git says");

    // What people put beside it is told, by the daemon, too.
    let stranger = format!("{}/src/notes.txt", folder(&scene).await);
    workspace
        .put_file(&stranger, b"mine", PERSON)
        .expect("a file");
    let told = short
        .wait("the stranger to be told", async || {
            short.compared("qa").await.expect("compared");
            let url = format!(
                "http://{}/api/pipelines/shop/environments/qa/drift",
                daemon.address
            );
            let view: Value = reqwest::get(url).await.ok()?.json().await.ok()?;
            let rows = view["report"]["workspaces"][0]["rows"].as_array()?.clone();
            let foreign = |row: &&Value| row["class"] == "foreign-object";
            rows.iter().find(foreign).cloned().map(|row| (row, view))
        })
        .await
        .expect("told");
    assert!(told.0["path"].to_string().contains("notes.txt"), "{told:?}");
    assert_eq!(told.1["plan"], Value::Null, "nothing becomes of it");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_folders_go_and_those_that_something_uses_stay() {
    ready();
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: report\nfiles: {keep: 2}",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let promote = async |number: usize| {
        if number > 1 {
            let text = format!("# Databricks notebook source\nprint({number})\n");
            scene
                .forge
                .commit(
                    REPOSITORY,
                    "main",
                    &[("src/load.py", Some(text.as_bytes()))],
                    "files change",
                    "rita",
                )
                .expect("committed");
        }
        short.promote("qa").await.expect("promoted");
        folder(&scene).await
    };
    let mut sets = vec![promote(1).await];
    // An update of a pipeline goes on with the files that it began with, whatever its settings say now.
    let settings = |folder: &str, continuous: bool| {
        json!({
            "name": "somebody's stream", "continuous": continuous, "development": true,
            "libraries": [{"notebook": {"path": format!("{folder}/src/load")}}],
        })
    };
    let made = call(
        &scene,
        "POST",
        "/api/2.0/pipelines",
        settings(&sets[0], false),
    )
    .await;
    let id = made["pipeline_id"].as_str().expect("an id");
    let pipeline = format!("/api/2.0/pipelines/{id}");
    call(&scene, "POST", &format!("{pipeline}/updates"), json!({})).await;
    call(
        &scene,
        "PUT",
        &pipeline,
        settings("/Workspace/Shared/mine", true),
    )
    .await;
    sets.push(promote(2).await);
    scene.people["qa"]
        .create_job(json!({
            "name": "somebody's own",
            "tasks": [{"task_key": "a", "notebook_task": {"notebook_path": format!("{}/src/load", sets[1])}}],
        }))
        .await
        .expect("made");
    for number in 3..=5 {
        sets.push(promote(number).await);
    }
    let left = |kept: &[usize]| -> BTreeSet<String> {
        kept.iter().map(|number| sets[number - 1].clone()).collect()
    };
    let gone = short
        .wait("the third to go", async || {
            (folders(&scene).await == left(&[1, 2, 4, 5])).then_some(())
        })
        .await;
    let there = folders(&scene).await;
    assert!(gone.is_ok(), "{gone:?}: {there:#?} of {sets:#?}");

    call(&scene, "POST", &format!("{pipeline}/stop"), json!({})).await;
    let latest = promote(6).await;
    short
        .wait("the first to go", async || {
            let mut kept = left(&[2, 5]);
            kept.insert(latest.clone());
            let _ = call(&scene, "GET", &pipeline, Value::Null).await;
            (folders(&scene).await == kept).then_some(())
        })
        .await
        .unwrap_or_else(|error| panic!("{error}"));
    daemon.stop().await;
}

const ROBOT: &str = "
variables:
  robot:
    lookup:
      service_principal: robot
resources:
  jobs:
    robot:
      name: robot
      run_as:
        service_principal_name: ${var.robot}
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: ../src/load.py
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_looked_up_and_runs_a_job_reads_its_files() {
    ready();
    let options = Options::short().file("resources/robot.job.yml", ROBOT);
    let scene = Scene::start(options).await;
    let principals = "/api/2.0/preview/scim/v2/ServicePrincipals";
    let robot = json!({"displayName": "robot", "active": true});
    let made = call(&scene, "POST", principals, robot).await;
    let application = made["applicationId"].as_str().expect("an id").to_owned();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    let status = format!("/api/2.0/workspace/get-status?path={ROOT}");
    let status = call(&scene, "GET", &status, Value::Null).await;
    let path = format!("/api/2.0/permissions/directories/{}", status["object_id"]);
    let reads = call(&scene, "GET", &path, Value::Null).await;
    assert!(reads.to_string().contains(&application), "{reads}");
    assert_eq!(differences(&daemon).await, vec![]);

    // Taken away from it, that is seen.
    let nobody = json!({"access_control_list": []});
    call(&scene, "PUT", &path, nobody).await;
    let seen = differences(&daemon).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].0.contains(&application), "{seen:?}");
    daemon.stop().await;
}
