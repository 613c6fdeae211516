//! People clear the tags of what was promoted, and copy objects with our tags on them: nothing is made twice, nothing of theirs
//! goes, and one such object keeps nothing else from being compared.

use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_core::state::Drift;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short, environment};
use serde_json::{Value, json};

use super::said;

const QA: &str = "environments/qa/environment.yaml";
const WAREHOUSE: &str =
    "resources:\n  sql_warehouses:\n    bi: {name: bi, cluster_size: Small, auto_stop_mins: 10}\n";
const WAREHOUSES: &str = "/api/2.0/sql/warehouses";

/// A person of qa sends a request.
async fn ask(scene: &Scene, method: &str, path: &str, body: Value) -> Value {
    let method = method.parse().expect("a method");
    let answer = scene.workspace("qa").call("ana", method, path, body).await;
    answer.unwrap_or_else(|error| panic!("{path}: {error:?}"))
}

/// Names, ids and our keys of all jobs, in order.
async fn jobs(scene: &Scene) -> Vec<(String, i64, Value)> {
    let jobs = scene.people["qa"].jobs().await.expect("jobs");
    let mut jobs: Vec<_> = jobs
        .into_iter()
        .map(|(name, id, settings)| (name, id, settings["tags"]["hodman_key"].clone()))
        .collect();
    jobs.sort_by_key(|(_, id, _)| *id);
    jobs
}

async fn clear(scene: &Scene, job: &str) {
    let cleared = scene.people["qa"].edit_job(job, |settings| {
        settings.remove("tags");
    });
    cleared.await.expect("cleared");
}

async fn comes_to_rest(short: &Short<'_>) -> Drift {
    let rest = async || {
        let drift = short.compared("qa").await.ok()?;
        drift.found.is_none().then_some(drift)
    };
    short
        .wait("nothing to put back", rest)
        .await
        .expect("as it was")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cleared_tags_come_back_and_copies_stay_what_they_are() {
    let options = Options::short().file("resources/more.yml", WAREHOUSE).edit(
        QA,
        "drift: report",
        "drift: heal",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    let before = jobs(&scene).await;

    // By somebody who wrote all of the object anew.
    clear(&scene, "nightly").await;
    let all = ask(&scene, "GET", WAREHOUSES, Value::Null).await;
    let id = all["warehouses"][0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let edit = json!({"name": "bi", "cluster_size": "Small", "auto_stop_mins": 10});
    ask(&scene, "POST", &format!("{WAREHOUSES}/{id}/edit"), edit).await;
    let env = EnvName::from("qa");
    let report = daemon.parts().work.preview_drift("shop", &env);
    let report = serde_json::to_value(report.await.expect("a report")).expect("JSON");
    let rows = report["workspaces"][0]["rows"].as_array().expect("rows");
    let lost: Vec<&str> = rows
        .iter()
        .filter(|row| row["class"] == "hand-edit-to-put-back")
        .filter(|row| {
            row["reason"]
                .as_str()
                .is_some_and(|why| why.starts_with("lost its marker"))
        })
        .filter_map(|row| row["key"].as_str())
        .collect();
    assert_eq!(lost, ["jobs.nightly", "sql_warehouses.bi"], "{report:#}");
    comes_to_rest(&short).await;
    assert_eq!(jobs(&scene).await, before, "the same jobs with their tags");
    let all = ask(&scene, "GET", WAREHOUSES, Value::Null).await;
    let all = all["warehouses"].as_array().expect("warehouses").clone();
    assert!(
        all.len() == 1 && all[0].to_string().contains("hodman_key"),
        "{all:?}"
    );

    // Copied on the page, with the tags.
    let (_, mut settings) = scene.people["qa"].job("smoke").await.expect("a job");
    settings["name"] = json!("Clone of smoke");
    let copy = scene.people["qa"]
        .create_job(settings)
        .await
        .expect("a copy");
    let drift = short.compared("qa").await.expect("compared");
    assert!(drift.found.is_none(), "{:?}", drift.found);
    let view = said(daemon.address).await.expect("an answer").to_string();
    for words in [
        "foreign-object",
        &format!("job {copy}, made by ana"),
        "clear its tags",
    ] {
        assert!(view.contains(words), "{words}: {view}");
    }
    // Neither the next package nor the way back minds it.
    let first = short.state().await.expect("a state");
    let first = environment(&first, "qa").and_then(|qa| Some(qa.current.as_ref()?.package.clone()));
    let first = first.expect("a package").to_string();
    let code = b"# Databricks notebook source\nprint(\"second\")\n".as_slice();
    let files = [("src/load.py", Some(code))];
    let committed = scene
        .forge
        .commit(REPOSITORY, "main", &files, "other code", "rita");
    committed.expect("committed");
    short.promote("qa").await.expect("the second");
    let back = Ask::Rollback {
        env: "qa".into(),
        to: None,
        now: true,
        reason: "the second is wrong".to_owned(),
    };
    short.ask("olga", back).await.expect("asked");
    short.healthy("qa", &first).await.expect("the first again");
    let after = jobs(&scene).await;
    assert_eq!(after[..before.len()], before[..], "the same jobs");
    assert_eq!(
        after[before.len()..],
        [("Clone of smoke".to_owned(), copy, json!("smoke"))]
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_tell_is_held_for_a_person_and_not_made_again() {
    let options = Options::short().edit(QA, "drift: report", "drift: heal");
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    let before = jobs(&scene).await;
    let claims = json!({"path": "/Workspace/Shared/.hodman/shop/qa/claims.json"});
    ask(&scene, "POST", "/api/2.0/workspace/delete", claims).await;
    clear(&scene, "nightly").await;
    let drift = short.compared("qa").await.expect("compared");
    let found = drift.found.expect("a difference");
    assert_eq!(found.plan.creates, 1);
    let note = found.note.expect("held");
    let (id, _) = scene.people["qa"].job("nightly").await.expect("a job");
    assert!(
        note.contains("held for a person") && note.contains(&id.to_string()),
        "{note}"
    );
    let ids = |jobs: &[(String, i64, Value)]| jobs.iter().map(|job| job.1).collect::<Vec<_>>();
    assert_eq!(ids(&jobs(&scene).await), ids(&before), "no second one");

    // Under another name it is in nobody's way, and the one that is missed is made.
    let renamed = scene.people["qa"].edit_job("nightly", |settings| {
        settings.insert("name".to_owned(), json!("ana's own"));
    });
    renamed.await.expect("renamed");
    comes_to_rest(&short).await;
    let after = jobs(&scene).await;
    assert_eq!(after.len(), before.len() + 1, "{after:?}");
    daemon.stop().await;
}
