//! What people do, and what is to be seen of hodman.

use std::path::{Path, PathBuf};

use hodman::config::PackageStore;
use hodman::packages::Packages;
use hodman_core::explain::explain;
use hodman_core::ids::EnvName;
use hodman_core::state::{Environment, PipelineState};
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{REPOSITORY, Scene, Short};
use serde_json::Value;

use super::bench::FILE;

/// Somebody changes files on main.
pub fn commit(scene: &Scene, files: &[(&str, &str)]) {
    let files: Vec<(&str, Option<&[u8]>)> = files
        .iter()
        .map(|(path, text)| (*path, Some(text.as_bytes())))
        .collect();
    scene
        .forge
        .commit(REPOSITORY, "main", &files, "a change", "rita")
        .expect("committed");
}

/// qa's file, changed on main.
pub fn change(scene: &Scene, from: &str, to: &str) {
    let head = scene.forge.head(REPOSITORY, "main").expect("main");
    let text = scene
        .forge
        .read_file(REPOSITORY, &head, FILE)
        .expect("the file");
    let text = String::from_utf8(text).expect("text");
    assert!(text.contains(from), "{text}");
    commit(scene, &[(FILE, &text.replace(from, to))]);
}

pub fn qa(state: &PipelineState) -> Option<&Environment> {
    state.environments.get(&EnvName::from("qa"))
}

/// The open pull request for qa whose text has these words.
pub async fn asked(short: &Short<'_>, scene: &Scene, words: &[&str]) -> PullView {
    short
        .wait(&format!("a pull request with {words:?}"), async || {
            let state = short.state().await.ok()?;
            let open = qa(&state)?.promotion.as_ref()?.number()?;
            let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
            let pull = pulls.find(|pull| pull.open && pull.number == open.0)?;
            words
                .iter()
                .all(|word| pull.body.contains(word))
                .then_some(pull)
        })
        .await
        .expect("a pull request")
}

/// Waits until qa is in place, and nothing is on its way there.
pub async fn healthy(short: &Short<'_>) {
    short
        .wait("qa in place", async || {
            let state = short.state().await.ok()?;
            let env = qa(&state)?;
            let healthy = env.current.as_ref()?.healthy_since.is_some();
            (healthy && env.run.is_none() && env.promotion.is_none()).then_some(())
        })
        .await
        .expect("applied");
}

/// What `hodman explain qa` says, once it says these words.
pub async fn explained(short: &Short<'_>, scene: &Scene, words: &str) -> String {
    short
        .wait(&format!("an explanation with {words}"), async || {
            let state = short.state().await.ok()?;
            let told = explain(&state, &EnvName::from("qa"), scene.clock.now())?;
            let told = serde_json::to_string(&told).ok()?;
            told.contains(words).then_some(told)
        })
        .await
        .expect("explained")
}

/// What the daemon says of qa's differences.
pub async fn drift(address: std::net::SocketAddr) -> Value {
    let url = format!("http://{address}/api/pipelines/shop/environments/qa/drift");
    let answer = reqwest::get(url).await.expect("an answer");
    answer.json().await.expect("JSON")
}

/// What is remembered of a stack beside the packages.
pub async fn record(scene: &Scene, call: &str) -> Value {
    let folder = scene.data().join("packages");
    let packages = Packages::open(&PackageStore::Directory(folder))
        .await
        .expect("the packages");
    let kept = packages
        .kept(&format!("hodman-shop-qa-{call}.terraform.json"))
        .await;
    let bytes = kept
        .expect("it can be read")
        .unwrap_or_else(|| b"null".to_vec());
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Remembers it so.
pub async fn keep_record(scene: &Scene, call: &str, record: &Value) {
    let folder = scene.data().join("packages");
    let packages = Packages::open(&PackageStore::Directory(folder))
        .await
        .expect("the packages");
    let name = format!("hodman-shop-qa-{call}.terraform.json");
    let kept = packages.keep(&name, record.to_string().into_bytes());
    kept.await.expect("kept");
}

pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}
