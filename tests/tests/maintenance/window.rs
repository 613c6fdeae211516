//! What was stopped goes on in time, whatever becomes of the apply that stopped it.

use super::stage::{
    CALL, Inside, MODULE, healthy, idle, other_credentials, other_credentials_and, pool,
    private_access, says, says_again, start, start_in,
};
use chrono::{Duration, SecondsFormat, Utc};
use hodman_tests::harness::{Scene, Short};
use serde_json::json;

const HELD: &str = "nothing of ours starts on account_workspaces.workspace-workspace until";

async fn refilled(short: &Short<'_>, inside: &Inside, pool: &str) {
    let back = async || (idle(inside, pool).await == json!(2)).then_some(());
    let refilled = short.wait("the pool as it was", back).await;
    refilled.expect("given back");
}

async fn made(scene: &Scene) -> (Inside, String) {
    let made = scene.databricks.workspaces().pop().expect("the made one");
    let inside = Inside::new(&made.url());
    let pool = pool(&inside).await;
    (inside, pool)
}

/// With a window that closes in eight minutes, for ten hours: a busy machine has ten more until what is held goes on.
async fn start_before_the_night() -> Scene {
    let at = |minutes| {
        let moment = Utc::now() + Duration::minutes(minutes);
        moment.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    let gates = format!(
        "merge: manual\ngates:\n  freezes:\n    - {{from: {}, to: {}, reason: the night}}\n",
        at(8),
        at(600)
    );
    let edits = vec![("merge: manual\n", &*gates.leak())];
    start_in(MODULE, CALL, edits).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stopped_in_the_window_goes_on_after_it_has_closed_and_the_rest_waits() {
    let scene = start_before_the_night().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let (inside, pool) = made(&scene).await;
    other_credentials(&scene);
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    says(&scene, &short, HELD).await;
    assert_eq!(idle(&inside, &pool).await, json!(0));
    // Closed, and its time is not over.
    scene.clock.advance(Duration::minutes(9));
    says_again(&scene, &short, "the night").await;
    assert_eq!(idle(&inside, &pool).await, json!(0));
    scene.clock.advance(Duration::minutes(13));
    refilled(&short, &inside, &pool).await;
    says(&scene, &short, "what was stopped for it goes on").await;
    says(&scene, &short, "the night").await;
    scene.clock.advance(Duration::minutes(600));
    healthy(&short).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stopped_goes_on_though_something_else_cannot_be_done() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let (inside, pool) = made(&scene).await;
    let network = (
        "resources:\n",
        "resources:\n  account_networks:\n    other:\n      {network_name: other, vpc_id: vpc-1, subnet_ids: [one], security_group_ids: [sg-1]}\n",
    );
    other_credentials_and(&scene, network);
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let fails = "subnet_ids must name at least two subnets";
    says(&scene, &short, fails).await;
    says(&scene, &short, HELD).await;
    assert_eq!(idle(&inside, &pool).await, json!(0));
    scene.clock.advance(Duration::minutes(22));
    refilled(&short, &inside, &pool).await;
    says(&scene, &short, "not tried again by itself").await;
    says(&scene, &short, fails).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_was_taken_back_by_the_end_of_its_time_is_told() {
    let scene = start_before_the_night().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let (inside, pool) = made(&scene).await;
    private_access(&scene);
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    says(&scene, &short, HELD).await;
    scene.clock.advance(Duration::minutes(9));
    says_again(&scene, &short, "the night").await;
    assert!(scene.databricks.account().go_back("shop"));
    scene.clock.advance(Duration::minutes(13));
    refilled(&short, &inside, &pool).await;
    let words = "went back to what it had, without a word: private_access_settings_id";
    let told = async || {
        let history = short.store().history("shop", Some("qa"), 50).await.ok()?;
        let mut rows = history.iter();
        rows.any(|row| row.entry.because.contains(words))
            .then_some(())
    };
    short.wait("what became of it", told).await.expect("told");
    daemon.stop().await;
}
