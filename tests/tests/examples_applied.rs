//! The worked environments of `examples/foundation`: each is planned in a pull request, applied by its merge to an account that is
//! empty and a server that imitates AWS, and compared again without a difference. (`from-nothing` is told in `foundation.rs`, with the
//! way back.)

use hodman_clients::databricks::{
    AccountConfig, Auth, Connections, FoundationConfig, Request, Workspace,
};
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use hodman_model::files::parse_environment;
use hodman_tests::checkout::{files, read};
use hodman_tests::harness::{CANARY, Options, Scene, Short};
use hodman_tests::servers::aws_endpoint;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

const FOLDER: &str = "examples/foundation/";

/// Texts that live as long as the test: the harness takes such.
fn kept(text: String) -> &'static str {
    text.leak()
}

/// The lines from `account:` to the workspaces; qa has its own workspace beside those that the modules make.
fn calls(name: &str) -> String {
    let environment = read(&format!("{FOLDER}environments/{name}/environment.yaml"));
    let from = environment.find("account:").expect("an account");
    let to = environment.find("workspaces:").expect("workspaces");
    environment[from..to].to_owned()
}

fn options(name: &str) -> Options {
    let own = format!("environments/{name}/environment.yaml");
    let text = read(&format!("{FOLDER}{own}"));
    let environment = parse_environment(&own, &text).expect("an environment");
    let called: Vec<String> = environment
        .modules
        .values()
        .map(|call| format!("modules/{}/", call.module))
        .collect();
    let mut options = Options::short();
    for path in files() {
        let Some(inside) = path.strip_prefix(FOLDER) else {
            continue;
        };
        if called.iter().any(|folder| inside.starts_with(folder)) {
            options = options.file(kept(inside.to_owned()), kept(read(&path)));
        }
    }
    let calls = kept(format!("{}workspaces:\n", calls(name)));
    let mut options = options.edit("environments/qa/environment.yaml", "workspaces:\n", calls);
    // A key of twelve digits is an account of its own there: the environments name their stacks alike.
    let aws_account = rand::random_range(100_000_000_000_u64..1_000_000_000_000);
    options.settings = format!(
        "aws:\n  main: {{region: eu-west-1, endpoint: \"{}\", access_key_id: {{value: \"{aws_account}\"}}, secret_access_key: {{value: test}}, environments: [qa]}}",
        aws_endpoint()
    );
    options
}

async fn account(scene: &Scene) -> BTreeMap<&'static str, Vec<Value>> {
    let account = AccountConfig {
        account_id: scene.databricks.account_id().to_owned(),
        host: scene.databricks.account_url(),
        auth: Auth::OAuth {
            client_id: "hodman-prod".to_owned(),
            client_secret: format!("prod-{CANARY}").into(),
            token_url: None,
        },
        timeout: Duration::from_secs(10),
        user_agent: "somebody".to_owned(),
    };
    let config = FoundationConfig {
        name: "somebody".to_owned(),
        account: Some(account),
        elsewhere: None,
    };
    let client =
        Workspace::foundation(config, &Connections::new().expect("TLS")).expect("a client");
    let mut found = BTreeMap::new();
    for what in [
        "workspaces",
        "networks",
        "credentials",
        "storage-configurations",
        "vpc-endpoints",
        "private-access-settings",
        "customer-managed-keys",
    ] {
        let path = format!("/api/2.0/accounts/{{account_id}}/{what}");
        let answer = client.call(Request::get(path)).await.expect("a list");
        found.insert(what, answer.as_array().cloned().expect("a list"));
    }
    found
}

/// Applies it; what the account has afterwards, by what it did not have before.
async fn applied(name: &str) -> BTreeMap<&'static str, Vec<Value>> {
    let scene = Scene::start(options(name)).await;
    let before = account(&scene).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let qa = EnvName::from("qa");
    let env = async || {
        let mut state = short.state().await.ok()?;
        state.environments.remove(&qa)
    };
    short
        .wait("everything in place", async || {
            let env = env().await?;
            let healthy = env.current.as_ref()?.healthy_since.is_some() && env.run.is_none();
            healthy.then_some(())
        })
        .await
        .expect("applied");
    let last = env().await.expect("an environment").drift.last;
    let ask = Ask::Reconcile { env: qa.clone() };
    short.ask("olga", ask).await.expect("asked");
    let drift = short
        .wait("a comparison", async || {
            let drift = env().await?.drift;
            (drift.last != last && !drift.wanted && drift.comparing.is_none()).then_some(drift)
        })
        .await
        .expect("compared");
    assert_eq!(drift.error, None, "{name}");
    let url = format!(
        "http://{}/api/pipelines/shop/environments/qa/drift",
        daemon.address
    );
    let view = reqwest::get(url).await.expect("sent");
    let view = view.text().await.expect("a text");
    assert!(drift.found.is_none(), "{name}: {view}");
    let mut after = account(&scene).await;
    for (what, all) in &mut after {
        all.retain(|one| !before[what].contains(one));
    }
    daemon.stop().await;
    after
}

fn running(made: &BTreeMap<&'static str, Vec<Value>>) -> usize {
    let workspaces = made["workspaces"].iter();
    workspaces
        .filter(|one| one["workspace_status"] == "RUNNING")
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_in_a_network_that_databricks_makes() {
    let made = applied("managed").await;
    assert_eq!(running(&made), 1, "{made:?}");
    assert!(made["networks"].is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_in_a_vpc_of_its_own() {
    let made = applied("own-vpc").await;
    assert_eq!(running(&made), 1, "{made:?}");
    assert_eq!(
        made["networks"][0]["subnet_ids"].as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_workspaces_over_private_link_with_a_key_of_our_own() {
    let made = applied("private").await;
    assert_eq!(running(&made), 2, "{made:?}");
    assert_eq!(made["networks"].len(), 2);
    assert_eq!(made["vpc-endpoints"].len(), 2, "shared by both");
    assert_eq!(made["customer-managed-keys"].len(), 1);
    assert_eq!(made["private-access-settings"].len(), 1);
    let network = &made["networks"][0]["vpc_endpoints"];
    assert_eq!(
        network["rest_api"].as_array().map(Vec::len),
        Some(1),
        "{network}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_spokes_and_one_hub() {
    let made = applied("spokes").await;
    assert_eq!(running(&made), 2, "{made:?}");
    let mut vpcs: Vec<&Value> = made["networks"].iter().map(|one| &one["vpc_id"]).collect();
    vpcs.dedup();
    assert_eq!(vpcs.len(), 2, "each in a VPC of its own");
}
