//! A stack in a stack: what people change in there is found, too.

use super::bench::{name, options};
use hodman_tests::harness::{Scene, Short};
use hodman_tests::servers::{aws_endpoint, aws_hand};

const MODULE: &str = "\
engine: cloudformation
inputs: {name: {type: string}, url: {type: string}}
stack_name: ${inputs.name}
template: one.yaml
parameters: {Url: \"${inputs.url}\"}
";

const OUTER: &str = "\
Parameters: {Url: {Type: String}}
Resources:
  Inner: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: !Ref Url}}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_change_inside_of_a_stack_in_a_stack_is_told() {
    let own = name("within");
    let inner = format!(
        "Resources: {{Logs: {{Type: 'AWS::Logs::LogGroup', Properties: {{LogGroupName: {own}, RetentionInDays: 7}}}}}}\n"
    );
    aws_hand(&["make-bucket", &own]).await;
    aws_hand(&["put", &own, "inner", &inner]).await;
    let endpoint = aws_endpoint();
    let call = format!(", inputs: {{name: {own}, url: '{endpoint}/{own}/inner'}}");
    let scene = Scene::start(options(MODULE, OUTER, &call, (&endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    aws_hand(&["keep-logs", &own, "30"]).await;
    let found = short.compared("qa").await.expect("compared").found;
    let note = found.and_then(|found| found.note).expect("a note");
    assert!(
        note.contains("Inner/Logs") && note.contains("RetentionInDays"),
        "{note}"
    );
    daemon.stop().await;
}
