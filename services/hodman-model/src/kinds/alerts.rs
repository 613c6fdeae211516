//! Alerts of the second version, the one that bundles have: `/api/2.0/alerts`. Their name is unique in their folder.
//!
//! A bundle's `file_path` is read when the bundle is resolved, like a dashboard's.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, fills, only, references};
use super::listed::{rfc3339, text};
use super::permissions::Permissions;
use super::rules::{Rules, patterns};
use super::unity::compensable;
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility,
};

/// Alerts of the second version.
#[derive(Clone, Copy, Debug)]
pub struct Alerts;

const SETTABLE: &[&str] = &[
    "custom_description",
    "custom_summary",
    "custom_template_format",
    "display_name",
    "evaluation",
    "parameters",
    "parent_path",
    "query_text",
    "run_as",
    "run_as_user_name",
    "schedule",
    "warehouse_id",
];

const ROOT: &str = "/api/2.0/alerts";

static PERMISSIONS: Permissions = Permissions {
    object_type: "alertsv2",
    levels: &["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "display_name",
    volatile: patterns(&["evaluation.state", "evaluation.last_evaluated_at"], &[]),
    defaults: defaults(
        &[
            ("schedule.pause_status", json!("UNPAUSED")),
            ("evaluation.notification.notify_on_ok", json!(false)),
            ("evaluation.notification.retrigger_seconds", json!(0)),
        ],
        &[],
    ),
    server_fills: fills(
        &[
            ("parent_path", true),
            // Whoever made it, in the old form and the new.
            ("run_as", true),
            ("run_as_user_name", false),
            ("evaluation.empty_result_state", true),
        ],
        &[],
    ),
    workspace_paths: patterns(&["parent_path"], &[]),
    replace_on: patterns(&["parent_path"], &[]),
    references: references(&[("warehouse_id", "sql_warehouses")], &[]),
    list_keys: &[("parameters", "name")],
    field_order: &[
        "display_name",
        "parent_path",
        "warehouse_id",
        "query_text",
        "evaluation",
        "schedule",
    ],
    ..Rules::default()
});

impl Kind for Alerts {
    fn name(&self) -> &'static str {
        "alerts"
    }

    fn singular(&self) -> &'static str {
        "alert"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        super::dashboards::file(config, "dbalert")
    }

    fn natural_end(&self, name: &str) -> Option<String> {
        Some(format!("/{name}.dbalert.json"))
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            query: vec![("page_size".to_owned(), "100".to_owned())],
            ..ListCall::new(ROOT, "alerts", "id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{ROOT}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = text(answer, "id").ok_or(ReadError {
            kind: "alert",
            field: "id",
        })?;
        if matches!(
            answer.get("lifecycle_state").and_then(Value::as_str),
            Some("DELETED" | "TRASHED")
        ) {
            return Ok(None);
        }
        let config = RULES.normalise(&only(answer, SETTABLE));
        Ok(Some(Listed {
            id,
            name: text(answer, "display_name").unwrap_or_default(),
            marker: None,
            natural: self.natural(&config),
            config,
            outputs: Value::Null,
            creator: text(answer, "owner_user_name"),
            created_at: rfc3339(answer, "create_time"),
            modified_at: rfc3339(answer, "update_time"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        Call::post(ROOT, only(config, SETTABLE), false)
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let path = format!("{ROOT}/{id}");
        // A mask of everything would be one of the folder, too, which is said once, at the create.
        let fields: Vec<&str> = SETTABLE
            .iter()
            .copied()
            .filter(|field| *field != "parent_path")
            .collect();
        let patch = Call::with_body(Method::Patch, path, only(config, &fields), true);
        vec![patch.and_query("update_mask", &fields.join(","))]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        // Without `purge`: it can be restored from the trash.
        vec![Call::plain(Method::Delete, format!("{ROOT}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "id")
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        let gone = compensable("its id and history, unless it is restored from the trash");
        super::unity::reversibility(change, gone)
    }
}
