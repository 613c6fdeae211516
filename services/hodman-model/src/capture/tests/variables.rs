//! Variables and secrets; and that a capture of what was captured is empty.

use proptest::prelude::*;
use serde_json::json;

use super::project::Project;
use super::{merged, started};
use crate::capture::*;
use crate::digest::sha256;

#[test]
fn secrets_become_variables_and_are_said() {
    let canary = "hodman-canary-5ecret-DO-NOT-LEAK";
    let mut project = started();
    project.rewrite("databricks.yml", |_| {
        "bundle:\n  name: shop\ninclude: [resources/*.yml]\n".into()
    });
    project.job(14, "Leaky", json!({"parameters": [{"name": "api_token", "default": canary}], "tasks": [
        {"task_key": "t", "new_cluster": {"spark_env_vars": {"DB_PASSWORD": canary, "OK": "{{secrets/s/k}}"}}}]}));
    let captured = project.merge_capture();
    let everything = format!("{captured:?}");
    assert!(!everything.contains(canary));
    assert!(
        captured
            .changes
            .values()
            .flatten()
            .all(|bytes| !String::from_utf8_lossy(bytes).contains(canary))
    );
    let text = project.text("resources/leaky.job.yml");
    assert!(
        text.contains("default: ${var.leaky_api_token}")
            && text.contains("DB_PASSWORD: ${var.leaky_db_password}"),
        "{text}"
    );
    assert!(text.contains("OK: \"{{secrets/s/k}}\""), "{text}");
    assert!(project.text("databricks.yml").contains("leaky_api_token:"));
    assert!(
        captured
            .rows
            .iter()
            .any(|row| row.what == CapturedAs::Note && row.detail.contains("leaky_db_password"))
    );
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.edit_job(14, |settings| settings["timeout_seconds"] = json!(5));
    project.merge_capture();
    let text = project.text("resources/leaky.job.yml");
    for written in ["default: ${var.leaky_api_token}", "timeout_seconds: 5"] {
        assert!(text.contains(written), "no conflict: {text}");
    }
}

#[test]
fn a_secret_inside_of_a_text_becomes_a_variable_there() {
    let canary = "hodman-canary-5ecret-DO-NOT-LEAK";
    let mut project = started();
    project.rewrite("databricks.yml", |_| {
        "bundle:\n  name: shop\ninclude: [resources/*.yml]\n".into()
    });
    let task = json!({"task_key": "t", "spark_python_task": {"python_file": "dbfs:/load.py",
        "parameters": ["--password", canary, "--day", "1"]},
        "new_cluster": {"spark_env_vars": {"DB_PASS": canary}, "spark_conf": {
            "shop.address": format!("jdbc:postgresql://ada:{canary}@db/shop?sslkey=a&sslpassword={canary}")}}});
    project.job(14, "Leaky", json!({ "tasks": [task] }));
    let captured = project.merge_capture();
    assert!(!format!("{captured:?}").contains(canary));
    for bytes in captured.changes.values().flatten() {
        assert!(!String::from_utf8_lossy(bytes).contains(canary));
    }
    let text = project.text("resources/leaky.job.yml");
    for written in [
        "- ${var.leaky_password}",
        "DB_PASS: ${var.leaky_db_pass}",
        "jdbc:postgresql://ada:${var.leaky_password}@db/shop?sslkey=a&sslpassword=${var.leaky_sslpassword}",
    ] {
        assert!(text.contains(written), "{written}: {text}");
    }
    assert_eq!(project.capture().changes, BTreeMap::new(), "nothing new");
    project.edit_job(14, |settings| settings["timeout_seconds"] = json!(5));
    project.merge_capture();
    let text = project.text("resources/leaky.job.yml");
    for written in ["timeout_seconds: 5", "${var.leaky_sslpassword}"] {
        assert!(text.contains(written), "{written}: {text}");
    }
}

#[test]
fn a_variable_in_git_with_the_value_of_dev_is_no_difference() {
    let mut project = merged();
    project.lock = Default::default();
    project.rewrite("resources/all.job.yml", |text| {
        text.replace("name: All", "name: ${var.title}")
    });
    project.variables.insert("title".into(), json!("All"));
    // The name in the file is a variable, so only the lock could say that it is the same job.
    project.lock.entries.push(crate::files::CapturedEntry {
        key: "all".into(),
        kind: "jobs".into(),
        id: "12".into(),
        file: "resources/all.job.yml".into(),
        digest: sha256(b"older"),
        seen: None,
        found: BTreeMap::new(),
        told: None,
    });
    assert_eq!(
        (
            project.capture().changes.len(),
            project.capture().rows.len()
        ),
        (0, 0)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_was_captured_and_merged_is_captured_no_more(
        first in prop::collection::vec(crate::plan::tests::properties::job_config(), 1..3),
        second in crate::plan::tests::properties::job_config(),
    ) {
        let mut project = started();
        for (id, config) in (100..).zip(first) {
            project.job(id, "Some job", config);
        }
        project.merge_capture();
        prop_assert_eq!(project.capture().changes, BTreeMap::new());
        project.job(100, "Some job", second);
        project.merge_capture();
        let again = project.capture();
        prop_assert_eq!(again.changes, BTreeMap::new());
        project.lock = Default::default();
        prop_assert_eq!(project.capture().changes, BTreeMap::new());
    }
}

#[test]
fn comments_that_a_declaration_takes_away_are_told() {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!(
            "{text}variables: {{old: {{default: 1}},  # since 2020\n  older: {{default: 2}}}}\n"
        )
    });
    let task = json!({"task_key": "t", "new_cluster": {"spark_env_vars": {"DB_PASS": "dapi0123456789abcdef0123456789abcdef"}}});
    project.job(14, "Leaky", json!({ "tasks": [task] }));
    let captured = project.merge_capture();
    let root = project.text("databricks.yml");
    assert!(
        root.contains("leaky_db_pass") && !root.contains("2020"),
        "{root}"
    );
    let told = |row: &CaptureRow| {
        row.key == "databricks.yml" && row.detail.contains("its comments are lost")
    };
    assert!(captured.rows.iter().any(told), "{:#?}", captured.rows);
}

#[test]
fn declarations_in_a_file_of_windows_have_its_line_breaks() {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!("{text}variables:\n  old: {{default: 1}}\n").replace('\n', "\r\n")
    });
    let task = json!({"task_key": "t", "new_cluster": {"spark_env_vars": {"DB_PASS": "dapi0123456789abcdef0123456789abcdef"}}});
    project.job(14, "Leaky", json!({ "tasks": [task] }));
    project.merge_capture();
    let root = project.text("databricks.yml");
    assert!(root.contains("leaky_db_pass"), "{root}");
    assert_eq!(root.matches("\r\n").count(), root.matches('\n').count());
}
