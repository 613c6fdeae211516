//! People change what was promoted, by hand: each difference is found, and said whose doing it is.

mod proposals;
mod tags;

use std::process::Command;

use hodman_core::ids::EnvName;
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Secrets, Short, binary};
use serde_json::{Value, json};

/// What the daemon says of qa's differences.
async fn said(address: std::net::SocketAddr) -> anyhow::Result<Value> {
    let url = format!("http://{address}/api/pipelines/shop/environments/qa/drift");
    Ok(reqwest::get(url).await?.error_for_status()?.json().await?)
}

/// Key, field and class of every difference.
fn rows(report: &Value) -> Vec<(String, String, String)> {
    let text = |row: &Value, field: &str| row[field].as_str().unwrap_or_default().to_owned();
    report["workspaces"][0]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["class"] != "server-default")
        .map(|row| {
            (
                text(row, "key"),
                row["path"].to_string(),
                text(row, "class"),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_hand_edit_is_found_and_named() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    short.compared("qa").await.expect("compared");
    let view = said(daemon.address).await.expect("an answer");
    assert_eq!(view["plan"], Value::Null, "{view}");
    assert_eq!(rows(&view["report"]), [], "only what the server filled");

    let qa = &scene.people["qa"];
    qa.edit_job("nightly", |settings| {
        settings.insert("max_concurrent_runs".to_owned(), json!(5));
    })
    .await
    .expect("edited");
    qa.create_job(json!({"name": "somebody's own", "tasks": []}))
        .await
        .expect("made");
    short.compared("qa").await.expect("compared");
    let view = said(daemon.address).await.expect("an answer");
    let found = rows(&view["report"]);
    assert_eq!(found.len(), 1, "{view:#}");
    assert_eq!(
        (found[0].0.as_str(), found[0].2.as_str()),
        ("jobs.nightly", "hand-edit-to-put-back")
    );
    assert!(found[0].1.contains("max_concurrent_runs"), "{found:?}");
    let row = &view["report"]["workspaces"][0]["rows"][0];
    assert_eq!(row["live"], json!(5), "{row}");

    // The same on the command line, taken anew, without the daemon's help.
    let config = scene.folder.path().join("hodman.yaml");
    let text = scene.config(Secrets::Environment, scene.port);
    std::fs::write(&config, text).expect("settings");
    let output = Command::new(binary())
        .args(["--json", "drift", "qa", "--fresh", "--check", "--config"])
        .arg(&config)
        .envs(scene.environment())
        .output()
        .expect("hodman runs");
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(
        output.status.code(),
        Some(1),
        "it is not as it was left: {stdout}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let fresh: Value = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(rows(&fresh), found);
    assert!(!stdout.contains(CANARY));

    // What is gone is seen, too.
    let (id, _) = qa.job("smoke").await.expect("a job");
    qa.delete_job(id).await.expect("deleted");
    short.compared("qa").await.expect("compared");
    let view = said(daemon.address).await.expect("an answer");
    let gone = rows(&view["report"]);
    assert!(
        gone.iter()
            .any(|(key, _, class)| key == "jobs.smoke" && class == "deleted"),
        "{view:#}"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_changed_binding_is_yet_to_bring_is_nobodys_hand_edit() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    scene.people["qa"]
        .edit_job("nightly", |settings| {
            settings.insert("max_concurrent_runs".to_owned(), json!(5));
        })
        .await
        .expect("edited");
    let path = "environments/qa/environment.yaml";
    let main = scene.forge.head(REPOSITORY, "main").expect("main");
    let text = scene
        .forge
        .read_file(REPOSITORY, &main, path)
        .expect("its file");
    let text = String::from_utf8(text).expect("text");
    let text = text.replace("catalog: shop_qa", "catalog: shop_qa_2");
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(path, Some(text.as_bytes()))],
            "another catalog",
            "rita",
        )
        .expect("committed");
    let report = daemon
        .parts()
        .work
        .preview_drift("shop", &EnvName::from("qa"))
        .await
        .expect("a report");
    let found = rows(&serde_json::to_value(report).expect("JSON"));
    let of = |wanted: &str| -> Vec<&str> {
        let of = found.iter().filter(|(_, _, class)| class == wanted);
        of.map(|(_, path, _)| path.as_str()).collect()
    };
    let (by_hand, planned) = (of("hand-edit-to-put-back"), of("planned-change"));
    assert_eq!(by_hand, [r#""max_concurrent_runs""#], "{found:?}");
    assert_eq!(planned.len(), 2, "both jobs name the catalog: {found:?}");
    assert!(planned.iter().all(|path| path.contains("catalog")));
    assert_eq!(found.len(), 3, "{found:?}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_that_somebody_made_their_own_stays_theirs_however_lately_we_made_it() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: heal",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    scene.people["qa"]
        .edit_job("nightly", |settings| {
            settings.remove("tags");
            settings["name"] = json!("mine");
        })
        .await
        .expect("edited");
    short.compared("qa").await.expect("compared");
    short
        .wait("another job", async || {
            scene.workspace("qa").job_by_name("nightly")
        })
        .await
        .expect("made anew");
    assert!(scene.workspace("qa").job_by_name("mine").is_some());
    daemon.stop().await;
}
