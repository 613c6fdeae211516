use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::intake::event::{RefChange, Side};

const ZERO: &str = "0000000000000000000000000000000000000000";
const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

fn event(source: &str, kind: &str, body: Vec<u8>) -> NewEvent {
    NewEvent {
        source: source.into(),
        delivery: "d-1".into(),
        kind: kind.into(),
        pipeline: None,
        meta: json!({"content-type": "application/json"}),
        body,
        received_at: DateTime::UNIX_EPOCH,
    }
}

fn github(kind: &str, mut body: Value) -> Result<ForgeEvent, Poison> {
    body["repository"] = json!({"full_name": "acme/shop", "id": 1});
    body["sender"] = json!({"login": "ann"});
    normalise(&event("github", kind, body.to_string().into_bytes()))
}

fn side(name: &str, sha: &str) -> Option<Side> {
    Some(Side {
        ref_name: Some(name.into()),
        sha: sha.into(),
    })
}

#[test]
fn pushes_keep_their_ref_also_when_it_comes_or_goes() {
    for (before, after) in [(A, B), (ZERO, B), (A, ZERO)] {
        let found = github(
            "push",
            json!({"ref": "refs/heads/x", "before": before, "after": after}),
        )
        .expect("a push");
        let some = |sha: &str| (sha != ZERO).then(|| sha.to_owned());
        assert_eq!(found.kind, EventKind::Push);
        assert_eq!(found.repository.as_deref(), Some("acme/shop"));
        assert_eq!(
            (found.before.clone(), found.after.clone()),
            (some(before), some(after))
        );
        let change = RefChange {
            name: "refs/heads/x".into(),
            before: some(before),
            after: some(after),
        };
        assert_eq!(change.is_created(), before == ZERO);
        assert_eq!(change.is_deleted(), after == ZERO);
        assert_eq!(found.refs, [change]);
        assert_eq!(found.in_words(), "push refs/heads/x by ann");
    }
}

#[test]
fn pull_requests_and_reviews() {
    let pull = json!({"number": 7, "head": {"ref": "x", "sha": A, "repo": null}, "base": {"ref": "main", "sha": B}});
    for (name, kind) in [
        ("pull_request", EventKind::PullRequest),
        ("pull_request_review", EventKind::Review),
        ("pull_request_review_comment", EventKind::Review),
    ] {
        let found = github(name, json!({"action": "opened", "pull_request": pull})).expect(name);
        assert_eq!((found.kind.clone(), found.number), (kind, Some(7)));
        assert_eq!(
            (found.head.clone(), found.base.clone()),
            (side("x", A), side("main", B))
        );
        assert!(
            found.in_words().ends_with("opened #7 by ann"),
            "{}",
            found.in_words()
        );
    }
    let moved = github(
        "pull_request",
        json!({"action": "synchronize", "before": A, "after": B, "pull_request": pull}),
    );
    let moved = moved.expect("a pull request");
    assert_eq!(
        (moved.before.as_deref(), moved.after.as_deref()),
        (Some(A), Some(B))
    );
    let group = json!({"action": "checks_requested", "merge_group": {"head_sha": A, "head_ref": "refs/heads/q", "base_sha": B, "base_ref": "refs/heads/main"}});
    assert_eq!(
        github("merge_group", group).expect("a group").head,
        side("refs/heads/q", A)
    );
}

#[test]
fn checks_statuses_and_comments() {
    let run = json!({"check_run": {"head_sha": A, "check_suite": {"head_branch": "x"}, "pull_requests": [{"number": 3}]}});
    let run = github("check_run", run).expect("a run");
    assert_eq!(
        (run.kind, run.head, run.number),
        (EventKind::Check, side("x", A), Some(3))
    );
    let suite = json!({"check_suite": {"head_sha": A, "head_branch": null, "pull_requests": []}});
    assert_eq!(
        github("check_suite", suite).expect("a suite").head,
        Some(Side {
            ref_name: None,
            sha: A.into()
        })
    );
    let status =
        github("status", json!({"sha": A, "branches": [{"name": "main"}]})).expect("a status");
    assert_eq!(
        (status.kind, status.head),
        (EventKind::Status, side("main", A))
    );
    let comment = github(
        "issue_comment",
        json!({"action": "created", "issue": {"number": 4}, "comment": {"id": 1}}),
    );
    assert_eq!(comment.expect("a comment").number, Some(4));
}

#[test]
fn what_is_not_used_is_not_needed() {
    let found = github("star", json!({"action": "created", "starred_at": 1})).expect("a star");
    assert_eq!(found.kind, EventKind::Other("star".into()));
    assert!(!is_known("star") && is_known("push"));
    // A ping of an App has no repository, and odd types elsewhere harm nobody.
    let ping = normalise(&event(
        "github",
        "ping",
        br#"{"zen":"x","hook_id":1,"action":[],"sender":3}"#.to_vec(),
    ));
    assert_eq!(ping.expect("a ping").kind, EventKind::Ping);
}

#[test]
fn forms_carry_the_same_json() {
    let body = r#"{"ref":"refs/heads/é x","before":"a","after":"b","repository":{"full_name":"acme/shop"}}"#;
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("payload", body)
        .finish();
    let mut row = event("github", "push", form.into_bytes());
    row.meta = json!({"content-type": "application/x-www-form-urlencoded; charset=utf-8"});
    assert_eq!(
        normalise(&row).expect("a push").ref_name.as_deref(),
        Some("refs/heads/é x")
    );
    row.body = b"load=1".to_vec();
    assert!(normalise(&row).is_err());
}

#[test]
fn poison_says_why_but_not_what() {
    let table = [
        (
            "push",
            &br#"{"ref":"#[..],
            "the body is not a push event: ends too early (line 1, column 7)",
        ),
        (
            "push",
            b"canary",
            "the body is not a push event: not JSON (line 1, column 1)",
        ),
        (
            "push",
            br#"{"ref":["canary"]}"#,
            "the body is not a push event: a field is missing or of another type (line 1, column 7)",
        ),
        (
            "push",
            br#"{"repository":{"full_name":"a/b"}}"#,
            "the body is not a push event: `ref` is missing",
        ),
        (
            "push",
            br#"{"ref":"x"}"#,
            "the body is not a push event: `repository.full_name` is missing",
        ),
        (
            "status",
            br#"{"repository":{"full_name":"a/b"}}"#,
            "the body is not a status event: `sha` is missing",
        ),
    ];
    for (kind, body, expected) in table {
        let found = normalise(&event("github", kind, body.to_vec())).expect_err("poison");
        assert_eq!(found.to_string(), expected);
    }
    let nested = "[".repeat(100_000).into_bytes();
    assert!(normalise(&event("github", "star", nested)).is_err());
    assert_eq!(
        normalise(&event("fax", "x", vec![])),
        Err(Poison::Source("fax".into()))
    );
    let mut refused = event("github", "push", vec![]);
    refused.meta = json!({REFUSED: "the signature does not match"});
    assert_eq!(
        normalise(&refused),
        Err(Poison::Refused("the signature does not match".into()))
    );
}

#[test]
fn commands_and_notices() {
    let body = br#"{"hodman":"command","by":"ann","ask":"capture","env":"dev"}"#;
    let found = normalise(&event("command", "capture", body.to_vec())).expect("a command");
    assert_eq!(
        (
            found.kind.clone(),
            found.action.as_deref(),
            found.sender.as_deref()
        ),
        (EventKind::Command, Some("capture"), Some("ann"))
    );
    assert!(found.command.is_some());
    assert!(normalise(&event("command", "x", b"{}".to_vec())).is_err());
    let notice = normalise(&event("s3", "ObjectCreated:Put", b"{}".to_vec())).expect("a notice");
    assert_eq!(notice.in_words(), "notice ObjectCreated:Put");
    let shown = serde_json::to_value(&found).expect("json");
    assert_eq!(
        serde_json::from_value::<ForgeEvent>(shown).expect("an event"),
        found
    );
}

/// JSON that uses the keys which are read, with values of any type.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-f0-9]{0,8}".prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "action",
        "repository",
        "full_name",
        "sender",
        "login",
        "ref",
        "before",
        "after",
        "sha",
        "branches",
        "name",
        "number",
        "pull_request",
        "head",
        "base",
        "merge_group",
        "head_sha",
        "check_run",
        "check_suite",
        "workflow_run",
        "pull_requests",
        "issue",
        "comment",
        "commit_id",
        "hodman",
        "ask",
        "env",
    ]);
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..8).prop_map(|map| map
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

fn any_kind() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "push",
            "pull_request",
            "pull_request_review",
            "merge_group",
            "check_run",
            "check_suite",
            "workflow_run",
            "status",
            "issue_comment",
            "commit_comment",
            "ping",
        ])
        .prop_map(str::to_owned),
        "[a-z_]{0,9}",
    ]
}

proptest! {
    #[test]
    fn random_json_never_panics(kind in any_kind(), source in "github|command|s3|sqs", body in any_json()) {
        let row = event(&source, &kind, body.to_string().into_bytes());
        prop_assert_eq!(normalise(&row), normalise(&row));
    }

    #[test]
    fn random_bytes_never_panic(
        kind in any_kind(),
        form in any::<bool>(),
        body in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut row = event("github", &kind, body);
        if form {
            row.meta = json!({"content-type": "application/x-www-form-urlencoded"});
        }
        if let Ok(found) = normalise(&row) {
            prop_assert_eq!(found.delivery, "d-1");
        }
    }
}

#[test]
fn news_of_a_workspace_name_it() {
    let body = json!({"hodman": "workspace-changed", "workspace": "dev"});
    let event = event(
        "eventbridge",
        "workspace-changed",
        body.to_string().into_bytes(),
    );
    let object = normalise(&event).unwrap().object.unwrap();
    assert_eq!(
        (object.kind.as_str(), object.name.as_str()),
        ("workspace", "dev")
    );
}
