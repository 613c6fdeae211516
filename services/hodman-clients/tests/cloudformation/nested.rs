//! Stacks in stacks, and what exists and becomes a stack's: what is asked, and what of the answers is read. No server makes change sets
//! for nested stacks; these answers have the form that the API's reference gives.

use hodman_clients::cloudformation::{ChangeSetOutcome, ImportedResource};

use super::answers::{Answers, request};

fn modify(id: &str, kind: &str, set: &str) -> String {
    let set = match set {
        "" => String::new(),
        set => format!("<ChangeSetId>{set}</ChangeSetId>"),
    };
    format!(
        "<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>{id}</LogicalResourceId>\
         <ResourceType>{kind}</ResourceType><Replacement>False</Replacement>{set}</ResourceChange></member>"
    )
}

fn set(id: &str, status: &str, reason: &str, changes: &str) -> String {
    format!(
        "<ChangeSetId>{id}</ChangeSetId><StackId>arn:s1</StackId><Status>{status}</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>\
         <StatusReason>{reason}</StatusReason><Changes>{changes}</Changes>"
    )
}

const NESTED: &str = "AWS::CloudFormation::Stack";

#[tokio::test]
async fn change_sets_of_nested_stacks_are_asked_for_and_read_to_the_bottom() {
    let root = [
        modify("Net", NESTED, "arn:c2"),
        modify("Same", NESTED, "arn:c4"),
        modify("Wrong", NESTED, "arn:c5"),
        modify("Untold", NESTED, ""),
    ];
    let net = modify("Deeper", NESTED, "arn:c3");
    let deeper = modify("Store", "AWS::S3::Bucket", "");
    let answers = Answers::default()
        .stack("UPDATE_COMPLETE")
        .tell("CreateChangeSet", "<Id>arn:c1</Id>")
        .tell(
            "DescribeChangeSet",
            &set("arn:c1", "CREATE_COMPLETE", "", &root.concat()),
        )
        .tell(
            "DescribeChangeSet",
            &set("arn:c2", "CREATE_IN_PROGRESS", "", ""),
        )
        .tell(
            "DescribeChangeSet",
            &set("arn:c2", "CREATE_COMPLETE", "", &net),
        )
        .tell(
            "DescribeChangeSet",
            &set("arn:c3", "CREATE_COMPLETE", "", &deeper),
        )
        .tell(
            "DescribeChangeSet",
            &set("arn:c4", "FAILED", "No updates are to be performed.", ""),
        )
        .tell(
            "DescribeChangeSet",
            &set("arn:c5", "FAILED", "something else", ""),
        );
    let client = answers.serve().await;
    let outcome = client.change_set(&request("net", "{}"), "run-1").await;
    let Ok(ChangeSetOutcome::Ready(set)) = outcome else {
        panic!("no set: {outcome:?}");
    };
    let at = |index: usize| &set.changes[index]["ResourceChange"];
    let inner = &at(0)["Nested"][0]["ResourceChange"];
    assert_eq!(inner["LogicalResourceId"], "Deeper");
    assert_eq!(
        inner["Nested"][0]["ResourceChange"]["LogicalResourceId"],
        "Store"
    );
    assert_eq!(at(1)["Nested"], serde_json::json!([]));
    assert!(at(2)["Nested"].is_null() && at(3)["Nested"].is_null());
    assert_eq!(
        answers.asked("CreateChangeSet")[0]["IncludeNestedStacks"],
        "true"
    );
    let names: Vec<String> = answers
        .asked("DescribeChangeSet")
        .iter()
        .map(|asked| asked["ChangeSetName"].clone())
        .collect();
    let expected = ["run-1", "arn:c2", "arn:c2", "arn:c3", "arn:c4", "arn:c5"];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn where_aws_cannot_look_inside_the_outside_is_shown() {
    let failed = "Nested change set arn:c2 was not successfully created: Currently in FAILED.";
    let answers = Answers::default()
        .stack("UPDATE_COMPLETE")
        .tell("CreateChangeSet", "<Id>arn:c1</Id>")
        .tell("DescribeChangeSet", &set("arn:c1", "FAILED", failed, ""))
        .tell(
            "DescribeChangeSet",
            &set("arn:c3", "CREATE_COMPLETE", "", &modify("Net", NESTED, "")),
        )
        .tell("DeleteChangeSet", "");
    let client = answers.serve().await;
    let outcome = client.change_set(&request("net", "{}"), "run-1").await;
    assert!(
        matches!(outcome, Ok(ChangeSetOutcome::Ready(_))),
        "{outcome:?}"
    );
    let asked = answers.asked("CreateChangeSet");
    assert_eq!(asked[0]["ChangeSetName"], "run-1");
    assert_eq!(asked[1]["ChangeSetName"], "run-1-outside");
    assert_eq!(asked[1].get("IncludeNestedStacks"), None);
    assert_eq!(
        answers.asked("DeleteChangeSet")[0]["ChangeSetName"],
        "arn:c1"
    );
}

#[tokio::test]
async fn a_takeover_says_what_and_no_tags() {
    let answers = Answers::default()
        .refuse(
            "DescribeStacks",
            "ValidationError",
            "Stack with id net does not exist",
        )
        .tell("CreateChangeSet", "<Id>arn:c1</Id>")
        .tell(
            "DescribeChangeSet",
            &set("arn:c1", "CREATE_COMPLETE", "", ""),
        );
    let client = answers.serve().await;
    let mut wanted = request("net", "{}");
    wanted.imports = vec![ImportedResource {
        logical_id: "Vpc".to_owned(),
        kind: "AWS::EC2::VPC".to_owned(),
        identifier: [("VpcId".to_owned(), "vpc-1".to_owned())].into(),
    }];
    let outcome = client.change_set(&wanted, "run-1").await;
    assert!(
        matches!(&outcome, Ok(ChangeSetOutcome::Ready(set)) if set.kind == "IMPORT"),
        "{outcome:?}"
    );
    let asked = &answers.asked("CreateChangeSet")[0];
    assert_eq!(asked["ChangeSetType"], "IMPORT");
    let of = |field: &str| asked[&format!("ResourcesToImport.member.1.{field}")].clone();
    assert_eq!(of("LogicalResourceId"), "Vpc");
    assert_eq!(of("ResourceType"), "AWS::EC2::VPC");
    assert_eq!(of("ResourceIdentifier.entry.1.key"), "VpcId");
    assert_eq!(of("ResourceIdentifier.entry.1.value"), "vpc-1");
    let extra = ["Tags.member.1.Key", "Tags", "IncludeNestedStacks"];
    assert!(
        extra.iter().all(|field| asked.get(*field).is_none()),
        "{asked:?}"
    );
}
