//! What AWS has done in part. A role or a bucket is made by several requests, and when a later one is refused for a while, its name and
//! tags are there and the rest is not: it is finished, and nothing is called done before. A stack that AWS works on still, for a
//! daemon that was killed since, is waited for as long as that takes.

use hodman_core::ids::EnvName;
use hodman_core::state::RunPhase;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use hodman_tests::servers::{AWS_REGION, Relay, aws_account};
use serde_json::json;

const FILE: &str = "modules/objects/module.yaml";
const MADE: &str = include_str!("../fixtures/aws_objects/made.yaml");

const CALL: &str = "\
aws: main
modules:
  objects: {module: objects}
workspaces:
";

/// IAM is in trouble.
const TROUBLE: (u16, &str) = (
    500,
    "<ErrorResponse><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>We are sorry</Message></Error></ErrorResponse>",
);

/// What S3 says to a policy that names a role of a moment ago.
const UNKNOWN_YET: (u16, &str) = (
    400,
    "<Error><Code>MalformedPolicy</Code><Message>Invalid principal in policy</Message></Error>",
);

/// The SDK sends a request three times before it gives up. Four roles get their first policy beside each other: of nine refusals one
/// of them has three.
const REFUSED: usize = 9;

fn account() -> String {
    rand::random_range(100_000_000_000_u64..1_000_000_000_000).to_string()
}

/// An environment in an AWS account of its own, with the relay before it.
fn options(relay: &Relay, number: &str) -> Options {
    let at = "environments/qa/environment.yaml";
    let mut options = Options::short().edit(at, "workspaces:\n", CALL);
    options.settings = format!(
        "aws:\n  main: {{region: {AWS_REGION}, endpoint: \"{}\", access_key_id: {{value: \"{number}\"}}, \
         secret_access_key: {{value: test}}, environments: [qa]}}",
        relay.url
    );
    options
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_made_in_part_is_finished_before_it_counts_as_done() {
    let relay = Relay::start().await;
    let number = account();
    let module = MADE
        .replace("BUCKET", &format!("lake-{number}"))
        .replace("NUMBER", &number);
    let options = options(&relay, &number).file(FILE, module.leak());
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.proposed("qa").await.expect("a plan");
    relay.refuse("PutRolePolicy", REFUSED, TROUBLE);
    relay.refuse("PUT policy", 2, UNKNOWN_YET);
    short.promote("qa").await.expect("applied");
    assert_eq!(relay.unrefused(), 0, "both happened");

    let there = aws_account(&number).await;
    let reach = &there["roles"]["shop-reach"];
    assert!(reach["inline"]["read"].is_object(), "{there:#}");
    assert!(reach["inline"]["write"].is_object(), "{there:#}");
    let lake = &there["buckets"][format!("lake-{number}")];
    assert!(lake["policy"].to_string().contains("Allow"), "{there:#}");
    assert_eq!(lake["ours"], json!(true), "{there:#}");
    let work = &daemon.parts().work;
    let plan = work.preview("shop", &EnvName::from("qa"), None).await;
    let plan = plan.expect("a plan");
    assert!(plan.rows().next().is_none(), "{}", plan.to_table());
    daemon.stop().await;
}

const STACK: &str = "\
engine: cloudformation
template: logs.yaml
parameters: {Days: \"7\"}
";
const TEMPLATE: &str = "\
Parameters: {Days: {Type: Number}}
Resources:
  Logs:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: shop, RetentionInDays: !Ref Days}
";

/// More often than a failure is tried again.
const LOOKS: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stack_that_aws_works_on_is_waited_for_and_uses_up_no_tries() {
    let relay = Relay::start().await;
    let number = account();
    let options = options(&relay, &number)
        .file(FILE, STACK)
        .file("modules/objects/logs.yaml", TEMPLATE);
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("applied");
    let sent = relay.take();
    let mut shown = sent.iter().rev();
    let shown = shown
        .find(|one| one.action() == "DescribeStacks" && one.answer.contains("CREATE_COMPLETE"));
    let busy = shown
        .expect("the stack")
        .answer
        .replace("CREATE_COMPLETE", "UPDATE_IN_PROGRESS");

    let longer = STACK.replace('7', "14");
    let files = [(FILE, Some(longer.as_bytes()))];
    let committed = scene
        .forge
        .commit(REPOSITORY, "main", &files, "kept longer", "rita");
    committed.expect("committed");
    let pull = short.proposed("qa").await.expect("a plan");
    relay.refuse("DescribeStacks", usize::MAX, (200, busy.leak()));
    short.merge(&pull).expect("merged");
    for _ in 0..LOOKS {
        let waits = async || {
            let mut state = short.state().await.ok()?;
            let run = state.environments.remove(&EnvName::from("qa"))?.run?;
            match run.phase {
                RunPhase::Failed {
                    why,
                    waits: true,
                    not_before: Some(next),
                    ..
                } => (next > scene.clock.now()).then_some(why),
                _ => None,
            }
        };
        let why = short
            .wait("a run that waits", waits)
            .await
            .expect("it waits");
        assert!(why.contains("UPDATE_IN_PROGRESS"), "{why}");
        scene.clock.advance(chrono::Duration::seconds(61));
    }
    relay.refuse_nothing();
    scene.clock.advance(chrono::Duration::seconds(61));
    let healthy = async || {
        let mut state = short.state().await.ok()?;
        let env = state.environments.remove(&EnvName::from("qa"))?;
        (env.run.is_none() && env.accepted.is_some_and(|accepted| accepted.done)).then_some(())
    };
    short
        .wait("the stack as it should be", healthy)
        .await
        .expect("applied");
    let there = aws_account(&number).await;
    assert!(there["logs"].to_string().contains("14"), "{there:#}");
    daemon.stop().await;
}
