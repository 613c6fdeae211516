//! Files in one folder with a fixed path: only what differs is written, what left goes, and jobs do not move.

use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::Value;

const FOLDER: &str = "/Workspace/Shared/.hodman/shop/qa/files";

async fn path_of_the_job(scene: &Scene) -> (i64, String) {
    let (id, settings) = scene.people["qa"].job("nightly").await.expect("the job");
    let path = &settings["tasks"][0]["notebook_task"]["notebook_path"];
    (id, path.as_str().expect("a path").to_owned())
}

fn commit(scene: &Scene, files: &[(&str, Option<&[u8]>)]) {
    scene
        .forge
        .commit(REPOSITORY, "main", files, "files change", "rita")
        .expect("committed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_file_changes_and_one_goes_and_the_job_stays_where_it_is() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: report\nfiles: {layout: in-place}",
    );
    let scene = Scene::start(options).await;
    commit(&scene, &[("src/table.txt", Some(b"1"))]);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("the first");
    let before = path_of_the_job(&scene).await;
    assert_eq!(before.1, format!("{FOLDER}/src/load"));
    let qa = &scene.people["qa"];
    assert_eq!(
        qa.read(&format!("{FOLDER}/src/table.txt"))
            .await
            .ok()
            .as_deref(),
        Some("1")
    );

    let text = b"# Databricks notebook source\nprint(\"gently\")\n";
    commit(
        &scene,
        &[("src/load.py", Some(text)), ("src/table.txt", None)],
    );
    let asked = scene.workspace("qa").requests().len();
    let pull = short.proposed("qa").await.expect("the second");
    assert!(pull.body.contains("mixture"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    short
        .wait("the new text", async || {
            let text = qa.read(&format!("{FOLDER}/src/load")).await.ok()?;
            let state = short.state().await.ok()?;
            let env = &state.environments[&EnvName::from("qa")];
            let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
            (text.contains("gently") && healthy).then_some(())
        })
        .await
        .expect("applied");
    assert_eq!(path_of_the_job(&scene).await, before);
    let there = qa.files(FOLDER).await.expect("a list");
    assert!(
        !there.iter().any(|path| path.ends_with("table.txt")),
        "{there:?}"
    );
    // The note twice, the file once; what did not change is not written.
    let written: Vec<String> = scene.workspace("qa").requests()[asked..]
        .iter()
        .filter(|request| request.path.ends_with("/workspace/import"))
        .map(|request| format!("{request:?}"))
        .collect();
    assert_eq!(written.len(), 3, "{written:?}");

    let of_qa = EnvName::from("qa");
    let before = short.state().await.expect("a state").environments[&of_qa]
        .drift
        .last;
    short
        .ask("olga", Ask::Reconcile { env: "qa".into() })
        .await
        .expect("asked");
    short
        .wait("a comparison", async || {
            let state = short.state().await.ok()?;
            let drift = &state.environments[&of_qa].drift;
            (drift.last != before && !drift.wanted && drift.comparing.is_none()).then_some(())
        })
        .await
        .expect("compared");
    let url = format!(
        "http://{}/api/pipelines/shop/environments/qa/drift",
        daemon.address
    );
    let view: Value = reqwest::get(url)
        .await
        .expect("sent")
        .json()
        .await
        .expect("JSON");
    assert_eq!(view["plan"], Value::Null, "{view}");
    daemon.stop().await;
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
async fn a_file_that_somebody_changed_and_a_reader_that_somebody_shut_out_are_seen_and_put_back() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: heal\nfiles: {layout: in-place, readers: [analysts]}",
    );
    let scene = Scene::start(options).await;
    commit(&scene, &[("src/table.txt", Some(b"1"))]);
    let workspace = scene.workspace("qa");
    let person = "ana@acme.example";
    let group = serde_json::json!({"displayName": "analysts"});
    workspace
        .call(
            person,
            "POST".parse().expect("a method"),
            "/api/2.0/preview/scim/v2/Groups",
            group,
        )
        .await
        .expect("a group");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa");
    assert_eq!(differences(&daemon).await, vec![]);

    // Touched, and as it was: nothing to put back.
    let (notebook, file) = (
        format!("{FOLDER}/src/load"),
        format!("{FOLDER}/src/table.txt"),
    );
    let later = || scene.clock.advance(chrono::Duration::seconds(2));
    let main = scene.forge.head(REPOSITORY, "main").expect("main");
    let of_git = scene
        .forge
        .read_file(REPOSITORY, &main, "src/load.py")
        .expect("a file");
    let of_git = String::from_utf8(of_git).expect("text");
    later();
    workspace
        .put_notebook(&notebook, &of_git, person)
        .expect("touched");
    workspace.put_file(&file, b"1", person).expect("touched");
    assert_eq!(differences(&daemon).await, vec![], "touched only");

    later();
    let text = "# Databricks notebook source\nprint(\"by hand\")\n";
    workspace
        .put_notebook(&notebook, text, person)
        .expect("changed");
    workspace.put_file(&file, b"2", person).expect("changed");
    let seen = differences(&daemon).await;
    let by_hand = |path: &str| (path.to_owned(), "hand-edit-to-put-back".to_owned());
    assert_eq!(seen.len(), 2, "{seen:?}");
    for path in ["src/load.py", "src/table.txt"] {
        assert!(
            seen.iter()
                .any(|(found, class)| found.contains(path) && *class == by_hand(path).1),
            "{seen:?}"
        );
    }
    short.compared("qa").await.expect("compared");
    let qa = &scene.people["qa"];
    short
        .wait("the files to be put back", async || {
            let table = qa.read(&file).await.ok()?;
            let load = qa.read(&notebook).await.ok()?;
            (table == "1" && !load.contains("by hand")).then_some(())
        })
        .await
        .expect("put back");
    short
        .wait("nothing left", async || {
            differences(&daemon).await.is_empty().then_some(())
        })
        .await
        .expect("as it was");

    // Somebody takes the readers' permission away.
    let get = async |path: &str| {
        let method = "GET".parse().expect("a method");
        workspace.call(person, method, path, Value::Null).await
    };
    let root = "/Workspace/Shared/.hodman/shop/qa";
    let status = get(&format!("/api/2.0/workspace/get-status?path={root}"))
        .await
        .expect("the folder");
    let path = format!("/api/2.0/permissions/directories/{}", status["object_id"]);
    let reads = |answer: &Value| answer.to_string().contains("analysts");
    assert!(
        reads(&get(&path).await.expect("permissions")),
        "let in by the apply"
    );
    let nobody = serde_json::json!({"access_control_list": []});
    workspace
        .call(person, "PUT".parse().expect("a method"), &path, nobody)
        .await
        .expect("shut out");
    let seen = differences(&daemon).await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(
        seen[0].0.contains("group:analysts") && seen[0].1 == by_hand("").1,
        "{seen:?}"
    );
    short.compared("qa").await.expect("compared");
    short
        .wait("the readers to be let in", async || {
            reads(&get(&path).await.ok()?).then_some(())
        })
        .await
        .expect("let in again");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_comes_where_a_folder_was_and_the_reverse() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: report\nfiles: {layout: in-place}",
    );
    let scene = Scene::start(options).await;
    commit(
        &scene,
        &[
            ("src/one/deep/a.txt", Some(b"1")),
            ("src/two", Some(b"2")),
            ("src/left/x.txt", Some(b"x")),
        ],
    );
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("the first");
    commit(
        &scene,
        &[
            ("src/one/deep/a.txt", None),
            ("src/one", Some(b"now a file")),
            ("src/two", None),
            ("src/two/b.txt", Some(b"in a folder")),
            ("src/left/x.txt", None),
        ],
    );
    short.promote("qa").await.expect("the second");
    let qa = &scene.people["qa"];
    for (path, content) in [("src/one", "now a file"), ("src/two/b.txt", "in a folder")] {
        let there = qa.read(&format!("{FOLDER}/{path}")).await;
        assert_eq!(there.ok().as_deref(), Some(content), "{path}");
    }
    let left = scene
        .workspace("qa")
        .call(
            "ana@acme.example",
            "GET".parse().expect("a method"),
            &format!("/api/2.0/workspace/get-status?path={FOLDER}/src/left"),
            Value::Null,
        )
        .await;
    assert!(left.is_err(), "an empty folder of ours goes: {left:?}");
    assert_eq!(differences(&daemon).await, vec![]);

    // Somebody removes a file and makes an empty folder in its place.
    let workspace = scene.workspace("qa");
    workspace
        .delete_path(&format!("{FOLDER}/src/one"), "ana@acme.example")
        .expect("removed");
    let folder = serde_json::json!({"path": format!("{FOLDER}/src/one")});
    workspace
        .call(
            "ana@acme.example",
            "POST".parse().expect("a method"),
            "/api/2.0/workspace/mkdirs",
            folder,
        )
        .await
        .expect("a folder");
    assert_eq!(differences(&daemon).await.len(), 1);
    commit(&scene, &[("src/two/b.txt", Some(b"again"))]);
    short.promote("qa").await.expect("the third");
    let there = qa.read(&format!("{FOLDER}/src/one")).await;
    assert_eq!(there.ok().as_deref(), Some("now a file"));
    daemon.stop().await;
}
