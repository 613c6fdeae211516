//! The demo's story as a test, and the same with webhooks lost, doubled and out of order; then what other policies make of it.

use axum::http::Method;
use hodman::demo::StoryReport;
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_sandbox::faults::{Direction, Director};
use hodman_sandbox::github::ReleaseOrder;
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Short, environment};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn assert_held(report: &StoryReport) {
    for step in &report.steps {
        assert!(step.ok, "step {}: {}", step.name, step.detail);
    }
    assert_eq!(report.steps.len(), 10);
}

/// Writes to dev by anybody but the people who work there: their token is known.
fn watch_dev(scene: &Scene) -> Arc<Mutex<Vec<String>>> {
    let wrote: Arc<Mutex<Vec<String>>> = Arc::default();
    let list = Arc::clone(&wrote);
    scene
        .workspace("dev")
        .faults()
        .direct(Some(Director::new(move |request| {
            let by = request
                .headers
                .get("authorization")
                .and_then(|value| value.to_str().ok());
            let person = by == Some(&format!("Bearer ana-{CANARY}"));
            let path = request.uri.path();
            if request.method != Method::GET && !path.ends_with("/oidc/v1/token") && !person {
                list.lock()
                    .expect("whole")
                    .push(format!("{} {path}", request.method));
            }
            Direction::Pass
        })));
    wrote
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_step_holds_and_dev_is_never_written_to() {
    let scene = Scene::start(Options::default()).await;
    let wrote = watch_dev(&scene);
    let daemon = scene.daemon().await;
    let report = scene.story(daemon.parts().store.clone(), true).play().await;
    daemon.stop().await;
    assert_held(&report);
    let asked = scene.workspace("dev").requests().len();
    assert!(asked > 20, "dev was looked at, with {asked} requests");
    assert_eq!(
        *wrote.lock().expect("whole"),
        [""; 0],
        "hodman wrote to dev"
    );

    let json: Value = serde_json::to_value(&report).expect("a report");
    for step in json["steps"].as_array().expect("steps") {
        let keys: Vec<&String> = step.as_object().expect("an object").keys().collect();
        assert_eq!(keys.len(), 4, "{step}");
        assert!(
            step["name"].is_string() && step["ok"].is_boolean(),
            "{step}"
        );
        assert!(step["ms"].is_u64() && step["detail"].is_string(), "{step}");
    }
    for env in ["qa", "prod"] {
        let package = json["environments"][env]["package"]
            .as_str()
            .expect("a package");
        assert!(
            package.starts_with("sha256:") && package.len() == 71,
            "{package}"
        );
        assert!(json["environments"][env]["state"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_every_webhook_lost_it_ends_the_same() {
    let scene = Scene::start(Options::default().observing_every(1)).await;
    scene.forge.lose_next_webhook(u32::MAX);
    let daemon = scene.daemon().await;
    let report = scene.story(daemon.parts().store.clone(), true).play().await;
    assert_held(&report);
    assert!(
        scene
            .forge
            .deliveries()
            .iter()
            .all(|delivery| delivery.code == 0),
        "a webhook arrived"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_webhooks_doubled_and_reversed_it_ends_the_same() {
    let scene = Scene::start(Options::default()).await;
    let daemon = scene.daemon().await;
    scene.forge.duplicate_next_webhook(u32::MAX);
    scene.forge.hold_webhooks();
    let story = scene.story(daemon.parts().store.clone(), true);
    // Every quarter of a second what was held back comes at once, newest first and each twice.
    let disorder = async {
        loop {
            tokio::time::sleep(Duration::from_millis(250)).await;
            scene.forge.release_webhooks(ReleaseOrder::Reversed);
            scene.forge.hold_webhooks();
        }
    };
    let report = tokio::select! {
        report = story.play() => report,
        () = disorder => unreachable!("it never ends"),
    };
    assert_held(&report);
    let arrived = scene
        .forge
        .deliveries()
        .iter()
        .filter(|delivery| matches!(delivery.code, 200 | 202))
        .count();
    assert!(arrived > 20, "only {arrived} webhooks arrived");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hodman_merges_where_the_environment_says_so() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "merge: manual",
        "merge: auto",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let prod = short
        .promote("prod")
        .await
        .expect("qa went by itself, prod by people");
    let state = short.settled().await.expect("the end");
    let qa = environment(&state, "qa")
        .and_then(|env| env.current.as_ref())
        .expect("qa has something");
    assert_eq!(qa.package.as_str(), prod);
    let pulls = scene.forge.pulls(REPOSITORY);
    let pull = pulls
        .iter()
        .find(|pull| pull.head_ref.starts_with("hodman/promote/qa"))
        .expect("qa's pull request");
    assert!(pull.merged);
    // Pinned to the head that was planned.
    let merges = scene.forge.faults().requests();
    let merge = format!("/repos/{REPOSITORY}/pulls/{}/merge", pull.number);
    assert!(
        merges
            .iter()
            .any(|request| request.method == "PUT" && request.path == merge)
    );
    daemon.stop().await;
}

/// Both environments have the package; then somebody edits a job of `env` by hand, and hodman compares.
async fn edited_by_hand(scene: &Scene, short: &Short<'_>, env: &str) {
    short.promote("qa").await.expect("qa");
    short.promote("prod").await.expect("prod");
    short.settled().await.expect("quiet");
    scene.people[env]
        .edit_job("nightly", |settings| {
            settings["schedule"]["quartz_cron_expression"] = "0 0 12 * * ?".into();
        })
        .await
        .expect("an edit");
    short
        .ask(
            "olga",
            Ask::Reconcile {
                env: EnvName::from(env),
            },
        )
        .await
        .expect("asked");
}

async fn cron(scene: &Scene, env: &str) -> Value {
    let (_, settings) = scene.people[env].job("nightly").await.expect("the job");
    settings["schedule"]["quartz_cron_expression"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hand_edit_is_reported_and_left_where_the_policy_says_report() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    edited_by_hand(&scene, &short, "qa").await;
    let found = short
        .wait("the difference found", async || {
            let state = short.state().await.ok()?;
            environment(&state, "qa")?.drift.found.clone()
        })
        .await
        .expect("a difference");
    assert_eq!(found.plan.updates, 1, "{found:?}");
    short.settled().await.expect("quiet");
    assert_eq!(cron(&scene, "qa").await, "0 0 12 * * ?", "it stays");
    assert!(
        scene.forge.pulls(REPOSITORY).iter().all(|pull| !pull.open),
        "no pull request about it"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hand_edit_is_proposed_where_the_policy_says_pull_request() {
    let options = Options::short().edit(
        "environments/prod/environment.yaml",
        "drift: heal",
        "drift: pull-request",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    edited_by_hand(&scene, &short, "prod").await;
    let pull = short
        .wait("the pull request that adopts it", async || {
            let pulls = scene.forge.pulls(REPOSITORY);
            pulls
                .into_iter()
                .find(|pull| pull.open && pull.head_ref.starts_with("hodman/adopt/prod"))
        })
        .await
        .expect("a pull request");
    let path = "resources/nightly.job.yml";
    assert_eq!(
        scene
            .forge
            .changed_files(REPOSITORY, pull.number)
            .expect("files"),
        [path]
    );
    let text = scene
        .forge
        .read_file(REPOSITORY, &pull.head_sha, path)
        .expect("the job");
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains("0 0 12 * * ?"), "{text}");
    assert!(
        text.contains("# Before the shops open."),
        "comments stay: {text}"
    );
    assert_eq!(
        cron(&scene, "prod").await,
        "0 0 12 * * ?",
        "nobody decided yet"
    );

    // Merged, it goes the way of every change; what prod already has needs no change there.
    short.merge(&pull).expect("merged");
    short.promote("qa").await.expect("qa");
    assert_eq!(cron(&scene, "qa").await, "0 0 12 * * ?");
    short.promote("prod").await.expect("prod");
    let state = short.settled().await.expect("quiet");
    assert!(
        environment(&state, "prod")
            .expect("prod")
            .drift
            .found
            .is_none(),
        "nothing differs any more"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_now_is_applied_at_once_and_recorded_until_its_pull_request_merges() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let bad = short.play().await.expect("two packages").environments["prod"]
        .0
        .clone()
        .expect("a package");
    let folders = scene.people["prod"]
        .files("/Shared/.hodman")
        .await
        .expect("files");
    let ask = Ask::Rollback {
        env: EnvName::from("prod"),
        to: None,
        now: true,
        reason: "orders are loaded too gently".to_owned(),
    };
    short.ask("olga", ask).await.expect("asked");
    let good = short
        .wait("prod back at the former package", async || {
            let state = short.state().await.ok()?;
            let prod = environment(&state, "prod")?;
            let current = prod
                .current
                .as_ref()
                .filter(|current| current.healthy_since.is_some())?;
            (current.package.as_str() != bad && prod.run.is_none())
                .then(|| current.package.to_string())
        })
        .await
        .expect("rolled back");
    let state = short.state().await.expect("a state");
    let over = environment(&state, "prod")
        .and_then(|env| env.over.clone())
        .expect("a recorded override");
    assert_eq!(
        (over.package.as_str(), over.by.as_str()),
        (good.as_str(), "olga")
    );
    assert_eq!(over.reason, "orders are loaded too gently");
    let pull = short
        .wait("its pull request", async || {
            let pulls = scene.forge.pulls(REPOSITORY);
            pulls
                .into_iter()
                .find(|pull| pull.open && pull.head_ref.starts_with("hodman/rollback/prod"))
        })
        .await
        .expect("a pull request");
    assert_eq!(
        scene.people["prod"]
            .files("/Shared/.hodman")
            .await
            .expect("files"),
        folders,
        "nothing uploaded"
    );

    short.merge(&pull).expect("merged");
    let state = short
        .wait("the end of the override", async || {
            let state = short.state().await.ok()?;
            environment(&state, "prod")?.over.is_none().then_some(state)
        })
        .await
        .expect("merged, the pin says it");
    let prod = environment(&state, "prod").expect("prod");
    assert_eq!(
        prod.pin.as_ref().map(|pin| pin.package.to_string()),
        Some(good.clone())
    );
    let state = short.settled().await.expect("quiet");
    let current = environment(&state, "prod")
        .and_then(|env| env.current.clone())
        .expect("something");
    assert_eq!(current.package.as_str(), good, "and it stays");
    daemon.stop().await;
}
