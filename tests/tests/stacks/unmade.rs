//! What was looked at and never executed.

use super::bench::{
    FILE, LOGS, MODULE, applied, asked, commit, name, on_main, options, refused, status, the_rest,
};
use super::relay::Relay;
use hodman_tests::harness::{Scene, Short};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_that_was_only_about_to_be_made_goes_when_nobody_wants_it_any_more() {
    let own = name("unmade");
    let relay = Relay::start().await;
    let call = format!(", inputs: {{name: {own}}}");
    let scene = Scene::start(options(MODULE, LOGS, &call, (&relay.endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());

    let pull = short.proposed("qa").await.expect("a plan");
    relay.refuse_after("CreateChangeSet", "ExecuteChangeSet");
    let words = refused(&short, &pull).await;
    assert!(words.contains("cut off by the test"), "{words}");
    assert_eq!(status(&own).await, "REVIEW_IN_PROGRESS");

    let file = on_main(&scene, FILE);
    let call = format!("  one: {{module: one, inputs: {{name: {own}}}}}\n");
    assert!(file.contains(&call), "{file}");
    let without = file.replace(&format!("modules:\n{call}"), "");
    commit(&scene, &[(FILE, &without)]);
    let words = [
        "**delete** `cloudformation_stacks.one`",
        "REVIEW_IN_PROGRESS",
    ];
    let pull = asked(&short, &scene, &words).await;
    assert!(!pull.body.contains("CANNOT BE TAKEN BACK"), "{}", pull.body);
    applied(&short, &pull).await;
    assert_eq!(status(&own).await, "none");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_that_was_only_about_to_be_made_is_made_by_the_next_try_without_asking_again() {
    let own = name("made");
    let relay = Relay::start().await;
    let call = format!(", inputs: {{name: {own}}}");
    let scene = Scene::start(options(MODULE, LOGS, &call, (&relay.endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    relay.refuse_after("CreateChangeSet", "ExecuteChangeSet");
    refused(&short, &pull).await;
    the_rest(&short, &pull).await;
    assert_eq!(status(&own).await, "CREATE_COMPLETE");
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    daemon.stop().await;
}
