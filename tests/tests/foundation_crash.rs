//! `kill -9` of the real binary at each write to the account while an environment is made from nothing, and while it is
//! destroyed. It ends complete, nothing is there twice, and nothing is left that nobody knows of.

use axum::http::Method;
use axum::http::request::Parts;
use hodman_clients::databricks::{
    AccountConfig, Auth, Connections, FoundationConfig, Request, Workspace,
};
use hodman_sandbox::faults::{Direction, Director, FaultRule};
use hodman_tests::harness::{CANARY, Hodman, Killer, Options, Scene, Short};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const MODULE: &str = include_str!("../../examples/foundation/modules/workspace/module.yaml");

const CALL: &str = "\
account: main
modules:
  workspace:
    module: workspace
    inputs:
      name: shop
      region: eu-west-1
      role_arn: arn:aws:iam::123456789012:role/shop
      bucket: shop-root
workspaces:
";

/// Credentials, the storage configuration, the workspace; and so they go.
const WRITES: usize = 3;

/// The same without the protection, which a destroy would refuse to pass.
fn unprotected() -> &'static str {
    let module = MODULE.replace("      lifecycle: {prevent_destroy: true}\n", "");
    assert_ne!(module, MODULE);
    module.leak()
}

async fn start(module: &'static str) -> Scene {
    let mut options = Options::short()
        .file("modules/workspace/module.yaml", module)
        .edit("environments/qa/environment.yaml", "workspaces:\n", CALL);
    options.made = vec!["qa"];
    Scene::start(options).await
}

fn writes(request: &Parts) -> bool {
    request.method != Method::GET && !request.uri.path().contains("/oidc/")
}

async fn all(scene: &Scene, what: &str) -> Vec<Value> {
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
    let client = Workspace::foundation(config, &Connections::new().expect("TLS"));
    let path = format!("/api/2.0/accounts/{{account_id}}/{what}");
    let answer = client.expect("a client").call(Request::get(path)).await;
    answer.expect("a list").as_array().cloned().expect("a list")
}

/// Kills at the write number `at` from now on, before or after its effect; whether it did.
fn strike(scene: &Scene, killer: &Killer, at: usize, after: bool) -> Arc<AtomicBool> {
    let (count, own) = (AtomicUsize::new(0), killer.clone());
    let struck = Arc::new(AtomicBool::new(false));
    let strikes = Arc::clone(&struck);
    let director = Director::new(move |request| {
        if !writes(request) || count.fetch_add(1, Ordering::SeqCst) != at {
            return Direction::Pass;
        }
        strikes.store(true, Ordering::SeqCst);
        let killer = own.clone();
        let kill = Box::new(move || killer.kill());
        match after {
            false => Direction::Before(kill),
            true => Direction::After(kill),
        }
    });
    scene.databricks.account_faults().direct(Some(director));
    struck
}

/// Killed at the write number `at` while the environment is made.
async fn killed_at(at: usize, after: bool) -> anyhow::Result<()> {
    let scene = start(MODULE).await;
    let killer = Killer::default();
    let struck = strike(&scene, &killer, at, after);
    scene.databricks.account().slow_provisioning(2);
    let short = Short::beside(&scene).await?;
    let hodman = Hodman::start(&scene, killer)?;
    let told = hodman.during(short.promote("qa")).await;
    told.map_err(|error| {
        error.context(format!("the end of hodman's log:\n{}", hodman.end_of_log()))
    })?;
    anyhow::ensure!(struck.load(Ordering::SeqCst), "nothing was killed");
    for (what, name) in [
        ("credentials", "credentials_name"),
        ("storage-configurations", "storage_configuration_name"),
        ("workspaces", "workspace_name"),
    ] {
        let found = all(&scene, what).await;
        let ours: Vec<&Value> = found.iter().filter(|one| one[name] == "shop").collect();
        anyhow::ensure!(ours.len() == 1, "{what}: {ours:?}");
    }
    Ok(())
}

/// Killed at the write number `at` while the environment is destroyed.
async fn killed_in_destroying(at: usize, after: bool) -> anyhow::Result<()> {
    let scene = start(unprotected()).await;
    let before = all(&scene, "workspaces").await.len();
    let killer = Killer::default();
    let short = Short::beside(&scene).await?;
    let hodman = Hodman::start(&scene, killer.clone())?;
    let told = hodman.during(async {
        short.promote("qa").await?;
        let struck = strike(&scene, &killer, at, after);
        short.destroy("qa").await?;
        anyhow::ensure!(struck.load(Ordering::SeqCst), "nothing was killed");
        Ok(())
    });
    told.await.map_err(|error| {
        error.context(format!("the end of hodman's log:\n{}", hodman.end_of_log()))
    })?;
    for what in ["credentials", "storage-configurations"] {
        let left = all(&scene, what).await;
        anyhow::ensure!(left.is_empty(), "{what}: {left:?}");
    }
    let left = all(&scene, "workspaces").await;
    anyhow::ensure!(left.len() == before, "{left:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_each_write_to_the_account_it_ends_complete_and_nothing_twice() {
    told(killed_at).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_each_write_of_a_destroy_nothing_is_left() {
    told(killed_in_destroying).await;
}

/// After a crash the removal may be on its way, when the workspace is still listed and lets nobody in any more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_that_refuses_everybody_on_its_way_out_stops_no_destroy() {
    let scene = start(unprotected()).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("made");
    let made = scene.databricks.workspaces().pop().expect("the made one");
    let words = serde_json::json!({"error_code": "PERMISSION_DENIED", "message": "User is not a member of this workspace."});
    let refused = FaultRule::status(403, 4).on("GET").body(&words.to_string());
    made.faults().add(refused);
    short.destroy("qa").await.expect("destroyed");
    let left = made.faults().requests();
    assert!(left.iter().any(|sent| sent.status == 403), "{left:?}");
    daemon.stop().await;
}

/// Every write, before and after its effect.
async fn told(killed: impl AsyncFn(usize, bool) -> anyhow::Result<()>) {
    let tellings = (0..WRITES).flat_map(|at| [(at, false), (at, true)]);
    let killed = &killed;
    let told = futures::future::join_all(tellings.map(|(at, after)| async move {
        let words = format!("write {at}, {}", if after { "after" } else { "before" });
        (words, killed(at, after).await)
    }));
    let bad: Vec<String> = told
        .await
        .into_iter()
        .filter_map(|(words, result)| Some(format!("{words}: {:#}", result.err()?)))
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}
