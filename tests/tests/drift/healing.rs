//! What differs is put back because somebody asks for it: proposed, merged, applied.

use super::said;
use hodman_core::state::Phase;
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short, binary, environment};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Output;

const PIN: &str = "environments/qa/release.yaml";

fn token(scene: &Scene) -> String {
    let text = std::fs::read_to_string(scene.data().join("api-token")).expect("a token");
    text.trim().to_owned()
}

/// `hodman reconcile ENV --heal` against the scene's daemon.
async fn heal(scene: &Scene, address: SocketAddr, env: &str) -> (i32, String) {
    let output: Output = tokio::process::Command::new(binary())
        .args(["reconcile", env, "--heal", "--server"])
        .arg(format!("http://{address}"))
        .env("HODMAN_TOKEN", token(scene))
        .env("USER", "olga")
        .env_remove("HODMAN_PIPELINE")
        .output()
        .await
        .expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let words = text(&output.stdout) + &text(&output.stderr);
    (output.status.code().expect("ended by itself"), words)
}

/// The environment's page, as somebody sees it who has the token.
async fn page(scene: &Scene, address: SocketAddr) -> String {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let enter = format!("http://{address}/enter?token={}", token(scene));
    let entered = client.get(enter).send().await.expect("an answer");
    let cookie = entered.headers()["set-cookie"].to_str().expect("a cookie");
    let cookie = cookie.split(';').next().expect("its value").to_owned();
    let page = client
        .get(format!("http://{address}/pipelines/shop/environments/qa"))
        .header("cookie", cookie)
        .send()
        .await
        .expect("an answer");
    page.text().await.expect("a page")
}

async fn edit(scene: &Scene, runs: u32) {
    scene.people["qa"]
        .edit_job("nightly", |settings| {
            settings.insert("max_concurrent_runs".to_owned(), json!(runs));
        })
        .await
        .expect("edited");
}

async fn runs(scene: &Scene) -> Value {
    let (_, settings) = scene.people["qa"].job("nightly").await.expect("a job");
    settings["max_concurrent_runs"].clone()
}

/// The open pull request that proposes to put it back.
fn proposed(scene: &Scene) -> Option<PullView> {
    let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
    pulls.find(|pull| pull.open && pull.head_ref.starts_with("hodman/replan/qa/"))
}

/// Waits until nobody's number of runs is there any more and nothing is on its way.
async fn put_back(scene: &Scene, short: &Short<'_>, before: &Value) {
    let back = async || {
        let state = short.state().await.ok()?;
        let qa = environment(&state, "qa")?;
        let healthy = qa.current.as_ref()?.healthy_since.is_some();
        (healthy && qa.run.is_none() && qa.promotion.is_none() && runs(scene).await == *before)
            .then_some(())
    };
    short.wait("what was approved", back).await.expect("back");
    let drift = short.compared("qa").await.expect("compared");
    assert_eq!(drift.found, None, "nothing differs any more");
    assert_eq!(drift.asked, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_only_reported_is_put_back_by_a_merge() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    let (code, words) = heal(&scene, daemon.address, "dev").await;
    assert_eq!(code, 1, "{words}");
    assert!(words.contains("free-form"), "{words}");
    let (code, words) = heal(&scene, daemon.address, "qa").await;
    assert_eq!(code, 0, "{words}");
    assert!(words.contains("nothing differs"), "{words}");

    let before = runs(&scene).await;
    edit(&scene, 5).await;
    let (code, words) = heal(&scene, daemon.address, "qa").await;
    let pull = proposed(&scene).expect("a pull request");
    assert_eq!(code, 0, "{words}");
    assert!(
        words.contains(&format!("#{} opened", pull.number)),
        "{words}"
    );
    let files = scene.forge.changed_files(REPOSITORY, pull.number);
    assert_eq!(files.expect("files"), [PIN]);
    for words in ["as olga asked", "1 to update", "max_concurrent_runs"] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    assert_eq!(runs(&scene).await, json!(5), "nobody approved it yet");
    let view = said(daemon.address).await.expect("an answer");
    assert_eq!(view["heal_asked_by"], "olga", "{view}");
    short.merge(&pull).expect("merged");
    put_back(&scene, &short, &before).await;
    let view = said(daemon.address).await.expect("an answer");
    assert_eq!(view["plan"], Value::Null, "{view}");

    // The very same once more: the pin names that plan already, so no pull request could show it.
    edit(&scene, 5).await;
    let (code, words) = heal(&scene, daemon.address, "qa").await;
    assert_eq!(code, 0, "{words}");
    let approved = format!("this very plan was approved by merging #{}", pull.number);
    assert!(words.contains(&approved), "{words}");
    put_back(&scene, &short, &before).await;

    // Another one, asked for over HTTP, and nobody wants it put back in the end.
    let button = "value=\"heal\"";
    assert!(!page(&scene, daemon.address).await.contains(button));
    edit(&scene, 7).await;
    short.compared("qa").await.expect("compared");
    assert!(page(&scene, daemon.address).await.contains(button));
    let answer = reqwest::Client::new()
        .post(format!("http://{}/api/commands", daemon.address))
        .bearer_auth(token(&scene))
        .json(&json!({"hodman": "command", "by": "olga", "ask": "heal", "env": "qa"}))
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 202);
    let pull = short
        .wait("the pull request", async || proposed(&scene))
        .await
        .expect("proposed");
    assert!(pull.body.contains("max_concurrent_runs"), "{}", pull.body);
    scene
        .forge
        .close(REPOSITORY, pull.number, "rita")
        .expect("closed");
    let declined = async || {
        let state = short.state().await.ok()?;
        let qa = environment(&state, "qa")?;
        (qa.promotion.is_none() && qa.drift.asked.is_none()).then(|| qa.put_aside.clone())
    };
    let aside = short.wait("its end", declined).await.expect("ended");
    assert!(aside.is_empty(), "the package is none that nobody wants");
    assert_eq!(runs(&scene).await, json!(7));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newer_package_that_waits_puts_it_back() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    let before = runs(&scene).await;
    let text = b"# Databricks notebook source\nprint(\"loading orders gently\")\n";
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("src/load.py", Some(text))],
            "orders are loaded gently",
            "rita",
        )
        .expect("committed");
    let pull = short.proposed("qa").await.expect("the newer package");
    edit(&scene, 5).await;
    let (code, words) = heal(&scene, daemon.address, "qa").await;
    assert_eq!(code, 0, "{words}");
    let waits = format!("#{} pins package", pull.number);
    assert!(words.contains(&waits), "{words}");
    assert!(words.contains("once it is merged"), "{words}");
    assert!(proposed(&scene).is_none(), "one pull request at a time");
    let pull = short
        .wait("the plan with the difference", async || {
            let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
            let pull = pulls.find(|known| known.number == pull.number)?;
            pull.body.contains("max_concurrent_runs").then_some(pull)
        })
        .await
        .expect("its plan is taken anew");
    let merged = async || {
        let state = short.state().await.ok()?;
        let qa = environment(&state, "qa")?;
        let head = qa
            .promotion
            .as_ref()
            .and_then(|promotion| match &promotion.phase {
                Phase::Open(open) => Some(open.head.clone()),
                _ => None,
            })?;
        let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
        pulls.find(|known| known.number == pull.number && known.head_sha == head.as_str())
    };
    let pull = short.wait("its new head", merged).await.expect("a head");
    short.merge(&pull).expect("merged");
    put_back(&scene, &short, &before).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_policy_heals_it_is_put_back_at_once() {
    let options = Options::short().edit(
        "environments/qa/environment.yaml",
        "drift: report",
        "drift: heal",
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("qa has a package");
    let before = runs(&scene).await;
    // More often than the brake lets it by itself.
    for _ in 0..4 {
        edit(&scene, 5).await;
        let (code, words) = heal(&scene, daemon.address, "qa").await;
        assert_eq!(code, 0, "{words}");
        assert!(words.contains("put back"), "{words}");
        assert_eq!(runs(&scene).await, before, "the command waited for it");
    }
    assert!(proposed(&scene).is_none());
    daemon.stop().await;
}
