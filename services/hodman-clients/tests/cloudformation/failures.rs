//! Ways back, refusals and the two wordings of "no changes".

use hodman_clients::cloudformation::{ChangeSet, ChangeSetOutcome, ListedSet, StackError, UNMADE};
use serde_json::json;

use super::answers::{Answers, request};

const FIRST: &str = "The submitted information didn't contain changes. Submit different information to create a change set.";
const SECOND: &str = "No updates are to be performed.";

fn set() -> ChangeSet {
    ChangeSet {
        id: "arn:c1".to_owned(),
        stack_id: "arn:s1".to_owned(),
        kind: "UPDATE".to_owned(),
        changes: json!([]),
    }
}

fn event(token: &str, id: &str, status: &str, reason: &str) -> String {
    format!(
        "<member><EventId>{id}{status}</EventId><StackId>arn:s1</StackId><StackName>net</StackName><LogicalResourceId>{id}</LogicalResourceId>\
         <ResourceType>AWS::S3::Bucket</ResourceType><Timestamp>2026-01-01T00:00:00Z</Timestamp><ResourceStatus>{status}</ResourceStatus>\
         <ResourceStatusReason>{reason}</ResourceStatusReason><ClientRequestToken>{token}</ClientRequestToken></member>"
    )
}

fn events(all: &[String]) -> String {
    format!("<StackEvents>{}</StackEvents>", all.concat())
}

#[tokio::test]
async fn both_wordings_of_no_changes_are_none_and_the_failed_set_is_removed() {
    for words in [FIRST, SECOND] {
        let answers = Answers::default()
            .stack("UPDATE_COMPLETE")
            .tell("CreateChangeSet", "<Id>arn:c1</Id>")
            .set("CREATE_IN_PROGRESS", "UNAVAILABLE", "")
            .set("FAILED", "UNAVAILABLE", words)
            .tell("DeleteChangeSet", "");
        let client = answers.serve().await;
        let outcome = client
            .change_set(&request("net", "{}"), "run-1")
            .await
            .unwrap();
        assert_eq!(outcome, ChangeSetOutcome::NoChanges);
        assert_eq!(answers.asked("DeleteChangeSet").len(), 1);
        let created = &answers.asked("CreateChangeSet")[0];
        assert_eq!(created["ChangeSetType"], "UPDATE");
        assert_eq!(created["ClientToken"], "run-1");
        assert_eq!(created["Tags.member.1.Key"], "hodman_env");
    }
}

#[tokio::test]
async fn a_set_that_fails_says_why_and_leaves_no_empty_stack() {
    let answers = Answers::default()
        .refuse(
            "DescribeStacks",
            "ValidationError",
            "Stack with id net does not exist",
        )
        .stack("REVIEW_IN_PROGRESS")
        .tell("CreateChangeSet", "<Id>arn:c1</Id>")
        .set("FAILED", "UNAVAILABLE", "Template error: no such type")
        .tell("DeleteChangeSet", "")
        .tell("DeleteStack", "");
    let client = answers.serve().await;
    let error = client
        .change_set(&request("net", "{}"), "run-1")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, StackError::BadChangeSet { reason, .. } if reason.contains("no such type")),
        "{error}"
    );
    assert_eq!(
        answers.asked("CreateChangeSet")[0]["ChangeSetType"],
        "CREATE"
    );
    let removed = &answers.asked("DeleteStack")[0];
    assert_eq!(removed["StackName"], "arn:s1");
    assert!(removed["ClientRequestToken"].starts_with(UNMADE));
}

#[tokio::test]
async fn what_aws_found_wrong_before_it_began_is_asked_for() {
    let words = "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early Validation \
                 errors, use the DescribeEvents API for detailed failure information.";
    let found = |operation: &str, mode: &str, reason: &str| {
        format!(
            "<member><OperationId>{operation}</OperationId><EventType>VALIDATION_ERROR</EventType><LogicalResourceId>Role</LogicalResourceId>\
             <ResourceType>AWS::IAM::Role</ResourceType><ValidationFailureMode>{mode}</ValidationFailureMode>\
             <ValidationName>NAME_CONFLICT_VALIDATION</ValidationName><ValidationStatus>FAILED</ValidationStatus>\
             <ValidationStatusReason>{reason}</ValidationStatusReason></member>"
        )
    };
    let all = [
        found(
            "2",
            "FAIL",
            "Resource with identifier 'shop' already exists.",
        ),
        found("2", "WARN", "It is only said."),
        found("1", "FAIL", "It was so once."),
    ];
    let told = format!("<OperationEvents>{}</OperationEvents>", all.concat());
    for (answers, wanted) in [
        (
            Answers::default().tell("DescribeEvents", &told),
            "Role (AWS::IAM::Role) NAME_CONFLICT_VALIDATION: Resource with identifier 'shop' already exists.",
        ),
        // Who may not ask has AWS's first words.
        (
            Answers::default().refuse("DescribeEvents", "AccessDenied", "no"),
            "for detailed failure information.",
        ),
    ] {
        let answers = answers
            .stack("UPDATE_COMPLETE")
            .tell("CreateChangeSet", "<Id>arn:c1</Id>")
            .set("FAILED", "UNAVAILABLE", words)
            .tell("DeleteChangeSet", "");
        let client = answers.serve().await;
        let made = client.change_set(&request("net", "{}"), "run-1").await;
        let error = made.unwrap_err().to_string();
        assert!(error.ends_with(wanted), "{error}");
        assert_eq!(
            answers.asked("DescribeEvents")[0]["ChangeSetName"],
            "arn:c1"
        );
        assert_eq!(answers.asked("DeleteChangeSet").len(), 1);
    }
}

#[tokio::test]
async fn states_that_need_a_person_are_told_apart_and_nothing_is_asked_for() {
    for (status, wanted) in [
        ("ROLLBACK_COMPLETE", "removed and made anew: because of it"),
        ("UPDATE_ROLLBACK_FAILED", "a person must see to it"),
        ("UPDATE_IN_PROGRESS", "busy"),
    ] {
        let answers = Answers::default().stack(status);
        let client = answers.serve().await;
        let error = client
            .change_set(&request("net", "{}"), "run-1")
            .await
            .unwrap_err();
        assert!(error.to_string().contains(wanted), "{error}");
        assert!(answers.asked("CreateChangeSet").is_empty());
    }
    let answers = Answers::default().stack("UPDATE_COMPLETE");
    let client = answers.serve().await;
    let mut other = request("net", "{}");
    other.marker = [("hodman_env".to_owned(), "prod".to_owned())].into();
    let error = client.change_set(&other, "run-1").await.unwrap_err();
    assert!(
        matches!(&error, StackError::Foreign { found: Some(found), .. } if found == "qa"),
        "{error}"
    );
}

#[tokio::test]
async fn an_execution_that_goes_back_names_who_is_to_blame_first() {
    let happened = events(&[
        event("run-1", "net", "UPDATE_ROLLBACK_COMPLETE", ""),
        event(
            "run-1",
            "Second",
            "CREATE_FAILED",
            "Resource creation cancelled",
        ),
        event("run-1", "First", "CREATE_FAILED", "name is taken"),
        event("run-0", "Older", "CREATE_FAILED", "long ago"),
    ]);
    let answers = Answers::default()
        .tell("DescribeStackEvents", &events(&[]))
        .tell("DescribeStackEvents", &happened)
        .set("CREATE_COMPLETE", "AVAILABLE", "")
        .set("CREATE_COMPLETE", "EXECUTE_IN_PROGRESS", "")
        .set("CREATE_COMPLETE", "EXECUTE_FAILED", "")
        .tell("ExecuteChangeSet", "")
        .stack("UPDATE_ROLLBACK_IN_PROGRESS")
        .stack("UPDATE_ROLLBACK_COMPLETE");
    let client = answers.serve().await;
    let error = client.execute(&set(), "run-1").await.unwrap_err();
    let StackError::Failed {
        status, failures, ..
    } = &error
    else {
        panic!("another error: {error}");
    };
    assert_eq!(status, "UPDATE_ROLLBACK_COMPLETE");
    let named: Vec<_> = failures
        .iter()
        .map(|failure| failure.logical_id.as_str())
        .collect();
    assert_eq!(named, ["First"]);
    assert!(
        error
            .to_string()
            .contains("First (AWS::S3::Bucket) CREATE_FAILED: name is taken"),
        "{error}"
    );
    assert_eq!(
        answers.asked("ExecuteChangeSet")[0]["ClientRequestToken"],
        "run-1"
    );

    // After a crash: nothing is executed again.
    let again = client.execute(&set(), "run-1").await;
    assert!(matches!(again, Err(StackError::Failed { .. })));
    assert_eq!(answers.asked("ExecuteChangeSet").len(), 1);
}

#[tokio::test]
async fn a_set_that_another_one_overtook_is_obsolete() {
    let answers = Answers::default()
        .tell("DescribeStackEvents", &events(&[]))
        .set("CREATE_COMPLETE", "OBSOLETE", "");
    let client = answers.serve().await;
    let error = client.execute(&set(), "run-1").await.unwrap_err();
    assert!(
        matches!(&error, StackError::Obsolete { status, .. } if status == "OBSOLETE"),
        "{error}"
    );
    let gone = Answers::default()
        .tell("DescribeStackEvents", &events(&[]))
        .refuse(
            "DescribeChangeSet",
            "ChangeSetNotFound",
            "ChangeSet does not exist",
        );
    let error = gone
        .serve()
        .await
        .execute(&set(), "run-1")
        .await
        .unwrap_err();
    assert!(matches!(error, StackError::Obsolete { .. }), "{error}");
}

#[tokio::test]
async fn a_removal_that_failed_is_asked_for_again_although_its_token_is_used() {
    let answers = Answers::default()
        .stack("DELETE_FAILED")
        .refuse(
            "DeleteStack",
            "TokenAlreadyExistsException",
            "A client request token already exists",
        )
        .tell("DeleteStack", "")
        .stack("DELETE_IN_PROGRESS")
        .stack("DELETE_COMPLETE");
    let client = answers.serve().await;
    client.remove("arn:s1", "run-1").await.unwrap();
    let asked = answers.asked("DeleteStack");
    assert_eq!(asked[0]["ClientRequestToken"], "run-1");
    assert_eq!(asked[1].get("ClientRequestToken"), None);
}

#[tokio::test]
async fn a_way_back_that_failed_again_is_gone_on_with_although_its_token_is_used() {
    let answers = Answers::default()
        .refuse(
            "ContinueUpdateRollback",
            "TokenAlreadyExistsException",
            "A client request token already exists",
        )
        .tell("ContinueUpdateRollback", "")
        .tell("DescribeStackEvents", &events(&[]))
        .stack("UPDATE_ROLLBACK_IN_PROGRESS")
        .stack("UPDATE_ROLLBACK_COMPLETE");
    let client = answers.serve().await;
    let stuck = ["Stuck".to_owned()];
    let back = client.continue_rollback("net", &stuck, "run-1");
    back.await.unwrap();
    let asked = answers.asked("ContinueUpdateRollback");
    assert_eq!(asked[0]["ClientRequestToken"], "run-1");
    assert_eq!(asked[1].get("ClientRequestToken"), None);
    assert_eq!(asked[1]["ResourcesToSkip.member.1"], "Stuck");
}

#[tokio::test]
async fn only_a_failed_stack_is_removed_to_be_made_anew_and_a_way_back_goes_on() {
    let well = Answers::default().stack("UPDATE_COMPLETE");
    let refused = well.serve().await.remove_failed("arn:s1", "run-1").await;
    assert!(
        matches!(refused, Err(StackError::Busy { .. })),
        "{refused:?}"
    );
    let failed = Answers::default()
        .stack("ROLLBACK_COMPLETE")
        .stack("ROLLBACK_COMPLETE")
        .stack("DELETE_IN_PROGRESS")
        .stack("DELETE_COMPLETE")
        .tell("DeleteStack", "");
    failed
        .serve()
        .await
        .remove_failed("arn:s1", "run-1")
        .await
        .unwrap();
    assert_eq!(
        failed.asked("DeleteStack")[0]["ClientRequestToken"],
        "run-1"
    );

    let back = Answers::default()
        .tell("ContinueUpdateRollback", "")
        .tell("DescribeStackEvents", &events(&[]))
        .stack("UPDATE_ROLLBACK_IN_PROGRESS")
        .stack("UPDATE_ROLLBACK_COMPLETE");
    back.serve()
        .await
        .continue_rollback("net", &["Stuck".to_owned()], "run-1")
        .await
        .unwrap();
    assert_eq!(
        back.asked("ContinueUpdateRollback")[0]["ResourcesToSkip.member.1"],
        "Stuck"
    );
}

fn listed(name: &str, made: &str, execution: &str) -> String {
    format!(
        "<member><ChangeSetId>arn:{name}</ChangeSetId><ChangeSetName>{name}</ChangeSetName><StackName>net</StackName>\
         <ExecutionStatus>{execution}</ExecutionStatus><CreationTime>{made}</CreationTime><Description>whose</Description></member>"
    )
}

#[tokio::test]
async fn sets_of_ours_that_nobody_executed_go_when_they_are_old() {
    let named = |last: char| format!("hodman-0123456789abcdef0123456789abcde{last}");
    let (long_ago, just_now) = ("2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z");
    let all = [
        listed(&named('1'), long_ago, "AVAILABLE"),
        listed(&named('2'), just_now, "AVAILABLE"),
        listed(&named('3'), long_ago, "EXECUTE_COMPLETE"),
        listed("looked-at", long_ago, "AVAILABLE"),
        listed(&named('4'), long_ago, "AVAILABLE"),
        listed(&format!("{}-outside", named('4')), long_ago, "AVAILABLE"),
    ];
    let answers = Answers::default()
        .tell(
            "ListChangeSets",
            &format!("<Summaries>{}</Summaries>", all.concat()),
        )
        .tell("DeleteChangeSet", "");
    let client = answers.serve().await;
    client.discard_old("net", Some(&named('4'))).await.unwrap();
    let gone = answers.asked("DeleteChangeSet");
    assert_eq!(gone.len(), 1, "{gone:?}");
    assert_eq!(gone[0]["ChangeSetName"], format!("arn:{}", named('1')));
    let sets = client.sets("net").await.unwrap();
    assert_eq!(sets[0].description.as_deref(), Some("whose"));
    let ours: Vec<bool> = sets.iter().map(ListedSet::is_ours).collect();
    assert_eq!(ours, [true, true, true, false, true, true]);
    client.discard_old("net", None).await.unwrap();
    assert_eq!(answers.asked("DeleteChangeSet").len(), 4);
}
