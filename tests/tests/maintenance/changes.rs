//! Changes that end otherwise than others: taken back, late, or by another workspace.

use super::stage::{
    CALL, Inside, commit, healthy, idle, module_with, other_credentials, pool, private_access,
    says, says_again, shop, shown, start, start_with,
};
use chrono::Duration;
use hodman_core::ids::EnvName;
use hodman_sandbox::faults::FaultRule;
use hodman_tests::harness::Short;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_is_taken_back_without_a_word_is_told() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let before = shop(&scene).await["credentials_id"].clone();
    other_credentials(&scene);
    let pull = short.proposed("qa").await.expect("a plan");
    scene.databricks.account().revert_changes(1);
    short.merge(&pull).expect("merged");
    let words = "took the change and went back to what it had, without a word: credentials_id";
    says(&scene, &short, words).await;
    says(&scene, &short, "not tried again by itself").await;
    assert_eq!(shop(&scene).await["credentials_id"], before);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_taken_back_while_nothing_starts_is_not_asked_for_again() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let made = scene.databricks.workspaces().pop().expect("the made one");
    let inside = Inside::new(&made.url());
    let pool = pool(&inside).await;
    private_access(&scene);
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    says(
        &scene,
        &short,
        "nothing of ours starts on account_workspaces",
    )
    .await;
    assert!(shop(&scene).await["private_access_settings_id"].is_string());
    assert_eq!(idle(&inside, &pool).await, json!(0));
    assert!(scene.databricks.account().go_back("shop"));
    scene.clock.advance(Duration::minutes(2));
    let words =
        "took the change and went back to what it had, without a word: private_access_settings_id";
    says(&scene, &short, words).await;
    says(&scene, &short, "not tried again by itself").await;
    assert_eq!(idle(&inside, &pool).await, json!(2));
    assert_eq!(shop(&scene).await.get("private_access_settings_id"), None);
    daemon.stop().await;
}

const KEY: (&str, &str) = (
    "resources:\n",
    "resources:\n  account_customer_managed_keys:\n    storage:\n      use_cases: [STORAGE]\n      \
     aws_key_info: {key_arn: \"arn:aws:kms:eu-west-1:123456789012:key/0f0f0f0f-0000-0000-0000-000000000001\"}\n",
);
const WITH_KEY: (&str, &str) = (
    "      lifecycle: {prevent_destroy: true}\n",
    "      storage_customer_managed_key_id: ${resources.account_customer_managed_keys.storage.id}\n",
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_storage_that_shows_late_is_waited_for_and_not_taken_for_taken_back() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    module_with(&scene, &[KEY, WITH_KEY], "a key");
    let pull = short.proposed("qa").await.expect("a plan");
    scene.databricks.account().delay_keys(6);
    short.merge(&pull).expect("merged");
    says(
        &scene,
        &short,
        "nothing of ours starts on account_workspaces",
    )
    .await;
    let keys = scene.somebody().all("customer-managed-keys").await;
    let key = &keys[0]["customer_managed_key_id"];
    assert_eq!(&shop(&scene).await["storage_customer_managed_key_id"], key);
    scene.clock.advance(Duration::minutes(22));
    healthy(&short).await;

    // Set once, it stays: another is refused before anything is stopped for it.
    let other = KEY.1.replace("000000000001", "000000000002");
    module_with(&scene, &[(KEY.0, &other), WITH_KEY], "another key");
    says(
        &scene,
        &short,
        "the key of its storage is set once and stays",
    )
    .await;
    daemon.stop().await;
}

const SERVICES: (&str, &str) = (
    "resources:\n",
    "resources:\n  account_customer_managed_keys:\n    services:\n      use_cases: [MANAGED_SERVICES]\n      \
     aws_key_info: {key_arn: \"arn:aws:kms:eu-west-1:123456789012:key/0f0f0f0f-0000-0000-0000-000000000001\"}\n",
);
const WITH_SERVICES: (&str, &str) = (
    "      lifecycle: {prevent_destroy: true}\n",
    "      managed_services_customer_managed_key_id: ${resources.account_customer_managed_keys.services.id}\n",
);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_replaced_goes_though_it_lingers_and_one_that_stays_is_told() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    module_with(&scene, &[SERVICES, WITH_SERVICES], "a key");
    short.promote("qa").await.expect("from nothing");
    let account = scene.somebody();
    let keys = async || account.all("customer-managed-keys").await;
    let key = |number: u8| {
        SERVICES
            .1
            .replace("000000000001", &format!("00000000000{number}"))
    };

    // What used it lets go of it some seconds later.
    scene.databricks.account().linger(1);
    module_with(&scene, &[(SERVICES.0, &key(2)), WITH_SERVICES], "another");
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let left = keys().await;
    assert_eq!(left.len(), 1, "{left:?}");

    let refused = FaultRule::status(403, 1)
        .on("DELETE")
        .path_contains("customer-managed-keys");
    let refused =
        refused.body(r#"{"error_code":"PERMISSION_DENIED","message":"not yours to remove"}"#);
    scene.databricks.account_faults().add(refused);
    module_with(&scene, &[(SERVICES.0, &key(3)), WITH_SERVICES], "a third");
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(keys().await.len(), 2);
    let env = EnvName::from("qa");
    let drift = daemon.parts().work.preview_drift("shop", &env).await;
    let drift = format!("{:?}", drift.expect("a report").workspaces);
    assert!(drift.contains("not yours to remove"), "{drift}");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_fails_in_its_change_is_given_everything_back_only_when_it_runs_again() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let made = scene.databricks.workspaces().pop().expect("the made one");
    let inside = Inside::new(&made.url());
    let pool = pool(&inside).await;
    other_credentials(&scene);
    let pull = short.proposed("qa").await.expect("a plan");
    let account = scene.databricks.account();
    account.slow_provisioning(10_000);
    account.fail_next_change("no more addresses");
    short.merge(&pull).expect("merged");
    let asked = async || {
        let requests = scene.databricks.account_faults().requests();
        let mut requests = requests.iter();
        requests.any(|sent| sent.method == "PATCH").then_some(())
    };
    short.wait("the change", asked).await.expect("asked for");
    daemon.stop().await;

    // By the time another hodman looks it has failed.
    account.hurry();
    account.slow_provisioning(0);
    let failed = async || (shop(&scene).await["workspace_status"] == "FAILED").then_some(());
    short.wait("its end", failed).await.expect("failed");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    scene.clock.advance(Duration::minutes(2));
    let told = async |words: &str| {
        let history = short.store().history("shop", Some("qa"), 100).await.ok()?;
        let mut rows = history.iter();
        rows.any(|row| row.entry.because.contains(words))
            .then_some(())
    };
    short
        .wait("a first look", async || {
            told("outside the approved plan").await
        })
        .await
        .expect("looked");
    scene.clock.advance(Duration::minutes(22));
    says_again(&scene, &short, "").await;
    assert_eq!(told("what was stopped for the change goes on").await, None);
    assert_eq!(idle(&inside, &pool).await, json!(0));

    // Mended from outside.
    let now = shop(&scene).await;
    let path = format!(
        "workspaces/{}?update_mask=credentials_id",
        now["workspace_id"]
    );
    let same = json!({"credentials_id": now["credentials_id"]});
    scene
        .somebody()
        .does(reqwest::Method::PATCH, &path, same)
        .await;
    let runs = async || {
        scene.clock.advance(Duration::minutes(1));
        (shop(&scene).await["workspace_status"] == "RUNNING").then_some(())
    };
    short.wait("its end", runs).await.expect("running");
    let back = async || {
        scene.clock.advance(Duration::minutes(1));
        (idle(&inside, &pool).await == json!(2)).then_some(())
    };
    short
        .wait("the pool as it was", back)
        .await
        .expect("given back");
    daemon.stop().await;
}

const OLD: &str = "\
engine: native
inputs:
  name: {type: string}
  region: {type: string}
  role_arn: {type: string}
  bucket: {type: string}
resources:
  account_credentials:
    credentials: {credentials_name: \"${inputs.name}\", aws_credentials: {sts_role: {role_arn: \"${inputs.role_arn}\"}}}
  account_storage_configurations:
    storage: {storage_configuration_name: \"${inputs.name}\", root_bucket_info: {bucket_name: \"${inputs.bucket}\"}}
  account_workspaces:
    workspace:
      workspace_name: ${inputs.name}
      deployment_name: shop-for-all
      pricing_tier: PREMIUM
      aws_region: ${inputs.region}
      credentials_id: ${resources.account_credentials.credentials.id}
      storage_configuration_id: ${resources.account_storage_configurations.storage.id}
outputs:
  host: {value: \"${resources.account_workspaces.workspace.host}\"}
  workspace_id: {value: \"${resources.account_workspaces.workspace.id}\"}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_is_made_anew_only_when_the_old_one_is_gone() {
    let scene = start_with(OLD, CALL).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let old = shop(&scene).await;
    commit(
        &scene,
        &OLD.replace("PREMIUM", "ENTERPRISE"),
        "another tier",
    );
    let pull = shown(&scene, &short, "replace** `account_workspaces").await;
    assert!(
        pull.body.contains("create** `jobs.nightly"),
        "{}",
        pull.body
    );
    // Its name is nobody else's as long as it is there.
    scene.databricks.account().slow_removals(4);
    short.merge(&pull).expect("merged");
    let anew = async || {
        let all = scene.somebody().all("workspaces").await;
        let mut shops = all.iter().filter(|one| one["workspace_name"] == "shop");
        shops
            .any(|one| one["workspace_id"] != old["workspace_id"])
            .then_some(())
    };
    short.wait("another", anew).await.expect("made anew");
    let new = shop(&scene).await;
    assert_eq!(new["pricing_tier"], json!("ENTERPRISE"));
    assert_eq!(new["deployment_name"], old["deployment_name"]);
    // What was in the old one is in the new one: its jobs are verified there.
    healthy(&short).await;
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_that_prefixes_names_makes_no_workspace_anew() {
    let scene = start_with(OLD, CALL).await;
    scene.databricks.account().prefix_deployments("acme");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let made = shop(&scene).await;
    assert_eq!(made["deployment_name"], "acme-shop-for-all");
    // The whole plan of the next change is that change, and it is seen to have been kept.
    let keys = (
        "credentials_name: \"${inputs.name}\"",
        "credentials_name: \"${inputs.name}-keys\"",
    );
    assert!(OLD.contains(keys.0));
    commit(&scene, &OLD.replace(keys.0, keys.1), "other credentials");
    let pull = short.proposed("qa").await.expect("a plan");
    assert!(
        pull.body.contains("update** `account_workspaces"),
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
    scene.clock.advance(Duration::minutes(22));
    healthy(&short).await;
    let now = shop(&scene).await;
    assert_eq!(now["workspace_id"], made["workspace_id"]);
    assert_ne!(now["credentials_id"], made["credentials_id"]);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_whose_tags_somebody_wiped_is_not_made_twice() {
    let scene = start().await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short.promote("qa").await.expect("from nothing");
    let id = shop(&scene).await["workspace_id"].clone();
    let tags = json!({"custom_tags": {"team": "data"}});
    let path = format!("workspaces/{id}?update_mask=custom_tags");
    let account = scene.somebody();
    account.does(reqwest::Method::PATCH, &path, tags).await;
    let running = async || {
        let path = format!("workspaces/{id}");
        let now = account
            .does(reqwest::Method::GET, &path, serde_json::Value::Null)
            .await;
        (now["workspace_status"] == "RUNNING").then_some(())
    };
    short.wait("its end", running).await.expect("running");
    other_credentials(&scene);
    says_again(
        &scene,
        &short,
        &format!("wants the name `shop`, which object {id}"),
    )
    .await;
    shop(&scene).await;
    daemon.stop().await;
}
