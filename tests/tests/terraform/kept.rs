//! Plans that were kept for their approval, and do not work any more when it comes.

use hodman_tests::harness::{Scene, Secrets, Short};

use super::bench::Bench;
use super::faults::asked_for;
use super::looks::{asked, change, healthy};

const MODULE: &str = "\
engine: terraform
inputs:
  size: {type: integer}
  signs: {type: string}
";

/// A secret that is only right for as long as a file says so, as keys are that somebody changes.
const TURNS: &str = r#"terraform {
  backend "local" {}
}
variable "size" { type = number }
variable "signs" { type = string }
variable "key" {
  type      = string
  sensitive = true
}
resource "terraform_data" "turns" {
  input = [var.size, tonumber(nonsensitive(var.key) == trimspace(file("${var.signs}/right")) ? "1" : "none")]
}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_whose_keys_were_changed_is_made_anew_and_applied_for_what_was_approved() {
    let bench = Bench::new();
    let turn = |key: &str| {
        std::fs::write(bench.path("right"), key).expect("a file");
        std::fs::write(bench.path("key"), key).expect("a file");
    };
    turn("the-first-key");
    let calls = format!(
        "terraform: main\nmodules:\n  one:\n    module: turns\n    inputs: {{size: 1, signs: {}}}\nworkspaces:\n",
        bench.folder.path().display()
    );
    let mut options = bench
        .options(calls.leak())
        .file("modules/turns/module.yaml", MODULE)
        .file("modules/turns/main.tf", TURNS);
    let key = format!(
        "variables: {{key: {{file: \"{}\"}}, ",
        bench.path("key").display()
    );
    let settings = bench.settings(Secrets::Inline);
    options.settings = settings.replace("variables: {", &key);
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    let pull = short.proposed("qa").await.expect("a plan");
    short.merge(&pull).expect("merged");
    healthy(&short).await;

    change(&scene, "{size: 1,", "{size: 2,");
    let pull = asked(&short, &scene, &["input[0]: 2"]).await;
    let (asked_before, runs_before) = (asked_for(&scene), bench.runs());
    turn("another-key");
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    let state = bench.state("one").expect("a state");
    let input = &state["resources"][0]["instances"][0]["attributes"]["input"]["value"];
    assert_eq!(input[0], 2, "{state}");
    assert_eq!(asked_for(&scene), asked_before, "nobody was asked again");
    let runs = bench.runs();
    let new = runs.strip_prefix(&runs_before).expect("one log");
    assert_eq!(
        new.matches("writer apply").count(),
        2,
        "the kept one, and one that was made then: {new}"
    );
    daemon.stop().await;
}
