//! A workspace in a network of its own: what does not work is told and repaired, and another network takes its place.

use super::stage::{commit, healthy, says, shop, start_with};
use chrono::Duration;
use hodman_core::event::Ask;
use hodman_tests::harness::Short;
use serde_json::json;

const OWN: &str = "\
engine: native
inputs:
  name: {type: string}
resources:
  account_credentials:
    credentials: {credentials_name: \"${inputs.name}\", aws_credentials: {sts_role: {role_arn: \"arn:aws:iam::123456789012:role/shop\"}}}
  account_storage_configurations:
    storage: {storage_configuration_name: \"${inputs.name}\", root_bucket_info: {bucket_name: shop-root}}
  account_networks:
    own: {network_name: \"${inputs.name}\", vpc_id: vpc-1, subnet_ids: [subnet-1, subnet-2], security_group_ids: [sg-1]}
  account_workspaces:
    workspace:
      workspace_name: ${inputs.name}
      aws_region: eu-west-1
      credentials_id: ${resources.account_credentials.credentials.id}
      storage_configuration_id: ${resources.account_storage_configurations.storage.id}
      network_id: ${resources.account_networks.own.id}
outputs:
  host: {value: \"${resources.account_workspaces.workspace.host}\"}
  workspace_id: {value: \"${resources.account_workspaces.workspace.id}\"}
";

const CALL: &str = "\
account: main
modules:
  workspace: {module: workspace, inputs: {name: shop}}
workspaces:
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_failed_says_why_with_the_words_of_its_network_and_is_repaired() {
    let scene = start_with(OWN, CALL).await;
    let broken = scene.databricks.account();
    broken.break_vpc("vpc-1", "subnet", "there is no way out");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    says(&scene, &short, "was made and does not work: FAILED").await;
    says(&scene, &short, "subnet: there is no way out").await;
    let failed = shop(&scene).await;
    assert_eq!(failed["workspace_status"], "FAILED");

    // Mended outside. That it works is what is left of the create that was approved; it is repaired, not made anew.
    broken.mend_vpc("vpc-1");
    let retry = Ask::Retry { env: "qa".into() };
    short.ask("olga", retry).await.expect("asked");
    healthy(&short).await;
    let repaired = shop(&scene).await;
    assert_eq!(repaired["workspace_id"], failed["workspace_id"]);
    assert_eq!(repaired["workspace_status"], "RUNNING");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_network_is_made_the_workspace_moves_and_the_old_one_goes() {
    let scene = start_with(OWN, CALL).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let before = shop(&scene).await;
    commit(
        &scene,
        &OWN.replace("subnet-2", "subnet-3"),
        "another subnet",
    );
    let pull = short.proposed("qa").await.expect("a plan");
    assert!(
        pull.body
            .contains("nothing of ours starts for 20 minutes after"),
        "{}",
        pull.body
    );
    short.merge(&pull).expect("merged");
    says(
        &scene,
        &short,
        "nothing of ours starts on account_workspaces",
    )
    .await;
    let after = shop(&scene).await;
    assert_eq!(after["workspace_id"], before["workspace_id"]);
    assert_ne!(after["network_id"], before["network_id"]);
    let networks = scene.somebody().all("networks").await;
    assert_eq!(networks.len(), 2, "it may still go back: {networks:?}");
    scene.clock.advance(Duration::minutes(22));
    healthy(&short).await;
    let networks = scene.somebody().all("networks").await;
    assert_eq!(networks.len(), 1, "the old one is away: {networks:?}");
    assert_eq!(networks[0]["subnet_ids"], json!(["subnet-1", "subnet-3"]));
    assert_eq!(after["network_id"], networks[0]["network_id"]);

    // In a network of its own it stays in one.
    let bare = OWN.replace(
        "      network_id: ${resources.account_networks.own.id}\n",
        "",
    );
    commit(&scene, &bare, "no network");
    says(
        &scene,
        &short,
        "never goes back to one that Databricks makes",
    )
    .await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_workspace_goes_back_to_while_nothing_starts_is_there_still() {
    let scene = start_with(OWN, CALL).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let before = shop(&scene).await["network_id"].clone();
    commit(
        &scene,
        &OWN.replace("subnet-2", "subnet-3"),
        "another subnet",
    );
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    says(
        &scene,
        &short,
        "nothing of ours starts on account_workspaces",
    )
    .await;
    assert_ne!(shop(&scene).await["network_id"], before);
    assert!(scene.databricks.account().go_back("shop"));
    scene.clock.advance(Duration::minutes(22));
    let words = "went back to what it had, without a word: network_id";
    says(&scene, &short, words).await;
    assert_eq!(shop(&scene).await["network_id"], before);
    let networks = scene.somebody().all("networks").await;
    let is_it = |network: &serde_json::Value| network["network_id"] == before;
    assert!(networks.iter().any(is_it), "{networks:?}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_leaves_git_under_its_key_goes_when_the_time_is_over() {
    let scene = start_with(OWN, CALL).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let before = shop(&scene).await["network_id"].clone();
    let other = OWN.replace("    own:", "    other:");
    let other = other.replace("account_networks.own.", "account_networks.other.");
    commit(
        &scene,
        &other.replace("subnet-2", "subnet-3"),
        "another network",
    );
    let pull = short.proposed("qa").await.expect("a plan");
    assert!(
        pull.body.contains("delete** `account_networks"),
        "{}",
        pull.body
    );
    short.merge(&pull).expect("merged");
    says(&scene, &short, "keeps its change").await;
    let has_it = async || {
        let networks = scene.somebody().all("networks").await;
        networks
            .iter()
            .any(|network| network["network_id"] == before)
    };
    assert_ne!(shop(&scene).await["network_id"], before);
    assert!(has_it().await, "it may still go back");
    scene.clock.advance(Duration::minutes(22));
    let gone = async || {
        scene.clock.advance(Duration::minutes(1));
        (!has_it().await).then_some(())
    };
    short.wait("its removal", gone).await.expect("gone");
    healthy(&short).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_that_the_workspace_does_not_move_to_says_why() {
    let scene = start_with(OWN, CALL).await;
    let account = scene.databricks.account();
    account.break_vpc("vpc-2", "subnet", "there is no way out");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let before = shop(&scene).await;
    commit(&scene, &OWN.replace("vpc-1", "vpc-2"), "another VPC");
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let words = "went back to what it had, without a word: network_id; what it asks for does not work there: subnet: there is no way out";
    says(&scene, &short, words).await;
    assert_eq!(shop(&scene).await["network_id"], before["network_id"]);
    daemon.stop().await;
}
