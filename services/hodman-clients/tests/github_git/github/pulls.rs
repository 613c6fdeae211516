use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use hodman_clients::github::{
    GitHubError, MergeMethod, MergeOutcome, NewPull, PullState, ReviewState,
};
use serde_json::{Value, json};

use super::{OTHER_SHA, SHA, pull};
use crate::github_server::{Answer, FakeGitHub};

fn new_pull() -> NewPull {
    NewPull {
        title: "Promote".into(),
        body: "plan".into(),
        head: "hodman/promote/qa".into(),
        base: "main".into(),
    }
}

fn validation(message: &str) -> Answer {
    Answer::json(
        422,
        json!({"message": "Validation Failed", "errors": [{"resource": "PullRequest", "code": "custom", "message": message}]}),
    )
}

#[tokio::test]
async fn lists_are_read_to_the_last_page() {
    let server = FakeGitHub::start(|asked| match asked.target.as_str() {
        target if target.contains("page=3") => Answer::ok(json!([pull(3, "c", "acme/app")])),
        target => {
            let (number, next) = if target.contains("page=2") { (2, 3) } else { (1, 2) };
            let link = format!("<https://x/repos/acme/app/pulls?page={next}>; rel=\"next\", <https://x/y?page=3>; rel=\"last\"");
            Answer::ok(json!([pull(number, "b", "acme/app")])).with("link", link)
        }
    })
    .await;
    let pulls = server
        .client()
        .open_pulls("acme/app", Some("main"))
        .await
        .unwrap();
    assert_eq!(
        pulls.iter().map(|pull| pull.number).collect::<Vec<_>>(),
        [1, 2, 3]
    );
    let first = &server.asked()[0].target;
    assert!(
        first.contains("state=open")
            && first.contains("base=main")
            && first.contains("per_page=100"),
        "{first}"
    );
}

#[tokio::test]
async fn a_merged_pull_request_from_a_deleted_fork_is_read() {
    let server = FakeGitHub::start(|_| {
        let mut wire = pull(5, "x", "");
        wire["head"]["repo"] = Value::Null;
        wire["user"] = Value::Null;
        wire["state"] = "closed".into();
        wire["merged_at"] = "2026-01-02T00:00:00Z".into();
        wire["merged_by"] = json!({"login": "ada"});
        wire["mergeable"] = Value::Null;
        Answer::ok(wire)
    })
    .await;
    let pull = server.client().pull("acme/app", 5).await.unwrap();
    assert_eq!(
        (pull.state, pull.merged, pull.merged_by.as_deref()),
        (PullState::Closed, true, Some("ada"))
    );
    assert_eq!(
        (pull.author.as_str(), pull.body.as_str(), pull.mergeable),
        ("ghost", "", None)
    );
    assert!(pull.is_fork_of("acme/app"));
}

#[tokio::test]
async fn a_forks_branch_of_the_same_name_is_not_ours() {
    let server = FakeGitHub::start(|_| {
        Answer::ok(json!([
            pull(1, "hodman/promote/qa", "mallory/app"),
            pull(2, "hodman/promote/qa-old", "acme/app"),
            pull(3, "hodman/promote/qa", "Acme/App"),
        ]))
    })
    .await;
    let found = server
        .client()
        .find_open_pull("acme/app", "hodman/promote/qa")
        .await
        .unwrap();
    assert_eq!(found.unwrap().number, 3);
    assert!(
        server.asked()[0]
            .target
            .contains("head=acme%3Ahodman%2Fpromote%2Fqa")
    );
}

#[tokio::test]
async fn an_open_pull_request_is_found_instead_of_made() {
    let server =
        FakeGitHub::start(|_| Answer::ok(json!([pull(4, "hodman/promote/qa", "acme/app")]))).await;
    let pull = server
        .client()
        .create_pull("acme/app", &new_pull())
        .await
        .unwrap();
    assert_eq!(pull.number, 4);
    assert_eq!(server.sent(Method::POST), Vec::<Value>::new());
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_is_not_repeated() {
    let created = AtomicUsize::new(0);
    let server = FakeGitHub::start(move |asked| {
        if asked.method == Method::POST {
            created.fetch_add(1, Ordering::SeqCst);
            return Answer::error(502, "Server Error");
        }
        let open = created.load(Ordering::SeqCst) > 0;
        Answer::ok(if open {
            json!([pull(8, "hodman/promote/qa", "acme/app")])
        } else {
            json!([])
        })
    })
    .await;
    let pull = server
        .client()
        .create_pull("acme/app", &new_pull())
        .await
        .unwrap();
    assert_eq!(pull.number, 8);
    let sent = server.sent(Method::POST);
    assert_eq!(
        sent,
        [json!({"title": "Promote", "body": "plan", "head": "hodman/promote/qa", "base": "main"})]
    );
}

#[tokio::test]
async fn one_that_github_has_but_does_not_list_yet_is_waited_for() {
    let lists = AtomicUsize::new(0);
    let server = FakeGitHub::start(move |asked| {
        if asked.method == Method::POST {
            return validation("A pull request already exists for acme:hodman/promote/qa.");
        }
        let listed = lists.fetch_add(1, Ordering::SeqCst) > 0;
        Answer::ok(if listed {
            json!([pull(8, "hodman/promote/qa", "acme/app")])
        } else {
            json!([])
        })
    })
    .await;
    assert_eq!(
        server
            .client()
            .create_pull("acme/app", &new_pull())
            .await
            .unwrap()
            .number,
        8
    );
}

#[tokio::test]
async fn a_create_that_is_declined_is_an_error_with_reasons() {
    let server = FakeGitHub::start(|asked| match asked.method {
        Method::POST => validation("No commits between main and hodman/promote/qa"),
        _ => Answer::ok(json!([])),
    })
    .await;
    let error = server
        .client()
        .create_pull("acme/app", &new_pull())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, GitHubError::Validation { errors, .. } if errors[0].starts_with("No commits")),
        "{error}"
    );
    assert_eq!(server.lines().len(), 2);
}

#[tokio::test]
async fn updating_sends_only_what_changes() {
    let server = FakeGitHub::start(|_| Answer::ok(pull(4, "x", "acme/app"))).await;
    let github = server.client();
    github
        .update_pull("acme/app", 4, None, Some("new"))
        .await
        .unwrap();
    github.close_pull("acme/app", 4).await.unwrap();
    assert_eq!(
        server.sent(Method::PATCH),
        [json!({"body": "new"}), json!({"state": "closed"})]
    );
}

async fn merge_with(
    answer: impl Fn(usize) -> Answer + Send + Sync + 'static,
    then: Value,
) -> (Result<MergeOutcome, GitHubError>, FakeGitHub) {
    let puts = AtomicUsize::new(0);
    let server = FakeGitHub::start(move |asked| match asked.method {
        Method::PUT => answer(puts.fetch_add(1, Ordering::SeqCst)),
        _ => Answer::ok(then.clone()),
    })
    .await;
    let outcome = server
        .client()
        .merge_pull("acme/app", 4, SHA, MergeMethod::Squash, Some("Promote"))
        .await;
    (outcome, server)
}

#[tokio::test]
async fn a_merge_names_the_approved_commit() {
    let merged =
        json!({"sha": OTHER_SHA, "merged": true, "message": "Pull Request successfully merged"});
    let (outcome, server) = merge_with(move |_| Answer::ok(merged.clone()), json!({})).await;
    assert_eq!(
        outcome.unwrap(),
        MergeOutcome::Merged {
            sha: OTHER_SHA.into()
        }
    );
    let sent = server.sent(Method::PUT);
    assert_eq!(
        sent,
        [json!({"sha": SHA, "merge_method": "squash", "commit_title": "Promote"})]
    );
}

#[tokio::test]
async fn a_head_that_moved_is_not_merged() {
    let mut moved = pull(4, "x", "acme/app");
    moved["head"]["sha"] = OTHER_SHA.into();
    let modified = |_| {
        Answer::error(
            409,
            "Head branch was modified. Review and try the merge again.",
        )
    };
    let (outcome, _server) = merge_with(modified, moved).await;
    assert_eq!(
        outcome.unwrap(),
        MergeOutcome::HeadMoved {
            head_sha: OTHER_SHA.into()
        }
    );
}

#[tokio::test]
async fn what_cannot_be_merged_gives_the_reason() {
    let refused = |_| Answer::error(405, "At least 2 approving reviews are required.");
    let (outcome, server) = merge_with(refused, pull(4, "x", "acme/app")).await;
    let reason = "At least 2 approving reviews are required.".to_owned();
    assert_eq!(outcome.unwrap(), MergeOutcome::NotMergeable { reason });
    assert_eq!(server.sent(Method::PUT).len(), 1);
}

#[tokio::test]
async fn a_merge_whose_answer_was_lost_is_seen_in_the_pull_request() {
    let mut merged = pull(4, "x", "acme/app");
    merged["merged_at"] = "2026-01-02T00:00:00Z".into();
    let (outcome, server) = merge_with(|_| Answer::error(502, "Server Error"), merged).await;
    let already = MergeOutcome::AlreadyMerged {
        sha: Some(OTHER_SHA.into()),
        head_sha: SHA.into(),
    };
    assert_eq!(outcome.unwrap(), already);
    assert_eq!(server.sent(Method::PUT).len(), 1);
}

#[tokio::test]
async fn a_base_that_just_moved_is_tried_again() {
    let answer = |put| match put {
        0 => Answer::error(
            405,
            "Base branch was modified. Review and try the merge again.",
        ),
        _ => Answer::ok(json!({"sha": OTHER_SHA, "merged": true})),
    };
    let (outcome, _server) = merge_with(answer, pull(4, "x", "acme/app")).await;
    assert_eq!(
        outcome.unwrap(),
        MergeOutcome::Merged {
            sha: OTHER_SHA.into()
        }
    );
}

#[tokio::test]
async fn no_right_to_merge_is_an_error() {
    let (outcome, _server) =
        merge_with(|_| Answer::error(403, "Resource not accessible"), json!({})).await;
    assert!(matches!(outcome, Err(GitHubError::Forbidden(_))));
}

#[tokio::test]
async fn a_cut_list_of_files_is_known_as_such() {
    for (count, truncated) in [(2, false), (3, true)] {
        let server = FakeGitHub::start(move |asked| {
            if asked.path.ends_with("/files") {
                let files = json!([
                    {"filename": "new.py", "previous_filename": "old.py", "status": "renamed"},
                    {"filename": "a.py", "status": "added"},
                ]);
                return Answer::ok(files);
            }
            let mut wire = pull(4, "x", "acme/app");
            wire["changed_files"] = count.into();
            Answer::ok(wire)
        })
        .await;
        let files = server.client().pull_files("acme/app", 4).await.unwrap();
        assert_eq!(files.truncated, truncated);
        assert_eq!(files.files[0].previous_path.as_deref(), Some("old.py"));
    }
}

#[tokio::test]
async fn reviews_say_who_saw_which_commit() {
    let server = FakeGitHub::start(|_| {
        Answer::ok(json!([
            {"id": 1, "user": {"login": "ada"}, "state": "APPROVED", "commit_id": SHA, "submitted_at": "2026-01-01T00:00:00Z"},
            {"id": 2, "user": null, "state": "CHANGES_REQUESTED", "commit_id": null},
            {"id": 3, "user": {"login": "bob"}, "state": "ROLLED_DICE", "commit_id": SHA},
        ]))
    })
    .await;
    let reviews = server.client().reviews("acme/app", 4).await.unwrap();
    assert_eq!(reviews[0].state, ReviewState::Approved);
    assert_eq!(reviews[0].commit_sha.as_deref(), Some(SHA));
    assert_eq!(
        (reviews[1].author.as_str(), &reviews[1].state),
        ("ghost", &ReviewState::ChangesRequested)
    );
    assert_eq!(reviews[2].state, ReviewState::Other("ROLLED_DICE".into()));
}

#[tokio::test]
async fn closed_ones_are_looked_through_until_there_are_enough() {
    let server = FakeGitHub::start(|asked| {
        let page = json!([
            pull(9, "hodman/capture/dev", "acme/app"),
            pull(8, "feature", "acme/app")
        ]);
        assert!(asked.target.contains("page=2") || asked.target.contains("state=closed"));
        Answer::ok(page).with(
            "link",
            "<https://x/repos/acme/app/pulls?page=2>; rel=\"next\"",
        )
    })
    .await;
    let found = server
        .client()
        .recently_closed_pulls("acme/app", "hodman/", 2)
        .await
        .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(server.lines().len(), 2);
    let of_commit = server.client().pulls_for_commit("acme/app", "main").await;
    assert!(matches!(of_commit, Err(GitHubError::Misconfigured(_))));
}
