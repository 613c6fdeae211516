//! The capture as Terraform.

use serde_json::json;

use super::started;
use crate::capture::*;
use crate::files::CaptureFormat;
use crate::hcl::tests::parses_and_is_formatted;

#[test]
fn every_object_is_a_file_with_its_import() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.edit_job(12, |settings| {
        settings["email_notifications"] = json!({"on_failure": ["a@example.com"]})
    });
    let captured = project.merge_capture();
    let paths: Vec<&str> = captured.changes.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "environments/dev/captured.lock",
            "src/etl/load.py",
            "terraform/all.job.tf",
            "terraform/dev.tfvars",
            "terraform/etl_load_py.source.tf",
            "terraform/nightly_load.job.tf",
            "terraform/shared_etl.cluster.tf",
            "terraform/variables.tf",
            "terraform/versions.tf",
        ]
    );
    for path in paths.iter().filter(|path| path.starts_with("terraform/")) {
        parses_and_is_formatted(&project.text(path));
    }
    let job = project.text("terraform/nightly_load.job.tf");
    assert!(
        job.contains("existing_cluster_id = databricks_cluster.shared_etl.id\n"),
        "{job}"
    );
    assert!(
        job.contains("notebook_path = databricks_notebook.etl_load_py.path\n"),
        "{job}"
    );
    assert!(
        project
            .text("terraform/all.job.tf")
            .contains("on_failure = [\n      var.notify_a_example_com\n    ]\n"),
        "{}",
        project.text("terraform/all.job.tf")
    );
    assert!(
        project
            .text("terraform/dev.tfvars")
            .contains("notify_a_example_com = \"a@example.com\"\n")
    );
    assert_eq!(
        (project.capture().changes, project.capture().rows),
        (BTreeMap::new(), vec![])
    );
}

#[test]
fn edits_in_git_stay_and_what_is_gone_goes() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.merge_capture();
    project.rewrite("terraform/all.job.tf", |text| {
        text.replace("# Written", "# Ours.\n# Written")
    });
    project.edit_job(12, |settings| settings["timeout_seconds"] = json!(60));
    project.merge_capture();
    let text = project.text("terraform/all.job.tf");
    assert!(
        text.starts_with("# Ours.\n") && text.contains("timeout_seconds = 60"),
        "{text}"
    );
    project
        .snapshot
        .resources
        .retain(|live| live.listed.id != "11" && live.listed.id != "12");
    let captured = project.capture();
    assert_eq!(
        captured.changes.get("terraform/nightly_load.job.tf"),
        Some(&None)
    );
    assert!(
        !captured.changes.contains_key("terraform/all.job.tf"),
        "changed in Git: it stays"
    );
}
