//! What a capture writes as Terraform: by the daemon, and of every kind.

use super::kinds::a_team_at_work;
use super::stage::Stage;
use hodman_model::bundle::ResourceKey;
use hodman_model::hcl::{self, Names};
use hodman_tests::checkout::root;
use hodman_tests::harness::{Options, REPOSITORY};
use hodman_tests::kinds::{KEY, samples};
use hodman_tests::servers::{node_package, python};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// As `terraform fmt` would leave it, which also parses it.
#[track_caller]
fn is_formatted(name: &str, text: &str) {
    let program = std::env::var_os("HODMAN_TEST_TERRAFORM").unwrap_or_else(|| "terraform".into());
    let mut terraform = Command::new(program)
        .args(["fmt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("terraform; ./test brings one");
    let mut input = terraform.stdin.take().expect("a pipe");
    input.write_all(text.as_bytes()).expect("written");
    drop(input);
    let formatted = terraform.wait_with_output().expect("an end");
    assert!(
        formatted.status.success(),
        "{name}: {}\n{text}",
        String::from_utf8_lossy(&formatted.stderr)
    );
    assert_eq!(String::from_utf8_lossy(&formatted.stdout), text, "{name}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_workspace_becomes_terraform_in_a_pull_request() {
    let options = Options::short().edit(
        "environments/dev/environment.yaml",
        "capture:\n  jobs:",
        "capture:\n  format: terraform\n  jobs:",
    );
    let stage = Stage::start(options).await;
    a_team_at_work(&stage).await;
    let pull = stage.captured().await;
    let paths = stage
        .scene
        .forge
        .changed_files(REPOSITORY, pull.number)
        .expect("files");
    for file in [
        "etl.cluster.tf",
        "orders.schema.tf",
        "report.job.tf",
        "shop.secret_scope.tf",
        "dev.tfvars",
        "variables.tf",
    ] {
        assert!(
            paths.contains(&format!("terraform/{file}")),
            "{file} is not in {paths:#?}"
        );
    }
    for path in paths.iter().filter(|path| path.starts_with("terraform/")) {
        is_formatted(path, &stage.main(path).expect("a file"));
    }
    let job = stage.main("terraform/report.job.tf").expect("the job");
    for text in [
        "databricks_cluster.etl.id",
        "databricks_pipeline.flow.id",
        "resource \"databricks_permissions\" \"jobs_report\"",
    ] {
        assert!(job.contains(text), "{text} is not in\n{job}");
    }
    stage.capture().await;
    assert!(stage.open().is_empty(), "{:#?}", stage.open());
    stage.stop().await;
}

/// A variable for nothing but secrets.
struct Plain;

impl Names for Plain {
    fn variable(&mut self, _kind: &str, _path: &[&str], _text: &str) -> Option<String> {
        None
    }

    fn secret(&mut self, key: &ResourceKey, field: &str) -> String {
        format!("{}_{}", key.key, field.to_lowercase())
    }

    fn source(&self, _path: &str) -> Option<String> {
        None
    }
}

#[test]
fn every_kind_is_terraform_that_parses_and_nobodys_access_is_lost() {
    let mut seen = 0;
    for sample in samples() {
        let mut form = sample.declared.clone();
        let level = form["permissions"][0]["level"].clone();
        let Some(fields) = form.as_object_mut() else {
            panic!("{}", sample.kind);
        };
        fields.remove("lifecycle");
        let shared = fields.remove("permissions").is_some();
        if shared {
            let managed = json!({"group:users": level, "user:ada@example.com": level});
            fields.insert("permissions".to_owned(), managed);
        }
        let granted = fields.remove("grants").is_some();
        if granted {
            fields.insert("grants".to_owned(), json!({"readers": ["SELECT"]}));
        }
        let key = ResourceKey::new(sample.kind, KEY);
        let Some(written) = hcl::resource(&key, "some-id", &Value::Null, &form, &mut Plain) else {
            continue;
        };
        seen += 1;
        is_formatted(sample.kind, &written.text);
        for (field, there) in [("permissions", shared), ("grants", granted)] {
            let access = match (sample.kind, field) {
                ("secret_scopes", "permissions") => "databricks_secret_acl",
                (_, "permissions") => "databricks_permissions",
                _ => "databricks_grants",
            };
            let wanted = format!("resource \"{access}\"");
            let told = written.unknown.iter().any(|unknown| unknown == field);
            assert!(
                !there || told || written.text.contains(&wanted),
                "{}: {field} are lost\n{}",
                sample.kind,
                written.text
            );
        }
    }
    assert!(seen > 25, "{seen} kinds");
}

#[tokio::test]
async fn the_table_of_the_providers_fields_is_what_its_bindings_say() {
    let bindings = node_package("@cdktf/provider-databricks");
    let table = root().join("services/hodman-model/src/hcl/provider.json");
    let arguments = [
        bindings.display().to_string(),
        "check".to_owned(),
        table.display().to_string(),
    ];
    let arguments = arguments.each_ref().map(String::as_str);
    let outcome = python(&root().join("tests/py/provider_schema.py"), &arguments, &[]).await;
    assert!(outcome.ok, "{}", outcome.said);
}
