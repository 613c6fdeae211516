//! What somebody made by hand becomes a stack's, as it is.

use super::bench::{FILE, applied, asked, name, options, refused, the_rest};
use super::relay::Relay;
use hodman_tests::harness::{Scene, Short};
use hodman_tests::servers::{aws_endpoint, aws_hand};
use serde_json::{Value, json};

const MODULE: &str = "\
engine: cloudformation
inputs: {name: {type: string}}
stack_name: ${inputs.name}
template: one.yaml
parameters: {Name: \"${inputs.name}\"}
outputs: {logs: {value: \"${stack.outputs.Logs}\"}}
";

const LOGS: &str = "\
Parameters: {Name: {Type: String}}
Resources:
  Mine:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    Properties: {LogGroupName: !Ref Name, RetentionInDays: 7}
  Letters:
    Type: AWS::SQS::Queue
    DependsOn: Mine
    Properties: {QueueName: !Sub '${Mine}-letters'}
Outputs:
  Logs: {Value: !Ref Mine}
";

async fn status(stack: &str) -> Value {
    serde_json::from_str(&aws_hand(&["status", stack]).await).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_exists_is_taken_over_as_shown_and_the_rest_comes_without_asking_again() {
    let own = name("legacy");
    aws_hand(&["make-logs", &own, "7"]).await;
    let relay = Relay::start().await;
    let call = format!(", inputs: {{name: {own}}}, import: {{Mine: {{LogGroupName: {own}}}}}");
    let scene = Scene::start(options(MODULE, LOGS, &call, (&relay.endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());

    let pull = short.proposed("qa").await.expect("a plan");
    for words in [
        "takes over what exists: 1 resource",
        "\"action\":\"import\"",
        "AWS::Logs::LogGroup",
        &format!("resources.Mine.LogGroupName: \"{own}\""),
        "resources.Letters",
        "outputs.Logs",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    assert_eq!(
        status(&own).await,
        Value::Null,
        "a plan leaves nothing behind"
    );

    // It is cut off between the takeover and the rest of the template.
    relay.refuse_after("ExecuteChangeSet", "CreateChangeSet");
    let words = refused(&short, &pull).await;
    assert!(words.contains("cut off by the test"), "{words}");
    let half = status(&own).await;
    assert_eq!(half["status"], "IMPORT_COMPLETE", "{half}");
    assert_eq!(half["tags"], json!({}), "{half}");
    the_rest(&short, &pull).await;
    let whole = status(&own).await;
    assert_eq!(whole["status"], "UPDATE_COMPLETE", "{whole}");
    assert_eq!(whole["tags"]["hodman_key"], "one", "{whole}");
    assert_eq!(whole["outputs"]["Logs"], own.as_str(), "{whole}");
    assert_eq!(whole["resources"], json!(["Letters", "Mine"]), "{whole}");
    let logs = aws_hand(&["look-logs", &own]).await;
    assert_eq!(logs, "7 days, kept: made by hand", "it is the same one");

    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    daemon.stop().await;
}

/// As its owner had it.
const THEIRS: &str = "\
Parameters: {Name: {Type: String}}
Resources:
  Mine: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Name, RetentionInDays: 7}}
Outputs:
  Logs: {Value: !Ref Mine}
";

/// With one that somebody made beside the stack, and one that is new.
const MORE: &str = "  \
  More:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Retain
    Properties: {LogGroupName: !Sub '${Name}-more', RetentionInDays: 7}
  Letters: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${More}-letters'}}
Outputs:
  More: {Value: !Ref More}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn into_a_stack_that_is_there_it_comes_alone_and_what_changes_beside_it_is_asked_for() {
    let own = name("theirs");
    let more = format!("{own}-more");
    aws_hand(&["stack", &own, THEIRS, &format!("Name={own}")]).await;
    aws_hand(&["make-logs", &more, "7"]).await;
    let template = THEIRS.replace("Outputs:\n", MORE);
    let call = format!(", inputs: {{name: {own}}}, import: {{More: {{LogGroupName: {more}}}}}");
    let adopt: &'static str =
        format!("aws: main\nadopt: {{cloudformation_stacks.one: {own}}}\n").leak();
    let endpoint = aws_endpoint();
    let options = options(MODULE, &template, &call, (&endpoint, ""));
    let scene = Scene::start(options.edit(FILE, "aws: main\n", adopt)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());

    let words = [
        "takes over what exists: 1 resource",
        "resources.More",
        "resources.Letters",
    ];
    let pull = asked(&short, &scene, &words).await;
    assert!(!pull.body.contains("resources.Mine"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    // Our tags change what was in the stack before, which nobody was shown.
    let pull = asked(&short, &scene, &["resources.Mine", "resources.Letters"]).await;
    let half = status(&own).await;
    assert_eq!(half["status"], "IMPORT_COMPLETE", "{half}");
    assert_eq!(half["resources"], json!(["Mine", "More"]), "{half}");
    applied(&short, &pull).await;
    let whole = status(&own).await;
    assert_eq!(
        whole["resources"],
        json!(["Letters", "Mine", "More"]),
        "{whole}"
    );
    assert_eq!(whole["outputs"]["More"], more.as_str(), "{whole}");
    assert_eq!(whole["tags"]["hodman_key"], "one", "{whole}");
    let logs = aws_hand(&["look-logs", &more]).await;
    assert_eq!(logs, "7 days, kept: made by hand");
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    daemon.stop().await;
}
