//! A state that an apply could not store: sealed at once, and in the way until a person says what becomes of it.

use std::collections::BTreeSet;

use hodman_core::event::Unlock;
use hodman_tests::harness::{CANARY, Hodman, Killer, Options, Scene, Secrets, Short};
use serde_json::Value;

use super::bench::{Bench, real};
use super::buckets::Bucket;
use super::looks::{explained, files, healthy, record};

/// A world with one stack that waits for a sign, and a secret in what it makes.
fn world(bench: &Bench, bucket: &Bucket, secrets: Secrets) -> Options {
    let mut options = bucket.waiting(bench, secrets);
    for (path, file) in &mut options.files {
        if *path == "modules/waits/main.tf" {
            let text = file.replace("input = \"made\"", "input = var.token");
            let token = "variable \"token\" {\n  type      = string\n  sensitive = true\n}\n";
            *file = format!("{token}{text}").leak();
        }
    }
    options
}

/// Files of Terraform's below the daemon's folder that hold the secret in clear.
fn leaks(scene: &Scene) -> Vec<std::path::PathBuf> {
    let mut there = files(&scene.data().join("terraform"));
    there.retain(|path| {
        // What a run that is under way takes away in this moment holds nothing.
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes
            .windows(CANARY.len())
            .any(|window| window == CANARY.as_bytes())
    });
    there
}

/// Whoever runs Terraform keeps a copy of a state that it leaves, before anybody seals it.
fn keeps_a_copy(bench: &Bench) {
    let text = std::fs::read_to_string(bench.program()).expect("a program");
    let run = format!("{} \"$@\"", real().display());
    let copy = format!(
        "{run}\ncode=$?\ncp errored.tfstate {} 2> /dev/null\nexit $code",
        bench.path("errored.tfstate").display()
    );
    std::fs::write(bench.program(), text.replace(&format!("exec {run}"), &copy)).expect("written");
}

/// Somebody stores a state by hand that is newer than `state`.
async fn store(bucket: &Bucket, state: &mut Value) {
    let serial = state["serial"].as_u64().expect("a serial");
    state["serial"] = (serial + 1).into();
    let put = bucket.client.put_object().bucket(&bucket.name);
    let put = put.key("hodman-shop-qa-one.tfstate");
    let put = put.body(state.to_string().into_bytes().into()).send();
    put.await.expect("stored");
}

fn forget(gone: &[&str]) -> Unlock {
    let gone: BTreeSet<String> = gone.iter().map(|name| (*name).to_owned()).collect();
    Unlock::ForgetState { gone }
}

/// An apply whose bucket goes meanwhile: the state that it could not store, as Terraform left it.
async fn left_over(bench: &Bench, bucket: &Bucket, scene: &Scene, short: &Short<'_>) -> Value {
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    bench.sign(short).await;
    bucket.lose().await;
    bench.go_on();
    explained(short, scene, "could not store its state").await;
    let kept = std::fs::read(bench.path("errored.tfstate")).expect("a state");
    serde_json::from_slice(&kept).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_could_not_be_stored_stops_its_stack_until_it_is() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let scene = Scene::start(world(&bench, &bucket, Secrets::Inline)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    bench.sign(&short).await;
    bucket.lose().await;
    bench.go_on();

    let told = explained(&short, &scene, "could not store its state").await;
    assert!(
        told.contains("hodman unlock qa one --store-state"),
        "{told}"
    );
    let kept = record(&scene, "one").await;
    assert!(kept["unsaved"]["state"].is_string(), "{kept}");
    assert!(
        !kept["unsaved"].to_string().contains("terraform_data"),
        "sealed: {kept}"
    );
    assert_eq!(leaks(&scene), [""; 0].map(std::path::PathBuf::from));

    // The backend is not mended yet: it is said, and nothing is lost.
    short.unlock(Unlock::StoreState).await.expect("asked");
    short.unlock_refused("bucket").await.expect("refused");
    assert_eq!(record(&scene, "one").await["unsaved"], kept["unsaved"]);

    bucket.make().await;
    short.unlock(Unlock::StoreState).await.expect("asked");
    healthy(&short).await;
    assert_eq!(
        bucket.resources("hodman-shop-qa-one").await,
        ["first", "waits"]
    );
    assert!(
        !bench.path("pid").exists(),
        "what was made is not made twice"
    );
    assert_eq!(record(&scene, "one").await["unsaved"], Value::Null);
    let pushed = |path: &std::path::PathBuf| path.to_string_lossy().contains(".tfstate");
    assert!(!leaks(&scene).iter().any(pushed), "{:?}", leaks(&scene));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_was_kept_is_forgotten_only_where_a_newer_one_is_stored() {
    let bench = Bench::new();
    keeps_a_copy(&bench);
    let bucket = Bucket::new().await;
    let scene = Scene::start(world(&bench, &bucket, Secrets::Inline)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let mut state = left_over(&bench, &bucket, &scene, &short).await;

    bucket.make().await;
    short.unlock(forget(&[])).await.expect("asked");
    short
        .unlock_refused("`--store-state` stores the kept one")
        .await
        .expect("refused");

    // Somebody stores it by hand, and goes on from there.
    store(&bucket, &mut state).await;
    short.unlock(Unlock::StoreState).await.expect("asked");
    short
        .unlock_refused("hodman unlock qa one --forget-state")
        .await
        .expect("refused");
    short.unlock(forget(&[])).await.expect("asked");
    healthy(&short).await;
    assert_eq!(record(&scene, "one").await["unsaved"], Value::Null);
    assert!(!bench.path("pid").exists(), "nothing is made twice");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_nobody_was_left_to_hear_of_is_found_by_the_next_daemon() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let scene = Scene::start(world(&bench, &bucket, Secrets::Environment)).await;
    let killer = Killer::default();
    let config = scene.config(Secrets::Environment, scene.port);
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let hodman = Hodman::with_config(&scene, killer.clone(), &config, bench.variables());
    let hodman = hodman.expect("hodman starts");
    hodman.ready().await.expect("ready");
    let short = Short::beside(&scene).await.expect("the database");
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    bench.sign(&short).await;
    killer.kill();
    bucket.lose().await;
    bench.go_on();

    hodman.keep_alive().expect("started again");
    hodman.ready().await.expect("ready");
    let story = async {
        let told = explained(&short, &scene, "could not store its state").await;
        assert!(told.contains("--store-state"), "{told}");
        assert_eq!(leaks(&scene), [""; 0].map(std::path::PathBuf::from));
        bucket.make().await;
        short.unlock(Unlock::StoreState).await.expect("asked");
        healthy(&short).await;
        Ok(())
    };
    let ended = hodman.during(story).await;
    ended.unwrap_or_else(|error| panic!("{error:#}\n{}", hodman.end_of_log()));
    assert_eq!(
        bucket.resources("hodman-shop-qa-one").await,
        ["first", "waits"]
    );
    assert!(
        !bench.path("pid").exists(),
        "what was made is not made twice"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_removed_by_hand_is_named_and_nothing_else_is() {
    let bench = Bench::new();
    keeps_a_copy(&bench);
    let bucket = Bucket::new().await;
    let scene = Scene::start(world(&bench, &bucket, Secrets::Inline)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let mut state = left_over(&bench, &bucket, &scene, &short).await;

    // Somebody stores it by hand, without what was removed by hand.
    bucket.make().await;
    let resources = state["resources"].as_array_mut().expect("resources");
    resources.retain(|one| one["name"] != "waits");
    store(&bucket, &mut state).await;
    short.unlock(forget(&[])).await.expect("asked");
    short
        .unlock_refused("second time: terraform_data.waits")
        .await
        .expect("refused");
    let both = ["terraform_data.first", "terraform_data.waits"];
    short.unlock(forget(&both)).await.expect("asked");
    short
        .unlock_refused("called so: terraform_data.first;")
        .await
        .expect("refused");
    assert!(record(&scene, "one").await["unsaved"]["state"].is_string());

    short
        .unlock(forget(&["terraform_data.waits"]))
        .await
        .expect("asked");
    // Its plan was approved: it is made, and what is there stays.
    healthy(&short).await;
    assert_eq!(
        bucket.resources("hodman-shop-qa-one").await,
        ["first", "waits"]
    );
    assert!(bench.path("pid").exists(), "it was made anew");
    assert_eq!(record(&scene, "one").await["unsaved"], Value::Null);
    daemon.stop().await;
}
