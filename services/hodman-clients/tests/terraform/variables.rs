//! What variables arrive as, with the real program.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use hodman_clients::terraform::{Input, Inputs, Stack, Workdir};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::bench::{Bench, CANARY, COMMIT, key, quiet};

const TAKES: &str = r#"
terraform {
  backend "local" {}
}
variable "list" { type = list(string) }
variable "shape" {
  type      = object({ a = string, n = number })
  sensitive = true
}
variable "bare" {}
variable "any" { type = any }
variable "number" { type = number }
variable "key" {
  type      = any
  sensitive = true
}
variable "later" {
  type      = list(string)
  ephemeral = true
}
resource "terraform_data" "x" {
  input = {
    list   = var.list
    bare   = var.bare
    any    = var.any
    number = var.number
    shape  = nonsensitive(var.shape)
    key    = nonsensitive(var.key)
  }
  provisioner "local-exec" {
    command     = "test \"$LATER\" = '%%{time}'"
    environment = { LATER = join(",", var.later) }
  }
}
output "bare" { value = length(var.bare) }
"#;

/// A directory in which somebody left values, too.
fn taking(bench: &Bench, inputs: Vec<(&str, Input)>) -> Stack {
    let theirs = "number = 99\nbare = \"theirs\"\n";
    let workdir = Workdir::new(
        &bench.folder.path().join("run"),
        "net",
        [
            ("net/main.tf", TAKES.as_bytes(), false),
            ("net/terraform.tfvars", theirs.as_bytes(), false),
            ("net/x.auto.tfvars", theirs.as_bytes(), false),
        ],
    );
    let inputs = inputs
        .into_iter()
        .map(|(name, input)| (name.to_owned(), input));
    let inputs = Inputs {
        backend: bench.backend.clone(),
        variables: inputs.collect(),
        structured_secrets: ["key".to_owned()].into(),
        ..Inputs::default()
    };
    bench.stack_with(workdir.unwrap(), inputs)
}

#[tokio::test]
async fn values_arrive_as_they_are_and_win_over_what_stands_in_the_directory() {
    let bench = Bench::local();
    let list = json!(["arn:aws:s3:::b/${aws:username}", "%{time}"]);
    let shape = format!(r#"{{"a": "{CANARY}", "n": 3}}"#);
    let stack = taking(
        &bench,
        vec![
            ("list", Input::Plain(list.clone())),
            ("bare", Input::Plain(json!(["a", "b"]))),
            ("any", Input::Plain(json!("0123"))),
            ("number", Input::Plain(json!(7))),
            ("shape", Input::Secret(shape.as_str().into())),
            ("key", Input::Secret(r#"["${k}"]"#.into())),
            ("later", Input::Plain(json!(["%{time}"]))),
        ],
    );
    stack.init(&mut quiet()).await.unwrap();
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let shown: Value = serde_json::from_str(planned.shown.expose_secret()).unwrap();
    let input = &shown["resource_changes"][0]["change"]["after"]["input"];
    let wanted = json!({"list": list, "bare": ["a", "b"], "any": "0123", "number": 7,
        "shape": {"a": CANARY, "n": 3}, "key": ["${k}"]});
    assert_eq!(input, &wanted);
    let left = || bench.folder.path().join("run/inputs.tfvars.json").exists();
    assert!(!left());
    // What is ephemeral is told again.
    stack
        .apply(COMMIT, &planned.saved, &key(), &mut quiet())
        .await
        .unwrap();
    assert!(!left());
}

#[tokio::test]
async fn a_text_that_looks_like_a_list_is_one_only_where_no_text_is_taken() {
    let bench = Bench::local();
    let text = || Input::Plain(json!(r#"["a"]"#));
    let stack = taking(
        &bench,
        vec![
            ("list", text()),
            ("bare", text()),
            ("any", text()),
            ("number", Input::Plain(json!("7"))),
            ("shape", Input::Plain(json!({"a": "x", "n": "3"}))),
            ("key", Input::Secret("prod".into())),
            ("later", text()),
        ],
    );
    stack.init(&mut quiet()).await.unwrap();
    let planned = stack.plan(COMMIT, &key(), &mut quiet()).await.unwrap();
    let shown: Value = serde_json::from_str(planned.shown.expose_secret()).unwrap();
    let input = &shown["resource_changes"][0]["change"]["after"]["input"];
    let wanted = json!({"list": ["a"], "bare": r#"["a"]"#, "any": r#"["a"]"#, "number": 7,
        "shape": {"a": "x", "n": 3}, "key": "prod"});
    assert_eq!(input, &wanted);
}

/// Whether the files with secrets of a run are there, and nobody else may read them.
fn lying(bench: &Bench) -> Vec<PathBuf> {
    let names = [
        "inputs.tfvars.json",
        "backend.tfbackend.json",
        "plan.tfplan",
    ];
    let files = names.map(|name| bench.folder.path().join("run").join(name));
    let there = files.into_iter().filter(|file| file.exists());
    there
        .inspect(|file| {
            let mode = file.metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        })
        .collect()
}

#[tokio::test]
async fn no_file_with_secrets_outlives_whoever_waits_for_its_command() {
    let mut bench = Bench::local();
    let sign = bench.folder.path().join("sign");
    let program = bench.folder.path().join("program");
    let text = format!(
        "#!/bin/sh\ncase $1 in version) echo '{{\"terraform_version\": \"1.11.4\", \"platform\": \"linux_amd64\"}}'; exit;; \
         state) exit;; plan) umask 077; echo plan > ../plan.tfplan;; esac\ntouch {}\nexec sleep 600\n",
        sign.display()
    );
    // Written by another process: a program that is still open for writing cannot be run.
    std::fs::write(&sign, text).unwrap();
    let copied = std::process::Command::new("cp")
        .args([&sign, &program])
        .status();
    assert!(copied.unwrap().success());
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    bench.config.program = program;
    for command in ["init", "plan"] {
        std::fs::remove_file(&sign).unwrap();
        let stack = bench.stack("run", TAKES, 1);
        let begun = async {
            while !sign.exists() {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            lying(&bench)
        };
        let mut say = quiet();
        let key = key();
        let there = match command {
            "init" => tokio::select! {
                _ = stack.init(&mut say) => unreachable!(),
                there = begun => there,
            },
            _ => tokio::select! {
                _ = stack.plan(COMMIT, &key, &mut say) => unreachable!(),
                there = begun => there,
            },
        };
        assert!(!there.is_empty(), "{command}");
        assert_eq!(lying(&bench), Vec::<PathBuf>::new(), "{command}");
    }
}
