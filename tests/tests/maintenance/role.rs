//! The role that a running workspace works with gets another name: it has one at each moment.

use super::stage::{Inside, MODULE, healthy, says, shop};
use chrono::Duration;
use hodman_tests::harness::{Options, REPOSITORY, Scene, Short};
use hodman_tests::servers::{AWS_REGION, Relay, aws_account};
use serde_json::json;

const FILE: &str = "modules/cross-account-role/module.yaml";
const ROLE: &str =
    include_str!("../../../examples/foundation/modules/cross-account-role/module.yaml");

const CALLS: &str = "\
account: main
aws: main
modules:
  role:
    module: cross-account-role
    inputs: {name: shop, account_id: 0f0f0f0f-0000-0000-0000-000000000001}
  workspace:
    module: workspace
    inputs: {name: shop, region: eu-west-1, role_arn: \"${modules.role.outputs.role_arn}\", bucket: shop-root}
workspaces:
";

async fn start(relay: &Relay, number: &str) -> Scene {
    let options = Options::short()
        .file(FILE, ROLE)
        .file("modules/workspace/module.yaml", MODULE);
    let mut options = options.edit("environments/qa/environment.yaml", "workspaces:\n", CALLS);
    options.settings = format!(
        "aws:\n  main: {{region: {AWS_REGION}, endpoint: \"{}\", access_key_id: {{value: \"{number}\"}}, \
         secret_access_key: {{value: test}}, environments: [qa]}}",
        relay.url
    );
    options.made = vec!["qa"];
    Scene::start(options).await
}

/// Commits the module of the role with one line in place of another.
fn change(scene: &Scene, from: &str, to: &str, why: &str) {
    assert!(ROLE.contains(from), "{from}");
    let text = ROLE.replace(from, to);
    let files = [(FILE, Some(text.as_bytes()))];
    let committed = scene.forge.commit(REPOSITORY, "main", &files, why, "rita");
    committed.expect("committed");
}

async fn roles(number: &str) -> Vec<String> {
    let there = aws_account(number).await;
    let roles = there["roles"].as_object().expect("roles");
    roles.keys().cloned().collect()
}

/// Which requests took something from a role since somebody asked last.
fn removals(relay: &Relay) -> Vec<String> {
    let sent = relay.take().into_iter().map(|one| one.action());
    sent.filter(|action| action.starts_with("Delete") || action.starts_with("Detach"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renamed_role_is_made_first_and_the_old_one_goes_when_the_workspace_has_moved() {
    let relay = Relay::start().await;
    let number = rand::random_range(100_000_000_000_u64..1_000_000_000_000).to_string();
    let scene = start(&relay, &number).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let before = shop(&scene).await;
    let made = scene.databricks.workspaces().pop().expect("the made one");
    let inside = Inside::new(&made.url());
    let nightly = made.job_by_name("nightly").expect("the job");
    let run = made.run_job(nightly.id, "ana@acme.example").expect("a run");

    // Of the same name there can be no second one beside it.
    let name = "name: ${inputs.name}\n";
    change(
        &scene,
        name,
        "name: ${inputs.name}\n      path: /other/\n",
        "another path",
    );
    let refused = "path cannot change in place, and account_credentials.workspace-credentials would be without it";
    says(&scene, &short, refused).await;

    change(
        &scene,
        name,
        "name: ${inputs.name}-next\n",
        "another name of the role",
    );
    let pull = short.proposed("qa").await.expect("a plan");
    for words in [
        "replace** `aws_roles.role-role`",
        "replace** `account_credentials.workspace-credentials`",
    ] {
        assert!(pull.body.contains(words), "{words}: {}", pull.body);
    }
    short.merge(&pull).expect("merged");
    says(&scene, &short, &format!("waits for run {run} in workspace")).await;
    assert_eq!(roles(&number).await, ["shop", "shop-next"]);
    assert_eq!(removals(&relay), [""; 0]);
    daemon.stop().await;

    // Another hodman goes on: until the workspace has moved, and may start things again, both are there.
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let ended = async || {
        let run = inside
            .reads("/api/2.2/jobs/runs/get", "run_id", &run.to_string())
            .await;
        (run["state"]["life_cycle_state"] == "TERMINATED").then_some(())
    };
    short
        .wait("the end of the run", ended)
        .await
        .expect("ended");
    scene.clock.advance(Duration::minutes(2));
    let held = "nothing of ours starts on account_workspaces.workspace-workspace until";
    says(&scene, &short, held).await;
    let all = scene.somebody().all("credentials").await;
    assert_eq!(all.len(), 2, "it may go back to the old ones: {all:?}");
    let after = shop(&scene).await;
    assert_eq!(after["workspace_id"], before["workspace_id"]);
    let has = |one: &&serde_json::Value| one["credentials_id"] == after["credentials_id"];
    let credentials = all.iter().find(has).expect("its credentials");
    let arn = format!("arn:aws:iam::{number}:role/shop-next");
    assert_eq!(
        credentials["aws_credentials"]["sts_role"]["role_arn"],
        json!(arn)
    );
    assert_eq!(roles(&number).await, ["shop", "shop-next"]);
    assert_eq!(removals(&relay), [""; 0]);

    scene.clock.advance(Duration::minutes(22));
    healthy(&short).await;
    assert_eq!(roles(&number).await, ["shop-next"]);
    assert_eq!(scene.somebody().all("credentials").await.len(), 1);
    let gone = removals(&relay);
    assert_eq!(
        gone.last().map(String::as_str),
        Some("DeleteRole"),
        "{gone:?}"
    );

    // And then there is nothing left to do, and nothing of it in the way.
    let drift = short.compared("qa").await.expect("compared");
    assert!(drift.found.is_none() && drift.error.is_none(), "{drift:?}");
    daemon.stop().await;
}
