//! Deaths and hands in between: what was approved is gone on with, and nothing else is done.

use std::process::Command;

use hodman_tests::harness::{CANARY, Hodman, Killer, REPOSITORY, Scene, Secrets, Short};
use serde_json::json;

use super::bench::{Bench, KEPT, ONE, said, signal};
use super::looks::{asked, change, commit, healthy};

/// How many pull requests for qa there were.
pub fn asked_for(scene: &Scene) -> usize {
    let pulls = scene.forge.pulls(REPOSITORY).into_iter();
    pulls
        .filter(|pull| pull.head_ref.starts_with("hodman/") && pull.head_ref.contains("/qa"))
        .count()
}

fn lives(pid: i32) -> bool {
    let asked = Command::new("kill").args(["-0", &pid.to_string()]).output();
    asked.expect("kill runs").status.success()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_whose_program_is_killed_is_gone_on_with_and_nobody_is_asked_again() {
    let bench = Bench::new();
    let scene = Scene::start(bench.waiting("local")).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    signal("-KILL", bench.sign(&short).await);
    bench.sign(&short).await;
    bench.go_on();
    healthy(&short).await;
    assert_eq!(
        bench.resources("one"),
        ["terraform_data.first", "terraform_data.waits"]
    );
    assert_eq!(asked_for(&scene), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_outlives_its_daemon_and_the_next_one_takes_it_as_done() {
    let bench = Bench::new();
    let mut options = bench.waiting("local");
    options.settings = bench.settings(Secrets::Environment);
    let scene = Scene::start(options).await;
    let killer = Killer::default();
    let config = scene.config(Secrets::Environment, scene.port);
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let hodman = Hodman::with_config(&scene, killer.clone(), &config, bench.variables());
    let hodman = hodman.expect("hodman starts");
    hodman.ready().await.expect("ready");
    let short = Short::beside(&scene).await.expect("the database");
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let pid = bench.sign(&short).await;
    killer.kill();
    assert!(lives(pid), "Terraform goes on");
    // The next daemon leaves it alone, and waits for it.
    hodman.keep_alive().expect("started again");
    hodman.ready().await.expect("ready");
    bench.go_on();
    hodman
        .during(async {
            healthy(&short).await;
            Ok(())
        })
        .await
        .unwrap_or_else(|error| panic!("{error:#}\n{}", hodman.end_of_log()));
    assert!(!bench.path("pid").exists(), "it was not made twice");
    assert_eq!(
        bench.resources("one"),
        ["terraform_data.first", "terraform_data.waits"]
    );
    assert_eq!(asked_for(&scene), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_daemon_that_ends_lets_terraform_end_in_order_and_asks_for_what_is_different_then() {
    let bench = Bench::new();
    let scene = Scene::start(bench.waiting("local")).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let pid = bench.sign(&short).await;
    daemon.stop().await;
    assert!(!lives(pid), "it was waited for");
    let half = bench.state("one").expect("its state is stored");
    let waits = half["resources"].as_array().expect("resources");
    let waits = waits
        .iter()
        .find(|one| one["name"] == "waits")
        .expect("begun");
    assert_eq!(waits["instances"][0]["status"], "tainted");

    bench.go_on();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    // Half made, it is to be replaced: nobody approved that.
    let pull = asked(
        &short,
        &scene,
        &["terraform_data.waits", "\"action\":\"replace\""],
    )
    .await;
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let done = bench.state("one").expect("a state");
    assert!(!done.to_string().contains("tainted"), "{done}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_that_somebody_made_stale_is_made_anew_and_only_what_was_shown_is_done() {
    let bench = Bench::new();
    let scene = Scene::start(bench.options(ONE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;

    // Another state, and the same to do: done, without asking again.
    let text = KEPT.replace("size = var.size,", "size = var.size + 1,");
    commit(&scene, &[("modules/kept/main.tf", &text)]);
    let pull = asked(&short, &scene, &["input.size: 2"]).await;
    let mut state = bench.state("one").expect("a state");
    state["serial"] = json!(state["serial"].as_u64().expect("a serial") + 1);
    let file = bench.path("pushed.tfstate");
    std::fs::write(&file, state.to_string()).expect("a file");
    let pushed = bench.by_hand(
        "one",
        &text,
        &[],
        &["state", "push", &file.display().to_string()],
    );
    assert!(pushed.status.success(), "{}", said(&pushed));
    let before = asked_for(&scene);
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let size = || bench.state("one").expect("a state")["outputs"]["size"]["value"].clone();
    assert_eq!(size(), 2);
    assert_eq!(asked_for(&scene), before);

    // Something else to do: asked for.
    let text = KEPT.replace("size = var.size,", "size = var.size + 2,");
    commit(&scene, &[("modules/kept/main.tf", &text)]);
    let pull = asked(&short, &scene, &["input.size: 3"]).await;
    let variables = [("size", "7"), ("token", CANARY)];
    let applied = bench.by_hand(
        "one",
        &text,
        &variables,
        &["apply", "-auto-approve", "-input=false"],
    );
    assert!(applied.status.success(), "{}", said(&applied));
    short.merge(&pull).expect("merged");
    let pull = asked(&short, &scene, &["input.size: 9", "input.size: 3"]).await;
    assert_eq!(size(), 9, "nothing was done that nobody was shown");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(size(), 3);

    // The last call that goes takes its stack along, too.
    change(
        &scene,
        "modules:\n  one:\n    module: kept\n    inputs: {size: 1}\n",
        "",
    );
    let pull = asked(
        &short,
        &scene,
        &["terraform_stacks.one", "\"action\":\"delete\""],
    )
    .await;
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(bench.resources("one"), [""; 0]);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hiccup_in_the_plan_before_an_apply_ends_nothing() {
    let bench = Bench::new();
    // As when a provider cannot reach its API for a moment.
    let text = std::fs::read_to_string(bench.program()).expect("a program");
    let hiccup = format!(
        "if [ \"$1\" = plan ] && rm {} 2> /dev/null; then echo 'Error: read: connection reset by peer' >&2; exit 1; fi\nexec",
        bench.path("hiccup").display()
    );
    std::fs::write(bench.program(), text.replace("exec", &hiccup)).expect("a program");
    let scene = Scene::start(bench.options(ONE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    std::fs::write(bench.path("hiccup"), "").expect("a sign");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert!(!bench.path("hiccup").exists(), "it happened");
    assert_eq!(asked_for(&scene), 1);
    daemon.stop().await;
}
