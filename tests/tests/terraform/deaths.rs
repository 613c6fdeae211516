//! Deaths of the program where little of it is to be seen: before it began, and while it removes.

use hodman_tests::harness::{Scene, Short};
use serde_json::Value;

use super::bench::{Bench, ONE, signal};
use super::faults::asked_for;
use super::looks::{asked, change, healthy, record};

const GOES_MODULE: &str = "\
engine: terraform
inputs:
  signs: {type: string}
";

/// Says which process removes it, and waits until it may go on.
const GOES: &str = r#"terraform {
  backend "local" {}
}
variable "signs" { type = string }
resource "terraform_data" "first" {
  input = "made"
}
resource "terraform_data" "goes" {
  input      = var.signs
  depends_on = [terraform_data.first]
  provisioner "local-exec" {
    when    = destroy
    command = "echo $PPID > ${self.input}/new && mv ${self.input}/new ${self.input}/pid && while [ ! -e ${self.input}/go ]; do sleep 0.05; done"
  }
}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_whose_program_is_killed_is_gone_on_with_and_nobody_is_asked_again() {
    let bench = Bench::new();
    let call = format!(
        "modules:\n  one:\n    module: goes\n    inputs: {{signs: {}}}\n",
        bench.folder.path().display()
    );
    let calls = format!("terraform: main\n{call}workspaces:\n");
    let options = bench
        .options(calls.leak())
        .file("modules/goes/module.yaml", GOES_MODULE)
        .file("modules/goes/main.tf", GOES);
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;

    change(&scene, &call, "");
    let pull = asked(
        &short,
        &scene,
        &["terraform_stacks.one", "\"action\":\"delete\""],
    )
    .await;
    let before = asked_for(&scene);
    short.merge(&pull).expect("merged");
    signal("-KILL", bench.sign(&short).await);
    bench.sign(&short).await;
    bench.go_on();
    healthy(&short).await;
    assert_eq!(bench.resources("one"), [""; 0]);
    assert_eq!(record(&scene, "one").await, Value::Null);
    assert_eq!(asked_for(&scene), before);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_apply_that_is_known_as_begun_and_never_began_is_gone_on_with() {
    let bench = Bench::new();
    // Terraform's own process, held before it does anything.
    let held = format!(
        "if [ \"$1\" = apply ] && [ ! -e {signs}/go ]; then\n  echo $$ > {signs}/new\n  mv {signs}/new {signs}/pid\n  \
         while [ ! -e {signs}/go ]; do sleep 0.05; done\nfi\nexec",
        signs = bench.folder.path().display()
    );
    let program = std::fs::read_to_string(bench.program()).expect("a program");
    std::fs::write(bench.program(), program.replace("exec", &held)).expect("a program");
    let scene = Scene::start(bench.options(ONE)).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    let pid = bench.sign(&short).await;
    let begun = record(&scene, "one").await;
    assert!(begun["begun"].is_object(), "{begun}");
    assert_eq!(bench.state("one"), None, "nothing is done yet");
    signal("-KILL", pid);
    bench.sign(&short).await;
    bench.go_on();
    healthy(&short).await;
    assert_eq!(bench.resources("one"), ["terraform_data.kept"]);
    assert_eq!(record(&scene, "one").await["begun"], Value::Null);
    assert_eq!(asked_for(&scene), 1);
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_death_left_in_the_folder_of_a_run_goes_when_a_daemon_starts() {
    let bench = Bench::new();
    let scene = Scene::start(bench.options(ONE)).await;
    let left = scene.data().join("terraform/hodman-shop-qa-gone");
    std::fs::create_dir_all(&left).expect("a folder");
    std::fs::write(left.join("plan.tfplan"), "secrets in clear").expect("a file");
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    short
        .wait("the end of the folder", async || {
            (!left.exists()).then_some(())
        })
        .await
        .expect("it is gone");
    daemon.stop().await;
}
