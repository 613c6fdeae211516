//! A QA workspace that a bundle was deployed to: hodman takes its objects over instead of making them a second time.

use std::collections::BTreeMap;
use std::process::Command;

use hodman_core::event::{Ask, FormerObject, Takeover};
use hodman_core::ids::EnvName;
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Secrets, Short, binary};
use serde_json::{Value, json};

/// What `databricks bundle deploy --target qa` leaves behind: jobs that point into its own folder, marked as deployed by a
/// bundle and closed to edits in the page; and its state. Gives the ids by key.
async fn deployed_by_a_bundle(scene: &Scene) -> BTreeMap<String, i64> {
    let qa = &scene.people["qa"];
    let root = "/Workspace/Users/ana@acme.example/.bundle/shop/qa";
    let mut ids = BTreeMap::new();
    for (key, schedule) in [("nightly", true), ("smoke", false)] {
        let path = format!(
            "{root}/files/src/{}",
            if schedule { "load" } else { "smoke" }
        );
        qa.notebook(&path, "# Databricks notebook source\nprint(1)\n")
            .await
            .expect("a notebook");
        let mut settings = json!({
            "name": key,
            "deployment": {"kind": "BUNDLE", "metadata_file_path": format!("{root}/state/metadata.json")},
            "edit_mode": "UI_LOCKED",
            "format": "MULTI_TASK",
            "max_concurrent_runs": 1,
            "queue": {"enabled": true},
            "tasks": [{
                "task_key": if schedule { "load" } else { "check" },
                "notebook_task": {"notebook_path": path, "base_parameters": {"catalog": "shop_qa"}},
            }],
        });
        if schedule {
            settings["schedule"] = json!({
                "quartz_cron_expression": "0 0 2 * * ?",
                "timezone_id": "Europe/Berlin",
                "pause_status": "UNPAUSED",
            });
        }
        let id = qa.create_job(settings).await.expect("a job");
        ids.insert(key.to_owned(), id);
    }
    ids
}

fn state_of(ids: &BTreeMap<String, i64>) -> Value {
    let state: serde_json::Map<String, Value> = ids
        .iter()
        .map(|(key, id)| {
            let entry = json!({"__id__": id.to_string(), "state": {"name": key}});
            (format!("resources.jobs.{key}"), entry)
        })
        .collect();
    json!({"state_version": 2, "cli_version": "1.13.0", "lineage": "0d1f", "serial": 2, "state": state})
}

fn takeover(ids: &BTreeMap<String, i64>) -> Takeover {
    Takeover {
        from: "bundle-state".to_owned(),
        workspace: None,
        objects: ids
            .iter()
            .map(|(key, id)| FormerObject {
                key: format!("jobs.{key}"),
                address: format!("resources.jobs.{key}"),
                id: id.to_string(),
                name: Some(key.clone()),
                facts: BTreeMap::new(),
            })
            .collect(),
        resources: vec![],
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_bundle_deployed_is_taken_over_and_not_made_again() {
    let scene = Scene::start(Options::short()).await;
    let ids = deployed_by_a_bundle(&scene).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());

    // Before: hodman would make both a second time.
    let first = short.proposed("qa").await.expect("a promotion");
    assert!(first.body.contains("2 to create"), "{}", first.body);

    short
        .ask(
            "olga",
            Ask::Adopt {
                env: "qa".into(),
                takeover: takeover(&ids),
            },
        )
        .await
        .expect("asked");
    let pull = short
        .wait("the pull request that takes over", async || {
            let pulls = scene.forge.pulls(REPOSITORY);
            pulls
                .into_iter()
                .find(|pull| pull.open && pull.head_ref == "hodman/takeover/qa")
        })
        .await
        .expect("a takeover");
    for words in [
        "jobs.nightly",
        "deployed by a bundle",
        "databricks bundle deployment unbind nightly",
        "adopt",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    assert_eq!(
        scene
            .forge
            .changed_files(REPOSITORY, pull.number)
            .expect("files"),
        ["environments/qa/environment.yaml"]
    );
    let head = scene.forge.read_file(
        REPOSITORY,
        &pull.head_sha,
        "environments/qa/environment.yaml",
    );
    let text = String::from_utf8(head.expect("the file")).expect("text");
    assert!(
        text.contains("# qa: what dev made, tried out."),
        "comments stay: {text}"
    );
    short.merge(&pull).expect("merged");

    let pull = short
        .wait("the promotion with adoptions", async || {
            let pull = short.proposed("qa").await.ok()?;
            pull.body.contains("2 adopt").then_some(pull)
        })
        .await
        .expect("a plan that adopts");
    assert!(!pull.body.contains("to create"), "0 creates: {}", pull.body);
    short.merge(&pull).expect("merged");
    short
        .wait("qa healthy", async || {
            let state = short.state().await.ok()?;
            let current = state
                .environments
                .get(&EnvName::from("qa"))?
                .current
                .as_ref()?;
            current.healthy_since.is_some().then_some(())
        })
        .await
        .expect("qa is healthy");

    let jobs = scene.people["qa"].jobs().await.expect("jobs");
    let found: BTreeMap<String, i64> = jobs
        .iter()
        .map(|(name, id, _)| (name.clone(), *id))
        .collect();
    assert_eq!((jobs.len(), &found), (2, &ids), "the same jobs, none twice");
    for (name, _, settings) in &jobs {
        assert_eq!(settings["tags"]["hodman_key"], json!(name), "{settings}");
        assert!(
            settings.get("deployment").is_none(),
            "the former owner's mark is gone: {settings}"
        );
        assert_ne!(
            settings.get("edit_mode"),
            Some(&json!("UI_LOCKED")),
            "{settings}"
        );
    }

    // And then there is nothing left to do.
    let drift = short.compared("qa").await.expect("compared");
    assert!(drift.found.is_none(), "{:?}", drift.found);

    // Asking again proposes nothing: they are ours.
    short
        .ask(
            "olga",
            Ask::Adopt {
                env: "qa".into(),
                takeover: takeover(&ids),
            },
        )
        .await
        .expect("asked");
    short
        .wait("the end of the second takeover", async || {
            let history = short.store().history("shop", Some("qa"), 50).await.ok()?;
            history
                .iter()
                .any(|entry| entry.entry.kind == "takeover-needless")
                .then_some(())
        })
        .await
        .expect("nothing to propose");
    the_former_owner_writes_again(&scene, &short, &ids).await;
    daemon.stop().await;
}

/// Somebody runs `databricks bundle deploy` once more: all of the job is written anew, without our tags. The comparison says
/// who did it and takes the job over again; nothing is made twice.
async fn the_former_owner_writes_again(
    scene: &Scene,
    short: &Short<'_>,
    ids: &BTreeMap<String, i64>,
) {
    scene.people["qa"]
        .edit_job("nightly", |settings| {
            settings.remove("tags");
            settings.insert("edit_mode".to_owned(), json!("UI_LOCKED"));
            settings.insert(
                "deployment".to_owned(),
                json!({"kind": "BUNDLE", "metadata_file_path": "/Workspace/Users/ana@acme.example/.bundle/shop/qa/state/metadata.json"}),
            );
        })
        .await
        .expect("deployed again");
    short
        .ask("olga", Ask::Reconcile { env: "qa".into() })
        .await
        .expect("asked");
    let plan = short
        .wait("the difference", async || {
            let state = short.state().await.ok()?;
            let found = &state.environments.get(&EnvName::from("qa"))?.drift.found;
            Some(found.as_ref()?.plan.clone())
        })
        .await
        .expect("a difference");
    assert_eq!((plan.creates, plan.updates, plan.deletes), (0, 1, 0));
    let digest = plan.digest.expect("a plan").to_string();
    let report = plan.report.expect("a report");
    for (kind, name) in [("plan", &digest), ("drift", &report)] {
        let kept = short.store().get_blob(kind, name).await;
        let kept = kept.expect("the store").expect("kept");
        let text = String::from_utf8(kept).expect("text");
        assert!(
            text.contains("its former owner still writes to it (deployed by a bundle, closed"),
            "{kind}: {text}"
        );
    }
    let jobs = scene.people["qa"].jobs().await.expect("jobs");
    assert_eq!(jobs.len(), ids.len(), "none twice");
}

/// Asks for some of them by key.
async fn asks_for(short: &Short<'_>, ids: &BTreeMap<String, i64>, key: &str) {
    let idle = async || {
        let state = short.state().await.ok()?;
        let takeover = &state.environments.get(&EnvName::from("qa"))?.takeover;
        takeover.running.is_none().then_some(())
    };
    short.wait("the end of the last", idle).await.expect("idle");
    let one = BTreeMap::from([(key.to_owned(), ids[key])]);
    let ask = Ask::Adopt {
        env: "qa".into(),
        takeover: takeover(&one),
    };
    short.ask("olga", ask).await.expect("asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_list_joins_the_pull_request_that_is_open() {
    let scene = Scene::start(Options::short()).await;
    let ids = deployed_by_a_bundle(&scene).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.proposed("qa").await.expect("a promotion");
    let proposed = async |words: &str| {
        let open = async || {
            let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
            pulls.find(|pull| {
                let ours = pull.open && pull.head_ref == "hodman/takeover/qa";
                ours && pull.body.contains(words)
            })
        };
        short.wait(words, open).await.expect("proposed")
    };
    asks_for(&short, &ids, "nightly").await;
    let first = proposed("| `jobs.nightly` |").await;
    asks_for(&short, &ids, "smoke").await;
    let second = proposed("| `jobs.smoke` |").await;
    assert_eq!(second.number, first.number, "one pull request");
    let before = format!("- `jobs.nightly`: `{}`", ids["nightly"]);
    assert!(second.body.contains(&before), "{}", second.body);
    assert!(second.body.contains("2 adopt"), "{}", second.body);
    let path = "environments/qa/environment.yaml";
    let file = scene.forge.read_file(REPOSITORY, &second.head_sha, path);
    let file = String::from_utf8(file.expect("the file")).expect("text");
    for (key, id) in &ids {
        let line = format!("jobs.{key}: \"{id}\"");
        assert!(file.contains(&line), "{line}: {file}");
    }

    // What a person pushed there is theirs.
    let text = file.replace("# qa: ", "# QA: ");
    let files = [(path, Some(text.as_bytes()))];
    let branch = "hodman/takeover/qa";
    let pushed = scene
        .forge
        .commit(REPOSITORY, branch, &files, "mine", "rita");
    pushed.expect("pushed");
    asks_for(&short, &ids, "nightly").await;
    let refused = async || {
        let history = short.store().history("shop", Some("qa"), 50).await.ok()?;
        let mut rows = history.iter();
        rows.any(|row| {
            let words = format!("#{} holds commits that a person pushed", first.number);
            row.entry.kind == "takeover-refused" && row.entry.because.contains(&words)
        })
        .then_some(())
    };
    short.wait("a refusal", refused).await.expect("refused");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_shows_what_would_be_taken_over_and_writes_nothing() {
    let scene = Scene::start(Options::short()).await;
    let ids = deployed_by_a_bundle(&scene).await;
    let state = scene.folder.path().join("resources.json");
    std::fs::write(&state, state_of(&ids).to_string()).expect("the state");
    let config = scene.folder.path().join("hodman.yaml");
    std::fs::write(&config, scene.config(Secrets::Environment, scene.port)).expect("settings");
    let run = |file: &std::path::Path, from: &str| {
        Command::new(binary())
            .args(["--json", "adopt", "qa", "--dry-run", "--from", from])
            .arg(file)
            .arg("--config")
            .arg(&config)
            .envs(scene.environment())
            .output()
            .expect("hodman runs")
    };
    let output = run(&state, "bundle-state");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let answer: Value = serde_json::from_str(&said).expect("JSON");
    let keys: Vec<&str> = answer["matched"]["matches"]
        .as_array()
        .expect("matches")
        .iter()
        .filter_map(|found| found["key"].as_str())
        .collect();
    assert_eq!(keys, ["jobs.nightly", "jobs.smoke"]);
    assert!(!said.contains(CANARY));
    let jobs = scene.people["qa"].jobs().await.expect("jobs");
    assert!(
        jobs.iter()
            .all(|(_, _, settings)| settings["tags"].get("hodman_key").is_none())
    );

    // Two ids for one key are somebody's to decide.
    let list = scene.folder.path().join("ids.yaml");
    std::fs::write(&list, "jobs.nightly: [1, 2]\n").expect("a list");
    let output = run(&list, "ids");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("ids.yaml:1:1"), "{said}");
    let two: BTreeMap<String, i64> = [
        ("nightly".to_owned(), ids["nightly"]),
        ("smoke".to_owned(), ids["nightly"]),
    ]
    .into();
    std::fs::write(&state, state_of(&two).to_string()).expect("the state");
    let output = run(&state, "bundle-state");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("it was named for"), "{said}");
}
