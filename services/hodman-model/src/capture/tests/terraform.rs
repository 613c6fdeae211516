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

#[test]
fn access_and_what_starts_by_itself_are_written() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.edit_job(12, |settings| {
        settings["schedule"] = json!({"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"});
    });
    project.object("vector_search_indexes", "shop_dev.s.docs", json!({"name": "shop_dev.s.docs", "endpoint_name": "e", "index_type": "DELTA_SYNC", "primary_key": "id"}));
    project.live("shop_dev.s.docs").config["grants"] = json!({"readers": ["SELECT"]});
    project.object(
        "secret_scopes",
        "shop",
        json!({"name": "shop", "backend_type": "DATABRICKS"}),
    );
    project.live("shop").config["permissions"] =
        json!({"group:readers": "READ", "user:ada@example.com": "MANAGE"});
    let captured = project.merge_capture();
    for path in captured
        .changes
        .keys()
        .filter(|path| path.starts_with("terraform/"))
    {
        parses_and_is_formatted(&project.text(path));
    }
    let job = project.text("terraform/all.job.tf");
    assert!(
        job.contains("pause_status           = var.pause_status_unpaused\n"),
        "{job}"
    );
    let index = project.text("terraform/shop_dev_s_docs.vector_search_index.tf");
    for line in [
        "\"${var.catalog_shop_dev}.s.docs\"",
        "table = databricks_vector_search_index.shop_dev_s_docs.id\n",
        "id = \"table/shop_dev.s.docs\"",
        "privileges = [",
    ] {
        assert!(index.contains(line), "{line} in\n{index}");
    }
    let scope = project.text("terraform/shop.secret_scope.tf");
    for line in [
        "resource \"databricks_secret_acl\" \"shop_group_readers\" {\n",
        "id = \"shop|||readers\"",
        "id = \"shop|||ada@example.com\"",
        "permission = \"MANAGE\"",
        "principal  = var.principal_ada_example_com\n",
        "scope      = databricks_secret_scope.shop.name\n",
    ] {
        assert!(scope.contains(line), "{line} in\n{scope}");
    }
    let told = captured
        .rows
        .iter()
        .any(|row| row.detail.contains("no field for"));
    assert!(!told, "{:#?}", captured.rows);
}

#[test]
fn what_refers_to_a_folded_copy_means_the_original() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.job(21, "[dev ada] Nightly load", json!({}));
    project.edit_job(12, |settings| {
        settings["tasks"][0]["run_job_task"]["job_id"] = json!(21);
    });
    project.merge_capture();
    let text = project.text("terraform/all.job.tf");
    assert!(text.contains("databricks_job.nightly_load.id"), "{text}");
    assert_eq!(project.capture().changes, BTreeMap::new());
}
