//! Catalogs: `/api/2.1/unity-catalog/catalogs`. Names are unique in the metastore.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::defaults;
use super::listed::text;
use super::rules::Rules;
use super::unity::{self, Securable, compensable, irreversible};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility,
};

/// Catalogs.
#[derive(Clone, Copy, Debug)]
pub struct Catalogs;

const SETTABLE: &[&str] = &[
    "comment",
    "connection_name",
    "custom_max_retention_hours",
    "enable_predictive_optimization",
    "isolation_mode",
    "managed_encryption_settings",
    "name",
    "options",
    "owner",
    "properties",
    "provider_name",
    "share_name",
    "storage_root",
];

const API: Securable = Securable {
    singular: "catalog",
    path: "/api/2.1/unity-catalog/catalogs",
    items_field: "catalogs",
    create: &[
        "comment",
        "connection_name",
        "custom_max_retention_hours",
        "managed_encryption_settings",
        "name",
        "options",
        "properties",
        "provider_name",
        "share_name",
        "storage_root",
    ],
    change: &[
        "comment",
        "custom_max_retention_hours",
        "enable_predictive_optimization",
        "isolation_mode",
        "managed_encryption_settings",
        "options",
        "owner",
        "properties",
    ],
    outputs: &["full_name", "storage_location"],
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    defaults: defaults(
        &[
            ("enable_predictive_optimization", json!("INHERIT")),
            ("isolation_mode", json!("OPEN")),
        ],
        &[],
    ),
    locations: super::rules::patterns(&["storage_root"], &[]),
    ..unity::rules(
        SETTABLE,
        &[
            "storage_root",
            "connection_name",
            "provider_name",
            "share_name",
            // All but [`IN_PLACE`].
            "options.!authorized_paths",
        ],
    )
});

/// Catalogs that are part of the product.
const BUILT_IN: &[&str] = &[
    "system",
    "samples",
    "hive_metastore",
    "__databricks_internal",
];

impl Kind for Catalogs {
    fn name(&self) -> &'static str {
        "catalogs"
    }

    fn singular(&self) -> &'static str {
        API.singular
    }

    fn securable(&self) -> Option<&'static str> {
        Some("catalog")
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        unity::full_name(config, &["name"])
    }

    fn listing(&self) -> Listing {
        // `0` asks for pages as long as the server likes; without it some metastores answer everything at once.
        Listing::All(ListCall {
            query: vec![("max_results".to_owned(), "0".to_owned())],
            ..API.list("name")
        })
    }

    fn get(&self, id: &str) -> Call {
        API.get(id)
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let listed = API.read(&RULES, answer)?;
        let built_in = BUILT_IN.contains(&listed.name.as_str())
            || matches!(
                answer.get("catalog_type").and_then(Value::as_str),
                Some("SYSTEM_CATALOG" | "INTERNAL_CATALOG")
            );
        Ok((!built_in).then_some(listed))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        API.create(config)
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        API.after_create(id, config)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let patch = API.update(&RULES, id, live, config);
        patch
            .and_then(|patch| with_options_in_place(patch, live))
            .into_iter()
            .collect()
    }

    fn delete(&self, id: &str, live: &Value) -> Vec<Call> {
        if is_view(live) {
            // The schemas in it are the other side's, and nothing of theirs goes.
            return vec![API.delete(id).and_query("force", "true")];
        }
        // The server made `default` with the catalog and counts it as content; one with something in it is refused.
        let default = format!("/api/2.1/unity-catalog/schemas/{id}.default");
        vec![Call::plain(Method::Delete, default), API.delete(id)]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        API.created_id(answer)
    }

    fn needs(&self, config: &Value) -> Vec<(&'static str, String)> {
        text(config, "connection_name")
            .map(|name| ("connections", name.to_lowercase()))
            .into_iter()
            .collect()
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, config: &Value) -> Reversibility {
        let gone = if is_view(config) {
            compensable("grants inside it that nobody declared")
        } else {
            irreversible(
                "the catalog, its storage and every grant inside it; refused while it holds anything",
            )
        };
        unity::reversibility(change, gone)
    }
}

/// The one option that an update takes ("UpdateCatalog options can not be provided", terraform-provider-databricks,
/// catalog/resource_catalog.go).
const IN_PLACE: &str = "authorized_paths";

/// `patch` without the options that it may not say; none when nothing is left of it. That the one is gone is said by its absence.
fn with_options_in_place(mut patch: Call, live: &Value) -> Option<Call> {
    let had = live
        .get("options")
        .and_then(|options| options.get(IN_PLACE));
    let body = patch.body.as_mut().and_then(Value::as_object_mut)?;
    if let Some(Value::Object(options)) = body.get_mut("options") {
        options.retain(|option, _| option == IN_PLACE);
        if options.is_empty() && had.is_none() {
            body.remove("options");
        }
    }
    (!body.is_empty()).then_some(patch)
}

/// Whether a catalog only shows what stands elsewhere: a database behind a connection, or a share.
fn is_view(config: &Value) -> bool {
    ["connection_name", "provider_name", "share_name"]
        .iter()
        .any(|field| config.get(field).is_some())
}
