//! A serving endpoint as a team has one: captured, restored into an empty workspace, and there the official client finds what was
//! in the first.

use std::collections::BTreeSet;
use std::path::Path;

use super::identity::{ENVIRONMENT, EXAMPLE, RULES, Start, captured, differences};
use super::restoring::{restore, said};
use super::stage::Stage;
use hodman_tests::harness::{CANARY, Options};
use hodman_tests::servers::python;
use serde_json::{Value, json};

const NAME: &str = "churn";
const FILE: &str = "resources/churn.model_serving_endpoint.yml";

/// What the official client says of an endpoint; it makes one first where `what` says so.
async fn client(stage: &Stage, workspace: &str, what: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("probes/serving.py");
    let url = stage.scene.workspace(workspace).url();
    let token = [("DATABRICKS_TOKEN", format!("ana-{CANARY}"))];
    let outcome = python(&script, &[&url, what, NAME], &token).await;
    assert!(outcome.ok, "{}", outcome.said);
    outcome.said
}

async fn shown(stage: &Stage, workspace: &str) -> Value {
    let text = client(stage, workspace, "show").await;
    let line = text.lines().find(|line| line.starts_with('{'));
    serde_json::from_str(line.unwrap_or_else(|| panic!("{text}"))).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_with_all_that_it_serves_comes_back_as_it_was() {
    let options = Options::short().edit(ENVIRONMENT, "    - /Shared/shop\n", RULES);
    let stage = Stage::start(options).await;
    let scope = json!({"scope": "models"});
    stage.post("/api/2.0/secrets/scopes/create", scope).await;
    client(&stage, "dev", "make").await;
    let made = shown(&stage, "dev").await;
    // The client shows what this is about.
    for (at, value) in [
        ("/endpoint/config/served_entities/1/name", json!("champion")),
        (
            "/endpoint/config/traffic_config/routes/1/traffic_percentage",
            json!(90),
        ),
        (
            "/endpoint/ai_gateway/usage_tracking_config/enabled",
            json!(true),
        ),
        ("/endpoint/ai_gateway/rate_limits/1/calls", json!(1000)),
        ("/endpoint/tags/1/value", json!("shop")),
        ("/users/0", json!("CAN_QUERY")),
    ] {
        assert_eq!(made.pointer(at), Some(&value), "{at}: {made}");
    }

    let start = Start::of(&stage);
    let mut came: BTreeSet<String> = EXAMPLE.iter().map(|path| (*path).to_owned()).collect();
    start.again(&stage, &came, "dev");
    let first = captured(&stage).await;
    came.extend(first.keys().cloned());
    assert!(first.contains_key(FILE), "{:?}", first.keys());
    let restored = restore(&stage, &["main", "--workspace", "prod", "--apply", "--yes"]).await;
    assert!(
        said(&restored)["done"]
            .as_u64()
            .is_some_and(|done| done > 0)
    );
    assert_eq!(shown(&stage, "prod").await, made);

    start.again(&stage, &came, "prod");
    let then = captured(&stage).await;
    let differs = differences(&first, &then);
    assert!(differs.is_empty(), "{differs}");
    assert!(
        stage
            .main(ENVIRONMENT)
            .is_some_and(|text| text.contains("name: prod"))
    );
    stage.stop().await;
}
