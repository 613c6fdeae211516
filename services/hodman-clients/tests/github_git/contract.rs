//! One pass over everything against a GitHub that is really there: by hand on the real one (with
//! a repository made for it), or on any server that claims to be like it.
//!
//! `HODMAN_TEST_GITHUB_URL` is the API's base, `HODMAN_TEST_GITHUB_REPO` an `owner/name` that may
//! be written to, and either `HODMAN_TEST_GITHUB_TOKEN`, or `HODMAN_TEST_GITHUB_APP_ID` and
//! `HODMAN_TEST_GITHUB_APP_KEY` (a file). Then: `cargo test -- --ignored contract`.

use std::collections::BTreeMap;
use std::sync::Arc;

use hodman_clients::git::{
    Base, CommitRequest, Credentials, FileChange, Lease, Mirror, MirrorConfig, PushOutcome,
};
use hodman_clients::github::{
    AccountKind, Annotation, AnnotationLevel, Auth, CheckKind, CheckRun, CheckStatus, Conclusion,
    DeliveryScope, GitHub, GitHubConfig, MergeMethod, MergeOutcome, NewPull, PullState,
};
use tempfile::TempDir;

const MARKER: &str = "<!-- hodman: contract -->";

fn variable(name: &str) -> String {
    std::env::var(format!("HODMAN_TEST_GITHUB_{name}"))
        .unwrap_or_else(|_| panic!("HODMAN_TEST_GITHUB_{name} is not set"))
}

fn auth() -> Auth {
    match std::env::var("HODMAN_TEST_GITHUB_TOKEN") {
        Ok(token) => Auth::Token(token.into()),
        Err(_) => Auth::App {
            app_id: variable("APP_ID").parse().unwrap(),
            private_key_pem: std::fs::read_to_string(variable("APP_KEY")).unwrap().into(),
            installation_id: None,
        },
    }
}

/// A commit on top of `base` that nobody made before.
fn change(base: &str, unique: &str) -> CommitRequest {
    let file = FileChange {
        content: format!("{unique}\n").into_bytes(),
        executable: false,
    };
    CommitRequest {
        parents: vec![base.to_owned()],
        base: Base::Commit(base.to_owned()),
        changes: BTreeMap::from([(format!("contract/{unique}.txt"), Some(file))]),
        message: format!("contract {unique}\n"),
        author_name: "Contract".into(),
        author_email: "contract@example.com".into(),
        time: chrono::Utc::now(),
    }
}

fn check(head_sha: &str, status: CheckStatus, conclusion: Option<Conclusion>) -> CheckRun {
    let annotation = Annotation {
        path: "README.md".into(),
        start_line: 1,
        end_line: 1,
        level: AnnotationLevel::Notice,
        message: "read me".into(),
        title: None,
    };
    CheckRun {
        name: "hodman/contract".into(),
        head_sha: head_sha.to_owned(),
        external_id: "contract-1".into(),
        status,
        conclusion,
        title: "contract".into(),
        summary: "summary".into(),
        text: Some("text".into()),
        details_url: Some("https://example.com/details".into()),
        annotations: vec![annotation; 51],
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a GitHub; see the head of this file"]
async fn everything_works_on_a_github_that_is_really_there() {
    let repo = variable("REPO");
    let github = Arc::new(GitHub::new(GitHubConfig::new(variable("URL"), auth())).unwrap());
    let account = github.whoami().await.unwrap();
    assert!(github.rate_limit().await.unwrap().limit > 0);
    let repository = github.repository(&repo).await.unwrap();
    assert_eq!(repository.full_name, repo);

    let directory = TempDir::new().unwrap();
    let mirror = Arc::new(
        open_mirror(
            &github,
            directory.path().join("m.git"),
            &repository.clone_url,
        )
        .await,
    );
    let main = repository.default_branch.clone();
    mirror.run(Mirror::fetch).await.unwrap();
    let base = mirror.head(&main).unwrap().unwrap();
    let unique = chrono::Utc::now().format("%Y%m%d%H%M%S%f").to_string();
    let branch = format!("hodman/contract/{unique}");
    let head = mirror
        .commit(&change(&base, &unique))
        .unwrap()
        .id()
        .to_owned();
    let pushed = {
        let (branch, head) = (branch.clone(), head.clone());
        mirror
            .run(move |mirror| mirror.push(&branch, &head, &Lease::Absent))
            .await
    };
    assert_eq!(pushed.unwrap(), PushOutcome::Pushed);

    let new = NewPull {
        title: "Contract".into(),
        body: "one".into(),
        head: branch.clone(),
        base: main.clone(),
    };
    let pull = github.create_pull(&repo, &new).await.unwrap();
    assert_eq!(
        github.create_pull(&repo, &new).await.unwrap().number,
        pull.number
    );
    assert!(!pull.is_fork_of(&repo));
    assert_eq!(
        (&pull.head_sha, &pull.base_ref, &pull.author),
        (&head, &main, &account.login)
    );
    let updated = github
        .update_pull(&repo, pull.number, Some("Contract 2"), Some("two"))
        .await
        .unwrap();
    assert_eq!(
        (updated.title.as_str(), updated.body.as_str()),
        ("Contract 2", "two")
    );
    assert!(
        github
            .open_pulls(&repo, Some(&main))
            .await
            .unwrap()
            .iter()
            .any(|open| open.number == pull.number)
    );
    let files = github.pull_files(&repo, pull.number).await.unwrap();
    assert_eq!((files.files.len(), files.truncated), (1, false));
    assert_eq!(github.reviews(&repo, pull.number).await.unwrap(), []);
    let read_back = {
        mirror
            .run({
                let name = format!("refs/pull/{}/head", pull.number);
                move |mirror| mirror.fetch_ref(&name)
            })
            .await
            .unwrap()
    };
    assert_eq!(read_back.as_ref(), Some(&head));

    let text = |word: &str| format!("{MARKER}\n{word}");
    let first = github
        .upsert_sticky(&repo, pull.number, MARKER, &text("one"))
        .await
        .unwrap();
    let second = github
        .upsert_sticky(&repo, pull.number, MARKER, &text("two"))
        .await
        .unwrap();
    assert_eq!((first.id, second.body), (second.id, text("two")));
    assert_eq!(github.comments(&repo, pull.number).await.unwrap().len(), 1);
    let running = check(&head, CheckStatus::InProgress, None);
    let started = github.put_check_run(&repo, &running).await.unwrap();
    let done = check(&head, CheckStatus::Completed, Some(Conclusion::Success));
    let ended = github.put_check_run(&repo, &done).await.unwrap();
    assert_eq!(started.id, ended.id);
    let kind = if account.kind == AccountKind::App {
        CheckKind::CheckRun
    } else {
        CheckKind::Status
    };
    assert_eq!(ended.kind, kind, "{:?}", ended.fallback_reason);
    let checks = github.checks_of(&repo, &head).await.unwrap();
    let ours: Vec<_> = checks
        .iter()
        .filter(|check| check.name == "hodman/contract")
        .collect();
    assert_eq!(ours.len(), 1);
    assert_eq!(
        (&ours[0].status, &ours[0].conclusion),
        (&CheckStatus::Completed, &Some(Conclusion::Success))
    );

    let merge = async |sha: &str| {
        github
            .merge_pull(
                &repo,
                pull.number,
                sha,
                MergeMethod::Squash,
                Some("Contract"),
            )
            .await
    };
    assert_eq!(
        merge(&base).await.unwrap(),
        MergeOutcome::HeadMoved {
            head_sha: head.clone()
        }
    );
    let MergeOutcome::Merged { sha } = merge(&head).await.unwrap() else {
        panic!("not merged")
    };
    let again = MergeOutcome::AlreadyMerged {
        sha: Some(sha.clone()),
        head_sha: head.clone(),
    };
    assert_eq!(merge(&head).await.unwrap(), again);
    let merged = github.pull(&repo, pull.number).await.unwrap();
    assert_eq!(
        (merged.merged, merged.merged_by.as_ref(), merged.state),
        (true, Some(&account.login), PullState::Closed)
    );
    assert_eq!(
        (merged.head_sha, merged.merge_commit_sha.as_ref()),
        (head, Some(&sha))
    );
    let of_commit = github.pulls_for_commit(&repo, &sha).await.unwrap();
    assert_eq!(
        of_commit.iter().map(|pull| pull.number).collect::<Vec<_>>(),
        [pull.number]
    );
    let closed = github
        .recently_closed_pulls(&repo, "hodman/contract/", 1)
        .await
        .unwrap();
    assert_eq!(closed[0].number, pull.number);

    let changed = mirror.run({
        let path = format!("contract/{unique}.txt");
        move |mirror| {
            mirror.fetch()?;
            mirror.last_change(&main, &path)
        }
    });
    assert_eq!(changed.await.unwrap(), Some(sha.clone()));
    let deleted = mirror
        .run(move |mirror| mirror.delete_branch(&branch, None))
        .await
        .unwrap();
    assert_eq!(deleted, PushOutcome::Pushed);
    if account.kind == AccountKind::App {
        let since = chrono::Utc::now() - chrono::Duration::hours(1);
        github.deliveries(&DeliveryScope::App, since).await.unwrap();
    } else {
        github.hooks(&repo).await.unwrap();
    }

    let first = github
        .upsert_commit_comment(&repo, &sha, MARKER, &text("one"))
        .await
        .unwrap();
    let second = github
        .upsert_commit_comment(&repo, &sha, MARKER, &text("two"))
        .await
        .unwrap();
    assert_eq!(first.id, second.id);
}

async fn open_mirror(github: &Arc<GitHub>, path: std::path::PathBuf, url: &str) -> Mirror {
    let (github, runtime) = (Arc::clone(github), tokio::runtime::Handle::current());
    let config = MirrorConfig::new(
        path,
        url,
        Arc::new(move || {
            let (user, password) = runtime.block_on(github.git_credentials())?;
            Ok(Some(Credentials { user, password }))
        }),
    );
    tokio::task::spawn_blocking(move || Mirror::open(config))
        .await
        .unwrap()
        .unwrap()
}
