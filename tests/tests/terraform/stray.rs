//! What must be nowhere, and what must survive: secrets, and a lost database.

use hodman_tests::harness::{CANARY, Hodman, Killer, REPOSITORY, Scene, Secrets, Short};
use serde_json::Value;

use super::bench::{Bench, KEPT, ONE, TWO};
use super::looks::{asked, commit, drift, files, healthy};

fn holds(bytes: &[u8]) -> bool {
    bytes
        .windows(CANARY.len())
        .any(|window| window == CANARY.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_that_stacks_pass_on_is_in_their_states_and_nowhere_else() {
    let bench = Bench::new();
    let mut options = bench.options(TWO);
    options.settings = bench.settings(Secrets::Environment);
    let scene = Scene::start(options).await;
    // As much as its log can say.
    let config = scene.config(Secrets::Environment, scene.port).replace(
        "info,hodman=debug",
        "trace,h2=debug,hyper_util=debug,mio=info",
    );
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let hodman = Hodman::with_config(&scene, Killer::default(), &config, bench.variables());
    let hodman = hodman.expect("hodman starts");
    hodman.ready().await.expect("ready");
    let short = Short::beside(&scene).await.expect("the database");
    hodman
        .during(async {
            let pull = short.proposed("qa").await?;
            short.merge(&pull)?;
            let pull = asked(&short, &scene, &["terraform_data.taken"]).await;
            short.merge(&pull)?;
            healthy(&short).await;
            Ok(())
        })
        .await
        .unwrap_or_else(|error| panic!("{error:#}\n{}", hodman.end_of_log()));
    let passed_on = bench.state("two").expect("a state").to_string();
    assert!(holds(passed_on.as_bytes()), "the secret arrived");

    let log = hodman.log();
    drop(hodman);
    assert!(
        log.contains("Apply complete"),
        "the log has what Terraform said"
    );
    let leaks: Vec<&str> = log.lines().filter(|line| holds(line.as_bytes())).collect();
    assert_eq!(leaks, [""; 0]);
    let there = files(&scene.data());
    assert!(
        there.iter().any(|path| path.ends_with("hodman.db"))
            && there
                .iter()
                .any(|path| path.to_string_lossy().contains("/terraform/")),
        "{there:?}"
    );
    let leaks: Vec<_> = there
        .iter()
        .filter(|path| holds(&std::fs::read(path).expect("a file")))
        .collect();
    assert!(leaks.is_empty(), "{leaks:?}");
    for pull in scene.forge.pulls(REPOSITORY) {
        assert!(!holds(pull.body.as_bytes()), "{}", pull.body);
        let path = format!("/repos/{REPOSITORY}/commits/{}/check-runs", pull.head_sha);
        let runs = scene.github(&path).await.expect("check runs");
        assert!(!holds(runs.to_string().as_bytes()));
    }
    // And Terraform knows nothing of the daemon's own.
    let names = std::fs::read_to_string(bench.path("runs.names")).expect("names");
    assert!(
        names.contains("HODMAN_WHO") && names.contains("TF_VAR_token"),
        "{names}"
    );
    let own: Vec<&str> = names
        .lines()
        .filter(|name| name.starts_with("HODMAN_TEST"))
        .collect();
    assert_eq!(own, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_hodman_plans_anew_and_applies_what_was_approved() {
    let bench = Bench::new();
    let scene = Scene::start(bench.options(ONE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let text = KEPT.replace("size = var.size,", "size = var.size + 1,");
    commit(&scene, &[("modules/kept/main.tf", &text)]);
    let pull = asked(&short, &scene, &["input.size: 2"]).await;
    daemon.stop().await;
    for name in ["hodman.db", "hodman.db-wal", "hodman.db-shm"] {
        // The last two are there only while somebody has it open.
        let _ = std::fs::remove_file(scene.data().join(name));
    }

    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let again = asked(&short, &scene, &["input.size: 2"]).await;
    assert_eq!(
        again.number, pull.number,
        "the same pull request is found again"
    );
    short.merge(&again).expect("merged");
    healthy(&short).await;
    let state = bench.state("one").expect("a state");
    assert_eq!(state["outputs"]["size"]["value"], 2);
    short.compared("qa").await.expect("compared");
    let view = drift(daemon.address).await;
    assert_eq!(view["plan"], Value::Null, "{view:#}");
    daemon.stop().await;
}
