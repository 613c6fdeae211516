//! Vector search indexes: `/api/2.0/vector-search/indexes`. Their name is a full name of Unity Catalog. No field can change in
//! place.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, fills, only};
use super::listed::text;
use super::rules::{Rules, patterns, spelled};
use super::unity::{self, compensable, irreversible};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError, Readiness,
    Reversibility,
};
use crate::digest::canonical_json;

/// Vector search indexes.
#[derive(Clone, Copy, Debug)]
pub struct VectorSearchIndexes;

const SETTABLE: &[&str] = &[
    "delta_sync_index_spec",
    "direct_access_index_spec",
    "endpoint_name",
    "index_subtype",
    "index_type",
    "name",
    "primary_key",
];

const ROOT: &str = "/api/2.0/vector-search/indexes";

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    volatile: patterns(&["delta_sync_index_spec.pipeline_id"], &[]),
    defaults: defaults(&[("index_subtype", json!("HYBRID"))], &[]),
    server_fills: fills(
        &[
            // All columns of the source, as they are then.
            ("delta_sync_index_spec.columns_to_sync", false),
            ("delta_sync_index_spec.columns_to_index", false),
            ("index_subtype", true),
        ],
        &[],
    ),
    json_texts: patterns(&["direct_access_index_spec.schema_json"], &[]),
    // As the Terraform provider compares them (vectorsearch/resource_vector_search_index.go).
    lower_case: patterns(&["name", "delta_sync_index_spec.source_table"], &[]),
    spellings: spelled(
        &patterns(&["direct_access_index_spec.schema_json"], &[]),
        stored_schema,
    ),
    replace_on: patterns(SETTABLE, &[]),
    list_keys: &[
        ("embedding_source_columns", "name"),
        ("embedding_vector_columns", "name"),
    ],
    field_order: &["name", "endpoint_name", "index_type", "primary_key"],
    ..Rules::default()
});

impl Kind for VectorSearchIndexes {
    fn name(&self) -> &'static str {
        "vector_search_indexes"
    }

    fn singular(&self) -> &'static str {
        "vector_search_index"
    }

    fn securable(&self) -> Option<&'static str> {
        // The grants API counts indexes among tables.
        Some("table")
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        unity::full_name(config, &["name"])
    }

    fn listing(&self) -> Listing {
        Listing::Below {
            parent: "vector_search_endpoints",
            list: |endpoint| ListCall {
                query: vec![("endpoint_name".to_owned(), endpoint.to_owned())],
                // Lists leave the spec out.
                whole: false,
                ..ListCall::new(ROOT, "vector_indexes", "name")
            },
        }
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{ROOT}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let name = text(answer, "name").ok_or(ReadError {
            kind: "vector_search_index",
            field: "name",
        })?;
        Ok(Some(Listed {
            id: name.clone(),
            natural: Some(name.to_lowercase()),
            name,
            marker: None,
            config: RULES.normalise(&only(answer, SETTABLE)),
            outputs: answer
                .get("status")
                .map(|status| only(status, &["index_url"]))
                .unwrap_or_default(),
            creator: text(answer, "creator"),
            created_at: None,
            modified_at: None,
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        Call::post(ROOT, RULES.as_sent(&only(config, SETTABLE)), false)
    }

    fn update(&self, _id: &str, _live: &Value, _config: &Value, _marker: &Marker) -> Vec<Call> {
        Vec::new()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{ROOT}/{id}"))]
    }

    fn created_id(&self, answer: &Value, config: &Value) -> Option<String> {
        text(answer, "name").or_else(|| text(config, "name"))
    }

    fn readiness(&self, answer: &Value) -> Readiness {
        let status = answer.get("status").unwrap_or(&Value::Null);
        if status.get("ready") == Some(&json!(true)) {
            return Readiness::Ready;
        }
        let message = text(status, "message").unwrap_or_else(|| "not ready".to_owned());
        // Not every answer has it.
        let state = text(status, "detailed_state").unwrap_or_default();
        if state.contains("FAILED") {
            return Readiness::Failed(format!("{state} {message}"));
        }
        // One that follows a table is there as soon as the service says so. Its data comes for hours, by itself, and whether it
        // is all there is no matter of an apply.
        match answer.get("delta_sync_index_spec") {
            Some(_) if !state.starts_with("OFFLINE") => Readiness::Ready,
            _ => Readiness::Pending(message),
        }
    }

    /// The delete is answered at once, and goes on for one to ten minutes.
    fn settles(&self) -> bool {
        true
    }

    fn passing(&self, message: &str) -> bool {
        // The name is not free yet when the index is not found any more
        // (databricks/cli, bundle/direct/dresources/vector_search_index.go).
        message.contains("pending deletion")
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        let endpoint = text(config, "endpoint_name").map(|name| ("vector_search_endpoints", name));
        let schema = self.natural(config).and_then(|name| {
            let (schema, _) = name.rsplit_once('.')?;
            Some(("schemas", schema.to_owned()))
        });
        let columns = config.pointer("/delta_sync_index_spec/embedding_source_columns");
        let models = columns
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|column| text(column, "embedding_model_endpoint_name"))
            .map(|name| ("model_serving_endpoints", name));
        endpoint.into_iter().chain(schema).chain(models).collect()
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, config: &Value) -> Reversibility {
        // A synced index is made again from its table; what was written into the other kind stands nowhere else.
        let gone = if config.get("direct_access_index_spec").is_some() {
            irreversible("the vectors that were written into it")
        } else {
            compensable("searches until it is built from its table again, which can take hours")
        };
        unity::reversibility(change, gone)
    }
}

/// The columns of a schema with the types that Unity Catalog stores: the API takes other words for some, and answers these
/// (databricks/cli, acceptance/bundle/resources/vector_search_indexes/schema_normalization).
fn stored_schema(schema: &str) -> String {
    let Ok(Value::Object(mut columns)) = serde_json::from_str(schema) else {
        return schema.to_owned();
    };
    for column in columns.values_mut() {
        if let Value::String(kind) = column {
            *kind = stored_type(kind);
        }
    }
    canonical_json(&Value::Object(columns))
}

fn stored_type(name: &str) -> String {
    let element = name.strip_prefix("array<");
    if let Some(element) = element.and_then(|rest| rest.strip_suffix('>')) {
        return format!("array<{}>", stored_type(element));
    }
    let stored = match name {
        "integer" => "int",
        "long" => "bigint",
        "short" => "smallint",
        "byte" => "tinyint",
        other => other,
    };
    stored.to_owned()
}
