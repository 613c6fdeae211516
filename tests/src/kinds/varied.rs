//! Samples with other fields: what a bundle may say beside what it must.
//!
//! Long because the table stands in one piece: the optional fields of each kind with values that people give them, the
//! server's defaults among them.

use serde_json::{Map, Value, json};

use super::job_shapes::job_shape;
use super::{KEY, Sample, samples};

/// Decides, the same way for the same numbers.
#[derive(Debug)]
pub struct Dice {
    numbers: Vec<u16>,
    next: usize,
}

impl Dice {
    /// From what a generator gave; thrown again from the beginning when they are used up.
    #[must_use]
    pub fn new(numbers: Vec<u16>) -> Self {
        Self { numbers, next: 0 }
    }

    /// One of `count`.
    pub fn one_of(&mut self, count: usize) -> usize {
        let number = self.numbers.get(self.next % self.numbers.len().max(1));
        self.next += 1;
        usize::from(number.copied().unwrap_or_default()) % count.max(1)
    }
}

/// A sample's declaration with some of the optional fields.
pub fn varied(sample: &Sample, dice: &mut Dice) -> Value {
    let mut config = sample.declared.clone();
    for (field, values) in optional(sample.kind) {
        let at = dice.one_of(values.len() + 1);
        if let Some(value) = values.get(at) {
            config[field] = value.clone();
        }
    }
    if sample.kind == "jobs" && dice.one_of(3) > 0 {
        let shape = job_shape(dice);
        let shape = shape.as_object().cloned().unwrap_or_default();
        if let Some(map) = config.as_object_mut() {
            if ["continuous", "trigger"]
                .iter()
                .any(|one| shape.contains_key(*one))
            {
                // One thing starts a job.
                map.remove("schedule");
            }
            map.extend(shape);
        }
    }
    if config["is_single_node"] == json!(true)
        && let Some(map) = config.as_object_mut()
    {
        map.remove("num_workers");
    }
    // Who may do what, by another level or not at all.
    for (field, word) in [("permissions", "level"), ("grants", "privileges")] {
        if dice.one_of(4) == 0
            && config
                .get(field)
                .is_some_and(|list| list[0][word].is_string() || list[0][word].is_array())
            && let Some(map) = config.as_object_mut()
        {
            map.remove(field);
        }
    }
    config
}

/// Kinds of which a workspace has one, or whose second would be in the way of the first.
const SINGLE: &[&str] = &["workspace_conf", "external_locations"];

/// `config` under another name; none where nothing says it, or a workspace has no place for two.
fn renamed(sample: &Sample, mut config: Value, more: &str) -> Option<Value> {
    let kind = hodman_model::kinds::kind(sample.kind)?;
    let field = kind.rules().name_field;
    let name = config.get(field)?.as_str()?;
    let name = format!("{name}{more}");
    config[field] = json!(name);
    (!SINGLE.contains(&sample.kind)).then_some(config)
}

/// Every sample, and of some kinds a second one of another name, each with some of the optional fields: resources by kind and
/// key.
pub fn declared_twice(dice: &mut Dice) -> Value {
    let mut resources = Map::new();
    for sample in samples() {
        let mut of_kind = Map::from_iter([(KEY.to_owned(), varied(&sample, dice))]);
        let other = renamed(&sample, varied(&sample, dice), "2");
        if let Some(other) = other.filter(|_| dice.one_of(2) == 0) {
            of_kind.insert("second".to_owned(), other);
        }
        resources.insert(sample.kind.to_owned(), Value::Object(of_kind));
    }
    Value::Object(resources)
}

/// Every sample as it is, and once more for each of `turns`, where a kind can be there more than once: a turn picks from the values
/// of each optional field, so that some turns together say all of them.
#[must_use]
pub fn declared_in_turns(turns: &[u16]) -> Value {
    let mut resources = Map::new();
    for sample in samples() {
        let mut of_kind = Map::from_iter([(KEY.to_owned(), sample.declared.clone())]);
        for turn in turns {
            let other = varied(&sample, &mut Dice::new(vec![*turn]));
            if let Some(other) = renamed(&sample, other, &turn.to_string()) {
                of_kind.insert(format!("{KEY}{turn}"), other);
            }
        }
        resources.insert(sample.kind.to_owned(), Value::Object(of_kind));
    }
    Value::Object(resources)
}

/// Optional fields of a kind and values of each.
fn optional(kind: &str) -> Vec<(&'static str, Vec<Value>)> {
    let comment = || {
        (
            "comment",
            vec![
                json!(""),
                json!("a \"quoted\" word, ümlaut and\ntwo lines"),
                json!("0123"),
            ],
        )
    };
    match kind {
        "instance_pools" => vec![
            (
                "idle_instance_autotermination_minutes",
                vec![json!(0), json!(15)],
            ),
            ("enable_elastic_disk", vec![json!(true), json!(false)]),
            (
                "custom_tags",
                vec![json!({}), json!({"team": "shop", "cost center": "12"})],
            ),
            (
                "preloaded_spark_versions",
                vec![json!(["15.4.x-scala2.12"])],
            ),
        ],
        "cluster_policies" => vec![
            ("max_clusters_per_user", vec![json!(1), json!(10)]),
            (
                "definition",
                vec![
                    json!("{}"),
                    json!(
                        "{\"autotermination_minutes\": {\"type\": \"range\", \"maxValue\": 60}, \"b\": {\"type\": \"unlimited\"}}"
                    ),
                ],
            ),
        ],
        "clusters" => vec![
            (
                "spark_conf",
                vec![
                    json!({}),
                    json!({"spark.speculation": true, "spark.sql.shuffle.partitions": "8"}),
                ],
            ),
            ("custom_tags", vec![json!({"team": "shop"})]),
            ("spark_env_vars", vec![json!({"A": "1"})]),
            (
                "data_security_mode",
                vec![
                    json!("SINGLE_USER"),
                    json!("USER_ISOLATION"),
                    json!("DATA_SECURITY_MODE_AUTO"),
                    json!("DATA_SECURITY_MODE_STANDARD"),
                ],
            ),
            ("is_single_node", vec![json!(true)]),
            ("runtime_engine", vec![json!("STANDARD"), json!("PHOTON")]),
        ],
        "jobs" => vec![
            (
                "schedule",
                vec![
                    json!({"quartz_cron_expression": "0 0 1 * * ?", "timezone_id": "UTC"}),
                    json!({"quartz_cron_expression": "0 30 2 * * ?", "timezone_id": "Europe/Berlin", "pause_status": "PAUSED"}),
                ],
            ),
            ("tags", vec![json!({}), json!({"team": "shop", "a b": ""})]),
            (
                "parameters",
                vec![json!([{"name": "day", "default": "0"}, {"name": "area", "default": "eu"}])],
            ),
            (
                "email_notifications",
                vec![
                    json!({}),
                    json!({"on_failure": ["ana@acme.example"], "no_alert_for_skipped_runs": true}),
                ],
            ),
            ("timeout_seconds", vec![json!(0), json!(3600)]),
            (
                "queue",
                vec![json!({"enabled": true}), json!({"enabled": false})],
            ),
            (
                "health",
                vec![
                    json!({"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 600}]}),
                ],
            ),
            (
                "description",
                vec![json!(""), json!("first line\nsecond line")],
            ),
            ("max_concurrent_runs", vec![json!(1), json!(4)]),
        ],
        "pipelines" => vec![
            ("continuous", vec![json!(true), json!(false)]),
            ("development", vec![json!(true), json!(false)]),
            ("channel", vec![json!("CURRENT"), json!("preview")]),
            ("edition", vec![json!("pro"), json!("ADVANCED")]),
            ("event_log", vec![json!({"name": "log"})]),
            ("cascade_on_destroy", vec![json!(true), json!(false)]),
            ("configuration", vec![json!({}), json!({"a": 1, "b": true})]),
            (
                "notifications",
                vec![
                    json!([{"email_recipients": ["ana@acme.example"], "alerts": ["on-update-failure"]}]),
                ],
            ),
        ],
        "sql_warehouses" => vec![
            ("warehouse_type", vec![json!("PRO"), json!("CLASSIC")]),
            ("enable_photon", vec![json!(true), json!(false)]),
            (
                "spot_instance_policy",
                vec![json!("COST_OPTIMIZED"), json!("RELIABILITY_OPTIMIZED")],
            ),
            (
                "tags",
                vec![
                    json!({"custom_tags": [{"key": "b", "value": "1"}, {"key": "a", "value": "2"}]}),
                ],
            ),
            ("auto_stop_mins", vec![json!(0), json!(120)]),
        ],
        "global_init_scripts" => vec![("enabled", vec![json!(true)])],
        "git_folders" => vec![
            ("branch", vec![json!("other")]),
            ("provider", vec![json!("github"), json!("GITHUB")]),
        ],
        "ip_access_lists" => vec![
            (
                "ip_addresses",
                vec![json!(["10.0.0.1", "10.0.0.0/16"]), json!(["192.0.2.7/32"])],
            ),
            ("enabled", vec![json!(false)]),
        ],
        "workspace_conf" => vec![("enableDcs", vec![json!("true"), json!("false")])],
        "service_principals" => vec![
            ("active", vec![json!(false)]),
            (
                "entitlements",
                vec![json!([{"value": "workspace-access"}, {"value": "databricks-sql-access"}])],
            ),
        ],
        "groups" => vec![(
            "entitlements",
            vec![json!([{"value": "databricks-sql-access"}, {"value": "workspace-access"}])],
        )],
        "storage_credentials" | "external_locations" => vec![
            comment(),
            ("read_only", vec![json!(true), json!(false)]),
            ("isolation_mode", vec![json!("ISOLATION_MODE_ISOLATED")]),
        ],
        "catalogs" => vec![
            comment(),
            ("properties", vec![json!({"team": "shop"})]),
            ("isolation_mode", vec![json!("ISOLATED"), json!("OPEN")]),
            ("options", vec![json!({"authorized_paths": "s3://a"})]),
        ],
        "schemas" => vec![comment(), ("properties", vec![json!({"team": "shop"})])],
        "volumes" | "registered_models" => vec![comment()],
        "connections" => vec![comment(), ("properties", vec![json!({"purpose": "proof"})])],
        "experiments" => vec![(
            "tags",
            vec![json!([{"key": "b", "value": "2"}, {"key": "a", "value": "1"}])],
        )],
        "model_serving_endpoints" => vec![
            ("tags", vec![json!([{"key": "team", "value": "shop"}])]),
            (
                "config",
                vec![
                    json!({"served_entities": [{"entity_name": "proof.sales.churn", "entity_version": "1"}]}),
                    json!({"served_entities": [{"entity_name": "proof.sales.churn", "entity_version": "2"}],
                           "traffic_config": {"routes": [{"served_entity_name": "churn-2", "traffic_percentage": 100}]}}),
                    json!({"served_entities": [{"entity_name": "proof.sales.churn", "entity_version": "2"}],
                           "traffic_config": {"routes": [{"served_model_name": "churn-2", "traffic_percentage": 100}]}}),
                ],
            ),
            (
                "rate_limits",
                vec![json!([{"calls": 10, "key": "endpoint", "renewal_period": "minute"}])],
            ),
        ],
        "alerts" => vec![
            ("custom_summary", vec![json!("too many")]),
            ("custom_description", vec![json!("a\nb")]),
        ],
        "queries" => vec![
            ("description", vec![json!("what it says")]),
            ("tags", vec![json!(["b", "a"])]),
            ("run_as_mode", vec![json!("OWNER"), json!("VIEWER")]),
            (
                "parameters",
                vec![
                    json!([{"name": "a", "text_value": {"value": "x"}}]),
                    json!([{"name": "d", "date_value": {"dynamic_date_value": "NOW"}}]),
                ],
            ),
            (
                "permissions",
                vec![json!([{"level": "CAN_VIEW", "group_name": "users"}])],
            ),
        ],
        "dashboards" => vec![("dataset_catalog", vec![json!("main")])],
        "apps" => vec![
            ("description", vec![json!(""), json!("of the shop")]),
            (
                "resources",
                vec![
                    json!([{"name": "t", "uc_securable": {"securable_full_name": "a.b.c", "securable_type": "TABLE", "permission": "SELECT"}}]),
                ],
            ),
        ],
        _ => vec![],
    }
}
