//! What would show a secret, lose a state or take what is somebody else's: refused, with what helps.

use hodman_tests::harness::{CANARY, Scene, Short};

use super::bench::{Bench, KEPT, KEPT_MODULE, ONE, said};
use super::looks::{asked, change, commit, explained, healthy};

const MAIN: &str = "modules/kept/main.tf";
const MODULE: &str = "modules/kept/module.yaml";

const NAMED_BY_A_SECRET: &str = "\
engine: native
inputs:
  name: {type: string}
resources:
  account_credentials:
    main:
      credentials_name: ${inputs.name}
      aws_credentials: {sts_role: {role_arn: \"arn:aws:iam::123456789012:role/shop\"}}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_told_and_nothing_is_done() {
    let bench = Bench::new();
    let shown = KEPT.replace(
        "variable \"token\" {\n  type      = string\n  sensitive = true\n}",
        "variable \"token\" { type = string }",
    );
    assert_ne!(shown, KEPT);
    let mut options = bench
        .options(ONE)
        .file("modules/named/module.yaml", NAMED_BY_A_SECRET);
    for (path, text) in &mut options.files {
        if *path == MAIN {
            *text = shown.clone().leak();
        }
    }
    let scene = Scene::start(options).await;
    let daemon = scene.daemon().await;
    let short = Short::new(&scene, daemon.parts().store.clone());
    explained(&short, &scene, "is not declared `sensitive = true`").await;

    let nowhere = KEPT.replace("terraform {\n  backend \"local\" {}\n}\n", "");
    commit(&scene, &[(MAIN, &nowhere)]);
    explained(&short, &scene, "has no `backend` block").await;

    // Terraform says nothing of variables that nobody declares.
    let misspelt = KEPT.replace(
        "variable \"size\" { type = number }",
        "variable \"sise\" {\n  default = 1\n}",
    );
    commit(&scene, &[(MAIN, &misspelt.replace("var.size", "var.sise"))]);
    explained(&short, &scene, "declares no variable `size`").await;

    // A state that somebody else made is not taken for ours.
    let variables = [("size", "1"), ("token", CANARY)];
    let applied = bench.by_hand(
        "one",
        KEPT,
        &variables,
        &["apply", "-auto-approve", "-input=false"],
    );
    assert!(applied.status.success(), "{}", said(&applied));
    let before = bench.state("one").expect("a state");
    commit(&scene, &[(MAIN, KEPT)]);
    explained(&short, &scene, "and hodman did not make it").await;

    // Unless it is said.
    let adopt = "terraform: main\nadopt: {terraform_stacks.one: hodman-shop-qa-one}\n";
    change(&scene, "terraform: main\n", adopt);
    let pull = asked(&short, &scene, &["its state is there already"]).await;
    assert!(!pull.body.contains("\"action\""), "{}", pull.body);
    short.merge(&pull).expect("merged");
    healthy(&short).await;
    assert_eq!(bench.state("one"), Some(before), "nothing was to be done");

    // What its module protects no plan removes, and what it calls data is named before it goes.
    let emptied = KEPT
        .replace("resource \"terraform_data\" \"kept\" {\n  input = { size = var.size, token = var.token }\n}\n", "")
        .replace("terraform_data.kept.output.size", "var.size");
    assert!(!emptied.contains("terraform_data"), "{emptied}");
    let rule = |rule: &str| format!("{rule}: [terraform_data.kept]\n{KEPT_MODULE}");
    commit(&scene, &[(MODULE, &rule("protected")), (MAIN, &emptied)]);
    let told = explained(&short, &scene, "the module protects").await;
    assert!(told.contains("delete terraform_data.kept"), "{told}");
    let stateful = rule("stateful").replace("[terraform_data.kept]", "[terraform_data]");
    commit(&scene, &[(MODULE, &stateful)]);
    asked(
        &short,
        &scene,
        &["CANNOT BE TAKEN BACK", "the data of terraform_data.kept"],
    )
    .await;
    commit(&scene, &[(MODULE, KEPT_MODULE), (MAIN, KEPT)]);

    // A secret that it gives is taken by no kind that would show it.
    let call = "modules:\n  named:\n    module: named\n    inputs:\n      name: ${modules.one.outputs.token}\n";
    change(&scene, "modules:\n", call);
    change(
        &scene,
        "terraform: main\n",
        "account: main\nterraform: main\n",
    );
    let told = explained(
        &short,
        &scene,
        "takes an output that its stack calls sensitive",
    )
    .await;
    assert!(!told.contains(CANARY));
    daemon.stop().await;
}
