//! Saved SQL queries: `/api/2.0/sql/queries`. Names are not unique. Bundles have none; the field names are the API's.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, fills, only, references};
use super::listed::text;
use super::permissions::Permissions;
use super::rules::{Rules, patterns};
use super::unity::{changes, compensable};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility,
};

/// Saved SQL queries.
#[derive(Clone, Copy, Debug)]
pub struct Queries;

const SETTABLE: &[&str] = &[
    "apply_auto_limit",
    "catalog",
    "description",
    "display_name",
    "owner_user_name",
    "parameters",
    "parent_path",
    "query_text",
    "run_as_mode",
    "schema",
    "tags",
    "warehouse_id",
];

/// Of these, what only a create can say.
const ONLY_CREATE: &str = "parent_path";
/// And what only an update can say.
const ONLY_UPDATE: &str = "owner_user_name";

const ROOT: &str = "/api/2.0/sql/queries";

static PERMISSIONS: Permissions = Permissions {
    object_type: "queries",
    levels: &["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "display_name",
    defaults: defaults(
        &[
            ("apply_auto_limit", json!(false)),
            ("description", json!("")),
            ("run_as_mode", json!("OWNER")),
            ("parameters.*.date_value.precision", json!("DAY_PRECISION")),
            (
                "parameters.*.date_range_value.precision",
                json!("DAY_PRECISION"),
            ),
        ],
        &[],
    ),
    server_fills: fills(
        &[
            // Whoever made it, and the home folder of theirs.
            ("owner_user_name", true),
            ("parent_path", true),
        ],
        &[],
    ),
    workspace_paths: patterns(&["parent_path"], &[]),
    sets: patterns(&["tags"], &[]),
    replace_on: patterns(&["parent_path"], &[]),
    references: references(&[("warehouse_id", "sql_warehouses")], &[]),
    list_keys: &[("parameters", "name")],
    field_order: &[
        "display_name",
        "description",
        "parent_path",
        "warehouse_id",
        "query_text",
    ],
    ..Rules::default()
});

impl Kind for Queries {
    fn name(&self) -> &'static str {
        "queries"
    }

    fn singular(&self) -> &'static str {
        "query"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    /// A folder has one query of a name: a second one is refused.
    fn natural(&self, config: &Value) -> Option<String> {
        super::dashboards::file(config, "dbquery")
    }

    fn natural_end(&self, name: &str) -> Option<String> {
        Some(format!("/{name}.dbquery.json"))
    }

    fn listing(&self) -> Listing {
        // Lists leave `parent_path` out.
        Listing::All(ListCall {
            query: vec![("page_size".to_owned(), "100".to_owned())],
            whole: false,
            ..ListCall::new(ROOT, "results", "id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{ROOT}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = text(answer, "id").ok_or(ReadError {
            kind: "query",
            field: "id",
        })?;
        if answer.get("lifecycle_state").and_then(Value::as_str) == Some("TRASHED") {
            return Ok(None);
        }
        Ok(Some(Listed {
            id,
            name: text(answer, "display_name").unwrap_or_default(),
            marker: None,
            natural: super::dashboards::file(answer, "dbquery"),
            config: RULES.normalise(&only(answer, SETTABLE)),
            outputs: Value::Null,
            creator: text(answer, "owner_user_name"),
            created_at: super::listed::rfc3339(answer, "create_time"),
            modified_at: super::listed::rfc3339(answer, "update_time"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        let fields = without(ONLY_UPDATE);
        Call::post(ROOT, json!({ "query": only(config, &fields) }), false)
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        patch(id, only(config, &[ONLY_UPDATE]))
            .into_iter()
            .collect()
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let changed = changes(&RULES, &without(ONLY_CREATE), live, config);
        patch(id, Value::Object(changed)).into_iter().collect()
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{ROOT}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "id")
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        let gone = compensable("its id and visualizations, unless it is restored from the trash");
        super::unity::reversibility(change, gone)
    }
}

fn without(field: &str) -> Vec<&'static str> {
    SETTABLE
        .iter()
        .copied()
        .filter(|other| *other != field)
        .collect()
}

/// The mask says which fields count; the rest stays as it is.
fn patch(id: &str, query: Value) -> Option<Call> {
    let fields: Vec<&str> = query.as_object()?.keys().map(String::as_str).collect();
    let mask = fields.join(",");
    (!mask.is_empty()).then(|| {
        Call::with_body(
            Method::Patch,
            format!("{ROOT}/{id}"),
            json!({ "query": query, "update_mask": mask }),
            true,
        )
    })
}
