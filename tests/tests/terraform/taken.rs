//! What a stack gives is taken by objects that hodman makes itself, with its type; a wrong type is told before it reaches an API.

use hodman_tests::harness::{Scene, Secrets, Short};
use serde_json::json;

use super::bench::Bench;
use super::looks::{commit, explained, healthy};

const MAIN: &str = "modules/keys/main.tf";

const KEYS_MODULE: &str = "\
engine: terraform
outputs:
  keys: {value: \"${stack.outputs.keys}\"}
";

const KEYS: &str = r#"terraform {
  backend "local" {}
}
resource "terraform_data" "keys" {
  input = ["ssh-rsa one@eu-test-9", "ssh-rsa two"]
}
output "keys" { value = terraform_data.keys.output }
"#;

const CLUSTER_MODULE: &str = "\
engine: native
inputs:
  keys: {type: list}
resources:
  clusters:
    shared:
      cluster_name: shared
      spark_version: 15.4.x-scala2.12
      node_type_id: m5d.large
      num_workers: 1
      ssh_public_keys: ${inputs.keys}
";

const CALLS: &str = "\
terraform: main
modules:
  keys:
    module: keys
  compute:
    module: compute
    inputs: {keys: \"${modules.keys.outputs.keys}\"}
workspaces:
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_a_stack_gives_is_a_list_of_a_cluster_and_a_text_in_its_place_is_refused() {
    let bench = Bench::new();
    let mut options = bench
        .options(CALLS)
        .file("modules/keys/module.yaml", KEYS_MODULE)
        .file(MAIN, KEYS)
        .file("modules/compute/module.yaml", CLUSTER_MODULE);
    // A region is no secret, though it comes with the identity: what has it in it may be shown.
    let region = ", AWS_REGION: {value: eu-test-9}";
    let states = format!(
        "path: \"{}/${{stack}}.tfstate\"",
        bench.folder.path().display()
    );
    options.settings = bench.settings_with(Secrets::Inline, &states, [region, region], "");
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    assert!(
        pull.body.contains("clusters.compute-shared"),
        "{}",
        pull.body
    );
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let clusters = scene.workspace("qa").list_clusters();
    let shared = clusters
        .iter()
        .find(|cluster| cluster.spec["cluster_name"] == "shared")
        .expect("a cluster");
    assert_eq!(
        shared.spec["ssh_public_keys"],
        json!(["ssh-rsa one@eu-test-9", "ssh-rsa two"])
    );

    // By hand, so that it is what the stack gives now.
    let text = KEYS.replace(
        "terraform_data.keys.output }",
        "terraform_data.keys.output[0] }",
    );
    let applied = bench.by_hand(
        "keys",
        &text,
        &[],
        &["apply", "-auto-approve", "-input=false"],
    );
    assert!(applied.status.success(), "{}", super::bench::said(&applied));
    commit(&scene, &[(MAIN, &text)]);
    let told = explained(&short, &scene, "which terraform_stacks.keys gives").await;
    assert!(told.contains("`modules.compute`: input `keys`"), "{told}");
    daemon.stop().await;
}
