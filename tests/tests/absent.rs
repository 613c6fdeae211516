//! `state: absent`: what hodman made in an environment goes, with an approval that names it, and nothing else does.

use hodman_core::explain::{Standing, standing};
use hodman_core::ids::EnvName;
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use serde_json::json;

const FILE: &str = "environments/qa/environment.yaml";
const FOLDER: &str = "/Workspace/Shared/.hodman/shop/qa";

fn change(scene: &Scene, from: &str, to: &str, message: &str) {
    let head = scene.forge.head(REPOSITORY, "main").expect("main");
    let text = scene
        .forge
        .read_file(REPOSITORY, &head, FILE)
        .expect("the file");
    let text = String::from_utf8(text).expect("text").replace(from, to);
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(FILE, Some(text.as_bytes()))],
            message,
            "olga",
        )
        .expect("committed");
}

/// The open pull request that asks for a new approval, with its plan.
async fn asked(short: &Short<'_>, scene: &Scene, words: &str) -> PullView {
    short
        .wait("a pull request with the plan", async || {
            let state = short.state().await.ok()?;
            let env = &state.environments[&EnvName::from("qa")];
            let open = env.promotion.as_ref()?.number()?;
            let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
            pulls.find(|pull| pull.open && pull.number == open.0 && pull.body.contains(words))
        })
        .await
        .expect("a pull request")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_of_ours_goes_and_comes_back() {
    let scene = Scene::start(Options::short()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("promoted");
    let qa = &scene.people["qa"];
    let foreign = qa
        .create_job(json!({"name": "somebody else's", "tasks": []}))
        .await
        .expect("a job of somebody else");
    qa.job("nightly").await.expect("ours is there");

    change(
        &scene,
        "mode: promoted",
        "mode: promoted\nstate: absent",
        "qa goes",
    );
    let pull = asked(&short, &scene, "state: absent").await;
    assert!(pull.body.contains("delete"), "{}", pull.body);
    assert!(pull.body.contains("jobs.nightly"), "{}", pull.body);
    qa.job("nightly").await.expect("nobody has approved it yet");
    short.merge(&pull).expect("merged");
    short
        .wait("nothing of ours", async || {
            let state = short.state().await.ok()?;
            let env = &state.environments[&EnvName::from("qa")];
            (standing(env) == Standing::Gone && env.run.is_none()).then_some(())
        })
        .await
        .expect("destroyed");
    let left = qa.jobs().await.expect("jobs");
    let ids: Vec<i64> = left.iter().map(|(_, id, _)| *id).collect();
    assert_eq!(ids, [foreign], "{left:?}");
    assert!(
        qa.files(FOLDER).await.is_err() || qa.files(FOLDER).await.expect("a list").is_empty(),
        "its files and claims are gone"
    );

    change(&scene, "state: absent\n", "", "qa comes back");
    let pull = asked(&short, &scene, "create").await;
    short.merge(&pull).expect("merged");
    short
        .wait("qa again", async || qa.job("nightly").await.ok())
        .await
        .expect("made anew");
    daemon.stop().await;
}
