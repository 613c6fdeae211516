//! `hodman environment new`: from the command line to a pull request whose files fit each other, through the daemon.

use anyhow::Context as _;
use hodman_core::ids::EnvName;
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{
    CANARY, Hodman, Killer, Options, REPOSITORY, Scene, Secrets, Short, binary,
};
use std::process::{Output, Stdio};

const MODULE: &str =
    include_str!("../../examples/foundation/modules/workspace-own-network/module.yaml");

/// Runs the command against the scene's daemon, without a terminal.
async fn hodman(scene: &Scene, words: &[&str]) -> Output {
    let config = scene.folder.path().join("hodman.yaml");
    tokio::process::Command::new(binary())
        .args(["environment"])
        .args(words)
        .arg("--config")
        .arg(config)
        .env_remove("HODMAN_SERVER")
        .env_remove("HODMAN_TOKEN")
        .env_remove("HODMAN_PIPELINE")
        .stdin(Stdio::null())
        .output()
        .await
        .expect("it runs")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

const GIVEN: &[&str] = &[
    "new",
    "eu",
    "--from",
    "own-vpc",
    "--set",
    "name=shop-eu",
    "--set",
    "region=eu-central-1",
    "--set",
    "role_arn=arn:aws:iam::210987654321:role/shop-eu",
    "--after",
    "qa",
    "--bundle-target",
    "prod",
];

/// The open pull request, when its file names the bucket.
fn proposed(scene: &Scene, bucket: &str) -> Option<PullView> {
    let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
    let pull = pulls.find(|pull| pull.open && pull.head_ref == "hodman/new/eu")?;
    let path = "environments/eu/environment.yaml";
    let file = scene.forge.read_file(REPOSITORY, &pull.head_sha, path)?;
    let file = String::from_utf8(file).ok()?;
    file.contains(bucket).then_some(pull)
}

async fn story(scene: &Scene, short: &Short<'_>) -> anyhow::Result<()> {
    short.proposed("qa").await?;
    // One value is missing: it is named, and nothing is proposed.
    let output = hodman(scene, GIVEN).await;
    anyhow::ensure!(!output.status.success(), "{}", said(&output));
    anyhow::ensure!(
        said(&output).contains("`bucket` is missing"),
        "{}",
        said(&output)
    );

    // Asked for once more while it is open, with another answer: it is the same pull request.
    let mut numbers = Vec::new();
    for bucket in ["shop-us-root", "shop-eu-root"] {
        let given = format!("bucket={bucket}");
        let words = [GIVEN, &["--set", &given]].concat();
        let output = hodman(scene, &words).await;
        anyhow::ensure!(output.status.success(), "{}", said(&output));
        let open = async || {
            let state = short.state().await.ok()?;
            let done = state.proposing.values().all(|one| one.running.is_none());
            proposed(scene, bucket).filter(|_| done)
        };
        let pull = short.wait("the pull request", open).await?;
        numbers.push(pull.number);
    }
    anyhow::ensure!(numbers[0] == numbers[1], "{numbers:?}");
    let words = [GIVEN, &["--set", "bucket=shop-eu-root"]].concat();
    let pull = proposed(scene, "shop-eu-root").context("the pull request")?;
    for words in ["**eu**", "`own-vpc`", "modules/network/module.yaml"] {
        anyhow::ensure!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    let kept = pull
        .body
        .find("has these already")
        .map(|at| &pull.body[at..]);
    anyhow::ensure!(
        kept.is_some_and(|kept| kept.contains("modules/workspace-own-network/module.yaml")),
        "a module that the repository has stays: {}",
        pull.body
    );
    let file = |path: &str| {
        let bytes = scene.forge.read_file(REPOSITORY, &pull.head_sha, path);
        bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    };
    let own = file("environments/eu/environment.yaml").unwrap_or_default();
    for words in [
        "zones: [eu-central-1a, eu-central-1b]",
        "role_arn: arn:aws:iam::210987654321:role/shop-eu",
        "bucket: shop-eu-root",
        "- name: eu",
        "bundle_target: prod",
        "${modules.network.outputs.network_id}",
    ] {
        anyhow::ensure!(own.contains(words), "{words} in\n{own}");
    }
    anyhow::ensure!(file("modules/databricks-network/module.yaml").is_some());
    anyhow::ensure!(!pull.body.contains(CANARY) && !own.contains(CANARY));

    // Merged it is an environment like any other, and asked for again it is refused.
    short.merge(&pull)?;
    short
        .wait("the environment", async || {
            let state = short.state().await.ok()?;
            let there = state.environments.contains_key(&EnvName::from("eu"));
            (there && state.proposing.is_empty()).then_some(())
        })
        .await?;
    let output = hodman(scene, &words).await;
    anyhow::ensure!(
        !output.status.success() && said(&output).contains("already"),
        "{}",
        said(&output)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_environment_is_a_pull_request_from_one_that_works() {
    let options = Options::short().file("modules/workspace-own-network/module.yaml", MODULE);
    let scene = Scene::start(options).await;
    let short = Short::beside(&scene).await.expect("a teller");
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let config = scene.config(Secrets::Environment, scene.port);
    let daemon =
        Hodman::with_config(&scene, Killer::default(), &config, vec![]).expect("hodman starts");
    if let Err(error) = daemon.during(story(&scene, &short)).await {
        panic!("{error:#}\n{}", daemon.end_of_log());
    }
}
