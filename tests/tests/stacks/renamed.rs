//! Stacks and buckets that get other names: what is new is made first, what uses it moves, and what is old goes at the very end. What
//! cannot go is told, and may be wanted again.

use super::bench::{
    FILE, applied, asked, commit, explained, name, on_main, options, refused, status,
};
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{Options, Scene, Short};
use hodman_tests::servers::{Relay, Sent, aws_endpoint, aws_hand};

const STACK: &str = "\
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
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: !Ref Name, RetentionInDays: 7}}
Outputs:
  Logs: {Value: !Ref Logs}
";

const LAKE: &str = "\
engine: native
inputs: {name: {type: string}, logs: {type: string}}
resources:
  aws_buckets:
    lake: {name: \"${inputs.name}\", tags: {logs: \"${inputs.logs}\"}}
  aws_roles:
    user:
      name: ${inputs.logs}
      trust: {policy_template: {name: log-delivery-trust, account_id: 0f0f0f0f-0000-0000-0000-000000000001}}
";

/// qa stands on a stack and on a bucket of the same name that takes what the stack gives.
fn both(own: &str, template: &str, endpoint: &str) -> Options {
    let lake: &'static str = format!(
        "  lake: {{module: lake, inputs: {{name: {own}, logs: \"${{modules.one.outputs.logs}}\"}}}}\nworkspaces:\n"
    )
    .leak();
    let call = format!(", inputs: {{name: {own}}}");
    options(STACK, template, &call, (endpoint, ""))
        .file("modules/lake/module.yaml", LAKE)
        .edit(FILE, "workspaces:\n", lake)
}

/// Somebody calls both otherwise.
fn rename(scene: &Scene, from: &str, to: &str) {
    let (from, to) = (format!("{{name: {from}"), format!("{{name: {to}"));
    let text = on_main(scene, FILE);
    assert_eq!(text.matches(&from).count(), 2, "{text}");
    commit(scene, &[(FILE, &text.replace(&from, &to))]);
}

/// Where in what was sent a stack or an object of S3 is spoken of by this action.
fn at(sent: &[Sent], action: &str, name: &str) -> Option<usize> {
    let is_it = |one: &Sent| {
        let all = format!("{} {}", one.uri, one.body);
        one.action().starts_with(action) && all.contains(name)
    };
    sent.iter().rposition(is_it)
}

/// Somebody has it tried again.
async fn again(short: &Short<'_>) {
    let again = Ask::Retry { env: "qa".into() };
    short.ask("olga", again).await.expect("asked");
}

async fn in_step(short: &Short<'_>) {
    let drift = short.compared("qa").await.expect("compared");
    assert!(drift.found.is_none() && drift.error.is_none(), "{drift:?}");
}

async fn is_there(bucket: &str) -> bool {
    let got = reqwest::Client::new().head(format!("{}/{bucket}", aws_endpoint()));
    got.send().await.expect("an answer").status().is_success()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_new_is_made_first_and_what_is_old_goes_at_last_or_is_told_and_wanted_again() {
    let (old, new) = (name("old"), name("new"));
    let relay = Relay::start().await;
    let scene = Scene::start(both(&old, LOGS, &relay.url)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    in_step(&short).await;
    aws_hand(&["put", &old, "letter"]).await;
    let _ = relay.take();

    rename(&scene, &old, &new);
    let words = [
        "replace** `cloudformation_stacks.one`",
        "replace** `aws_buckets.lake-lake`",
        "replace** `aws_roles.lake-user`",
        "the new one is made first",
        "CANNOT BE TAKEN BACK",
    ];
    let pull = asked(&short, &scene, &words).await;
    applied(&short, &pull).await;
    let sent = relay.take();
    let made = at(&sent, "CreateChangeSet", &new).expect("a new stack");
    let moved = at(&sent, "CreateRole", &new).expect("what takes its output");
    let gone = at(&sent, "DeleteStack", &old).expect("the old one away");
    assert!(made < moved && moved < gone, "{made} {moved} {gone}");
    let tagged = at(&sent, "PUT tagging", &new).expect("the new bucket's tags");
    assert!(tagged < gone, "{tagged} {gone}");
    assert_eq!(status(&old).await, "none");
    assert_eq!(status(&new).await, "CREATE_COMPLETE");

    // With something in it, and without `force_destroy`, the old bucket stays; that is told, and nothing fails for it.
    assert_eq!(aws_hand(&["list", &old]).await, "letter");
    let found = short.compared("qa").await.expect("compared").found;
    let note = found.and_then(|found| found.note).expect("a note");
    assert!(note.contains("aws_buckets.lake-lake former"), "{note}");
    let qa = EnvName::from("qa");
    let drift = daemon.parts().work.preview_drift("shop", &qa);
    let drift = drift
        .await
        .expect("a report")
        .workspaces
        .remove(0)
        .to_table();
    let words = format!("the old aws_bucket `{old}` was not removed");
    assert!(
        drift.contains(&words) && drift.contains("not empty"),
        "{drift}"
    );

    // Called as before again it is what it was, with all in it; what was new, and is empty, goes.
    rename(&scene, &new, &old);
    let words = [
        "replace** `cloudformation_stacks.one`",
        "replace** `aws_buckets.lake-lake`",
    ];
    let pull = asked(&short, &scene, &words).await;
    applied(&short, &pull).await;
    assert_eq!(aws_hand(&["list", &old]).await, "letter");
    assert!(!is_there(&new).await);
    assert_eq!(status(&new).await, "none");
    in_step(&short).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_stack_that_aws_keeps_is_told_and_wanted_again_and_where_all_goes_what_stays_is_named()
 {
    let (old, new) = (name("old"), name("new"));
    let store = format!("{old}-store");
    let inside = "  Store: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Sub '${Name}-store'}}\nOutputs:";
    let endpoint = aws_endpoint();
    let scene = Scene::start(both(&old, &LOGS.replace("Outputs:", inside), &endpoint)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");

    // Whoever protected it is asked before anything is done.
    aws_hand(&["protect", &old, "yes"]).await;
    rename(&scene, &old, &new);
    explained(&short, &scene, "termination protection").await;
    assert_eq!(status(&new).await, "none");
    aws_hand(&["protect", &old, "no"]).await;
    again(&short).await;
    let pull = asked(&short, &scene, &["replace** `cloudformation_stacks.one`"]).await;
    aws_hand(&["put", &store, "letter"]).await;
    applied(&short, &pull).await;
    assert_eq!(status(&new).await, "CREATE_COMPLETE");
    assert_eq!(status(&old).await, "DELETE_FAILED");
    let found = short.compared("qa").await.expect("compared").found;
    let note = found.and_then(|found| found.note).expect("a note");
    assert!(note.contains("cloudformation_stacks.one former"), "{note}");

    // What becomes of the old one stands in the plan that calls it so again.
    aws_hand(&["take", &store, "letter"]).await;
    rename(&scene, &new, &old);
    let words = [
        "replace** `cloudformation_stacks.one`",
        "it is in DELETE_FAILED",
    ];
    let pull = asked(&short, &scene, &words).await;
    applied(&short, &pull).await;
    assert_eq!(status(&old).await, "CREATE_COMPLETE");
    assert_eq!(status(&new).await, "none");
    in_step(&short).await;

    // An old bucket with something in it, when all is to go.
    aws_hand(&["put", &old, "letter"]).await;
    rename(&scene, &old, &new);
    let pull = asked(&short, &scene, &["replace** `aws_buckets.lake-lake`"]).await;
    applied(&short, &pull).await;
    let file = on_main(&scene, FILE).replace("mode: promoted", "mode: promoted\nstate: absent");
    commit(&scene, &[(FILE, &file)]);
    let pull = asked(&short, &scene, &["absent", "aws_buckets.lake-lake"]).await;
    let words = refused(&short, &pull).await;
    let told = format!("removing `{old}`, which was aws_buckets.lake-lake before");
    assert!(words.contains(&told), "{words}");
    aws_hand(&["take", &old, "letter"]).await;
    again(&short).await;
    short
        .wait("nothing left", async || {
            (!is_there(&old).await).then_some(())
        })
        .await
        .expect("gone");
    for stack in [&old, &new] {
        assert_eq!(status(stack).await, "none");
    }
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_a_fixed_name_in_the_template_is_told_and_the_old_stack_stays_as_it_is() {
    let (old, new, store) = (name("old"), name("new"), name("store"));
    let template = LOGS.replace(
        "Outputs:",
        &format!(
            "  Store: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: {store}}}}}\nOutputs:"
        ),
    );
    let endpoint = aws_endpoint();
    let scene = Scene::start(both(&old, &template, &endpoint)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");

    rename(&scene, &old, &new);
    let pull = asked(&short, &scene, &["replace** `cloudformation_stacks.one`"]).await;
    let words = refused(&short, &pull).await;
    assert!(
        words.contains("already exists") && words.contains(&store),
        "{words}"
    );
    assert!(
        words.contains("one with `${AWS::StackName}` in it"),
        "{words}"
    );
    assert_eq!(status(&old).await, "CREATE_COMPLETE");

    // Given up: what was there is what is there, and what is left of the other one goes.
    rename(&scene, &new, &old);
    let pull = asked(&short, &scene, &[]).await;
    applied(&short, &pull).await;
    assert_eq!(status(&old).await, "CREATE_COMPLETE");
    assert_eq!(status(&new).await, "none");
    assert!(is_there(&store).await);
    in_step(&short).await;
    daemon.stop().await;
}
