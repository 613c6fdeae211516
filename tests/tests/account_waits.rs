//! What the account makes after its answer is waited for: also by whoever never saw that answer, or the end.

use hodman_core::explain::explain;
use hodman_core::ids::EnvName;
use hodman_core::state::RunPhase;
use hodman_sandbox::faults::FaultRule;
use hodman_tests::harness::{Options, Scene, Short};
use serde_json::Value;

const FILE: &str = "modules/objects/module.yaml";

const LINKED: &str = "\
engine: native
resources:
  account_vpc_endpoints:
    workspace: {vpc_endpoint_name: shop-workspace, aws_vpc_endpoint_id: vpce-1, region: eu-west-1}
    relay: {vpc_endpoint_name: shop-relay, aws_vpc_endpoint_id: vpce-2, region: eu-west-1}
  account_networks:
    own:
      network_name: shop
      vpc_id: vpc-1
      subnet_ids: [subnet-1, subnet-2]
      security_group_ids: [sg-1]
      vpc_endpoints:
        rest_api: [\"${resources.account_vpc_endpoints.workspace.vpc_endpoint_id}\"]
        dataplane_relay: [\"${resources.account_vpc_endpoints.relay.vpc_endpoint_id}\"]
";

const WORKSPACE: &str = "\
engine: native
resources:
  account_credentials:
    machines: {credentials_name: shop, aws_credentials: {sts_role: {role_arn: \"arn:aws:iam::123456789012:role/shop\"}}}
  account_storage_configurations:
    root: {storage_configuration_name: shop, root_bucket_info: {bucket_name: shop-root}}
  account_workspaces:
    main:
      workspace_name: shop
      aws_region: eu-west-1
      credentials_id: ${resources.account_credentials.machines.id}
      storage_configuration_id: ${resources.account_storage_configurations.root.id}
";

const CALL: &str = "\
account: main
modules:
  objects: {module: objects}
workspaces:
";

async fn start(module: &'static str) -> Scene {
    let options = Options::short().file(FILE, module);
    Scene::start(options.edit("environments/qa/environment.yaml", "workspaces:\n", CALL)).await
}

async fn says(scene: &Scene, short: &Short<'_>, wanted: &str) {
    let said = async || {
        let state = short.state().await.ok()?;
        let told = explain(&state, &EnvName::from("qa"), scene.clock.now())?;
        let words: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
        words.join("; ").contains(wanted).then_some(())
    };
    short.wait(wanted, said).await.expect("said");
}

async fn healthy(short: &Short<'_>) {
    let at_rest = async || {
        let state = short.state().await.ok()?;
        let env = state.environments.get(&EnvName::from("qa"))?;
        let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
        healthy.then_some(())
    };
    short.wait("qa", at_rest).await.expect("healthy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_workspace_whose_name_nobody_knows_yet_uses_up_no_tries() {
    let module = format!(
        "{WORKSPACE}outputs:\n  host: {{value: \"${{resources.account_workspaces.main.host}}\"}}\n"
    );
    let call = CALL.replace("workspaces:", "  workspace: {module: objects}\nworkspaces:");
    let call = call.replace("  objects: {module: objects}\n", "");
    let options = Options::short().file(FILE, module.leak());
    let mut options = options.edit(
        "environments/qa/environment.yaml",
        "workspaces:\n",
        call.leak(),
    );
    options.made = vec!["qa"];
    let scene = Scene::start(options).await;
    scene.databricks.account().silence_new_hosts();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let words = "was made just now and does not answer yet";
    says(&scene, &short, words).await;
    let state = short.state().await.expect("a state");
    let run = state.environments[&EnvName::from("qa")].run.as_ref();
    let phase = &run.expect("a run").phase;
    let waits = matches!(
        phase,
        RunPhase::Failed {
            tries: 0,
            waits: true,
            not_before: Some(_),
            ..
        }
    );
    assert!(waits, "{phase:?}");
    let made = scene.databricks.workspaces().pop().expect("the made one");
    made.faults().clear();
    scene.clock.advance(chrono::Duration::seconds(70));
    healthy(&short).await;
    daemon.stop().await;
}

/// How many requests to the account were such.
fn sent(scene: &Scene, method: &str, end: &str) -> usize {
    let all = scene.databricks.account_faults().requests();
    let all = all.iter();
    all.filter(|one| one.method == method && one.path.contains(end))
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_is_made_when_its_endpoints_are_available_also_by_another_process() {
    let scene = start(LINKED).await;
    // Of these nobody sees the end.
    scene.databricks.account().endpoints_become(&["pending"]);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let looks = async || (sent(&scene, "GET", "/vpc-endpoints/") > 1).then_some(());
    short
        .wait("looks at an endpoint", looks)
        .await
        .expect("looked at");
    daemon.stop().await;
    assert_eq!(sent(&scene, "POST", "/networks"), 0);

    scene.databricks.account().accept_endpoints();
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let made = async || (scene.somebody().all("networks").await.len() == 1).then_some(());
    short.wait("the network", made).await.expect("made");
    let endpoints = scene.somebody().all("vpc-endpoints").await;
    assert_eq!(endpoints.len(), 2, "{endpoints:?}");
    assert_eq!(sent(&scene, "POST", "/networks"), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_that_is_not_taken_is_told_with_the_word_of_aws() {
    let scene = start(LINKED).await;
    scene
        .databricks
        .account()
        .endpoints_become(&["PENDING", "bad thing"]);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    says(&scene, &short, "AWS says that the endpoint is bad thing").await;
    assert_eq!(sent(&scene, "POST", "/networks"), 0);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_whose_creation_lost_its_answer_is_waited_for() {
    let scene = start(WORKSPACE).await;
    scene.databricks.account().slow_provisioning(6);
    let lost = FaultRule::status(504, 1).after_effect().on("POST");
    scene
        .databricks
        .account_faults()
        .add(lost.path_contains("/workspaces"));
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    // As it was seen last: a look of ours would move it on.
    let shown =
        |one: &Value| one["workspace_name"] == "shop" && one["workspace_status"] == "RUNNING";
    assert!(sent(&scene, "GET", "/workspaces/") > 2, "it was followed");
    let all = scene.somebody().all("workspaces").await;
    assert_eq!(all.iter().filter(|one| shown(one)).count(), 1, "{all:?}");
    assert_eq!(sent(&scene, "POST", "/workspaces"), 1);
    daemon.stop().await;
}
