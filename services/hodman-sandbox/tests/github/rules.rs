//! Who sees a repository, and what a protected branch refuses.

use hodman_sandbox::github::MergeMethod;
use serde_json::{Value, json};

use super::support::{REPO, Town, git};

#[tokio::test(flavor = "multi_thread")]
async fn strangers_do_not_learn_that_a_private_repository_exists() {
    let town = Town::start().await;
    assert_eq!(town.call("GET", "", "tok-bob", &Value::Null).await.0, 200);
    assert_eq!(town.call("GET", "", "tok-eve", &Value::Null).await.0, 404);
    assert_eq!(town.call("GET", "", "", &Value::Null).await.0, 404);
    assert_eq!(
        town.call("GET", "", "no-such-token", &Value::Null).await.0,
        401
    );
    let bare = format!("{}/{REPO}.git", town.github.url());
    for remote in [
        bare,
        town.remote("x-access-token:tok-eve"),
        town.remote("x-access-token:wrong"),
    ] {
        git(town.dir.path(), &["ls-remote", &remote])
            .await
            .expect_err("refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_protected_branch_takes_changes_only_by_approved_and_green_pull_requests() {
    let town = Town::start().await;
    let rules = json!({
        "required_status_checks": {"strict": false, "contexts": ["plan"]}, "enforce_admins": true, "restrictions": null,
        "required_pull_request_reviews": {"required_approving_review_count": 1, "dismiss_stale_reviews": true},
    });
    let (status, _) = town
        .call("PUT", "/branches/main/protection", "tok-ada", &rules)
        .await;
    assert_eq!(status, 200);

    let tree = town.clone("ada", "ada:tok-ada").await;
    let head = tree.commit("a", "1\n").await;
    let refused = git(&tree.path, &["push", "origin", "main"])
        .await
        .expect_err("protected");
    assert!(refused.contains("GH006"), "{refused}");
    let put = json!({"message": "m", "content": "eA==", "branch": "main"});
    assert_eq!(
        town.call("PUT", "/contents/x", "tok-ada", &put).await.0,
        409
    );
    tree.git(&["push", "-q", "origin", "main:feature"]).await;

    town.github
        .open_pull(REPO, "feature", "main", "t", "", "ada")
        .expect("opened");
    let merge = || {
        town.github
            .merge(REPO, 1, "ada", MergeMethod::Merge)
            .map_err(|error| error.status)
    };
    assert_eq!(merge(), Err(405), "neither approved nor green");
    assert_eq!(
        town.github
            .review(REPO, 1, "ada", true)
            .expect_err("own")
            .status,
        422
    );
    town.github.review(REPO, 1, "bob", true).expect("approved");
    assert_eq!(merge(), Err(405), "not green");
    town.github
        .check(REPO, &head, "plan", "success", "ada")
        .expect("green");

    // A push after the approval takes it back.
    let head = tree.commit("a", "2\n").await;
    tree.git(&["push", "-q", "origin", "main:feature"]).await;
    town.github
        .check(REPO, &head, "plan", "success", "ada")
        .expect("green");
    assert_eq!(merge(), Err(405), "the approval was for another head");
    town.github.review(REPO, 1, "bob", true).expect("approved");
    assert!(merge().is_ok());
}
