//! Values that differ between environments, wherever they stand.

use serde_json::{Value, json};

use super::project::Project;
use crate::capture::*;
use crate::diagnostic::Diagnostics;
use crate::files::{SourceBytes, parse_environment};

/// What qa's variables are, with that `identity`.
fn in_qa(project: &Project, identity: &Value) -> Result<BTreeMap<String, Value>, Diagnostics> {
    let text = json!({"mode": "promoted", "workspaces": [{"name": "qa", "host": "https://qa.example.com"}], "identity": identity});
    let file = "environments/qa/environment.yaml";
    let environment = parse_environment(file, &text.to_string()).unwrap();
    identity::variables(file, &environment, "qa", &project.tree)
}

/// Captured, merged, and nothing is left to capture, with the lock and without.
fn settled(project: &mut Project) -> Captured {
    let captured = project.merge_capture();
    assert_eq!(project.capture().changes, BTreeMap::new());
    assert_eq!(project.capture().rows, []);
    let lock = std::mem::take(&mut project.lock);
    assert_eq!(project.capture().changes, BTreeMap::new());
    assert_eq!(project.capture().rows, [], "without the lock");
    project.lock = lock;
    captured
}

#[track_caller]
fn has(project: &Project, file: &str, lines: &[&str]) {
    let text = project.text(file);
    for line in lines {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn what_runs_in_dev_does_not_run_elsewhere_by_itself() {
    let mut project = Project::new();
    let schedule = |status: &str| json!({"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": status});
    project.job(11, "Nightly", json!({"schedule": schedule("UNPAUSED")}));
    project.job(
        12,
        "Always",
        json!({"continuous": {"pause_status": "UNPAUSED"}}),
    );
    settled(&mut project);
    for file in ["resources/nightly.job.yml", "resources/always.job.yml"] {
        has(
            &project,
            file,
            &["pause_status: ${var.pause_status_unpaused}"],
        );
    }
    let refused = in_qa(&project, &json!({})).unwrap_err();
    assert!(
        refused.to_string().contains("identity.pause_statuses"),
        "{refused}"
    );
    let values = in_qa(&project, &json!({"pause_statuses": {"UNPAUSED": "PAUSED"}}));
    assert_eq!(values.unwrap()["pause_status_unpaused"], "PAUSED");

    project.edit_job(11, |settings| settings["schedule"] = schedule("PAUSED"));
    settled(&mut project);
    has(
        &project,
        "resources/nightly.job.yml",
        &["pause_status: ${var.pause_status_paused}"],
    );
    project.edit_job(11, |settings| settings["schedule"] = schedule("UNPAUSED"));
    settled(&mut project);
    has(
        &project,
        "resources/nightly.job.yml",
        &["pause_status: ${var.pause_status_unpaused}"],
    );
}

#[test]
fn a_status_that_is_wanted_as_it_is_and_one_that_git_never_said() {
    let mut project = Project::new();
    project.rules.literals = vec!["pause_statuses".into()];
    project.job(
        11,
        "Nightly",
        json!({"schedule": {"quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"}}),
    );
    settled(&mut project);
    assert!(
        !project
            .text("resources/nightly.job.yml")
            .contains("pause_status")
    );
    // Somebody's own file, which says nothing of it: that is theirs to say.
    project.rules.literals.clear();
    assert_eq!(project.capture().changes, BTreeMap::new());
    project.edit_job(11, |settings| {
        settings["schedule"]["timezone_id"] = json!("Europe/Berlin");
    });
    settled(&mut project);
    assert!(
        !project
            .text("resources/nightly.job.yml")
            .contains("pause_status")
    );
}

#[test]
fn whom_alerts_tell_and_who_owns_a_query() {
    let mut project = Project::new();
    project.object("alerts", "a-1", json!({"id": "a-1", "display_name": "Late", "query_text": "select 1", "warehouse_id": "w-1",
        "owner_user_name": "ada@example.com", "schedule": {"quartz_cron_schedule": "0 0 * * * ?", "timezone_id": "UTC", "pause_status": "UNPAUSED"},
        "evaluation": {"notification": {"subscriptions": [{"user_email": "ops@example.com"}, {"destination_id": "d-7"}]}}}));
    project.object("queries", "q-1", json!({"id": "q-1", "display_name": "Sales", "query_text": "select 1", "warehouse_id": "w-1",
        "owner_user_name": "ada@example.com", "catalog": "shop_dev", "schema": "s"}));
    settled(&mut project);
    has(
        &project,
        "resources/late.alert.yml",
        &[
            "user_email: ${var.notify_ops_example_com}",
            "destination_id: ${var.notify_d_7}",
            "warehouse_id: ${var.warehouse_w_1}",
            "pause_status: ${var.pause_status_unpaused}",
        ],
    );
    has(
        &project,
        "resources/sales.query.yml",
        &[
            "owner_user_name: ${var.principal_ada_example_com}",
            "catalog: ${var.catalog_shop_dev}",
        ],
    );
    let refused = in_qa(&project, &json!({})).unwrap_err().0;
    assert_eq!(refused.len(), 6, "{refused:?}");
}

#[test]
fn a_catalog_in_a_longer_name() {
    let mut project = Project::new();
    project.object("vector_search_indexes", "shop_dev.s.docs_index", json!({"name": "shop_dev.s.docs_index", "endpoint_name": "e",
        "index_type": "DELTA_SYNC", "primary_key": "id", "delta_sync_index_spec": {"source_table": "shop_dev.s.docs", "pipeline_type": "TRIGGERED"}}));
    project.object("model_serving_endpoints", "churn", json!({"name": "churn", "id": "e-1", "creator": "ada@example.com", "config": {"served_entities": [
        {"name": "churn-1", "entity_name": "shop_dev.ml.churn", "entity_version": "1"}, {"name": "llama", "entity_name": "system.ai.llama", "entity_version": "1"}]}}));
    project.job(11, "Nightly", json!({"trigger": {"table_update": {"table_names": ["shop_dev.s.orders", "shop_dev.s.items"]}},
        "parameters": [{"name": "raw", "default": "/Volumes/shop_dev/s/raw/{{job.run_id}}"}],
        "tasks": [{"task_key": "t", "libraries": [{"whl": "/Volumes/shop_dev/s/lib/x.whl"}], "spark_python_task": {"python_file": "/Workspace/Shared/x.py"}}]}));
    settled(&mut project);
    let catalog = "${var.catalog_shop_dev}";
    for (file, lines) in [
        (
            "resources/shop_dev_s_docs_index.vector_search_index.yml",
            vec![
                format!("name: {catalog}.s.docs_index"),
                format!("source_table: {catalog}.s.docs"),
            ],
        ),
        (
            "resources/churn.model_serving_endpoint.yml",
            vec![
                format!("entity_name: {catalog}.ml.churn"),
                "entity_name: system.ai.llama".to_owned(),
            ],
        ),
        (
            "resources/nightly.job.yml",
            vec![
                format!("- {catalog}.s.items"),
                format!("whl: /Volumes/{catalog}/s/lib/x.whl"),
                format!("/Volumes/{catalog}/s/raw/{{{{job.run_id}}}}"),
            ],
        ),
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        has(&project, file, &lines);
    }
    let values = in_qa(
        &project,
        &json!({"catalogs": {"shop_dev": "shop_qa"}, "pause_statuses": {"*": "*"}}),
    )
    .unwrap();
    assert_eq!(values["catalog_shop_dev"], "shop_qa");
}

#[test]
fn every_sort_has_its_fields() {
    let mut project = Project::new();
    project.job(11, "Nightly", json!({
        "webhook_notifications": {"on_failure": [{"id": "hook-1"}]},
        "tasks": [
            {"task_key": "a", "sql_task": {"warehouse_id": "w-1", "query": {"query_id": "q-1"}}},
            {"task_key": "b", "new_cluster": {"spark_version": "15", "num_workers": 1, "instance_pool_id": "pool-1", "driver_instance_pool_id": "pool-2",
                "policy_id": "P-1",
                "aws_attributes": {"instance_profile_arn": "arn:aws:iam::1:instance-profile/etl"}}}],
        "budget_policy_id": "b-1"}));
    project.object("pipelines", "p-1", json!({"pipeline_id": "p-1", "name": "Orders", "spec": {"id": "p-1", "name": "Orders", "catalog": "shop_dev", "schema": "s",
        "notifications": [{"alerts": ["on-update-failure"], "email_recipients": ["team@example.com"]}]}}));
    project.object("schemas", "shop_dev.sales", json!({"name": "sales", "catalog_name": "shop_dev", "full_name": "shop_dev.sales", "owner": "stewards"}));
    project.object(
        "apps",
        "desk",
        json!({"name": "desk", "budget_policy_id": "b-2", "creator": "ada@example.com"}),
    );
    settled(&mut project);
    has(
        &project,
        "resources/nightly.job.yml",
        &[
            "id: ${var.notify_hook_1}",
            "warehouse_id: ${var.warehouse_w_1}",
            "instance_pool_id: ${var.pool_pool_1}",
            "driver_instance_pool_id: ${var.pool_pool_2}",
            "policy_id: ${var.policy_p_1}",
            "instance_profile_arn: ${var.instance_profile_arn_aws_iam_1_instance_profile_etl}",
        ],
    );
    has(
        &project,
        "resources/orders.pipeline.yml",
        &[
            "catalog: ${var.catalog_shop_dev}",
            "- ${var.notify_team_example_com}",
        ],
    );
    has(
        &project,
        "resources/sales.schema.yml",
        &[
            "catalog_name: ${var.catalog_shop_dev}",
            "owner: ${var.principal_stewards}",
        ],
    );
    has(
        &project,
        "resources/desk.app.yml",
        &["budget_policy_id: ${var.budget_policy_b_2}"],
    );
    has(
        &project,
        "resources/nightly.job.yml",
        &["budget_policy_id: ${var.budget_policy_b_1}"],
    );
    let refused = in_qa(&project, &json!({})).unwrap_err().0;
    assert_eq!(refused.len(), 11, "{refused:#?}");
}

#[test]
fn a_repository_without_a_bundle_gets_a_root_file() {
    let mut project = Project::new();
    project.tree.clear();
    let qa = b"mode: promoted\nbundle_target: test\n".to_vec();
    project.tree.insert(
        "environments/qa/environment.yaml".into(),
        SourceBytes::plain(qa),
    );
    project.cluster("c-1", "ETL", json!({"node_type_id": "i3.xlarge"}));
    let captured = settled(&mut project);
    has(
        &project,
        "resources/etl.cluster.yml",
        &["node_type_id: ${var.node_type_i3_xlarge}"],
    );
    has(
        &project,
        "databricks.yml",
        &[
            "bundle:\n  name: \"shop\"\n",
            "include:\n  - resources/*.yml\n",
            "  \"test\": {}\n",
            "variables:\n  node_type_i3_xlarge:\n",
        ],
    );
    assert!(captured.rows.iter().any(|row| row.key == "databricks.yml"));
    assert!(
        in_qa(&project, &json!({})).is_err(),
        "what has no counterpart is refused"
    );
    let values = json!({"node_types": {"i3.xlarge": "m5.large"}});
    let values = in_qa(&project, &values).unwrap();
    let bundle = crate::bundle::resolve(&project.tree, "test", &values).unwrap();
    assert_eq!(bundle.resources.len(), 1);
}

#[test]
fn variables_in_an_included_file_are_seen_and_the_target_is_where_it_is() {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        text.replace("[resources/*.yml]", "[resources/*.yml, conf/*.yml]")
    });
    project.rewrite("conf/dev.yml", |_| {
        "variables:\n  catalog:\n    default: none\n  node_type_i3_xlarge:\n    description: \"identity.node_types: i3.xlarge (as captured)\"\n\
         targets:\n  dev:\n    variables:\n      catalog: shop_dev # ours\n      node_type_i3_xlarge: i3.xlarge\n"
            .into()
    });
    project.cluster(
        "c-1",
        "ETL",
        json!({"node_type_id": "i3.xlarge", "driver_node_type_id": "i3.2xlarge"}),
    );
    project.object(
        "schemas",
        "shop_dev.sales",
        json!({"name": "sales", "catalog_name": "shop_dev", "full_name": "shop_dev.sales"}),
    );
    settled(&mut project);
    has(
        &project,
        "resources/etl.cluster.yml",
        &[
            "node_type_id: ${var.node_type_i3_xlarge}",
            "driver_node_type_id: ${var.node_type_i3_2xlarge}",
        ],
    );
    has(
        &project,
        "resources/sales.schema.yml",
        &["catalog_name: ${var.catalog}"],
    );
    has(
        &project,
        "conf/dev.yml",
        &[
            "catalog: shop_dev # ours\n",
            "node_type_i3_2xlarge: i3.2xlarge",
        ],
    );
    assert!(!project.text("databricks.yml").contains("targets:"));
    let refused = in_qa(&project, &json!({})).unwrap_err().0;
    assert_eq!(refused.len(), 2, "{refused:?}");
}

#[test]
fn many_values_beside_what_people_declared() {
    let mut project = Project::new();
    project.rewrite("databricks.yml", |text| {
        format!("{text}variables:\n  # Ours.\n  mine:\n    default: 1 # one\ntargets:\n  dev:\n    variables: {{mine: 2}}\n")
    });
    for number in 0..1_500 {
        let address = format!("team{number}@example.com");
        let settings = json!({"email_notifications": {"on_failure": [address]}});
        project.job(1_000 + number, &format!("Job {number}"), settings);
    }
    settled(&mut project);
    let root = project.text("databricks.yml");
    assert!(
        root.contains("  # Ours.\n  mine:\n    default: 1 # one\n"),
        "{root}"
    );
    assert_eq!(root.matches("identity.notifications: ").count(), 1_500);
    assert_eq!(
        root.matches("notify_team1499_example_com").count(),
        2,
        "declared once, told once"
    );
}
