//! What workspaces stand on: modules of an environment, planned, approved and applied like jobs.

use hodman_clients::databricks::{
    AccountConfig, Auth, Connections, FoundationConfig, Request, Workspace,
};
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_tests::harness::{CANARY, Options, REPOSITORY, Scene, Short};
use hodman_tests::servers::aws_endpoint;
use serde_json::Value;
use std::time::Duration;

const MODULE: &str = "\
engine: native
description: A workspace with a network that Databricks makes.
inputs:
  prefix: {type: string}
  region: {type: string, default: eu-central-1}
  role_arn: {type: string, description: The cross-account role.}
  bucket: {type: string}
resources:
  account_credentials:
    main:
      credentials_name: ${inputs.prefix}-credentials
      aws_credentials: {sts_role: {role_arn: \"${inputs.role_arn}\"}}
  account_storage_configurations:
    root:
      storage_configuration_name: ${inputs.prefix}-root
      root_bucket_info: {bucket_name: \"${inputs.bucket}\"}
  account_workspaces:
    main:
      workspace_name: ${inputs.prefix}
      aws_region: ${inputs.region}
      credentials_id: ${resources.account_credentials.main.id}
      storage_configuration_id: ${resources.account_storage_configurations.root.id}
outputs:
  host: {value: \"${resources.account_workspaces.main.host}\"}
  workspace_id: {value: \"${resources.account_workspaces.main.id}\"}
";

const CALL: &str = "\
account: main
modules:
  ground:
    module: workspace
    inputs:
      prefix: shop-qa
      role_arn: arn:aws:iam::123456789012:role/shop-qa
      bucket: shop-qa-root
workspaces:
";

fn options() -> Options {
    Options::short()
        .file("modules/workspace/module.yaml", MODULE)
        .edit("environments/qa/environment.yaml", "workspaces:\n", CALL)
}

/// The settings of a server that imitates AWS.
fn aws() -> String {
    format!(
        "aws:\n  main: {{region: eu-west-1, endpoint: \"{}\", role_arn: \"arn:aws:iam::000000000000:role/hodman\", external_id: ours, access_key_id: {{value: test}}, secret_access_key: {{value: test}}, environments: [qa]}}",
        aws_endpoint()
    )
}

/// The account as somebody else sees it.
fn account(scene: &Scene) -> Workspace {
    let account = AccountConfig {
        account_id: scene.databricks.account_id().to_owned(),
        host: scene.databricks.account_url(),
        auth: Auth::OAuth {
            client_id: "hodman-prod".to_owned(),
            client_secret: format!("prod-{CANARY}").into(),
            token_url: None,
        },
        timeout: Duration::from_secs(60),
        user_agent: "somebody".to_owned(),
    };
    let config = FoundationConfig {
        name: "somebody".to_owned(),
        account: Some(account),
        elsewhere: None,
    };
    Workspace::foundation(config, &Connections::new().expect("TLS")).expect("a client")
}

async fn all(account: &Workspace, what: &str) -> Vec<Value> {
    let path = format!("/api/2.0/accounts/{{account_id}}/{what}");
    let answer = account.call(Request::get(path)).await.expect("a list");
    answer.as_array().cloned().expect("a list")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_merge_makes_the_account_objects_and_a_second_plan_is_empty() {
    let scene = Scene::start(options()).await;
    // The role of a moment ago is not known everywhere, and the workspace takes its time.
    scene.databricks.account().delay_roles(2);
    scene.databricks.account().slow_provisioning(2);
    let account = account(&scene);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    for words in [
        "account_credentials.ground-main",
        "account_workspaces.ground-main",
    ] {
        assert!(pull.body.contains(words), "{}", pull.body);
    }
    short.merge(&pull).expect("merged");
    let healthy = async || {
        let state = short.state().await.ok()?;
        let env = state.environments.get(&EnvName::from("qa"))?;
        let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
        healthy.then_some(())
    };
    short.wait("qa", healthy).await.expect("applied");
    let made = all(&account, "workspaces").await;
    let ours: Vec<&Value> = made
        .iter()
        .filter(|one| one["workspace_name"] == "shop-qa")
        .collect();
    assert_eq!(ours.len(), 1, "{made:?}");
    assert_eq!(ours[0]["workspace_status"], "RUNNING");
    assert_eq!(ours[0]["custom_tags"]["hodman_key"], "ground-main");
    assert_eq!(all(&account, "credentials").await.len(), 1);

    // Another role: new credentials, the workspace moved to them, the old ones away.
    let before = ours[0]["credentials_id"].clone();
    let module = MODULE.replace("${inputs.prefix}-credentials", "${inputs.prefix}-keys");
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("modules/workspace/module.yaml", Some(module.as_bytes()))],
            "another name",
            "rita",
        )
        .expect("committed");
    let pull = short.proposed("qa").await.expect("a second plan");
    assert!(pull.body.contains("replace"), "{}", pull.body);
    short.merge(&pull).expect("merged");
    short
        .wait("other credentials", async || {
            let made = all(&account, "workspaces").await;
            let moved = made
                .iter()
                .any(|one| one["workspace_name"] == "shop-qa" && one["credentials_id"] != before);
            let left = all(&account, "credentials").await;
            (moved && left.len() == 1 && left[0]["credentials_name"] == "shop-qa-keys")
                .then_some(())
        })
        .await
        .expect("moved");
    short.wait("qa", healthy).await.expect("applied again");

    let of_qa = EnvName::from("qa");
    let last = short.state().await.expect("a state").environments[&of_qa]
        .drift
        .last;
    short
        .ask("olga", Ask::Reconcile { env: "qa".into() })
        .await
        .expect("asked");
    short
        .wait("a comparison", async || {
            let state = short.state().await.ok()?;
            let drift = &state.environments[&of_qa].drift;
            (drift.last != last && !drift.wanted && drift.comparing.is_none()).then_some(())
        })
        .await
        .expect("compared");
    let url = format!(
        "http://{}/api/pipelines/shop/environments/qa/drift",
        daemon.address
    );
    let view: Value = reqwest::get(url)
        .await
        .expect("sent")
        .json()
        .await
        .expect("JSON");
    assert_eq!(view["plan"], Value::Null, "{view}");
    daemon.stop().await;
}

const NETWORK: &str = include_str!("../../examples/foundation/modules/network/module.yaml");
const ATTACHED: &str =
    include_str!("../../examples/foundation/modules/databricks-network/module.yaml");
const IN_NETWORK: &str =
    include_str!("../../examples/foundation/modules/workspace-own-network/module.yaml");

const OWN_VPC: &str = "\
account: main
aws: main
modules:
  vpc:
    module: network
    inputs: {zones: [eu-west-1a, eu-west-1b], nat: one}
  network:
    module: databricks-network
    inputs:
      name: shop-own
      vpc_id: ${modules.vpc.outputs.vpc_id}
      subnet_ids: ${modules.vpc.outputs.subnet_ids}
      security_group_ids: ${modules.vpc.outputs.security_group_ids}
  workspace:
    module: workspace-own-network
    inputs:
      name: shop-own
      region: eu-west-1
      role_arn: arn:aws:iam::123456789012:role/shop-own
      bucket: shop-own-root
      network_id: ${modules.network.outputs.network_id}
workspaces:
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_network_is_a_stack_whose_change_is_shown_resource_by_resource() {
    let mut options = options();
    options.files = vec![
        ("modules/network/module.yaml", NETWORK),
        ("modules/databricks-network/module.yaml", ATTACHED),
        ("modules/workspace-own-network/module.yaml", IN_NETWORK),
    ];
    options.edits.pop();
    let mut options = options.edit("environments/qa/environment.yaml", "workspaces:\n", OWN_VPC);
    options.settings = aws();
    let scene = Scene::start(options).await;
    let account = account(&scene);
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    assert!(
        pull.body.contains("cloudformation_stacks.vpc"),
        "{}",
        pull.body
    );
    short.merge(&pull).expect("merged");
    let healthy = async || {
        let state = short.state().await.ok()?;
        let env = state.environments.get(&EnvName::from("qa"))?;
        let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
        healthy.then_some(())
    };
    short.wait("qa", healthy).await.expect("applied");
    let networks = all(&account, "networks").await;
    assert_eq!(networks.len(), 1);
    assert!(
        networks[0]["vpc_id"]
            .as_str()
            .is_some_and(|id| id.starts_with("vpc-")),
        "{networks:?}"
    );
    assert_eq!(networks[0]["subnet_ids"].as_array().map(Vec::len), Some(2));

    // Another way out: the stack's change set says what that means for each resource.
    let text = NETWORK.replace("SubnetBits: ${inputs.subnet_bits}", "SubnetBits: 11");
    scene
        .forge
        .commit(
            REPOSITORY,
            "main",
            &[("modules/network/module.yaml", Some(text.as_bytes()))],
            "smaller subnets",
            "rita",
        )
        .expect("committed");
    let pull = short.proposed("qa").await.expect("a second plan");
    assert!(pull.body.contains("AWS::EC2::Subnet"), "{}", pull.body);
    // What takes the subnets waits for them: nobody knows yet which they are.
    let waits = "waits for cloudformation_stacks.vpc";
    assert!(pull.body.contains(waits), "{}", pull.body);
    let before = networks[0]["subnet_ids"].clone();
    short.merge(&pull).expect("merged");
    let pull = short
        .wait("a plan for the network", async || {
            let state = short.state().await.ok()?;
            let env = &state.environments[&EnvName::from("qa")];
            let open = env.promotion.as_ref()?.number()?;
            let mut pulls = scene.forge.pulls(REPOSITORY).into_iter();
            pulls.find(|one| one.open && one.number == open.0 && one.number != pull.number)
        })
        .await
        .expect("a third plan");
    assert!(
        pull.body.contains("account_networks.network-network") && !pull.body.contains(waits),
        "{}",
        pull.body
    );
    short.merge(&pull).expect("merged");
    short
        .wait("other subnets", async || {
            let networks = all(&account, "networks").await;
            let moved = networks.len() == 1 && networks[0]["subnet_ids"] != before;
            moved.then_some(())
        })
        .await
        .expect("the workspace stands on the new subnets");
    short.wait("qa", healthy).await.expect("applied");
    daemon.stop().await;
}
