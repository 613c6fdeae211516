//! Plans: made, shown, sealed, applied as they were shown, and refused when the world went on.

use hodman_clients::terraform::{Inputs, TerraformError};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::bench::{Bench, CANARY, COMMIT, MAIN, key, quiet};

fn shown(shown: &secrecy::SecretString) -> Value {
    serde_json::from_str(shown.expose_secret()).unwrap()
}

#[tokio::test]
async fn a_plan_is_made_shown_sealed_and_applied_and_then_nothing_is_left_to_do() {
    let bench = Bench::local();
    let first = bench.ready("run", MAIN, 1).await;
    assert_eq!(first.state().await.unwrap().serial, 0);
    let mut lines = Vec::new();
    let planned = first
        .plan(COMMIT, &key(), &mut |line| lines.push(line.to_owned()))
        .await
        .unwrap();
    assert!(planned.changes);
    assert!(
        lines.iter().any(|line| line.contains("1 to add")),
        "{lines:?}"
    );
    assert_eq!(
        shown(&planned.shown)["resource_changes"][0]["change"]["actions"],
        json!(["create"])
    );
    assert!(!format!("{planned:?}").contains(CANARY));
    assert!(!String::from_utf8_lossy(&planned.saved.sealed).contains(CANARY));

    // Another run, in the same place, as after a restart.
    first.into_workdir().remove().unwrap();
    let second = bench.ready("run", MAIN, 1).await;
    second
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await
        .unwrap();
    let state = second.state().await.unwrap();
    assert!(!state.lineage.is_empty() && state.serial > 0);
    let outputs = shown(&second.outputs().await.unwrap());
    assert_eq!(outputs["size"]["value"], 1);
    assert_eq!(outputs["token"]["sensitive"], true);
    let again = second.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    assert!(!again.changes);
    assert_eq!(again.saved.binding.lineage, state.lineage);
    let drift = second.drift(COMMIT, &key(), &mut quiet()).await.unwrap();
    assert!(!drift.changes);
    // Nothing in clear stays behind.
    let folder = bench.folder.path().join("run");
    assert!(!folder.join("plan.tfplan").exists());

    let destroy = second
        .plan_destroy(COMMIT, &key(), &mut quiet())
        .await
        .unwrap();
    assert_eq!(
        shown(&destroy.shown)["resource_changes"][0]["change"]["actions"],
        json!(["delete"])
    );
}

#[tokio::test]
async fn a_first_plan_is_stale_once_another_was_applied_although_terraform_does_not_look() {
    let bench = Bench::local();
    let one = bench.ready("one", MAIN, 1).await;
    let two = bench.ready("two", MAIN, 2).await;
    let first = one.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let second = two.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    two.apply(COMMIT, &second.saved, &key(), &mut quiet())
        .await
        .unwrap();
    let refused = one.apply(COMMIT, &first.saved, &key(), &mut quiet()).await;
    assert!(
        matches!(refused, Err(TerraformError::Stale(_))),
        "{refused:?}"
    );
    // Applied twice is stale, too.
    let refused = two.apply(COMMIT, &second.saved, &key(), &mut quiet()).await;
    assert!(
        matches!(refused, Err(TerraformError::Stale(_))),
        "{refused:?}"
    );
    assert_eq!(shown(&one.outputs().await.unwrap())["size"]["value"], 2);
}

#[tokio::test]
async fn a_plan_is_for_one_commit_one_key_and_one_kind_of_machine_and_cannot_be_altered() {
    let mut bench = Bench::local();
    let stack = bench.ready("run", MAIN, 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let other = "2".repeat(40);
    let refused = stack
        .apply(&other, &planned.saved, &key(), &mut quiet())
        .await;
    assert!(
        matches!(refused, Err(TerraformError::Stale(_))),
        "{refused:?}"
    );
    let mut moved = planned.saved.clone();
    moved.binding.commit.clone_from(&other);
    let refused = stack.apply(&other, &moved, &key(), &mut quiet()).await;
    assert!(
        matches!(refused, Err(TerraformError::Sealed)),
        "{refused:?}"
    );
    // By a program that says of itself that it is on another kind of machine.
    let script = bench.folder.path().join("says-another");
    let real = bench.config.program.display();
    let text = format!(
        "#!/bin/sh\nif [ \"$1\" = version ]; then {real} \"$@\" | sed 's/\"platform\": \"/&another_/'; else exec {real} \"$@\"; fi\n"
    );
    std::fs::write(&script, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::set_permissions(&script, mode).unwrap();
    bench.config.program = script;
    let elsewhere = bench.ready("elsewhere", MAIN, 1).await;
    let refused = elsewhere
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await;
    assert!(
        matches!(&refused, Err(TerraformError::Stale(why)) if why.contains("on another_")),
        "{refused:?}"
    );
    let mut altered = planned.saved.clone();
    altered.sealed[40] ^= 1;
    let refused = stack.apply(COMMIT, &altered, &key(), &mut quiet()).await;
    assert!(
        matches!(refused, Err(TerraformError::Sealed)),
        "{refused:?}"
    );
    assert_eq!(stack.state().await.unwrap().serial, 0);
}

#[tokio::test]
async fn what_may_not_be_destroyed_and_what_is_wrong_is_said_in_terraforms_words() {
    let guarded = "variable \"size\" {}\nvariable \"token\" {}\nresource \"terraform_data\" \"guarded\" {\n  \
                   triggers_replace = var.size\n  lifecycle {\n    prevent_destroy = true\n  }\n}\n";
    let bench = Bench::local();
    let stack = bench.ready("run", guarded, 1).await;
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    stack
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await
        .unwrap();
    let other = bench.ready("run", guarded, 2).await;
    let refused = other.plan(COMMIT, &key(), &mut quiet()).await.unwrap_err();
    assert!(
        matches!(&refused, TerraformError::PreventDestroy(text) if text.contains("terraform_data.guarded")),
        "{refused}"
    );

    let wrong = bench
        .ready(
            "wrong",
            "resource \"terraform_data\" \"x\" {\n  input = var.nowhere\n}\n",
            1,
        )
        .await;
    let refused = wrong.plan(COMMIT, &key(), &mut quiet()).await.unwrap_err();
    assert!(
        matches!(&refused, TerraformError::Failed { code: Some(1), .. }),
        "{refused}"
    );
    assert!(
        refused.to_string().contains("undeclared input variable"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_variable_file_of_the_directory_is_used_for_what_nobody_gives() {
    let bench = Bench::local();
    let stack = bench.stack("run", MAIN, 1);
    let inputs = |files: &[&str]| {
        let mut inputs = Inputs {
            backend: bench.backend.clone(),
            variable_files: files.iter().map(|file| (*file).to_owned()).collect(),
            ..Inputs::default()
        };
        inputs.variables.insert(
            "token".to_owned(),
            hodman_clients::terraform::Input::Secret(CANARY.into()),
        );
        inputs
    };
    let stack = bench.stack_with(stack.into_workdir(), inputs(&["prod.tfvars"]));
    stack.init(&mut quiet()).await.unwrap();
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let change = &shown(&planned.shown)["resource_changes"][0]["change"]["after"]["input"]["size"];
    assert_eq!(change, &json!(41));
    let terraform = hodman_clients::terraform::Terraform::new(bench.config.clone());
    let refused = terraform.stack(
        stack.into_workdir(),
        inputs(&["../../../secret.tfvars"]),
        bench.stop.subscribe(),
    );
    assert!(matches!(refused, Err(TerraformError::Input { .. })));
}
