//! Stacks in states in which nothing in them can be changed, as the server really answers them: what becomes of the whole is shown,
//! asked for, and done; what was cut off goes on without asking again.

use super::bench::{
    FILE, LOGS, MODULE, TEMPLATE, applied, asked, commit, explained, name, on_main, options,
    refused, status, the_rest, why,
};
use super::relay::Relay;
use hodman_core::event::{Ask, Unlock};
use hodman_tests::harness::{Scene, Short};
use hodman_tests::servers::{aws_endpoint, aws_hand};

/// A rule of a group that nobody has.
const BAD: &str = "  \
  Bad:
    Type: AWS::EC2::SecurityGroupIngress
    DependsOn: FIRST
    Properties: {GroupId: sg-00000000, IpProtocol: tcp, FromPort: 1, ToPort: 2, CidrIp: 10.0.0.0/8}
";

fn with_bad(template: &str, first: &str) -> String {
    format!("{template}{}", BAD.replace("FIRST", first))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_creation_that_failed_is_removed_and_made_anew_also_when_that_is_cut_off() {
    let own = name("never");
    let relay = Relay::start().await;
    // Somebody looked at a change set of that name once, and left it.
    aws_hand(&["review", &own, LOGS]).await;
    assert_eq!(status(&own).await, "REVIEW_IN_PROGRESS");
    let call = format!(", inputs: {{name: {own}}}");
    let bad = with_bad(LOGS, "Logs");
    let scene = Scene::start(options(MODULE, &bad, &call, (&relay.endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());

    let pull = short.proposed("qa").await.expect("a plan");
    let words = refused(&short, &pull).await;
    assert!(words.contains("ROLLBACK_COMPLETE"), "{words}");
    assert!(
        words.contains("Bad (AWS::EC2::SecurityGroupIngress)"),
        "{words}"
    );
    assert_eq!(status(&own).await, "ROLLBACK_COMPLETE");

    commit(&scene, &[(TEMPLATE, LOGS)]);
    let words = "a creation before it ended in ROLLBACK_COMPLETE, and what is left of that is removed first";
    let pull = asked(&short, &scene, &[words]).await;
    assert!(!pull.body.contains("CANNOT BE TAKEN BACK"), "{}", pull.body);
    // It is removed, and then cut off.
    relay.refuse_after("DeleteStack", "CreateChangeSet");
    short.merge(&pull).expect("merged");
    // The refusal before this one is said until then.
    explained(&short, &scene, "cut off by the test").await;
    assert_eq!(status(&own).await, "none");
    the_rest(&short, &pull).await;
    assert_eq!(status(&own).await, "CREATE_COMPLETE");
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    daemon.stop().await;
}

/// A stack of one group of logs.
fn inner(name: &str, days: u8) -> String {
    format!(
        "Resources: {{Logs: {{Type: 'AWS::Logs::LogGroup', Properties: {{LogGroupName: {name}, RetentionInDays: {days}}}}}}}\n"
    )
}

/// A stack around the one whose template lies in a bucket.
fn outer(bucket: &str, key: &str) -> String {
    let url = format!("{}/{bucket}/{key}", aws_endpoint());
    format!(
        "Parameters: {{Name: {{Type: String}}}}\nResources:\n  Inner: {{Type: 'AWS::CloudFormation::Stack', Properties: {{TemplateURL: '{url}'}}}}\n"
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_that_failed_is_gone_on_with_and_what_is_left_is_asked_for() {
    let own = name("back");
    let bucket = name("inner");
    let inner = |days: u8| inner(&own, days);
    let outer = |key: &str| outer(&bucket, key);
    aws_hand(&["make-bucket", &bucket]).await;
    aws_hand(&["put", &bucket, "seven", &inner(7)]).await;
    aws_hand(&["put", &bucket, "thirty", &inner(30)]).await;
    let call = format!(", inputs: {{name: {own}}}");
    let relay = Relay::start().await;
    let scene = Scene::start(options(
        MODULE,
        &outer("seven"),
        &call,
        (&relay.endpoint, ""),
    ))
    .await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    // The way back leads over a template that is gone.
    aws_hand(&["take", &bucket, "seven"]).await;
    commit(&scene, &[(TEMPLATE, &with_bad(&outer("thirty"), "Inner"))]);
    // This server does not say what is inside, so that changing it counts as losing it.
    let pull = asked(&short, &scene, &["resources.Inner", "CANNOT BE TAKEN BACK"]).await;
    let words = refused(&short, &pull).await;
    assert!(words.contains("UPDATE_ROLLBACK_FAILED"), "{words}");
    assert_eq!(status(&own).await, "UPDATE_ROLLBACK_FAILED");

    aws_hand(&["put", &bucket, "seven", &inner(7)]).await;
    commit(&scene, &[(TEMPLATE, &outer("thirty"))]);
    let pull = asked(&short, &scene, &["it is in UPDATE_ROLLBACK_FAILED"]).await;
    short.merge(&pull).expect("merged");
    let pull = asked(&short, &scene, &["resources.Inner", "CANNOT BE TAKEN BACK"]).await;
    assert_eq!(status(&own).await, "UPDATE_ROLLBACK_COMPLETE");
    applied(&short, &pull).await;
    assert_eq!(status(&own).await, "UPDATE_COMPLETE");
    assert_eq!(short.compared("qa").await.expect("compared").found, None);
    let skipped = relay.skipped();
    assert_eq!(skipped, [[""; 0]], "nothing is left out unasked");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_that_fails_again_leaves_out_what_a_person_names_and_nothing_else() {
    let (own, bucket) = (name("stuck"), name("inner"));
    let outer = |key: &str| outer(&bucket, key);
    aws_hand(&["make-bucket", &bucket]).await;
    aws_hand(&["put", &bucket, "seven", &inner(&own, 7)]).await;
    aws_hand(&["put", &bucket, "thirty", &inner(&own, 30)]).await;
    let call = format!(", inputs: {{name: {own}}}");
    let relay = Relay::start().await;
    let endpoint = (&*relay.endpoint, "");
    let scene = Scene::start(options(MODULE, &outer("seven"), &call, endpoint)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    let skip = || Unlock::GoBack {
        skip: ["Inner".to_owned()].into(),
    };
    short.unlock(skip()).await.expect("asked");
    let words = "is in CREATE_COMPLETE: it has no way back";
    short.unlock_refused(words).await.expect("refused");

    aws_hand(&["take", &bucket, "seven"]).await;
    commit(&scene, &[(TEMPLATE, &with_bad(&outer("thirty"), "Inner"))]);
    let pull = asked(&short, &scene, &["resources.Inner"]).await;
    refused(&short, &pull).await;
    commit(&scene, &[(TEMPLATE, &outer("thirty"))]);
    let pull = asked(&short, &scene, &["it is in UPDATE_ROLLBACK_FAILED"]).await;
    short.merge(&pull).expect("merged");
    // The refusal before this one is said until then.
    explained(&short, &scene, "`hodman unlock qa one --skip LOGICAL_ID`").await;

    // This server does not heed what is to be left out, so that the way back has to lead somewhere.
    aws_hand(&["put", &bucket, "seven", &inner(&own, 7)]).await;
    short.unlock(skip()).await.expect("asked");
    let pull = asked(&short, &scene, &["resources.Inner", "CANNOT BE TAKEN BACK"]).await;
    assert_eq!(status(&own).await, "UPDATE_ROLLBACK_COMPLETE");
    let skipped = relay.skipped();
    assert_eq!(skipped, [vec![], vec!["Inner".to_owned()]]);
    applied(&short, &pull).await;
    assert_eq!(status(&own).await, "UPDATE_COMPLETE");
    daemon.stop().await;
}

const STORE: &str = "\
Parameters: {Name: {Type: String}}
Resources:
  Store: {Type: 'AWS::S3::Bucket', Properties: {BucketName: !Ref Name}}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_protected_stays_and_a_removal_that_failed_says_why() {
    let own = name("store");
    let call = format!(", inputs: {{name: {own}}}");
    let endpoint = aws_endpoint();
    let scene = Scene::start(options(MODULE, STORE, &call, (&endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    aws_hand(&["put", &own, "letter", "something"]).await;

    // Whoever protected it in AWS is asked, before anybody approves of anything.
    aws_hand(&["protect", &own, "yes"]).await;
    let file = on_main(&scene, FILE).replace("mode: promoted", "mode: promoted\nstate: absent");
    commit(&scene, &[(FILE, &file)]);
    let told = explained(&short, &scene, "termination protection").await;
    assert!(
        told.contains(&format!("stack {own} has termination protection")),
        "{told}"
    );
    assert!(told.contains("cloudformation_stacks.one"), "{told}");
    aws_hand(&["protect", &own, "no"]).await;
    short
        .ask("olga", Ask::Retry { env: "qa".into() })
        .await
        .expect("asked");
    let pull = asked(&short, &scene, &["absent", "cloudformation_stacks.one"]).await;
    let words = refused(&short, &pull).await;
    assert!(
        words.contains("DELETE_FAILED") && words.contains("Store"),
        "{words}"
    );
    assert_eq!(status(&own).await, "DELETE_FAILED");

    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_failed_removal_left_goes_only_by_an_approval_that_names_it_and_once() {
    let own = name("left");
    let relay = Relay::start().await;
    let call = format!(", inputs: {{name: {own}}}");
    let scene = Scene::start(options(MODULE, STORE, &call, (&relay.endpoint, ""))).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    // Somebody began to remove it by hand.
    aws_hand(&["put", &own, "letter", "something"]).await;
    aws_hand(&["remove-stack", &own]).await;
    assert_eq!(status(&own).await, "DELETE_FAILED");
    let other = STORE.replace("Resources:\n", "Description: once more\nResources:\n");
    commit(&scene, &[(TEMPLATE, &other)]);
    let words = ["it is in DELETE_FAILED", "CANNOT BE TAKEN BACK"];
    let pull = asked(&short, &scene, &words).await;
    let words = refused(&short, &pull).await;
    assert!(words.contains("DELETE_FAILED"), "{words}");
    aws_hand(&["take", &own, "letter"]).await;
    // It is removed, and then cut off: a stack that is not there is what is left of it.
    relay.refuse_after("DeleteStack", "CreateChangeSet");
    short
        .ask("olga", Ask::Retry { env: "qa".into() })
        .await
        .expect("asked");
    short
        .wait("it gone", async || {
            (status(&own).await == "none").then_some(())
        })
        .await
        .expect("removed");
    let words = why(&short).await;
    assert!(words.contains("cut off by the test"), "{words}");
    the_rest(&short, &pull).await;
    assert_eq!(status(&own).await, "CREATE_COMPLETE");
    daemon.stop().await;
}
