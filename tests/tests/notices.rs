//! News from AWS: somebody changes by hand a role and a bucket that hodman keeps, CloudTrail's record of it comes through a
//! queue, and what was changed is put back, long before the schedule would have seen it. The real binary, a server that
//! imitates AWS, and AWS's own client in the hands of that somebody.

use hodman_core::ids::EnvName;
use hodman_core::state::Drift;
use hodman_tests::harness::{CANARY, Hodman, Killer, Options, Scene, Secrets, Short};
use hodman_tests::servers::{aws_endpoint, python};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

const REGION: &str = "eu-west-1";

/// Runs AWS's own client; what it printed.
async fn hand(arguments: &[&str]) -> anyhow::Result<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes/aws_hand.py");
    let endpoint = aws_endpoint();
    let mut all = vec![endpoint.as_str(), REGION];
    all.extend(arguments);
    let ended = python(&script, &all, &[]).await;
    anyhow::ensure!(ended.ok, "{arguments:?}: {}", ended.said);
    Ok(ended.said.trim().to_owned())
}

/// CloudTrail's record as EventBridge sends it.
fn news(service: &str, call: &str, parameters: &serde_json::Value, id: &str) -> String {
    json!({
        "version": "0", "id": id, "detail-type": "AWS API Call via CloudTrail", "source": format!("aws.{service}"),
        "account": "000000000000", "time": "2026-11-29T12:00:00Z", "region": "us-east-1", "resources": [],
        "detail": {
            "eventVersion": "1.11", "eventSource": format!("{service}.amazonaws.com"), "eventName": call, "readOnly": false,
            "managementEvent": true, "eventCategory": "Management", "requestParameters": parameters,
            "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::000000000000:assumed-role/admin/ann"},
        },
    })
    .to_string()
}

async fn drift(short: &Short<'_>) -> Option<Drift> {
    let mut state = short.state().await.ok()?;
    let env = state.environments.remove(&EnvName::from("qa"))?;
    env.run.is_none().then_some(env.drift)
}

/// Nothing is compared, looked at or to be looked at.
fn quiet(drift: &Drift) -> bool {
    !drift.wanted
        && drift.comparing.is_none()
        && drift.looking.is_none()
        && drift.noticed.is_empty()
}

async fn story(short: &Short<'_>, queue: &str, role: &str, bucket: &str) -> anyhow::Result<()> {
    short.promote("qa").await?;
    let before = short
        .wait("rest after the apply", async || {
            drift(short).await.filter(quiet)
        })
        .await?;

    // News of an object that is as it should be, and of one that is nobody's: looked at, and nothing else compared.
    let described = hand(&["look-role", role]).await?;
    for (name, id) in [(role, "news-1"), ("somebody-elses", "news-2")] {
        let message = news("iam", "TagRole", &json!({"roleName": name}), id);
        hand(&["send", queue, &message]).await?;
    }
    let notes = async || short.store().list_events(&notices()).await.ok();
    short
        .wait("both pieces of news taken", async || {
            let taken = notes().await?;
            (taken.len() == 2).then_some(())
        })
        .await?;
    let after = short
        .wait("rest after the news", async || {
            drift(short).await.filter(quiet)
        })
        .await?;
    anyhow::ensure!(
        after.last == before.last,
        "everything was compared although nothing differed"
    );

    // A role and a bucket are changed by hand.
    hand(&["role", role, "changed by hand"]).await?;
    hand(&["bucket", bucket]).await?;
    anyhow::ensure!(hand(&["look-bucket", bucket]).await? == "no policy");
    let began = Instant::now();
    let message = news("iam", "UpdateRole", &json!({"roleName": role}), "news-3");
    hand(&["send", queue, &message]).await?;
    let message = news(
        "s3",
        "DeleteBucketPolicy",
        &json!({"bucketName": bucket}),
        "news-4",
    );
    hand(&["send", queue, &message]).await?;
    short
        .wait("both put back", async || {
            let role = hand(&["look-role", role]).await.ok()?;
            let policy = hand(&["look-bucket", bucket]).await.ok()?;
            (role == described && policy == "a policy").then_some(())
        })
        .await?;
    println!("put back {} ms after the news", began.elapsed().as_millis());
    Ok(())
}

fn notices() -> hodman_store::EventFilter {
    hodman_store::EventFilter {
        source: Some("eventbridge".to_owned()),
        limit: Some(100),
        ..hodman_store::EventFilter::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_changes_in_aws_is_put_back_when_the_news_of_it_comes() {
    let own = format!("{:x}", rand::random::<u64>());
    let (role, bucket) = (format!("shop-{own}"), format!("shop-root-{own}"));
    let queue = hand(&["queue", &format!("news-{own}")])
        .await
        .expect("a queue");
    let calls: &'static str = format!(
        "aws: main\nmodules:\n  role:\n    module: cross-account-role\n    inputs: {{name: {role}, account_id: 0f0f0f0f-0000-0000-0000-000000000001}}\n  \
         bucket:\n    module: root-bucket\n    inputs: {{name: {bucket}, account_id: 0f0f0f0f-0000-0000-0000-000000000001}}\ndrift: heal\nworkspaces:\n"
    )
    .leak();
    let mut options = Options::short()
        .file(
            "modules/cross-account-role/module.yaml",
            include_str!("../../examples/foundation/modules/cross-account-role/module.yaml"),
        )
        .file(
            "modules/root-bucket/module.yaml",
            include_str!("../../examples/foundation/modules/root-bucket/module.yaml"),
        )
        .edit("environments/qa/environment.yaml", "drift: report\n", "")
        .edit("environments/qa/environment.yaml", "workspaces:\n", calls);
    let endpoint = aws_endpoint();
    options.settings = format!(
        "aws:\n  main: {{region: {REGION}, endpoint: \"{endpoint}\", access_key_id: {{env: HODMAN_TEST_AWS_ID}}, secret_access_key: {{env: HODMAN_TEST_AWS_KEY}}, environments: [qa]}}\n\
         sqs: [{{name: news, url: \"{queue}\", endpoint: \"{endpoint}\", region: {REGION}}}]"
    );
    let scene = Scene::start(options).await;
    let short = Short::beside(&scene).await.expect("a teller");
    scene.hook(&format!("http://127.0.0.1:{}/webhooks/github", scene.port));
    let variables = [
        ("HODMAN_TEST_AWS_ID", "test"),
        ("HODMAN_TEST_AWS_KEY", CANARY),
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", CANARY),
    ];
    let variables = variables
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let config = scene.config(Secrets::Environment, scene.port);
    let hodman =
        Hodman::with_config(&scene, Killer::default(), &config, variables).expect("hodman starts");
    let told = hodman.during(story(&short, &queue, &role, &bucket)).await;
    if let Err(error) = told {
        panic!("{error:#}\n{}", hodman.end_of_log());
    }
}
