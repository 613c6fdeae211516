//! The probes: many small checks of a GitHub, of a Databricks workspace and of its account by their official clients, written without
//! knowledge of the sandbox and usable against any server. Here they run against the sandbox. The AWS that only counts has checks of
//! its own, by AWS's client, of all that it answers.
//!
//! Every check works, but for those in `probes/left-out.yaml`, each with its reason. The list only shrinks: a check that
//! works and stands there fails the test.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hodman_sandbox::aws::CountingAws;
use hodman_tests::servers::{Outcome, Town, free_port, python};
use serde::Deserialize;

/// Checks by name with the reason why each is left out.
type Reasons = BTreeMap<String, String>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeftOut {
    github: Reasons,
    databricks: Reasons,
    databricks_kinds: Reasons,
    databricks_account: Reasons,
    aws_counted: Reasons,
}

/// What a probe writes of one check.
#[derive(Deserialize)]
struct Check {
    /// `works`, `WRONG`, `ERROR` or `MISSING`.
    status: String,
    detail: Option<serde_json::Value>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("probes")
}

fn left_out() -> LeftOut {
    let text = std::fs::read_to_string(folder().join("left-out.yaml")).expect("the list");
    serde_saphyr::from_str(&text).expect("the list")
}

/// Runs one probe against `url` and compares what works with the list.
async fn probe(
    town: &Town,
    script: &str,
    url: &str,
    environment: &[(&str, String)],
    left_out: &Reasons,
    at_least: usize,
) {
    let report = town.folder.path().join(format!("{script}.json"));
    let path = report.display().to_string();
    let account = town.databricks.account_id();
    let arguments: &[&str] = match script {
        "databricks_account.py" => &[url, &path, account],
        _ => &[url, &path],
    };
    let outcome = python(&folder().join(script), arguments, environment).await;
    compare(script, &outcome, &report, left_out, at_least);
}

/// What works is what the list does not leave out.
fn compare(script: &str, outcome: &Outcome, report: &Path, left_out: &Reasons, at_least: usize) {
    assert!(outcome.ok, "{script} ended early:\n{}", outcome.said);
    let report = std::fs::read(report).expect("the probe's report");
    let checks: BTreeMap<String, Check> = serde_json::from_slice(&report).expect("the report");
    let problems = problems(&checks, left_out);
    assert!(
        problems.is_empty(),
        "{}\n\n{}",
        problems.join("\n"),
        outcome.said
    );
    assert!(checks.len() >= at_least, "only {} checks ran", checks.len());
}

fn problems(checks: &BTreeMap<String, Check>, left_out: &Reasons) -> Vec<String> {
    let failing = checks.iter().filter_map(|(name, check)| {
        match (check.status == "works", left_out.contains_key(name)) {
            (true, true) => Some(format!("{name} works now: remove it from left-out.yaml")),
            (false, false) => Some(format!("{name}: {} {:?}", check.status, check.detail)),
            (true, false) | (false, true) => None,
        }
    });
    let unknown = left_out.keys().filter(|name| !checks.contains_key(*name));
    let without_reason = left_out.iter().filter(|(_, why)| why.len() < 20);
    failing
        .chain(
            unknown
                .map(|name| format!("{name} stands in left-out.yaml, but there is no such check")),
        )
        .chain(without_reason.map(|(name, _)| format!("{name} is left out without a reason")))
        .collect()
}

#[tokio::test]
async fn github_is_as_its_clients_expect() {
    let port = free_port();
    let town = Town::start(port).await;
    let environment = [
        ("GITHUB_APP_KEY", town.app_key.display().to_string()),
        ("WEBHOOK_PORT", port.to_string()),
    ];
    let url = town.github.url();
    probe(
        &town,
        "github.py",
        &url,
        &environment,
        &left_out().github,
        66,
    )
    .await;
}

#[tokio::test]
async fn a_workspace_is_as_its_official_client_expects() {
    let town = Town::start(free_port()).await;
    let url = town
        .databricks
        .workspace("dev")
        .expect("the workspace")
        .url();
    probe(
        &town,
        "databricks.py",
        &url,
        &[],
        &left_out().databricks,
        68,
    )
    .await;
}

/// One check for each kind of object, which makes, reads, changes, lists, permits and deletes one.
#[tokio::test]
async fn every_kind_of_a_workspace_is_as_its_official_client_expects() {
    let town = Town::start(free_port()).await;
    let url = town
        .databricks
        .workspace("dev")
        .expect("the workspace")
        .url();
    probe(
        &town,
        "databricks_kinds.py",
        &url,
        &[],
        &left_out().databricks_kinds,
        41,
    )
    .await;
}

/// One check for each object of an account.
#[tokio::test]
async fn every_object_of_an_account_is_as_its_official_client_expects() {
    let town = Town::start(free_port()).await;
    let url = town.databricks.account_url();
    probe(
        &town,
        "databricks_account.py",
        &url,
        &[],
        &left_out().databricks_account,
        20,
    )
    .await;
}

/// One check for each thing that it keeps, and for what it refuses; and each request counts once.
#[tokio::test]
async fn the_aws_that_counts_answers_as_its_official_client_expects() {
    let anywhere = (std::net::Ipv4Addr::LOCALHOST, 0).into();
    let clock = std::sync::Arc::new(chrono::Utc::now);
    let aws = CountingAws::start(anywhere, clock).await.expect("an AWS");
    let place = tempfile::tempdir().expect("a folder");
    let report = place.path().join("aws.json");
    let path = report.display().to_string();
    let script = "aws_counted.py";
    let outcome = python(&folder().join(script), &[&aws.url(), &path], &[]).await;
    compare(script, &outcome, &report, &left_out().aws_counted, 10);
    let calls = aws.calls();
    assert_eq!(calls["sts AssumeRole"], 1, "{calls:?}");
    assert_eq!(
        calls["s3 HeadBucket"], 2,
        "a refusal counts, too: {calls:?}"
    );
    aws.forget_calls();
    assert!(aws.calls().is_empty());
    aws.shutdown().await;
}

#[test]
fn a_list_that_is_not_true_is_refused() {
    let check = |status: &str| Check {
        status: status.to_owned(),
        detail: None,
    };
    let checks = BTreeMap::from([
        ("good".to_owned(), check("works")),
        ("bad".to_owned(), check("WRONG")),
        ("healed".to_owned(), check("works")),
        ("known".to_owned(), check("MISSING")),
    ]);
    let reason = "hodman does not use this";
    let left_out = ["healed", "known", "gone"].map(|name| (name.to_owned(), reason.to_owned()));
    let found = problems(&checks, &Reasons::from(left_out));
    assert_eq!(
        found,
        [
            "bad: WRONG None",
            "healed works now: remove it from left-out.yaml",
            "gone stands in left-out.yaml, but there is no such check",
        ]
    );
}
