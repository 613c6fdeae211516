//! That what is written parses, is formatted, and has only fields that the provider has.

mod complete;

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use super::*;

/// Variables for node types, sources by their stem.
struct Plain;

impl Names for Plain {
    fn variable(&mut self, _kind: &str, path: &[&str], text: &str) -> Option<String> {
        (path.last() == Some(&"node_type_id")).then(|| format!("node_{}", text.replace('.', "_")))
    }

    fn secret(&mut self, key: &ResourceKey, field: &str) -> String {
        format!("{}_{}", key.key, field.to_lowercase())
    }

    fn source(&self, path: &str) -> Option<String> {
        path.strip_suffix(".py")
            .map(|stem| format!("databricks_notebook.{}", stem.replace('/', "_")))
    }
}

/// The file of an object of which only the id is known.
fn resource(
    key: &ResourceKey,
    id: &str,
    form: &serde_json::Value,
    names: &mut dyn Names,
) -> Option<Written> {
    super::resource(key, id, &serde_json::Value::Null, form, names)
}

fn job() -> serde_json::Value {
    json!({
        "name": "Nightly ${load}",
        "description": "\"${a}\"\nC:\\b",
        "max_concurrent_runs": 2,
        "continuous": {},
        "tags": {"team": "shop", "cost center": "7"},
        "parameters": [{"name": "day", "default": "{{job.start_time.iso_date}}"}],
        "email_notifications": {"on_failure": ["a@example.com"]},
        "job_clusters": [{"job_cluster_key": "c", "new_cluster": {
            "spark_version": "15.4.x-scala2.12", "node_type_id": "i3.xlarge", "num_workers": 1,
            "spark_env_vars": {"DB_PASSWORD": "(redacted)", "A": "1"},
            "init_scripts": [{"workspace": {"destination": "/Shared/x.sh"}}]}}],
        "tasks": [
            {"task_key": "load", "job_cluster_key": "c", "notebook_task": {"notebook_path": "${repo}/src/load.py", "base_parameters": {"x": 1}}},
            {"task_key": "more", "depends_on": [{"task_key": "load"}], "run_job_task": {"job_id": "${resources.jobs.other.id}"}},
            {"task_key": "each", "for_each_task": {"inputs": "[1]", "task": {"task_key": "in", "existing_cluster_id": "${resources.clusters.etl.id}"}}},
        ],
        "permissions": {"group:ops": "CAN_MANAGE", "service_principal:robot": "IS_OWNER"},
        "not_a_field": 1,
    })
}

#[test]
fn a_job_in_the_providers_words() {
    let key = ResourceKey::new("jobs", "nightly");
    let written = resource(&key, "11", &job(), &mut Plain).unwrap();
    assert_eq!(written.unknown, ["not_a_field"]);
    for line in [
        "import {\n  to = databricks_job.nightly\n  id = \"11\"\n}\n",
        "resource \"databricks_job\" \"nightly\" {\n",
        "name                = \"Nightly $${load}\"\n",
        "description         = \"\\\"$${a}\\\"\\nC:\\\\b\"\n",
        "    existing_cluster_id",
        "job_id = databricks_job.other.id\n",
        "notebook_path = databricks_notebook.src_load.path\n",
        "node_type_id = var.node_i3_xlarge\n",
        "DB_PASSWORD = var.nightly_db_password\n",
        "\"cost center\" = \"7\"\n",
        "  id = \"/jobs/11\"\n",
        "resource \"databricks_permissions\" \"jobs_nightly\" {\n  job_id = databricks_job.nightly.id\n",
        "depends_on {\n      task_key = \"load\"\n",
    ] {
        assert!(written.text.contains(line), "{line} in\n{}", written.text);
    }
    assert!(written.text.starts_with(HEAD));
    parses_and_is_formatted(&written.text);
}

#[test]
fn values_inside_attributes_and_texts_with_json() {
    let app = json!({"name": "shop", "resources": [{"name": "wh", "sql_warehouse": {"id": "1", "permission": "CAN_USE"}}]});
    let written = resource(&ResourceKey::new("apps", "shop"), "shop", &app, &mut Plain).unwrap();
    assert!(written.unknown.is_empty(), "{:?}", written.unknown);
    assert!(written.text.contains("resources = ["), "{}", written.text);
    parses_and_is_formatted(&written.text);
    let policy = json!({"name": "small", "definition": {"node_type_id": {"type": "fixed", "value": "i3.xlarge"}, "a.b": 1}});
    let written = resource(
        &ResourceKey::new("cluster_policies", "small"),
        "P1",
        &policy,
        &mut Plain,
    )
    .unwrap();
    assert!(written.text.contains("jsonencode("), "{}", written.text);
    parses_and_is_formatted(&written.text);
    let pools = json!({"name": "p", "definition": "{\"driver_instance_pool_id\":{\"type\":\"fixed\",\"value\":\"${resources.instance_pools.a.id}\"},\"instance_pool_id\":{\"type\":\"fixed\",\"value\":\"${resources.instance_pools.b.id}\"}}"});
    let written = resource(
        &ResourceKey::new("cluster_policies", "p"),
        "P2",
        &pools,
        &mut Plain,
    )
    .unwrap();
    for pool in ["a", "b"] {
        let reference = format!("\\\"value\\\":\\\"${{databricks_instance_pool.{pool}.id}}\\\"");
        assert!(
            written.text.contains(&reference),
            "{reference} in {}",
            written.text
        );
    }
    parses_and_is_formatted(&written.text);
    let schema =
        json!({"name": "s", "catalog_name": "c", "grants": {"a b": ["SELECT", "USE_SCHEMA"]}});
    let written = resource(
        &ResourceKey::new("schemas", "s"),
        "c.s",
        &schema,
        &mut Plain,
    )
    .unwrap();
    assert!(
        written.text.contains("schema = databricks_schema.s.id\n"),
        "{}",
        written.text
    );
    parses_and_is_formatted(&written.text);
}

#[test]
fn the_files_around() {
    let variables = BTreeMap::from([
        (
            "node".to_owned(),
            Variable {
                description: "A \"node\" ${x}".into(),
                value: Some("i3.xlarge".into()),
            },
        ),
        (
            "long_name_of_it".to_owned(),
            Variable {
                description: "secret".into(),
                value: None,
            },
        ),
    ]);
    for text in [
        super::variables(&variables),
        values(&variables),
        versions(),
        notebook(
            "load",
            "/Shared/load",
            "../src/load.py",
            Some(crate::bundle::Language::Python),
        ),
        super::variables(&BTreeMap::new()),
    ] {
        parses_and_is_formatted(&text);
    }
    assert!(super::variables(&variables).contains("sensitive   = true"));
    assert!(!values(&variables).contains("long_name"));
}

#[test]
fn every_kind_has_a_resource_of_the_provider_with_its_arguments() {
    let known = provider();
    let permissions = known.resource("databricks_permissions").unwrap();
    let grants = known.resource("databricks_grants").unwrap();
    for resource in table::RESOURCES {
        let fields = known
            .resource(resource.name)
            .unwrap_or_else(|| panic!("{}", resource.name));
        assert!(
            resource
                .permissions
                .is_none_or(|argument| permissions.get(argument).is_some()),
            "{resource:?}"
        );
        assert!(
            resource
                .grants
                .is_none_or(|argument| grants.get(argument).is_some()),
            "{resource:?}"
        );
        assert!(
            resource
                .renamed
                .iter()
                .filter(|(path, name)| !path.contains('.') && !name.is_empty())
                .all(|(_, name)| fields.get(name).is_some()),
            "{resource:?}"
        );
    }
    let missing: Vec<&str> = crate::kinds::KINDS
        .iter()
        .filter(|kind| kind.captured() == crate::kinds::Captured::Whole)
        .map(|kind| kind.name())
        .filter(|kind| resource_of(kind).is_none())
        .collect();
    assert_eq!(missing, [""; 0], "kinds without a resource of the provider");
}

/// As `terraform fmt` would leave it. The program is `terraform`, or what `HODMAN_TEST_TERRAFORM` names, as `./test` sets it.
pub(crate) fn parses_and_is_formatted(text: &str) {
    hcl::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let program = std::env::var_os("HODMAN_TEST_TERRAFORM").unwrap_or_else(|| "terraform".into());
    let mut terraform = Command::new(&program)
        .args(["fmt", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; ./test brings a Terraform of its own",
                program.display()
            )
        });
    terraform
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let formatted = terraform.wait_with_output().unwrap();
    assert!(formatted.status.success(), "{text}");
    assert_eq!(String::from_utf8(formatted.stdout).unwrap(), text);
}
