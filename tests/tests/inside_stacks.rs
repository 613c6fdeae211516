//! What people change inside of a stack of CloudFormation: no change set puts it back, so it is found, told, and left to people,
//! whatever the environment's policy is. A server that imitates AWS, and AWS's own client in the hands of those people.

use hodman_core::explain::{Standing, standing};
use hodman_core::ids::EnvName;
use hodman_core::state::Drift;
use hodman_tests::harness::{Options, Scene, Short};
use hodman_tests::servers::{AWS_REGION, aws_endpoint, aws_hand};
use serde_json::Value;

const MODULE: &str = "\
engine: cloudformation
inputs: {name: {type: string}}
template: logs.yaml
parameters: {Name: \"${inputs.name}\"}
";

const TEMPLATE: &str = "\
Parameters: {Name: {Type: String}}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Ref Name, RetentionInDays: 30}
  Where:
    Type: AWS::S3::Bucket
    Properties: {BucketName: !Ref Name}
";

async fn view(daemon: &hodman::daemon::Daemon) -> Value {
    let url = format!(
        "http://{}/api/pipelines/shop/environments/qa/drift",
        daemon.address
    );
    let answer = reqwest::get(url).await.expect("sent");
    answer.json().await.expect("JSON")
}

/// `class, path, declared, live` of each difference.
fn rows(view: &Value) -> Vec<String> {
    let workspaces = view["report"]["workspaces"]
        .as_array()
        .into_iter()
        .flatten();
    let rows = workspaces.flat_map(|one| one["rows"].as_array().into_iter().flatten());
    rows.filter(|row| row["class"] != "server-default")
        .map(|row| {
            format!(
                "{} {} {} -> {}",
                row["class"], row["path"], row["declared"], row["live"]
            )
            .replace('"', "")
        })
        .collect()
}

/// What a comparison of qa finds.
async fn qa(short: &Short<'_>) -> Drift {
    short.compared("qa").await.expect("compared")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_change_inside_of_a_stack_is_told_and_left_to_people() {
    let name = format!("shop-logs-{:x}", rand::random::<u64>());
    let call: &'static str = format!(
        "aws: main\nmodules:\n  logs: {{module: logs, inputs: {{name: {name}}}}}\ndrift: heal\nworkspaces:\n"
    )
    .leak();
    let mut options = Options::short()
        .file("modules/logs/module.yaml", MODULE)
        .file("modules/logs/logs.yaml", TEMPLATE)
        .edit("environments/qa/environment.yaml", "drift: report\n", "")
        .edit("environments/qa/environment.yaml", "workspaces:\n", call);
    options.settings = format!(
        "aws:\n  main: {{region: {AWS_REGION}, endpoint: \"{}\", access_key_id: {{value: test}}, secret_access_key: {{value: test}}, environments: [qa]}}",
        aws_endpoint()
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    assert_eq!(qa(&short).await.found, None, "{}", view(&daemon).await);

    aws_hand(&["keep-logs", &name, "7"]).await;
    let found = qa(&short).await.found.expect("the other retention");
    assert!(found.plan.is_empty() && found.plan.by_hand.len() == 1);
    let note = found.note.clone().expect("a note");
    assert!(note.contains("Logs.RetentionInDays"), "{note}");
    let state = short.state().await.expect("a state");
    assert_eq!(
        standing(&state.environments[&EnvName::from("qa")]),
        Standing::Drifted
    );
    let told = view(&daemon).await;
    assert_eq!(
        rows(&told),
        ["hand-edit-for-a-person resources.Logs.RetentionInDays 30 -> 7"],
        "{told}"
    );

    // One more is another finding, and its report is another.
    aws_hand(&["remove-bucket", &name]).await;
    let more = qa(&short).await.found.expect("both");
    assert_eq!(more.plan.by_hand.len(), 2);
    let told = view(&daemon).await;
    assert!(
        rows(&told)
            .contains(&"hand-edit-for-a-person resources.Where AWS::S3::Bucket -> null".to_owned()),
        "{told}"
    );
    // Looked at again it is the same finding, since when it was.
    let again = qa(&short).await.found.expect("still both");
    assert_eq!(again.since, more.since);

    aws_hand(&["keep-logs", &name, "30"]).await;
    aws_hand(&["make-bucket", &name]).await;
    assert_eq!(qa(&short).await.found, None, "{}", view(&daemon).await);
    daemon.stop().await;
}
