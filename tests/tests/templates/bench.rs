//! A stack of the test's own on the AWS server, and a look at what it made.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use hodman_clients::aws::{Aws, AwsConfig, AwsCredentials};
use hodman_clients::cloudformation::{
    ChangeSetOutcome, CloudFormation, Pace, StackInfo, StackRequest, Template,
};
use hodman_tests::servers::{aws_endpoint, python};
use serde_json::Value;

const REGION: &str = "eu-west-1";

pub fn probe(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("probes")
        .join(name)
}

pub async fn client() -> CloudFormation {
    let config = AwsConfig {
        region: REGION.to_owned(),
        endpoint_url: Some(aws_endpoint()),
        credentials: AwsCredentials::Static {
            access_key_id: "test".to_owned(),
            secret_access_key: "test".into(),
            session_token: None,
        },
    };
    let pace = Pace {
        every: Duration::from_millis(20),
        limit: Duration::from_secs(60),
    };
    CloudFormation::new(&Aws::new(config).await, pace)
}

/// A stack's name of the test's own; tests share the server.
pub fn fresh(what: &str) -> String {
    format!("hodman-{what}-{:x}", rand::random::<u64>())
}

pub fn request(stack: &str, template: &str, parameters: &[(&str, &str)]) -> StackRequest {
    let parameters = parameters.iter();
    StackRequest {
        stack: stack.to_owned(),
        template: Template::Body(template.to_owned()),
        parameters: parameters
            .map(|(key, value)| ((*key).to_owned(), (*value).into()))
            .collect(),
        marker: BTreeMap::from([("hodman_env".to_owned(), "qa".to_owned())]),
        tags: BTreeMap::new(),
        capabilities: Vec::new(),
        role_arn: None,
        description: None,
        imports: Vec::new(),
        keep: BTreeSet::new(),
    }
}

/// Applies it, and sees that a second time there is nothing to do.
pub async fn applied(request: &StackRequest) -> StackInfo {
    let client = client().await;
    let ChangeSetOutcome::Ready(set) = client.change_set(request, "first").await.expect("a set")
    else {
        panic!("a new stack has changes");
    };
    let made = client.execute(&set, "first").await.expect("executed");
    assert!(made.is_good(), "{made:?}");
    let again = client.change_set(request, "again").await.expect("a set");
    assert_eq!(again, ChangeSetOutcome::NoChanges);
    made
}

pub fn output<'a>(stack: &'a StackInfo, name: &str) -> &'a str {
    let found = stack.outputs.get(name);
    found.map_or_else(
        || panic!("no {name} in {:?}", stack.outputs),
        |one| &one.value,
    )
}

pub async fn look(what: &str, id: &str) -> Value {
    let seen = python(
        &probe("aws_stack.py"),
        &[&aws_endpoint(), REGION, what, id],
        &[],
    )
    .await;
    assert!(seen.ok, "{}", seen.said);
    serde_json::from_str(&seen.said).unwrap_or_else(|error| panic!("{error}: {}", seen.said))
}
