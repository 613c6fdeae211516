//! Registered models of Unity Catalog: `/api/2.1/unity-catalog/models`. Names are unique in their schema.
//!
//! Versions and aliases come from training, not from files: they are not managed.

use std::sync::LazyLock;

use serde_json::Value;

use super::fields::fills;
use super::rules::{Rules, patterns};
use super::unity::{self, Securable, irreversible};
use super::{Call, Change, Identity, Kind, Listed, Listing, Marker, ReadError, Reversibility};

/// Registered models of Unity Catalog.
#[derive(Clone, Copy, Debug)]
pub struct RegisteredModels;

const SETTABLE: &[&str] = &[
    "aliases",
    "catalog_name",
    "comment",
    "name",
    "owner",
    "schema_name",
    "storage_location",
];

const API: Securable = Securable {
    singular: "registered_model",
    path: "/api/2.1/unity-catalog/models",
    items_field: "registered_models",
    create: &[
        "aliases",
        "catalog_name",
        "comment",
        "name",
        "schema_name",
        "storage_location",
    ],
    change: &["comment", "owner"],
    outputs: &["full_name"],
};

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut rules = Rules {
        // Taken with the create; afterwards they are those who release versions' to move (databricks/cli,
        // bundle/direct/dresources/resources.yml: input only).
        volatile: patterns(&["aliases"], &[]),
        locations: patterns(&["storage_location"], &[]),
        ..unity::rules(SETTABLE, &["storage_location"])
    };
    rules
        .server_fills
        .extend(fills(&[("storage_location", false)], &[]));
    rules
});

impl Kind for RegisteredModels {
    fn name(&self) -> &'static str {
        "registered_models"
    }

    fn singular(&self) -> &'static str {
        API.singular
    }

    fn securable(&self) -> Option<&'static str> {
        // The grants API counts models among functions.
        Some("function")
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        unity::full_name(config, &["catalog_name", "schema_name", "name"])
    }

    fn listing(&self) -> Listing {
        Listing::Below {
            parent: "schemas",
            list: |schema| unity::below_schema(&API, schema),
        }
    }

    fn get(&self, id: &str) -> Call {
        API.get(id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        API.read(&RULES, answer).map(Some)
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
        unity::full_name(config, &["catalog_name", "schema_name"])
            .map(|schema| ("schemas", schema))
            .into_iter()
            .collect()
    }

    fn guarded(&self, _live: &Value) -> Option<String> {
        Some("the versions of the model".to_owned())
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        unity::reversibility(change, irreversible("the model with its versions"))
    }
}
