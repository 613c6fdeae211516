//! The capture as Terraform.

use serde_json::json;

use super::project::Project;
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

/// A job with permissions, captured, whose permissions nobody lets us see any more.
fn unseen() -> Project {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    let access = json!({"group:readers": "CAN_VIEW", "user:bob@example.com": "CAN_MANAGE"});
    project.live("11").config["permissions"] = access;
    project.merge_capture();
    let config = project.live("11").config.as_object_mut().unwrap();
    config.remove("permissions");
    project.snapshot.access_unread.insert(
        "jobs".into(),
        AccessUnread {
            names: ["Nightly load".to_owned()].into(),
            why: "403".into(),
        },
    );
    project
}

#[test]
fn access_that_nobody_lets_us_see_stays_with_its_variables() {
    let mut project = unseen();
    let file = project.text("terraform/nightly_load.job.tf");
    assert!(file.contains("var.principal_bob_example_com"), "{file}");
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.edit_job(11, |settings| settings["timeout_seconds"] = json!(60));
    let captured = project.merge_capture();
    let after = project.text("terraform/nightly_load.job.tf");
    parses_and_is_formatted(&after);
    assert!(after.contains("timeout_seconds = 60"), "{after}");
    assert_eq!(
        crate::hcl::permissions(&after),
        crate::hcl::permissions(&file)
    );
    assert!(!captured.changes.contains_key("terraform/variables.tf"));
    // Who sees again that nobody may, takes it away.
    project.snapshot.access_unread.clear();
    project.live("11").config["permissions"] = json!({});
    project.merge_capture();
    let after = project.text("terraform/nightly_load.job.tf");
    assert!(!after.contains("databricks_permissions"), "{after}");
    assert!(
        !project
            .text("terraform/variables.tf")
            .contains("principal_bob")
    );
}

#[test]
fn grants_that_nobody_lets_us_see_stay() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.object(
        "schemas",
        "shop_dev.s",
        json!({"name": "s", "catalog_name": "shop_dev", "full_name": "shop_dev.s"}),
    );
    project.live("shop_dev.s").config["grants"] = json!({"readers": ["SELECT"]});
    project.merge_capture();
    let config = project.live("shop_dev.s").config.as_object_mut().unwrap();
    config.remove("grants");
    assert_eq!(project.capture().changes, BTreeMap::new());
}

#[test]
fn a_file_that_stays_keeps_its_variables() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.edit_job(12, |settings| {
        settings["email_notifications"] = json!({"on_failure": ["a@example.com"]})
    });
    project.merge_capture();
    let but_all = crate::files::Selection {
        exclude: vec!["All".into()],
        ..Default::default()
    };
    project.rules.by_kind.insert("jobs".into(), but_all);
    assert_eq!(project.capture().changes, BTreeMap::new());
    // What uses it no more lets it go.
    project.rules.by_kind.clear();
    project.edit_job(12, |settings| {
        settings
            .as_object_mut()
            .unwrap()
            .remove("email_notifications");
    });
    let captured = project.merge_capture();
    assert!(captured.changes.contains_key("terraform/dev.tfvars"));
    assert!(!project.text("terraform/variables.tf").contains("notify_"));
}

#[test]
fn folders_that_could_not_be_listed_stay() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    let path = "/Workspace/Shared/team/in";
    project.object(
        "directories",
        path,
        json!({"object_type": "DIRECTORY", "path": path, "object_id": 5}),
    );
    project.live(path).config["permissions"] = json!({"group:readers": "CAN_READ"});
    project.object(
        "git_folders",
        "7",
        json!({"id": 7, "path": "/Workspace/Shared/team/code", "url": "https://github.com/x/r", "provider": "gitHub", "branch": "main"}),
    );
    project.merge_capture();
    let files: Vec<String> = project
        .tree
        .keys()
        .filter(|path| path.ends_with(".directory.tf") || path.ends_with(".git_folder.tf"))
        .cloned()
        .collect();
    assert_eq!(files.len(), 2, "{:?}", project.tree.keys());
    let is_folder = |live: &LiveResource| ["directories", "git_folders"].contains(&&*live.kind);
    project.snapshot.resources.retain(|live| !is_folder(live));
    project.snapshot.unread_files.insert(
        "/Shared/team".into(),
        Unread {
            why: "403".into(),
            lacking: false,
        },
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.snapshot.unread_files.clear();
    let changes = project.capture().changes;
    assert!(files.iter().all(|file| changes[file].is_none()));
}

#[test]
fn what_a_reviewer_must_know_is_told_of_new_and_changed_objects() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    let details = |captured: &Captured| -> Vec<String> {
        let notes = captured.rows.iter();
        notes
            .filter(|row| row.key == "jobs.nightly_load" && row.what == CapturedAs::Note)
            .map(|row| row.detail.clone())
            .collect()
    };
    let first = details(&project.merge_capture());
    assert_eq!(
        first,
        ["`run_as` is not captured: it names a person of this workspace"]
    );
    assert_eq!(details(&project.capture()), [""; 0]);
    project.edit_job(11, |settings| {
        settings["tasks"][0]["notebook_task"]["notebook_path"] =
            json!("/Workspace/Users/ada@example.com/x");
    });
    let told = details(&project.capture());
    assert!(
        told.iter()
            .any(|detail| detail.starts_with("runs /Workspace/Users/ada@example.com/x")),
        "{told:?}"
    );
}

#[test]
fn libraries_of_clusters_are_blocks_and_stay_where_nobody_lets_us_look() {
    let mut project = started();
    project.rules.format = CaptureFormat::Terraform;
    project.live("c-1").outputs = json!({"libraries": [
        {"pypi": {"package": "pandas==2.2.2"}}, {"whl": "/Volumes/main/s/wheels/shop.whl"}]});
    let captured = project.merge_capture();
    let file = project.text("terraform/shared_etl.cluster.tf");
    parses_and_is_formatted(&file);
    for wanted in [
        "  library {\n    pypi {\n      package = \"pandas==2.2.2\"\n",
        "  library {\n    whl = \"/Volumes/${var.catalog_main}/s/wheels/shop.whl\"\n",
    ] {
        assert!(file.contains(wanted), "{wanted} in\n{file}");
    }
    let told = |row: &CaptureRow| row.detail.contains("librar");
    assert!(!captured.rows.iter().any(told), "{:#?}", captured.rows);
    project.live("c-1").outputs = serde_json::Value::Null;
    let captured = project.capture();
    assert_eq!(captured.changes, BTreeMap::new());
    assert!(captured.rows[0].detail.starts_with("not compared"));
    project.live("c-1").outputs = json!({"libraries": []});
    project.merge_capture();
    let file = project.text("terraform/shared_etl.cluster.tf");
    assert!(!file.contains("library"), "{file}");
}
