//! Whose a state is: lost, another one, one for two calls, one that the settings do not let an environment have.

use hodman_tests::harness::{Scene, Secrets, Short};
use serde_json::{Value, json};

use super::bench::{Bench, KEPT, ONE};
use super::looks::{asked, commit, explained, healthy};

const MAIN: &str = "modules/kept/main.tf";

/// One module, called twice.
const TWICE: &str = "\
terraform: main
modules:
  one:
    module: kept
    inputs: {size: 1}
  two:
    module: kept
    inputs: {size: 2}
workspaces:
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_is_lost_or_another_one_is_never_planned_over() {
    let bench = Bench::new();
    let scene = Scene::start(bench.options(ONE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;

    let file = bench.path("hodman-shop-qa-one.tfstate");
    let good = std::fs::read(&file).expect("a state");
    let mut other = bench.state("one").expect("a state");
    other["lineage"] = json!("4c9f4a2e-0000-0000-0000-000000000000");
    std::fs::write(&file, other.to_string()).expect("another one");
    let more = |by: u32| KEPT.replace("size = var.size,", &format!("size = var.size + {by},"));
    commit(&scene, &[(MAIN, &more(1))]);
    let told = explained(&short, &scene, "4c9f4a2e-0000-0000-0000-000000000000").await;
    assert!(
        told.contains("is another than the one that was applied last"),
        "{told}"
    );
    assert!(told.contains("migrate-state"), "{told}");

    std::fs::remove_file(&file).expect("lost");
    commit(&scene, &[(MAIN, &more(2))]);
    let told = explained(&short, &scene, "\\\"\\\" now").await;
    assert!(told.contains("where it was lost, bring it back"), "{told}");
    assert_eq!(bench.state("one"), None, "nothing is made a second time");

    std::fs::write(&file, good).expect("brought back");
    commit(&scene, &[(MAIN, &more(3))]);
    let pull = asked(&short, &scene, &["input.size: 4"]).await;
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(
        bench.state("one").expect("a state")["outputs"]["size"]["value"],
        4
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_module_that_is_called_twice_has_two_states() {
    let bench = Bench::new();
    let scene = Scene::start(bench.options(TWICE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let size = |call: &str| bench.state(call).expect("a state")["outputs"]["size"]["value"].clone();
    assert_eq!((size("one"), size("two")), (json!(1), json!(2)));
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_with_one_state_are_not_both_applied() {
    let bench = Bench::new();
    let mut options = bench.options(TWICE);
    let settings = bench.settings(Secrets::Inline);
    options.settings = settings.replace("${stack}.tfstate", "shared.tfstate");
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let told = explained(&short, &scene, "would keep its state where stack").await;
    assert!(told.contains("${stack}"), "{told}");
    let text = std::fs::read_to_string(bench.path("shared.tfstate")).expect("a state");
    let state: Value = serde_json::from_str(&text).expect("JSON");
    let resources = state["resources"].as_array().expect("resources");
    assert_eq!(
        resources.len(),
        1,
        "the other one's are not touched: {state}"
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terraform_that_is_not_for_an_environment_runs_nothing_there() {
    let bench = Bench::new();
    let mut options = bench.options(ONE);
    let settings = bench.settings(Secrets::Inline);
    options.settings = settings.replace("environments: [qa]", "environments: [prod]");
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let told = explained(&short, &scene, "is not for environment").await;
    assert!(told.contains("terraform `main`"), "{told}");
    assert_eq!(bench.runs(), "");
    daemon.stop().await;
}
