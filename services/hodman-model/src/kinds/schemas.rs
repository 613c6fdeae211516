//! Schemas: `/api/2.1/unity-catalog/schemas`. Names are unique in their catalog.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::defaults;
use super::rules::{Rules, patterns};
use super::unity::{self, Securable, irreversible};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, ReadError, Reversibility,
};

/// Schemas.
#[derive(Clone, Copy, Debug)]
pub struct Schemas;

const SETTABLE: &[&str] = &[
    "catalog_name",
    "comment",
    "custom_max_retention_hours",
    "enable_predictive_optimization",
    "name",
    "owner",
    "properties",
    "storage_root",
];

const API: Securable = Securable {
    singular: "schema",
    path: "/api/2.1/unity-catalog/schemas",
    items_field: "schemas",
    create: &[
        "catalog_name",
        "comment",
        "custom_max_retention_hours",
        "name",
        "properties",
        "storage_root",
    ],
    change: &[
        "comment",
        "custom_max_retention_hours",
        "enable_predictive_optimization",
        "owner",
        "properties",
    ],
    outputs: &["full_name", "schema_id", "storage_location"],
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    defaults: defaults(&[("enable_predictive_optimization", json!("INHERIT"))], &[]),
    locations: patterns(&["storage_root"], &[]),
    ..unity::rules(SETTABLE, &["storage_root"])
});

impl Kind for Schemas {
    fn name(&self) -> &'static str {
        "schemas"
    }

    fn singular(&self) -> &'static str {
        API.singular
    }

    fn securable(&self) -> Option<&'static str> {
        Some("schema")
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        unity::full_name(config, &["catalog_name", "name"])
    }

    fn listing(&self) -> Listing {
        Listing::Below {
            parent: "catalogs",
            list: |catalog| ListCall {
                query: vec![
                    ("catalog_name".to_owned(), catalog.to_owned()),
                    ("max_results".to_owned(), "0".to_owned()),
                ],
                ..API.list("full_name")
            },
        }
    }

    fn get(&self, id: &str) -> Call {
        API.get(id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let listed = API.read(&RULES, answer)?;
        // Every catalog comes with both, and making them again is refused. A `default` that somebody described is theirs.
        let built_in = listed.name == "information_schema"
            || (listed.name == "default"
                && matches!(
                    answer.get("comment").and_then(Value::as_str),
                    Some("Default schema (auto-created)")
                ));
        Ok((!built_in).then_some(listed))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        API.create(config)
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        API.after_create(id, config)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        API.update(&RULES, id, live, config).into_iter().collect()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![API.delete(id)]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        API.created_id(answer)
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        unity::full_name(config, &["catalog_name"])
            .map(|catalog| ("catalogs", catalog))
            .into_iter()
            .collect()
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        unity::reversibility(
            change,
            irreversible("the schema and every grant inside it; refused while it holds anything"),
        )
    }
}
