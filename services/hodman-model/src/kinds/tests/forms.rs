//! What the service takes in several forms, and answers in one.

use serde_json::{Value, json};

use super::harness::{changes, kind, marker, said};
use crate::plan::differences;

/// The fields in which `config` differs from a live object of that managed form.
fn differs(name: &str, config: &Value, live: &Value) -> Vec<String> {
    let rules = kind(name).rules();
    let live = rules.normalise(live);
    let wanted = rules.normalise_over(config, &live);
    let live = rules.without_fills(&live, Some(&wanted));
    let found = differences(rules, &live, &wanted);
    found.iter().map(|change| change.path.to_string()).collect()
}

fn same(name: &str, config: &Value, live: &Value) {
    assert_eq!(
        differs(name, config, live),
        Vec::<String>::new(),
        "{name} {config}"
    );
}

#[test]
fn names_of_unity_catalog_that_the_server_lower_cases_make_no_other_object() {
    let traces = |catalog: &str, schema: &str| json!({"name": "/x", "trace_location": {"uc_trace_location": {"catalog": catalog, "schema": schema, "table_prefix": "p"}}});
    same("experiments", &traces("Main", "ML"), &traces("main", "ml"));
    assert_eq!(
        differs(
            "experiments",
            &traces("Main", "ML"),
            &traces("main", "other")
        )
        .len(),
        1
    );
    let synced = |table: &str| json!({"name": "a.b.c", "delta_sync_index_spec": {"source_table": table, "pipeline_type": "TRIGGERED"}});
    same(
        "vector_search_indexes",
        &synced("Main.Sales.Docs"),
        &synced("main.sales.docs"),
    );
    // The name of a resource in a placeholder keeps its case.
    let rules = kind("vector_search_indexes").rules();
    let table = rules.normalise(&synced("Main.${resources.schemas.S.name}.Docs"));
    assert_eq!(
        table["delta_sync_index_spec"]["source_table"],
        "main.${resources.schemas.S.name}.docs"
    );
}

#[test]
fn columns_of_an_index_are_compared_by_the_types_that_are_stored() {
    let index = |schema: &str| json!({"name": "a.b.c", "direct_access_index_spec": {"schema_json": schema}});
    same(
        "vector_search_indexes",
        &index(
            r#"{"n": "long", "id": "integer", "s": "short", "b": "byte", "v": "array<float>", "l": "array<long>"}"#,
        ),
        &index(
            r#"{"b":"tinyint","id":"int","l":"array<bigint>","n":"bigint","s":"smallint","v":"array<float>"}"#,
        ),
    );
    let changed = differs(
        "vector_search_indexes",
        &index(r#"{"id": "long"}"#),
        &index(r#"{"id":"int"}"#),
    );
    assert_eq!(changed, ["direct_access_index_spec.schema_json"]);
    same(
        "vector_search_indexes",
        &index("no JSON"),
        &index("no JSON"),
    );
}

#[test]
fn a_git_provider_is_the_same_in_any_case() {
    for (kind, field) in [
        ("git_folders", "provider"),
        ("git_credentials", "git_provider"),
    ] {
        let of = |provider: &str| json!({"path": "/Workspace/x", "name": "n", field: provider});
        for asked in ["github", "GITHUB", "gitHub"] {
            same(kind, &of(asked), &of("gitHub"));
        }
        assert_eq!(differs(kind, &of("gitLab"), &of("gitHub")), [field]);
        same(kind, &of("another"), &of("another"));
    }
}

#[test]
fn what_a_pipeline_is_given_in_another_case_or_beside_its_settings_is_no_difference() {
    let config = json!({"name": "n", "catalog": "Main", "schema": "s", "edition": "pro", "channel": "preview",
        "clusters": [{"autoscale": {"min_workers": 1, "max_workers": 2, "mode": "enhanced"}}],
        "event_log": {"name": "log"}, "ingestion_definition": {"connection_name": "c"}});
    let live = json!({"name": "n", "catalog": "main", "schema": "s", "edition": "PRO", "channel": "PREVIEW",
        "clusters": [{"label": "default", "autoscale": {"min_workers": 1, "max_workers": 2, "mode": "ENHANCED"}}],
        "event_log": {"name": "log", "catalog": "main", "schema": "s"},
        "ingestion_definition": {"connection_name": "c", "source_type": "SQLSERVER"}});
    same("pipelines", &config, &live);
    let mut elsewhere = config.clone();
    elsewhere["event_log"]["schema"] = json!("logs");
    assert_eq!(
        differs("pipelines", &elsewhere, &live),
        ["event_log.schema"]
    );
    // Its default goes without saying in any case.
    same(
        "pipelines",
        &json!({"edition": "advanced"}),
        &json!({"edition": "ADVANCED"}),
    );
}

#[test]
fn an_access_mode_is_what_the_cluster_calls_it() {
    let of =
        |mode: &str| json!({"cluster_name": "n", "num_workers": 1, "data_security_mode": mode});
    for (asked, answered) in [
        ("DATA_SECURITY_MODE_DEDICATED", "SINGLE_USER"),
        ("DATA_SECURITY_MODE_STANDARD", "USER_ISOLATION"),
        ("DATA_SECURITY_MODE_AUTO", "SINGLE_USER"),
        ("DATA_SECURITY_MODE_AUTO", "USER_ISOLATION"),
        // Jobs answer what they were given.
        ("DATA_SECURITY_MODE_AUTO", "DATA_SECURITY_MODE_AUTO"),
        ("DATA_SECURITY_MODE_STANDARD", "DATA_SECURITY_MODE_STANDARD"),
    ] {
        same("clusters", &of(asked), &of(answered));
        let job = |cluster: Value| json!({"name": "n", "job_clusters": [{"job_cluster_key": "k", "new_cluster": cluster}]});
        same("jobs", &job(of(asked)), &job(of(answered)));
    }
    for (asked, answered) in [
        ("DATA_SECURITY_MODE_DEDICATED", "USER_ISOLATION"),
        ("DATA_SECURITY_MODE_AUTO", "NONE"),
    ] {
        assert_eq!(
            differs("clusters", &of(asked), &of(answered)),
            ["data_security_mode"]
        );
    }
    // It is asked for as the package says.
    let created = kind("clusters").create(&of("DATA_SECURITY_MODE_AUTO"), &marker());
    assert_eq!(
        said(&created).2["data_security_mode"],
        "DATA_SECURITY_MODE_AUTO"
    );
}

#[test]
fn what_a_single_node_brings_along_is_no_difference() {
    let config = json!({"cluster_name": "n", "kind": "CLASSIC_PREVIEW", "is_single_node": true, "spark_conf": {"a": "b"}});
    let mut live = json!({"cluster_name": "n", "kind": "CLASSIC_PREVIEW", "is_single_node": true, "num_workers": 0,
        "custom_tags": {"ResourceClass": "SingleNode"},
        "spark_conf": {"a": "b", "spark.master": "local[*, 4]", "spark.databricks.cluster.profile": "singleNode"}});
    same("clusters", &config, &live);
    let job = |cluster: &Value| json!({"name": "n", "tasks": [{"task_key": "t", "new_cluster": cluster}]});
    same("jobs", &job(&config), &job(&live));
    // A capture does not repeat it.
    let rules = kind("clusters").rules();
    let captured = rules.without_fills(&rules.normalise(&live), None);
    assert_eq!(captured["spark_conf"], json!({"a": "b"}));
    assert_eq!(captured.get("custom_tags"), None);
    // What the package says itself counts, and so does what is another's.
    live["custom_tags"]["team"] = json!("x");
    live["spark_conf"]["spark.master"] = json!("local[2]");
    let mut said = config.clone();
    said["spark_conf"]["spark.master"] = json!("local[*]");
    assert_eq!(
        differs("clusters", &said, &live),
        ["custom_tags", "spark_conf[\"spark.master\"]"]
    );
    // Two nodes are two nodes.
    live["is_single_node"] = json!(false);
    assert!(differs("clusters", &config, &live).len() > 2);
}

#[test]
fn a_route_says_what_it_leads_to_by_either_word() {
    let config = |route: Value| {
        json!({"name": "e", "config": {"served_entities": [{"name": "a", "entity_name": "m", "entity_version": "1"}],
            "traffic_config": {"routes": [route]}}})
    };
    let live = config(
        json!({"served_model_name": "a", "served_entity_name": "a", "traffic_percentage": 100}),
    );
    for word in ["served_model_name", "served_entity_name"] {
        same(
            "model_serving_endpoints",
            &config(json!({word: "a", "traffic_percentage": 100})),
            &live,
        );
        let other = config(json!({word: "b", "traffic_percentage": 100}));
        assert!(!differs("model_serving_endpoints", &other, &live).is_empty());
    }
}

#[test]
fn what_a_serving_endpoint_is_given_by_the_server_is_no_difference() {
    let config = json!({"name": "e", "config": {"served_entities": [{"name": "a", "entity_name": "m", "entity_version": "1"}],
        "auto_capture_config": {"catalog_name": "c", "schema_name": "s"}}});
    let mut live = config.clone();
    live["config"]["auto_capture_config"]["table_name_prefix"] = json!("e");
    live["config"]["auto_capture_config"]["enabled"] = json!(true);
    live["config"]["served_entities"][0]["workload_size"] = json!("Small");
    live["config"]["served_entities"][0]["scale_to_zero_enabled"] = json!(false);
    same("model_serving_endpoints", &config, &live);
    live["config"]["served_entities"][0]["scale_to_zero_enabled"] = json!(true);
    assert_eq!(differs("model_serving_endpoints", &config, &live).len(), 1);
}

#[test]
fn an_update_of_what_is_served_always_says_whether_it_goes_to_sleep() {
    let kind = kind("model_serving_endpoints");
    let config = |size: &str| {
        json!({"name": "e", "config": {"served_entities": [
            {"name": "a", "entity_name": "m", "entity_version": "1", "workload_size": size},
            {"name": "b", "external_model": {"name": "gpt", "provider": "openai"}},
            {"name": "c", "entity_name": "m", "entity_version": "2", "scale_to_zero_enabled": true}]}})
    };
    let live = kind.rules().normalise(&config("Small"));
    let updates = kind.update("e", &live, &config("Large"), &marker());
    let update = updates.iter().find(|call| call.path.ends_with("/config"));
    let sent = said(update.unwrap()).2;
    let created = said(&kind.create(&config("Large"), &marker())).2["config"].clone();
    for sent in [sent, created] {
        let says = |index: usize| {
            sent["served_entities"][index]
                .get("scale_to_zero_enabled")
                .cloned()
        };
        assert_eq!(
            [says(0), says(1), says(2)],
            [Some(json!(false)), None, Some(json!(true))]
        );
    }
}

#[test]
fn the_kind_of_a_table_that_an_app_uses_is_no_part_of_it() {
    let resource = json!({"name": "t", "uc_securable": {"securable_full_name": "a.b.c", "securable_type": "TABLE", "permission": "SELECT"}});
    let config = json!({"name": "app", "resources": [resource]});
    let mut answer = config.clone();
    answer["resources"][0]["uc_securable"]["securable_kind"] = json!("TABLE_DELTA");
    assert_eq!(
        changes(kind("apps"), &config, &answer),
        Vec::<String>::new()
    );
}
