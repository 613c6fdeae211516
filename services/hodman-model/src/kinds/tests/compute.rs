//! Clusters, policies, pools, warehouses and init scripts.

use serde_json::{Value, json};

use super::harness::{changes, comes_back, kind, marker, said, tags, with};
use crate::kinds::{Method, Readiness};

#[test]
fn a_cluster_that_a_policy_fills_is_no_difference() {
    let kind = kind("clusters");
    let config = json!({"cluster_name": "n", "spark_version": "15", "policy_id": "P", "apply_policy_default_values": true,
                        "spark_conf": {"a": "b"}});
    let create = kind.create(&config, &marker());
    let mut answer = with(
        create.body.as_ref(),
        json!({"cluster_id": "c", "num_workers": 2, "node_type_id": "i3.xlarge", "driver_node_type_id": "i3.2xlarge",
               "autotermination_minutes": 20, "spark_conf": {"a": "b", "policy": "says"}, "cluster_log_conf": {"s3": {"destination": "s3://x"}}}),
    );
    answer
        .as_object_mut()
        .unwrap()
        .remove("apply_policy_default_values");
    comes_back(kind, &config, &answer);
    answer["spark_conf"]["a"] = json!("c");
    assert_eq!(changes(kind, &config, &answer), ["spark_conf.a"]);
    // Without a policy nobody but a person adds such things.
    let free = json!({"cluster_name": "n", "spark_version": "15", "spark_conf": {"a": "c"}});
    let mut found = changes(kind, &free, &answer);
    found.sort();
    assert_eq!(
        found,
        [
            "cluster_log_conf",
            "num_workers",
            "policy_id",
            "spark_conf.policy"
        ]
    );
}

#[test]
fn a_running_cluster_is_resized() {
    let kind = kind("clusters");
    let call = kind
        .resize("c", &json!({"cluster_name": "n", "num_workers": 4}))
        .unwrap();
    assert_eq!(
        said(&call),
        (
            Method::Post,
            "/api/2.1/clusters/resize".to_owned(),
            json!({"cluster_id": "c", "num_workers": 4})
        )
    );
    let autoscale = json!({"autoscale": {"min_workers": 1, "max_workers": 3}});
    assert_eq!(
        kind.resize("c", &autoscale).unwrap().body.unwrap()["autoscale"]["max_workers"],
        3
    );
    assert_eq!(kind.resize("c", &json!({"cluster_name": "n"})), None);
    // How many there are just now is state.
    let answer = json!({"cluster_id": "c", "custom_tags": tags(), "num_workers": 2, "autoscale": {"min_workers": 1, "max_workers": 3}});
    comes_back(kind, &autoscale, &answer);
}

#[test]
fn a_policy_is_the_same_however_its_json_is_laid_out() {
    let kind = kind("cluster_policies");
    let config = json!({"name": "small", "definition": {"b": {"type": "fixed", "value": 1}, "a": {"type": "forbidden"}},
                        "max_clusters_per_user": 2});
    let create = kind.create(&config, &marker());
    assert_eq!(create.path, "/api/2.0/policies/clusters/create");
    assert_eq!(
        create.body.as_ref().unwrap()["definition"],
        r#"{"a":{"type":"forbidden"},"b":{"type":"fixed","value":1}}"#
    );
    let answer = with(
        create.body.as_ref(),
        json!({"policy_id": "X", "creator_user_name": "ada@example.com", "created_at_timestamp": 5, "is_default": false,
               "definition": "{\n  \"b\": {\"value\": 1, \"type\": \"fixed\"},\n \"a\": {\"type\": \"forbidden\"}}"}),
    );
    comes_back(kind, &config, &answer);
    let edit = &kind.update("X", &Value::Null, &config, &marker())[0];
    assert_eq!(
        (
            edit.path.as_str(),
            &edit.body.as_ref().unwrap()["policy_id"]
        ),
        ("/api/2.0/policies/clusters/edit", &json!("X"))
    );
    assert_eq!(
        kind.read(&json!({"policy_id": "D", "name": "Personal Compute", "is_default": true}))
            .unwrap(),
        None
    );
}

#[test]
fn a_policy_of_a_family_has_the_familys_definition() {
    let kind = kind("cluster_policies");
    let config = json!({"name": "n", "policy_family_id": "job-cluster", "policy_family_definition_overrides": "{}"});
    let answer = with(
        Some(&config),
        json!({"policy_id": "X", "definition": "{\"a\": 1}"}),
    );
    comes_back(kind, &config, &answer);
}

#[test]
fn a_pool_comes_back_and_keeps_its_node_type() {
    let kind = kind("instance_pools");
    let config = json!({"instance_pool_name": "pool", "node_type_id": "i3.xlarge", "max_capacity": 4, "custom_tags": {"team": "x"}});
    let create = kind.create(&config, &marker());
    let answer = with(
        create.body.as_ref(),
        json!({"instance_pool_id": "pool-1", "min_idle_instances": 0, "idle_instance_autotermination_minutes": 60,
               "enable_elastic_disk": false, "state": "ACTIVE", "stats": {"used_count": 0}, "default_tags": {"Vendor": "Databricks"},
               "aws_attributes": {"availability": "SPOT", "zone_id": "eu-central-1a", "spot_bid_price_percent": 100}}),
    );
    let listed = comes_back(kind, &config, &answer);
    assert_eq!(
        kind.rules()
            .without_fills(&listed.config, Some(&kind.rules().normalise(&config)))["custom_tags"],
        json!({"team": "x"})
    );
    let smaller = json!({"instance_pool_name": "pool", "node_type_id": "i3.xlarge", "max_capacity": 2, "enable_elastic_disk": true});
    let (method, path, body) = said(&kind.update("pool-1", &listed.config, &smaller, &marker())[0]);
    assert_eq!(
        (method, path.as_str()),
        (Method::Post, "/api/2.0/instance-pools/edit")
    );
    assert_eq!(
        body,
        json!({"instance_pool_id": "pool-1", "instance_pool_name": "pool", "node_type_id": "i3.xlarge", "max_capacity": 2,
               "min_idle_instances": 0, "custom_tags": tags()})
    );
    assert_eq!(
        kind.read(&json!({"instance_pool_id": "x", "state": "DELETED"}))
            .unwrap(),
        None
    );
}

#[test]
fn a_cluster_that_ends_by_itself_does_so_after_an_edit() {
    let kind = kind("clusters");
    let live = json!({"cluster_name": "n", "autotermination_minutes": 60});
    let minutes = |config: Value| {
        let edit = &kind.update("c", &live, &config, &marker())[0];
        edit.body.as_ref().unwrap()["autotermination_minutes"].clone()
    };
    assert_eq!(minutes(json!({"cluster_name": "m"})), 60);
    assert_eq!(minutes(json!({"autotermination_minutes": 10})), 10);
}

#[test]
fn a_warehouse_of_one_cluster_is_one_however_that_is_said() {
    let rules = kind("sql_warehouses").rules();
    let normal = |config: Value| rules.normalise(&config);
    let live = normal(json!({"name": "w", "min_num_clusters": 1, "max_num_clusters": 1}));
    assert_eq!(normal(json!({"name": "w", "max_num_clusters": 1})), live);
    assert_eq!(normal(json!({"name": "w"})), live);
    assert_ne!(normal(json!({"name": "w", "max_num_clusters": 2})), live);
}

#[test]
fn a_warehouses_tags_are_a_list() {
    let kind = kind("sql_warehouses");
    let config = json!({"name": "w", "cluster_size": "Small", "min_num_clusters": 2, "tags": {"custom_tags": [{"key": "team", "value": "x"}]}});
    let create = kind.create(&config, &marker());
    assert_eq!(
        create.body.as_ref().unwrap()["tags"]["custom_tags"],
        json!([
            {"key": "team", "value": "x"},
            {"key": "hodman_pipeline", "value": "p"},
            {"key": "hodman_env", "value": "qa"},
            {"key": "hodman_key", "value": "k"}
        ])
    );
    let answer = with(
        create.body.as_ref(),
        json!({"id": "w-1", "auto_stop_mins": 120, "max_num_clusters": 2, "enable_photon": true, "enable_serverless_compute": false,
               "warehouse_type": "PRO", "spot_instance_policy": "COST_OPTIMIZED", "channel": {"name": "CHANNEL_NAME_CURRENT"},
               "creator_name": "ada@example.com", "state": "RUNNING", "num_clusters": 1, "num_active_sessions": 0, "jdbc_url": "jdbc:x",
               "health": {"status": "HEALTHY"}}),
    );
    let listed = comes_back(kind, &config, &answer);
    assert_eq!(listed.outputs["jdbc_url"], "jdbc:x");
    // Both numbers written out is the same.
    let both = with(Some(&config), json!({"max_num_clusters": 2}));
    comes_back(kind, &both, &answer);
    let (method, path, body) = said(&kind.update("w-1", &listed.config, &config, &marker())[0]);
    assert_eq!(
        (method, path.as_str()),
        (Method::Post, "/api/2.0/sql/warehouses/w-1/edit")
    );
    let chosen = json!({"warehouse_type": "PRO", "enable_serverless_compute": false});
    assert_eq!(
        body,
        with(create.body.as_ref(), chosen),
        "an edit says everything, also the type that the service chose"
    );
    assert_eq!(body["max_num_clusters"], 2);
    let typed = with(Some(&config), json!({"warehouse_type": "CLASSIC"}));
    let (_, _, body) = said(&kind.update("w-1", &listed.config, &typed, &marker())[0]);
    assert_eq!(
        (
            &body["warehouse_type"],
            body.get("enable_serverless_compute")
        ),
        (&json!("CLASSIC"), None)
    );
    assert_eq!(kind.readiness(&answer), Readiness::Ready);
}

#[test]
fn an_init_script_is_read_with_its_text() {
    let kind = kind("global_init_scripts");
    let config = json!({"name": "proxy", "script": "ZWNobyAx", "enabled": true});
    let create = kind.create(&config, &marker());
    let answer = with(
        create.body.as_ref(),
        json!({"script_id": "S", "position": 3, "created_by": "ada@example.com", "created_at": 1, "updated_at": 2}),
    );
    comes_back(kind, &config, &answer);
    let off = json!({"name": "proxy", "script": "ZWNobyAx"});
    assert_eq!(changes(kind, &off, &answer), ["enabled"]);
    let (method, path, body) = said(&kind.update("S", &Value::Null, &off, &marker())[0]);
    assert_eq!(
        (method, path.as_str(), &body["enabled"]),
        (
            Method::Patch,
            "/api/2.0/global-init-scripts/S",
            &json!(false)
        )
    );
}

#[test]
fn a_policy_gives_what_its_definition_fixes_or_has_by_default_and_nothing_else() {
    use crate::kinds::{Policies, PolicyDefinition};
    let rules = kind("jobs").rules();
    let definition = json!({
        "spark_conf.spark.a.b": {"type": "fixed", "value": "1", "hidden": true},
        "spark_conf.spark.free": {"type": "unlimited", "isOptional": true},
        "custom_tags.cost.center": {"type": "allowlist", "values": ["x"], "defaultValue": "x"},
        "init_scripts.0.workspace.destination": {"type": "fixed", "value": "/Shared/init.sh"},
        "ssh_public_keys.*": {"type": "fixed", "value": "k"},
        "cluster_log_conf.type": {"type": "fixed", "value": "S3"},
        "cluster_log_conf.path": {"type": "fixed", "value": "s3://logs"},
        "aws_attributes.instance_profile_arn": {"type": "fixed", "value": "arn"},
        "num_workers": {"type": "forbidden"},
    });
    let policy = PolicyDefinition::read(&json!(definition.to_string())).unwrap();
    assert_eq!(Some(&policy), PolicyDefinition::read(&definition).as_ref());
    assert_eq!(PolicyDefinition::read(&json!("no JSON")), None);
    let policies = Policies::from([("P".to_owned(), policy)]);
    let job = |cluster: Value| json!({"job_clusters": [{"job_cluster_key": "a", "new_cluster": cluster}]});
    let desired =
        job(json!({"spark_version": "15", "policy_id": "P", "spark_env_vars": {"X": "1"}}));
    let live = |policy: &str| {
        job(json!({
            "spark_version": "15", "policy_id": policy,
            "spark_conf": {"spark.a.b": "1", "spark.free": "2"},
            "custom_tags": {"cost.center": "x"},
            "init_scripts": [{"workspace": {"destination": "/Shared/init.sh"}}, {"workspace": {"destination": "/Users/eve/x.sh"}}],
            "ssh_public_keys": ["k"],
            "cluster_log_conf": {"s3": {"destination": "s3://logs"}},
            "aws_attributes": {"instance_profile_arn": "arn"},
            "spark_env_vars": {"X": "1", "Y": "2"},
            "num_workers": 3,
        }))
    };
    let left = job(json!({
        "spark_version": "15", "policy_id": "P",
        "spark_conf": {"spark.free": "2"},
        "init_scripts": [{"workspace": {"destination": "/Users/eve/x.sh"}}],
        "spark_env_vars": {"X": "1", "Y": "2"},
        "num_workers": 3,
    }));
    assert_eq!(
        rules.without_fills_of(&live("P"), Some(&desired), &policies),
        left
    );
    let of_another =
        job(json!({"spark_version": "15", "policy_id": "Q", "spark_env_vars": {"X": "1"}}));
    assert_eq!(
        rules.without_fills_of(&live("Q"), Some(&desired), &policies),
        of_another
    );
}
