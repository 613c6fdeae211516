//! Alerts of the second version, the one that bundles have: `/api/2.0/alerts`. Their name is unique in their folder.
//!
//! A bundle's `file_path` is read when the bundle is resolved, like a dashboard's.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::{defaults, fills, only, references};
use super::listed::{rfc3339, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns, without_nulls};
use super::unity::{changes, compensable};
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

/// As whom it runs, in the new form and the old.
const RUN_AS: &[&str] = &["run_as", "run_as_user_name"];

/// What it counts as where the query gives nothing.
const EMPTY: &str = "evaluation.empty_result_state";

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
            // The home folder of whoever made it.
            ("parent_path", true),
            (EMPTY, true),
        ],
        &[],
    ),
    given_back: patterns(&[EMPTY], &[]),
    beside: RUN_AS,
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
        let mut config = as_map(&only(answer, SETTABLE));
        // Named or not, its owner is what silence means; anybody else was named.
        let runs_as = answer.get("run_as").or(answer.get("effective_run_as"));
        let runs_as = [runs_as, answer.get("run_as_user_name")];
        let mut outputs = Map::new();
        for (field, says) in RUN_AS.iter().zip(runs_as) {
            let owner = text(answer, "owner_user_name");
            let is_owner = says.is_some_and(|says| principal(says) == owner.as_deref());
            if !config.contains_key(*field) || is_owner {
                config.remove(*field);
                outputs.extend(says.map(|says| ((*field).to_owned(), says.clone())));
            }
        }
        let config = RULES.normalise(&Value::Object(config));
        Ok(Some(Listed {
            id,
            name: text(answer, "display_name").unwrap_or_default(),
            marker: None,
            natural: self.natural(&config),
            config,
            outputs: Value::Object(outputs),
            creator: text(answer, "owner_user_name"),
            created_at: rfc3339(answer, "create_time"),
            modified_at: rfc3339(answer, "update_time"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        Call::post(ROOT, only(config, SETTABLE), false)
    }

    /// What the mask names goes where the body has no value for it, so it names what changes and nothing else.
    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        // The folder is said once, at the create.
        let fields: Vec<&str> = SETTABLE
            .iter()
            .copied()
            .filter(|field| *field != "parent_path")
            .collect();
        let changed = changes(&RULES, &fields, live, config);
        if changed.is_empty() {
            return Vec::new();
        }
        let mask: Vec<&str> = changed.keys().map(String::as_str).collect();
        let mut body = only(config, &mask);
        if let Some(evaluation) = body.get_mut("evaluation").and_then(Value::as_object_mut)
            && let Some(filled) = live.pointer("/evaluation/empty_result_state")
        {
            let state = evaluation.entry("empty_result_state");
            state.or_insert_with(|| filled.clone());
        }
        without_nulls(&mut body);
        let patch = Call::with_body(Method::Patch, format!("{ROOT}/{id}"), body, true);
        vec![patch.and_query("update_mask", &mask.join(","))]
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

/// Whom a text or the new form of it names.
fn principal(said: &Value) -> Option<&str> {
    let named = ["user_name", "service_principal_name"];
    let named = named.iter().find_map(|field| said.get(*field));
    named.unwrap_or(said).as_str()
}
