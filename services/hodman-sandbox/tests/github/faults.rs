//! Answers that get lost.

use hodman_sandbox::faults::FaultRule;
use serde_json::{Value, json};

use super::support::{REPO, Town, git};

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_whose_answer_is_lost_has_happened() {
    let town = Town::start().await;
    town.github
        .commit(REPO, "feature", &[("a", Some(b"x"))], "a", "ada")
        .expect("committed");
    town.github
        .open_pull(REPO, "feature", "main", "t", "", "ada")
        .expect("opened");
    town.github.faults().add(
        FaultRule::status(502, 1)
            .on("PUT")
            .path_contains("/merge")
            .after_effect(),
    );
    assert_eq!(
        town.call("PUT", "/pulls/1/merge", "tok-ada", &json!({}))
            .await
            .0,
        502
    );
    let (_, pull) = town.call("GET", "/pulls/1", "tok-ada", &Value::Null).await;
    assert_eq!(
        (&pull["merged"], &pull["state"]),
        (&json!(true), &json!("closed"))
    );
    assert_eq!(
        town.call("PUT", "/pulls/1/merge", "tok-ada", &json!({}))
            .await
            .0,
        405
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_whose_connection_breaks_has_happened_or_not_by_choice() {
    let town = Town::start().await;
    let tree = town.clone("ada", "ada:tok-ada").await;
    let head = tree.commit("a", "1\n").await;
    // git sends a push again when a kept connection breaks before an answer, hence more than one drop.
    let before = town.github.head(REPO, "main");
    town.github.faults().add(
        FaultRule::drop_connection(5)
            .on("POST")
            .path_contains("git-receive-pack"),
    );
    git(&tree.path, &["push", "-q", "origin", "main"])
        .await
        .expect_err("the connection broke");
    assert_eq!(town.github.head(REPO, "main"), before);
    town.github.faults().clear();
    town.github.faults().add(
        FaultRule::drop_connection(5)
            .on("POST")
            .path_contains("git-receive-pack")
            .after_effect(),
    );
    git(&tree.path, &["push", "-q", "origin", "main"])
        .await
        .expect_err("the connection broke");
    assert_eq!(town.github.head(REPO, "main"), Some(head));
}
