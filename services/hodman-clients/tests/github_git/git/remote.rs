use std::error::Error;
use std::sync::Arc;

use hodman_clients::git::{GitError, Lease, Mirror, MirrorConfig, PushOutcome};

use super::{commit, first_commit};
use crate::git_server::{GitServer, TOKEN};

#[test]
fn what_one_mirror_pushes_over_tls_another_fetches() {
    let server = GitServer::https();
    let (one, other) = (server.mirror("one"), server.mirror("other"));
    let first = first_commit(&one);
    let second = commit(&one, &[&first], &["src/a.py=2\n"]);
    let lease = Lease::At(first.clone());
    assert_eq!(
        one.push("main", &second, &lease).unwrap(),
        PushOutcome::Pushed
    );

    other.fetch().unwrap();
    assert_eq!(other.head("main").unwrap(), Some(second.clone()));
    assert_eq!(other.read(&second, "src/a.py").unwrap().unwrap(), b"2\n");
    assert_eq!(server.git(&["rev-parse", "main"]), second);
    server.git(&["fsck", "--strict"]);

    let third = commit(&one, &[&second], &["-README.md"]);
    one.push("main", &third, &Lease::FastForward).unwrap();
    other.fetch().unwrap();
    assert_eq!(other.head("main").unwrap(), Some(third));
}

#[test]
fn an_authority_that_is_not_trusted_is_named_as_the_cause() {
    let server = GitServer::https();
    let mut config = server.config("m", TOKEN);
    config.extra_ca_pem = None;
    let error = Mirror::open(config).unwrap().fetch().unwrap_err();
    assert!(matches!(error, GitError::Unreachable(_)), "{error:?}");
    let chain = chain(&error);
    assert!(chain.to_lowercase().contains("certificate"), "{chain}");
}

#[test]
fn a_wrong_token_is_an_error_of_its_own_and_never_shown() {
    let server = GitServer::http();
    let wrong = format!("{TOKEN}-old");
    let mirror = Mirror::open(server.config("m", &wrong)).unwrap();
    let error = mirror.fetch().unwrap_err();
    assert!(matches!(error, GitError::Unauthorized { .. }), "{error:?}");
    assert!(!error.is_retryable());
    let shown = format!("{} {error:?} {mirror:?}", chain(&error));
    assert!(!shown.contains(TOKEN), "{shown}");
    assert!(server.requests().iter().all(|line| !line.contains(TOKEN)));
}

#[test]
fn credentials_do_not_belong_into_the_url() {
    let server = GitServer::http();
    let mut config = server.config("m", TOKEN);
    config.remote_url = "https://user:hodman-canary-5ecret-DO-NOT-LEAK@localhost/x.git".into();
    let error = Mirror::open(config).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn a_missing_repository_a_login_page_and_trouble_are_told_apart() {
    let server = GitServer::http();
    let fetch = |path: &str| {
        let config = MirrorConfig {
            remote_url: server.url(path),
            ..server.config(path, TOKEN)
        };
        Mirror::open(config).unwrap().fetch().unwrap_err()
    };
    assert!(matches!(
        fetch("acme/none.git"),
        GitError::RemoteNotFound { .. }
    ));
    assert!(
        matches!(fetch("login.git"), GitError::NotGit { content_type, .. } if content_type == "text/html")
    );
    let trouble = fetch("broken.git");
    assert!(
        matches!(&trouble, GitError::Http { status: 502, message, .. } if message == "upstream is down")
    );
    assert!(trouble.is_retryable());
}

#[test]
fn no_connection_is_worth_another_try() {
    let server = GitServer::http();
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut config = server.config("m", TOKEN);
    config.remote_url = format!("http://{closed}/acme/app.git");
    let error = Mirror::open(config).unwrap().fetch().unwrap_err();
    assert!(
        matches!(error, GitError::Unreachable(_)) && error.is_retryable(),
        "{error:?}"
    );
}

#[test]
fn a_renamed_repository_is_followed_for_reading_and_for_writing() {
    let server = GitServer::http();
    let first = first_commit(&server.mirror("m"));
    let mut config = server.config("renamed", TOKEN);
    config.remote_url = server.url("acme/old-name.git");
    let mirror = Mirror::open(config).unwrap();
    mirror.fetch().unwrap();
    let second = commit(&mirror, &[&first], &["src/a.py=2\n"]);
    assert_eq!(
        mirror.push("main", &second, &Lease::At(first)).unwrap(),
        PushOutcome::Pushed
    );
    assert_eq!(server.git(&["rev-parse", "main"]), second);
}

#[test]
fn branches_that_are_gone_are_dropped_and_other_references_come_on_demand() {
    let server = GitServer::http();
    let (one, other) = (server.mirror("one"), server.mirror("other"));
    let first = first_commit(&one);
    one.push("topic/x", &first, &Lease::Absent).unwrap();
    other.fetch().unwrap();
    assert_eq!(
        other.heads().unwrap().keys().collect::<Vec<_>>(),
        ["main", "topic/x"]
    );

    assert_eq!(
        one.delete_branch("topic/x", Some(&first)).unwrap(),
        PushOutcome::Pushed
    );
    assert_eq!(
        one.delete_branch("topic/x", None).unwrap(),
        PushOutcome::Pushed
    );
    assert_eq!(one.head("topic/x").unwrap(), None);
    other.fetch().unwrap();
    assert_eq!(other.head("topic/x").unwrap(), None);

    let proposed = commit(&one, &[&first], &["src/a.py=fork\n"]);
    one.push("tmp", &proposed, &Lease::Absent).unwrap();
    server.git(&["update-ref", "refs/pull/7/head", &proposed]);
    server.git(&["update-ref", "-d", "refs/heads/tmp"]);
    assert_eq!(
        other.fetch_ref("refs/pull/7/head").unwrap(),
        Some(proposed.clone())
    );
    assert_eq!(
        other.read(&proposed, "src/a.py").unwrap().unwrap(),
        b"fork\n"
    );
    assert_eq!(other.fetch_ref("refs/pull/8/head").unwrap(), None);
    assert!(other.fetch_ref("refs/heads/*").is_err());
}

#[test]
fn operations_can_be_awaited() {
    let server = GitServer::http();
    let mirror = Arc::new(server.mirror("m"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let head = runtime.block_on(async {
        let first = mirror.run(|mirror| Ok(first_commit(mirror))).await.unwrap();
        let head = mirror.run(|mirror| mirror.head("main")).await.unwrap();
        assert_eq!(head, Some(first));
        // The last owner may well be an async task.
        drop(mirror);
        head
    });
    assert!(head.is_some());
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
