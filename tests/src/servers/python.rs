//! Programs in Python, run with the test environment's interpreter and packages.

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::other::variable;

/// No program here takes longer than a minute on an idle machine.
const BOUND: Duration = Duration::from_secs(300);

/// How a program ended.
#[derive(Debug)]
pub struct Outcome {
    /// Whether its exit code was 0.
    pub ok: bool,
    /// Standard output, then standard error.
    pub said: String,
}

/// Runs `script` with `arguments` and, besides the test's own, the variables `environment`.
///
/// # Panics
/// When it cannot be started or does not end within five minutes; it is ended then.
pub async fn python(script: &Path, arguments: &[&str], environment: &[(&str, String)]) -> Outcome {
    let mut command = tokio::process::Command::new(variable("HODMAN_TEST_PYTHON"));
    command
        // The script's own folder is not searched: `github.py` must not be taken for the package of that name.
        .arg("-P")
        .arg(script)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (*name, value)))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(BOUND, command.output())
        .await
        .unwrap_or_else(|_| panic!("{} did not end within {BOUND:?}", script.display()))
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", script.display()));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Outcome {
        ok: output.status.success(),
        said: text(&output.stdout) + &text(&output.stderr),
    }
}

/// Where the tests' stacks, roles and buckets are.
pub const AWS_REGION: &str = "eu-west-1";

/// Somebody with AWS's own client in the region of the tests (`tests/probes/aws_hand.py`); what it printed.
///
/// # Panics
/// When it does not work.
pub async fn aws_hand(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes/aws_hand.py");
    let endpoint = super::aws_endpoint();
    let mut all = vec![endpoint.as_str(), AWS_REGION];
    all.extend(arguments);
    let ended = python(&script, &all, &[]).await;
    assert!(ended.ok, "{arguments:?}: {}", ended.said);
    ended.said.trim().to_owned()
}

/// What an AWS account has, as AWS's own client sees it (`tests/probes/aws_objects.py`); the access key is the account's number.
///
/// # Panics
/// When it does not work.
pub async fn aws_account(key: &str) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes/aws_objects.py");
    let arguments = [super::aws_endpoint(), AWS_REGION.to_owned(), key.to_owned()];
    let ended = python(&script, &arguments.each_ref().map(String::as_str), &[]).await;
    assert!(ended.ok, "{}", ended.said);
    serde_json::from_str(&ended.said).unwrap_or_else(|error| panic!("{error}: {}", ended.said))
}
