//! Parameters of a stack that its module says no more.

use super::bench::{applied, asked, commit, name, options};
use hodman_tests::harness::{Scene, Short};
use hodman_tests::servers::{aws_endpoint, aws_hand};
use serde_json::{Value, json};

const MODULE: &str = "\
engine: cloudformation
inputs: {name: {type: string}}
stack_name: ${inputs.name}
template: one.yaml
parameters: {Name: \"${inputs.name}\", Days: 7}
";

const LOGS: &str = "\
Parameters: {Name: {Type: String}, Days: {Type: Number, Default: 30}}
Resources:
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Name, RetentionInDays: !Ref Days}}
";

async fn parameters(stack: &str) -> Value {
    serde_json::from_str(&aws_hand(&["look-stack", stack]).await).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_leaves_the_module_goes_back_to_its_default_as_the_plan_shows() {
    let own = name("said");
    let call = format!(", inputs: {{name: {own}}}");
    let endpoint = aws_endpoint();
    let scene = Scene::start(options(MODULE, LOGS, &call, (&endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    assert_eq!(parameters(&own).await, json!({"Name": own, "Days": "7"}));

    let without = MODULE.replace(", Days: 7", "");
    commit(&scene, &[("modules/one/module.yaml", &without)]);
    let words = ["parameters.Days: \"7\"", "parameters.Days: \"30\""];
    let pull = asked(&short, &scene, &words).await;
    applied(&short, &pull).await;
    assert_eq!(parameters(&own).await, json!({"Name": own, "Days": "30"}));
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    daemon.stop().await;
}
