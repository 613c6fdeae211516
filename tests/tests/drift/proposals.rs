//! What was changed by hand is proposed in a pull request, where the policy says so.

use hodman_sandbox::github::PullView;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use reqwest::Method;
use serde_json::{Value, json};

use super::{rows, said};

/// The pull request that proposes what was changed by hand in qa.
async fn proposal(scene: &Scene, short: &Short<'_>) -> PullView {
    let open = async || {
        let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
        pulls.find(|pull| pull.open && pull.head_ref.starts_with("hodman/adopt/qa"))
    };
    let found = short.wait("the proposal", open).await;
    found.expect("a proposal")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hand_edit_is_proposed_on_the_right_line_of_the_right_file() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: pull-request",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    scene.people["qa"]
        .edit_job("nightly", |settings| {
            settings["schedule"]["quartz_cron_expression"] = json!("0 30 3 * * ?");
        })
        .await
        .expect("edited");
    short.compared("qa").await.expect("compared");
    let pull = proposal(&scene, &short).await;
    let path = "resources/nightly.job.yml";
    assert_eq!(
        scene
            .forge
            .changed_files(REPOSITORY, pull.number)
            .expect("files"),
        [path]
    );
    let read = |at: &str| {
        let bytes = scene
            .forge
            .read_file(REPOSITORY, at, path)
            .expect("the file");
        String::from_utf8(bytes).expect("text")
    };
    let main = scene.forge.head(REPOSITORY, "main").expect("main");
    let (before, after) = (read(&main), read(&pull.head_sha));
    let changed: Vec<(&str, &str)> = before
        .lines()
        .zip(after.lines())
        .filter(|(old, new)| old != new)
        .collect();
    assert_eq!(
        changed,
        [(
            "        quartz_cron_expression: 0 0 2 * * ?",
            "        quartz_cron_expression: \"0 30 3 * * ?\""
        )],
        "one line, comments and references kept:\n{after}"
    );
    let view = said(daemon.address).await.expect("an answer");
    assert_eq!(rows(&view["report"])[0].2, "hand-edit-to-propose-back");
    short
        .wait("counting as proposed", async || {
            let view = said(daemon.address).await.ok()?;
            (!view["proposed_until"].is_null()).then_some(())
        })
        .await
        .expect("it counts as proposed");
    daemon.stop().await;
}

const CLUSTER: &str = "resources:
  clusters:
    etl:
      cluster_name: etl
      spark_version: 15.4.x-scala2.12
      node_type_id: m5.large
      num_workers: 1
";

const LOADER: &str = "resources:
  jobs:
    loader:
      name: loader
      tasks:
        - task_key: load
          existing_cluster_id: ${resources.clusters.etl.id}
          spark_python_task:
            python_file: dbfs:/load.py
            parameters: [\"--env\", \"${bundle.target}\"]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_size_and_one_more_parameter_are_proposed_where_they_can_be_said() {
    let cluster = "resources/etl.cluster.yml";
    let options = Options::short()
        .edit(
            "environments/qa/environment.yaml",
            "drift: report",
            "drift: pull-request",
        )
        .file(cluster, CLUSTER)
        .file("resources/loader.job.yml", LOADER);
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    let workspace = scene.workspace("qa");
    let made = short
        .wait("the cluster", async || {
            // It goes on while somebody looks at it.
            let look = workspace.call("ana", Method::GET, "/api/2.1/clusters/list", Value::Null);
            look.await.ok()?;
            let mut all = workspace.list_clusters().into_iter();
            all.find(|cluster| cluster.state == "RUNNING")
        })
        .await
        .expect("it runs");
    let size = json!({"cluster_id": made.id, "num_workers": 4});
    let path = "/api/2.1/clusters/resize";
    let resized = workspace.call("ana", Method::POST, path, size).await;
    assert!(resized.is_ok(), "{resized:?}");
    scene.people["qa"]
        .edit_job("loader", |settings| {
            settings["tasks"][0]["spark_python_task"]["parameters"] = json!(["--env", "qa", "--x"]);
        })
        .await
        .expect("edited");
    short.compared("qa").await.expect("compared");
    let pull = proposal(&scene, &short).await;
    let changed = scene.forge.changed_files(REPOSITORY, pull.number);
    let both = ["databricks.yml", cluster].map(str::to_owned).to_vec();
    assert_eq!(changed.expect("files"), both, "{}", pull.body);
    let read = |path: &str| {
        let bytes = scene.forge.read_file(REPOSITORY, &pull.head_sha, path);
        String::from_utf8(bytes.expect("the file")).expect("text")
    };
    let text = CLUSTER.replace("num_workers: 1", "num_workers: 4");
    assert_eq!(read(cluster), text);
    let root = read("databricks.yml");
    let alone = "              spark_python_task:\n                parameters:\n                  - \"--x\"\n";
    assert!(root.contains(alone), "{root}");
    assert!(!pull.body.contains("not proposed back"), "{}", pull.body);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_hand_edit_joins_the_proposal_that_is_open() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: pull-request",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    let path = "resources/nightly.job.yml";
    let proposals = || {
        let pulls = scene.forge.pulls(REPOSITORY).into_iter();
        pulls
            .filter(|pull| pull.open && pull.head_ref.starts_with("hodman/adopt/qa"))
            .collect::<Vec<_>>()
    };
    let says = |words: &str| {
        let pull = proposals().pop()?;
        let text = scene.forge.read_file(REPOSITORY, &pull.head_sha, path)?;
        String::from_utf8(text)
            .ok()?
            .contains(words)
            .then_some(pull.number)
    };
    let qa = &scene.people["qa"];
    qa.edit_job("nightly", |settings| {
        settings["schedule"]["quartz_cron_expression"] = json!("0 30 3 * * ?");
    })
    .await
    .expect("edited");
    short.compared("qa").await.expect("compared");
    let first = short
        .wait("the proposal", async || says("0 30 3 * * ?"))
        .await
        .expect("a proposal");
    qa.edit_job("nightly", |settings| {
        settings.insert("max_concurrent_runs".to_owned(), json!(5));
    })
    .await
    .expect("edited");
    short.compared("qa").await.expect("compared");
    let second = short
        .wait("the second edit", async || says("max_concurrent_runs: 5"))
        .await
        .expect("proposed, too");
    assert_eq!(first, second);
    assert_eq!(
        says("0 30 3 * * ?"),
        Some(first),
        "the first is there still"
    );
    assert_eq!(proposals().len(), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proposal_whose_lines_main_changed_is_made_anew_on_it() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: pull-request",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    scene.people["qa"]
        .edit_job("nightly", |settings| {
            settings["schedule"]["quartz_cron_expression"] = json!("0 30 3 * * ?");
        })
        .await
        .expect("edited");
    short.compared("qa").await.expect("compared");
    let first = proposal(&scene, &short).await;
    let path = "resources/nightly.job.yml";
    let read = |at: &str| {
        let bytes = scene.forge.read_file(REPOSITORY, at, path);
        String::from_utf8(bytes.expect("the file")).expect("text")
    };
    // Found again on the same main it stays as it is.
    short.compared("qa").await.expect("compared");
    assert_eq!(proposal(&scene, &short).await.head_sha, first.head_sha);
    let main = scene.forge.head(REPOSITORY, "main").expect("main");
    let moved = read(&main).replace("0 0 2 * * ?", "0 15 2 * * ?");
    let moved = format!("{moved}# The night is short.\n");
    let change = [(path, Some(moved.as_bytes()))];
    scene
        .forge
        .commit(REPOSITORY, "main", &change, "earlier", "rita")
        .expect("merged");
    let seen = async || {
        short.compared("qa").await.ok()?;
        let pull = proposal(&scene, &short).await;
        (pull.head_sha != first.head_sha).then_some(pull)
    };
    let anew = short.wait("the proposal made anew", seen).await;
    let anew = anew.expect("made anew");
    assert_eq!(anew.number, first.number);
    let wanted = moved.replace(
        "cron_expression: 0 15 2 * * ?",
        "cron_expression: \"0 30 3 * * ?\"",
    );
    assert_eq!(read(&anew.head_sha), wanted);
    let changed = scene.forge.changed_files(REPOSITORY, anew.number);
    assert_eq!(changed.expect("files"), [path]);
    daemon.stop().await;
}
