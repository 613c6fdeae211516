//! A lock that somebody left behind, and a state that cannot be stored: both stand in the way until a person says so.

use hodman_core::event::{Ask, Unlock};
use hodman_core::state::RunPhase;
use hodman_tests::harness::{Hodman, Killer, Scene, Secrets, Short};
use serde_json::Value;

use super::bench::{Bench, WAITS, signal};
use super::buckets::Bucket;
use super::looks::{asked, commit, explained, healthy, qa, record};

async fn unlock(short: &Short<'_>, unlock: Unlock) {
    let ask = Ask::Unlock {
        env: "qa".into(),
        stack: "one".to_owned(),
        unlock,
    };
    short.ask("olga", ask).await.expect("asked");
}

/// The id of the lock that an explanation says how to take away.
fn lock_in(told: &str) -> String {
    let (_, id) = told
        .split_once("hodman unlock qa one --lock ")
        .expect("what takes it away");
    id.chars()
        .take_while(|c| c.is_ascii_hexdigit() || *c == '-')
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_was_left_behind_is_told_and_goes_by_its_id_only() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let scene = Scene::start(bucket.waiting(&bench, Secrets::Inline)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    signal("-KILL", bench.sign(&short).await);

    let told = explained(&short, &scene, "the state is locked by").await;
    assert!(
        told.contains("OperationTypeApply") && told.contains("ago"),
        "{told}"
    );
    let id = lock_in(&told);

    let wrong = "00000000-0000-0000-0000-000000000000".to_owned();
    unlock(&short, Unlock::Lock(wrong)).await;
    let refused = short
        .wait("the refusal", async || {
            let state = short.state().await.ok()?;
            qa(&state)?.unlocking.error.clone()
        })
        .await
        .expect("refused");
    assert!(
        refused.contains(&id),
        "it names the lock that is there: {refused}"
    );
    assert!(
        bucket
            .keys()
            .await
            .iter()
            .any(|key| key.ends_with(".tflock")),
        "and that one stays"
    );

    unlock(&short, Unlock::Lock(id)).await;
    // It is looked at anew.
    scene.clock.advance(chrono::Duration::seconds(61));
    bench.sign(&short).await;
    bench.go_on();
    healthy(&short).await;
    assert_eq!(
        bucket.keys().await,
        ["hodman-shop-qa-one.tfstate"],
        "no lock is left"
    );
    assert_eq!(
        bucket.resources("hodman-shop-qa-one").await,
        ["first", "waits"]
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_could_not_be_stored_stops_its_stack_until_it_is() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let scene = Scene::start(bucket.waiting(&bench, Secrets::Inline)).await;
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

    // The backend is not mended yet: it is said, and nothing is lost.
    unlock(&short, Unlock::StoreState).await;
    short
        .wait("the refusal", async || {
            let state = short.state().await.ok()?;
            qa(&state)?.unlocking.error.clone()
        })
        .await
        .expect("refused");
    assert_eq!(record(&scene, "one").await["unsaved"], kept["unsaved"]);

    bucket.make().await;
    unlock(&short, Unlock::StoreState).await;
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
    daemon.stop().await;
}

/// More often than a failure is tried again.
const LOOKS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_holds_the_lock_is_waited_for_and_that_uses_up_no_tries() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let scene = Scene::start(bucket.waiting(&bench, Secrets::Inline)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    signal("-KILL", bench.sign(&short).await);
    for _ in 0..LOOKS {
        let waits = async || {
            let state = short.state().await.ok()?;
            match &qa(&state)?.run.as_ref()?.phase {
                RunPhase::Failed {
                    why,
                    waits: true,
                    not_before: Some(next),
                    ..
                } => (*next > scene.clock.now()).then(|| why.clone()),
                _ => None,
            }
        };
        let why = short.wait("a run that waits", waits).await;
        let why = why.expect("it waits");
        assert!(why.contains("the state is locked by"), "{why}");
        scene.clock.advance(chrono::Duration::seconds(61));
    }
    // Whoever it was has ended.
    let gone = bucket.client.delete_object().bucket(&bucket.name);
    let gone = gone.key("hodman-shop-qa-one.tfstate.tflock").send();
    gone.await.expect("deleted");
    scene.clock.advance(chrono::Duration::seconds(61));
    bench.sign(&short).await;
    bench.go_on();
    healthy(&short).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_goes_also_where_terraform_refuses_what_was_applied_before() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let of = |year: u32| {
        let waits = WAITS.replace("backend \"local\"", "backend \"s3\"");
        let again = format!("  triggers_replace = {year}\n  depends_on = [");
        let waits = waits.replace("  depends_on = [", &again);
        format!("# for the one of {year}\n{waits}")
    };
    let mut options = bucket.waiting(&bench, Secrets::Inline);
    for (path, file) in &mut options.files {
        if *path == "modules/waits/main.tf" {
            *file = of(2021).leak();
        }
    }
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    bench.go_on();
    short.promote("qa").await.expect("made");
    bench.sign(&short).await;
    std::fs::remove_file(bench.path("go")).expect("a sign");

    bench.install(2022);
    commit(&scene, &[("modules/waits/main.tf", &of(2022))]);
    let pull = asked(&short, &scene, &["terraform_data.waits"]).await;
    short.merge(&pull).expect("merged");
    signal("-KILL", bench.sign(&short).await);
    let told = explained(&short, &scene, "the state is locked by").await;
    unlock(&short, Unlock::Lock(lock_in(&told))).await;
    scene.clock.advance(chrono::Duration::seconds(61));
    bench.sign(&short).await;
    bench.go_on();
    healthy(&short).await;
    daemon.stop().await;
}

/// What is said of a request to free the state, once it says these words.
async fn refused(short: &Short<'_>, words: &str) {
    short
        .wait(&format!("a refusal with {words}"), async || {
            let state = short.state().await.ok()?;
            let error = qa(&state)?.unlocking.error.as_ref()?;
            error.contains(words).then_some(())
        })
        .await
        .expect("refused");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_was_kept_is_forgotten_only_where_a_newer_one_is_stored() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let scene = Scene::start(bucket.waiting(&bench, Secrets::Inline)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    bench.sign(&short).await;
    bucket.lose().await;
    bench.go_on();
    explained(&short, &scene, "could not store its state").await;
    let kept = scene
        .data()
        .join("terraform/hodman-shop-qa-one/repository/modules/waits/errored.tfstate");
    let kept = std::fs::read(kept).expect("a state");
    let mut state: Value = serde_json::from_slice(&kept).expect("JSON");

    bucket.make().await;
    unlock(&short, Unlock::ForgetState).await;
    refused(&short, "`--store-state` stores the kept one").await;

    // Somebody stores it by hand, and goes on from there.
    let serial = state["serial"].as_u64().expect("a serial");
    state["serial"] = (serial + 1).into();
    let put = bucket.client.put_object().bucket(&bucket.name);
    let put = put.key("hodman-shop-qa-one.tfstate");
    let put = put.body(state.to_string().into_bytes().into()).send();
    put.await.expect("stored");
    unlock(&short, Unlock::StoreState).await;
    refused(&short, "hodman unlock qa one --forget-state").await;
    unlock(&short, Unlock::ForgetState).await;
    healthy(&short).await;
    assert_eq!(record(&scene, "one").await["unsaved"], Value::Null);
    assert!(!bench.path("pid").exists(), "nothing is made twice");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_nobody_was_left_to_hear_of_is_found_by_the_next_daemon() {
    let bench = Bench::new();
    let bucket = Bucket::new().await;
    let scene = Scene::start(bucket.waiting(&bench, Secrets::Environment)).await;
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
        bucket.make().await;
        unlock(&short, Unlock::StoreState).await;
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
