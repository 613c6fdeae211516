//! A template that is too long for a request.

use super::bench::{explained, name, options};
use hodman_model::digest::sha256;
use hodman_tests::harness::{Scene, Short};
use hodman_tests::servers::{aws_endpoint, aws_hand};

const MODULE: &str = "\
engine: cloudformation
inputs: {name: {type: string}}
template: one.yaml
stack_name: \"${inputs.name}\"
parameters: {Name: \"${inputs.name}\"}
";

/// More than 51,200 bytes.
fn template() -> String {
    let words = "# One of the many words that are said about this template.\n".repeat(1000);
    format!(
        "{words}Parameters: {{Name: {{Type: String}}}}\nResources:\n  \
         Logs: {{Type: 'AWS::Logs::LogGroup', Properties: {{LogGroupName: !Ref Name, RetentionInDays: 7}}}}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_template_goes_through_the_bucket_of_the_settings() {
    let own = name("long");
    aws_hand(&["make-bucket", &own]).await;
    let call = format!(", inputs: {{name: {own}}}");
    let bucket = format!(", templates: {{bucket: {own}, prefix: templates/}}");
    let text = template();
    let endpoint = aws_endpoint();
    let scene = Scene::start(options(MODULE, &text, &call, (&endpoint, &bucket))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    let keys = aws_hand(&["list", &own]).await;
    let key = format!("templates/{}.template", sha256(text.as_bytes()).hex());
    assert_eq!(keys, key);
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_one_it_is_refused_and_the_setting_is_named() {
    let call = ", inputs: {name: x}";
    let endpoint = aws_endpoint();
    let scene = Scene::start(options(MODULE, &template(), call, (&endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let told = explained(&short, &scene, "AWS takes 51200 in a request").await;
    assert!(told.contains("aws.<name>.templates"), "{told}");
    daemon.stop().await;
}
