//! Stacks of CloudFormation do what was shown: what taking one over changes inside of it stands in the pull request, what its owner
//! told it and nobody says otherwise stays, and a template that only reads otherwise is no change.

use hodman_core::ids::EnvName;
use hodman_core::state::Drift;
use hodman_sandbox::github::PullView;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use hodman_tests::servers::{AWS_REGION, aws_endpoint, aws_hand};
use serde_json::Value;

const MODULE: &str = "\
engine: cloudformation
inputs: {stack: {type: string}, names: {type: list}}
stack_name: ${inputs.stack}
template: logs.yaml
parameters: {Names: \"${inputs.names}\"}
outputs: {logs: {value: \"${stack.outputs.Logs}\"}}
";

/// As its owner had it.
const BEFORE: &str = "\
Parameters:
  Names: {Type: CommaDelimitedList}
  Days: {Type: Number, Default: 30}
  Word: {Type: String, NoEcho: true}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: !Select [0, !Ref Names], RetentionInDays: !Ref Days}
Outputs:
  Logs: {Value: !Ref Logs}
";

/// Merges it and waits until that is in place.
async fn applied(short: &Short<'_>, pull: &PullView) {
    short.merge(pull).expect("merged");
    short
        .wait("it in place", async || {
            let mut state = short.state().await.ok()?;
            let env = state.environments.remove(&EnvName::from("qa"))?;
            let accepted = env.accepted.as_ref()?;
            let by_it = accepted.pull.is_some_and(|number| number.0 == pull.number);
            (by_it && accepted.done && env.run.is_none() && env.promotion.is_none()).then_some(())
        })
        .await
        .expect("applied");
}

fn commit(scene: &Scene, path: &str, text: &str) {
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[(path, Some(text.as_bytes()))],
            "a change",
            "rita",
        )
        .expect("committed");
}

/// What a comparison of qa finds.
async fn qa(short: &Short<'_>) -> Drift {
    short.compared("qa").await.expect("compared")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_is_taken_over_as_shown_and_keeps_what_nobody_says_otherwise() {
    let own = format!("{:x}", rand::random::<u64>());
    let stack = format!("Legacy-{own}");
    let names = format!("Names=legacy-{own},other");
    aws_hand(&["stack", &stack, BEFORE, &names, "Days=7", "Word=hidden"]).await;
    let after: &'static str = BEFORE
        .replace(
            "Outputs:",
            "  More: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: 5}}\nOutputs:",
        )
        .leak();
    let call: &'static str = format!(
        "aws: main\nadopt: {{cloudformation_stacks.logs: {stack}}}\nmodules:\n  \
         logs: {{module: logs, inputs: {{stack: {stack}, names: [legacy-{own}, other]}}}}\nworkspaces:\n"
    )
    .leak();
    let mut options = Options::short()
        .file("modules/logs/module.yaml", MODULE)
        .file("modules/logs/logs.yaml", after)
        .edit("environments/qa/environment.yaml", "workspaces:\n", call);
    options.settings = format!(
        "aws:\n  main: {{region: {AWS_REGION}, endpoint: \"{}\", access_key_id: {{value: test}}, secret_access_key: {{value: test}}, environments: [qa]}}",
        aws_endpoint()
    );
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());

    let pull = short.proposed("qa").await.expect("a plan");
    for words in ["adopt", "AWS::SQS::Queue", "resources.More"] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    assert!(!pull.body.contains("RetentionInDays"), "{}", pull.body);
    applied(&short, &pull).await;
    assert_eq!(qa(&short).await.found, None);
    let now: Value = serde_json::from_str(&aws_hand(&["look-stack", &stack]).await).expect("JSON");
    assert_eq!(now["Days"], "7", "{now}");
    assert_eq!(now["Names"], format!("legacy-{own},other"), "{now}");

    // A template that only reads otherwise: AWS has nothing to do, and so have we, also the next time.
    let words = format!("# Of the shop.\n{after}");
    commit(&scene, "modules/logs/logs.yaml", &words);
    let pull = short.proposed("qa").await.expect("another package");
    assert!(
        !pull.body.contains("cloudformation_stacks"),
        "{}",
        pull.body
    );
    applied(&short, &pull).await;
    assert_eq!(qa(&short).await.found, None);

    // Another value of what is said: only what depends on it changes.
    commit(
        &scene,
        "modules/logs/logs.yaml",
        &words.replace("DelaySeconds: 5", "DelaySeconds: 9"),
    );
    let pull = short.proposed("qa").await.expect("a third package");
    assert!(pull.body.contains("resources.More"), "{}", pull.body);
    assert!(!pull.body.contains("resources.Logs"), "{}", pull.body);
    applied(&short, &pull).await;
    assert_eq!(qa(&short).await.found, None);
    daemon.stop().await;
}
