//! A lock that somebody left behind: it stands in the way until a person says so.

use hodman_core::event::Unlock;
use hodman_core::state::RunPhase;
use hodman_tests::harness::{Scene, Secrets, Short};

use super::bench::{Bench, WAITS, signal};
use super::buckets::Bucket;
use super::looks::{asked, commit, explained, healthy, qa};

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
    short.unlock(Unlock::Lock(wrong)).await.expect("asked");
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

    short.unlock(Unlock::Lock(id)).await.expect("asked");
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
    short
        .unlock(Unlock::Lock(lock_in(&told)))
        .await
        .expect("asked");
    scene.clock.advance(chrono::Duration::seconds(61));
    bench.sign(&short).await;
    bench.go_on();
    healthy(&short).await;
    daemon.stop().await;
}
