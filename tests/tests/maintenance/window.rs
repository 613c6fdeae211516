//! What was stopped goes on in time, whatever becomes of the apply that stopped it.

use super::stage::{
    CALL, Inside, MODULE, healthy, idle, other_credentials, other_credentials_and, pool, says,
    says_again, start, start_in,
};
use chrono::{Duration, SecondsFormat, Utc};
use hodman_tests::harness::{Scene, Short};
use serde_json::json;

const HELD: &str = "nothing starts on account_workspaces.workspace-workspace until";

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stopped_in_the_window_goes_on_after_it_has_closed_and_the_rest_waits() {
    let at = |minutes| {
        let moment = Utc::now() + Duration::minutes(minutes);
        moment.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    let gates = format!(
        "merge: manual\ngates:\n  freezes:\n    - {{from: {}, to: {}, reason: the night}}\n",
        at(15),
        at(600)
    );
    let edits = vec![("merge: manual\n", &*gates.leak())];
    let scene = start_in(MODULE, CALL, edits).await;
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
    scene.clock.advance(Duration::minutes(17));
    says_again(&scene, &short, "the night").await;
    assert_eq!(idle(&inside, &pool).await, json!(0));
    scene.clock.advance(Duration::minutes(5));
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
