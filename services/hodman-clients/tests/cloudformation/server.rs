//! From nothing to a stack, a change, drift, and nothing again.

use hodman_clients::cloudformation::{ChangeSetOutcome, CloudFormation, StackError, StackRequest};

use super::answers::{at, request};

async fn client() -> CloudFormation {
    let url = std::env::var("HODMAN_TEST_AWS_ENDPOINT").expect(
        "this test needs a server that imitates CloudFormation: start one (./test does) and put its address into \
         HODMAN_TEST_AWS_ENDPOINT",
    );
    at(url).await
}

fn template(bucket: &str, team: &str) -> String {
    format!(
        r#"{{"Resources": {{"Store": {{"Type": "AWS::S3::Bucket", "Properties": {{"BucketName": "{bucket}",
        "Tags": [{{"Key": "team", "Value": "{team}"}}]}}}}}},
        "Outputs": {{"Name": {{"Value": {{"Ref": "Store"}}}}}}}}"#
    )
}

async fn apply(client: &CloudFormation, request: &StackRequest, run: &str) -> ChangeSetOutcome {
    let outcome = client.change_set(request, run).await.unwrap();
    if let ChangeSetOutcome::Ready(set) = &outcome {
        let info = client.execute(set, run).await.unwrap();
        assert!(info.is_good(), "{info:?}");
    }
    outcome
}

#[tokio::test]
async fn a_stack_is_made_changed_looked_at_protected_and_removed() {
    let client = client().await;
    let name = format!("hodman-{:x}", rand::random::<u64>());
    assert_eq!(client.describe(&name).await.unwrap(), None);

    let first = request(&name, &template(&name, "one"));
    let ChangeSetOutcome::Ready(set) = apply(&client, &first, "run-1").await else {
        panic!("a new stack has changes");
    };
    assert_eq!(set.kind, "CREATE");
    assert_eq!(set.changes[0]["ResourceChange"]["Action"], "Add");
    assert_eq!(
        set.changes[0]["ResourceChange"]["LogicalResourceId"],
        "Store"
    );
    let info = client.describe(&name).await.unwrap().unwrap();
    assert_eq!(info.outputs["Name"].value, name);
    info.must_be_ours(&first.marker).unwrap();

    let second = request(&name, &template(&name, "two"));
    let ChangeSetOutcome::Ready(set) = apply(&client, &second, "run-2").await else {
        panic!("another tag is a change");
    };
    assert_eq!(set.kind, "UPDATE");
    let drift = client.drift(&name, true).await.unwrap();
    assert!(
        drift.iter().all(|resource| resource.status == "IN_SYNC"),
        "{drift:?}"
    );

    client.protect(&name, true).await.unwrap();
    let refused = client.remove(&info.id, "run-3").await;
    assert!(
        matches!(refused, Err(StackError::Protected(_))),
        "{refused:?}"
    );
    client.protect(&name, false).await.unwrap();
    client.remove(&info.id, "run-3").await.unwrap();
    assert_eq!(client.describe(&name).await.unwrap(), None);
    client.remove(&info.id, "run-3").await.unwrap();
}
