//! From a clone to a merge, and the odd ways a pull request ends.

use hodman_sandbox::github::MergeMethod;
use serde_json::{Value, json};

use super::support::{REPO, Receiver, SECRET, Town, git};

#[tokio::test(flavor = "multi_thread")]
async fn a_change_goes_from_a_clone_through_a_pull_request_into_main() {
    let town = Town::start().await;
    let mut hooks = Receiver::start().await;
    town.github
        .add_hook(REPO, &hooks.url, SECRET, &["push", "pull_request"])
        .expect("added");
    assert_eq!(hooks.next().await.name(), "ping");

    let tree = town.clone("ada", "x-access-token:tok-ada").await;
    tree.git(&["switch", "-q", "-c", "feature"]).await;
    let first = tree.commit("job.yml", "one\n").await;
    tree.git(&["push", "-q", "origin", "feature"]).await;
    let push = hooks.next().await.json();
    assert_eq!(
        (push["after"].as_str(), push["created"].as_bool()),
        (Some(first.as_str()), Some(true))
    );
    assert_eq!(push["commits"][0]["added"], json!(["job.yml"]));
    assert_eq!(push["pusher"]["name"], "ada");

    let body = json!({"title": "New job", "head": "feature", "base": "main", "body": "please"});
    let (status, pull) = town.call("POST", "/pulls", "tok-ada", &body).await;
    assert_eq!(
        (
            status,
            pull["changed_files"].as_u64(),
            pull["commits"].as_u64()
        ),
        (201, Some(1), Some(1))
    );
    assert_eq!(hooks.next().await.name(), "pull_request.opened");

    let second = tree.commit("job.yml", "two\n").await;
    tree.git(&["push", "-q", "origin", "feature"]).await;
    assert_eq!(hooks.next().await.name(), "push");
    let synchronize = hooks.next().await.json();
    assert_eq!(
        (&synchronize["before"], &synchronize["after"]),
        (&json!(first), &json!(second))
    );
    assert_eq!(town.github.pull(REPO, 1).expect("there").head_sha, second);

    // main moves meanwhile; a merge keeps both sides
    town.github
        .commit(
            REPO,
            "main",
            &[("other.yml", Some(b"other\n"))],
            "other",
            "bob",
        )
        .expect("committed");
    assert_eq!(hooks.next().await.name(), "push");
    let stale = town
        .call("PUT", "/pulls/1/merge", "tok-bob", &json!({ "sha": first }))
        .await;
    assert_eq!(stale.0, 409);
    let (status, merged) = town
        .call(
            "PUT",
            "/pulls/1/merge",
            "tok-bob",
            &json!({ "sha": second }),
        )
        .await;
    assert_eq!((status, &merged["merged"]), (200, &json!(true)));
    let (push, closed) = (hooks.next().await, hooks.next().await);
    assert_eq!(
        (push.name(), push.json()["after"].clone()),
        ("push".to_owned(), merged["sha"].clone())
    );
    assert_eq!(
        (
            closed.name(),
            closed.json()["pull_request"]["merged"].clone()
        ),
        ("pull_request.closed".to_owned(), json!(true))
    );

    tree.git(&["switch", "-q", "main"]).await;
    tree.git(&["pull", "-q"]).await;
    assert_eq!(tree.git(&["rev-parse", "HEAD"]).await, merged["sha"]);
    assert_eq!(
        tree.git(&["ls-files"]).await,
        "README.md\njob.yml\nother.yml"
    );
    let (_, files) = town
        .call("GET", "/pulls/1/files", "tok-ada", &Value::Null)
        .await;
    assert_eq!(
        files[0]["filename"], "job.yml",
        "the files stay answerable after the merge"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sides_that_disagree_conflict_and_are_not_merged() {
    let town = Town::start().await;
    let change = |branch: &str, text: &str| {
        town.github
            .commit(
                REPO,
                branch,
                &[("README.md", Some(text.as_bytes()))],
                "edit",
                "ada",
            )
            .expect("committed")
    };
    change("feature", "left\n");
    let main = change("main", "right\n");
    town.github
        .open_pull(REPO, "feature", "main", "t", "", "ada")
        .expect("opened");
    let (_, pull) = town.call("GET", "/pulls/1", "tok-ada", &Value::Null).await;
    assert_eq!(
        (&pull["mergeable"], &pull["mergeable_state"]),
        (&json!(false), &json!("dirty"))
    );
    for method in [MergeMethod::Merge, MergeMethod::Squash, MergeMethod::Rebase] {
        assert_eq!(
            town.github
                .merge(REPO, 1, "ada", method)
                .expect_err("a conflict")
                .status,
            405
        );
    }
    assert_eq!(town.github.head(REPO, "main"), Some(main));
}

#[tokio::test(flavor = "multi_thread")]
async fn squash_and_rebase_give_linear_history_with_both_sides() {
    for (method, commits) in [("squash", 3), ("rebase", 4)] {
        let town = Town::start().await;
        for file in ["a", "b"] {
            town.github
                .commit(REPO, "feature", &[(file, Some(b"x"))], file, "ada")
                .expect("committed");
        }
        town.github
            .commit(REPO, "main", &[("c", Some(b"x"))], "c", "ada")
            .expect("committed");
        town.github
            .open_pull(REPO, "feature", "main", "t", "", "ada")
            .expect("opened");
        let (status, _) = town
            .call(
                "PUT",
                "/pulls/1/merge",
                "tok-ada",
                &json!({ "merge_method": method }),
            )
            .await;
        assert_eq!(status, 200);
        let tree = town.clone("check", "tok-ada:").await;
        assert_eq!(tree.git(&["ls-files"]).await, "README.md\na\nb\nc");
        assert_eq!(
            tree.git(&["rev-list", "--count", "HEAD"]).await,
            commits.to_string()
        );
        assert_eq!(
            tree.git(&["rev-list", "--count", "--merges", "HEAD"]).await,
            "0"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_merge_pushed_by_hand_marks_the_pull_request_and_a_deleted_branch_closes_it() {
    let town = Town::start().await;
    for branch in ["one", "two"] {
        town.github
            .commit(REPO, branch, &[(branch, Some(b"x"))], branch, "ada")
            .expect("committed");
        town.github
            .open_pull(REPO, branch, "main", branch, "", "ada")
            .expect("opened");
    }
    let tree = town.clone("ada", "ada:tok-ada").await;
    tree.git(&["merge", "-q", "--no-ff", "origin/one"]).await;
    tree.git(&["push", "-q", "origin", "main"]).await;
    tree.git(&["push", "-q", "origin", ":two"]).await;
    let states: Vec<_> = town
        .github
        .pulls(REPO)
        .iter()
        .map(|pull| (pull.open, pull.merged))
        .collect();
    assert_eq!(states, [(false, true), (false, false)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetch_with_a_compressed_request_and_the_heads_of_pull_requests_works() {
    let town = Town::start().await;
    // Sixty wants are more than git sends uncompressed.
    for n in 0..60 {
        let (branch, file) = (format!("b{n}"), format!("f{n}"));
        town.github
            .commit(REPO, &branch, &[(&file, Some(b"x"))], "m", "ada")
            .expect("committed");
    }
    town.github
        .open_pull(REPO, "b0", "main", "t", "", "ada")
        .expect("opened");
    let tree = town.clone("all", "x-access-token:tok-bob").await;
    assert_eq!(
        tree.git(&["branch", "-r", "--list", "origin/b*"])
            .await
            .lines()
            .count(),
        60
    );
    tree.git(&["fetch", "-q", "origin", "pull/1/head"]).await;
    assert_eq!(
        Some(tree.git(&["rev-parse", "FETCH_HEAD"]).await),
        town.github.head(REPO, "b0")
    );
    let refused = git(&tree.path, &["push", "origin", "+HEAD~0:refs/pull/1/head"])
        .await
        .expect_err("hidden ref");
    assert!(refused.contains("hidden ref"), "{refused}");
}
