//! AI/BI dashboards: `/api/2.0/lakeview/dashboards`. Their name is unique in their folder.
//!
//! A bundle's `file_path` is read when the bundle is resolved: here its content stands in `serialized_dashboard`, as text or as a
//! mapping. Dashboards are published after every change, with `published: false` they are drafts only. The `etag` is not
//! sent: the plan has looked already, and what it has not seen is drift.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::{defaults, fills, only, references};
use super::listed::{rfc3339, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns};
use super::unity::{changes, compensable};
use super::{
    Call, Change, Detail, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility,
};

/// AI/BI dashboards.
#[derive(Clone, Copy, Debug)]
pub struct Dashboards;

const SETTABLE: &[&str] = &[
    "dataset_catalog",
    "dataset_schema",
    "display_name",
    "embed_credentials",
    "parent_path",
    "published",
    "serialized_dashboard",
    "warehouse_id",
];

/// The fields of the dashboard itself; the others are about its publication.
const DRAFT: &[&str] = &["display_name", "serialized_dashboard", "warehouse_id"];

/// What a create and a change take in the query, and nothing answers as such: where datasets look for tables without a full name
/// (databricks-sdk-go, service/dashboards/impl.go). It is written into every dataset over what that says itself
/// (databricks/cli, acceptance/bundle/resources/dashboards/dataset-catalog-schema).
const IN_QUERY: &[&str] = &["dataset_catalog", "dataset_schema"];

const ROOT: &str = "/api/2.0/lakeview/dashboards";

/// Where the answer about the publication is put.
const PUBLICATION: &str = "publication";

static PERMISSIONS: Permissions = Permissions {
    object_type: "dashboards",
    levels: &["CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"],
    one_owner: false,
    id_output: None,
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "display_name",
    folds: Some(tell_datasets),
    volatile: patterns(IN_QUERY, &[]),
    remarks: patterns(&[PUBLICATION], &[]),
    defaults: defaults(
        &[
            ("embed_credentials", json!(false)),
            ("published", json!(true)),
        ],
        &[],
    ),
    // The home folder of whoever made it.
    server_fills: fills(&[("parent_path", true), ("warehouse_id", true)], &[]),
    json_texts: patterns(&["serialized_dashboard"], &[]),
    // Written into every page since 2025.
    json_defaults: defaults(&[("pages.*.pageType", json!("PAGE_TYPE_CANVAS"))], &[]),
    workspace_paths: patterns(&["parent_path"], &[]),
    replace_on: patterns(&["parent_path"], &[]),
    references: references(&[("warehouse_id", "sql_warehouses")], &[]),
    field_order: &["display_name", "parent_path", "warehouse_id"],
    ..Rules::default()
});

impl Kind for Dashboards {
    fn name(&self) -> &'static str {
        "dashboards"
    }

    fn singular(&self) -> &'static str {
        "dashboard"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        file(config, "lvdash")
    }

    fn natural_end(&self, name: &str) -> Option<String> {
        Some(format!("/{name}.lvdash.json"))
    }

    fn listing(&self) -> Listing {
        // Lists leave the content out, and the folder.
        Listing::All(ListCall {
            query: vec![("page_size".to_owned(), "100".to_owned())],
            whole: false,
            ..ListCall::new(ROOT, "dashboards", "dashboard_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{ROOT}/{id}"))
    }

    fn details(&self, id: &str) -> Vec<Detail> {
        vec![Detail {
            field: PUBLICATION,
            call: Call::plain(Method::Get, format!("{ROOT}/{id}/published")),
            items_field: None,
        }]
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = text(answer, "dashboard_id").ok_or(ReadError {
            kind: "dashboard",
            field: "dashboard_id",
        })?;
        if answer.get("lifecycle_state").and_then(Value::as_str) == Some("TRASHED") {
            return Ok(None);
        }
        let mut config = as_map(&only(answer, &["parent_path"]));
        config.extend(as_map(&only(answer, DRAFT)));
        match answer.get(PUBLICATION) {
            Some(publication) => {
                config.extend(as_map(&only(publication, &["embed_credentials"])));
                if is_stale(answer, publication) {
                    config.insert(PUBLICATION.to_owned(), json!("older than the draft"));
                }
            }
            None => {
                config.insert("published".to_owned(), json!(false));
            }
        }
        let config = RULES.normalise(&Value::Object(config));
        Ok(Some(Listed {
            id,
            name: text(answer, "display_name").unwrap_or_default(),
            marker: None,
            natural: self.natural(&config),
            config,
            outputs: only(answer, &["path"]),
            creator: None,
            created_at: rfc3339(answer, "create_time"),
            modified_at: rfc3339(answer, "update_time"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        let mut body = as_map(&only(config, &["parent_path"]));
        body.extend(as_map(&only(&RULES.as_sent(config), DRAFT)));
        with_datasets(Call::post(ROOT, Value::Object(body), false), config)
    }

    fn after_create(&self, id: &str, config: &Value, _marker: &Marker) -> Vec<Call> {
        if is_published(config) {
            vec![publish(id, config)]
        } else {
            Vec::new()
        }
    }

    fn update(&self, id: &str, live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut calls = Vec::new();
        if !changes(&RULES, DRAFT, live, config).is_empty() {
            // All of the draft: a warehouse that is left out is taken away (databricks/cli, libs/testserver/dashboards.go), and the
            // one that nobody spoke of stays.
            let mut draft = as_map(&only(&RULES.as_sent(config), DRAFT));
            if let Some(warehouse) = live.get("warehouse_id") {
                let said = draft.entry("warehouse_id");
                said.or_insert_with(|| warehouse.clone());
            }
            let path = format!("{ROOT}/{id}");
            let change = Call::with_body(Method::Patch, path, Value::Object(draft), true);
            calls.push(with_datasets(change, config));
        }
        if is_published(config) {
            calls.push(publish(id, config));
        } else if is_published(live) {
            let path = format!("{ROOT}/{id}/published");
            calls.push(Call::plain(Method::Delete, path));
        }
        calls
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{ROOT}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer, "dashboard_id")
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        let gone = compensable(
            "its link, schedules and subscriptions, unless it is restored from the trash within 30 days",
        );
        super::unity::reversibility(change, gone)
    }
}

fn is_published(config: &Value) -> bool {
    config.get("published") != Some(&json!(false))
}

/// Whether readers see an older version than the draft: a publication that failed after a change, or a change by hand that was put
/// back. A publication is never older than the draft that it shows (databricks/cli, bundle/direct/dresources/dashboard.go).
fn is_stale(draft: &Value, publication: &Value) -> bool {
    let changed = rfc3339(draft, "update_time");
    let published = rfc3339(publication, "revision_create_time");
    matches!((changed, published), (Some(changed), Some(published)) if published < changed)
}

/// Writes into the datasets where they look, as the service does.
fn tell_datasets(config: &mut Value) {
    let said = ["catalog", "schema"].into_iter().zip(IN_QUERY);
    let said: Vec<(&str, String)> = said
        .filter_map(|(field, said)| Some((field, text(config, said)?)))
        .collect();
    let Some(content) = config
        .get_mut("serialized_dashboard")
        .filter(|_| !said.is_empty())
    else {
        return;
    };
    if let Value::String(text) = content {
        match serde_json::from_str(text) {
            Ok(parsed) => *content = parsed,
            Err(_) => return,
        }
    }
    let datasets = content.get_mut("datasets").and_then(Value::as_array_mut);
    for dataset in datasets
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        for (field, value) in &said {
            dataset.insert((*field).to_owned(), json!(value));
        }
    }
}

fn with_datasets(call: Call, config: &Value) -> Call {
    let said = IN_QUERY
        .iter()
        .filter_map(|field| Some((field, text(config, field)?)));
    said.fold(call, |call, (field, value)| call.and_query(field, &value))
}

fn publish(id: &str, config: &Value) -> Call {
    let mut body = Map::new();
    let embeds = config.get("embed_credentials") == Some(&json!(true));
    body.insert("embed_credentials".to_owned(), json!(embeds));
    body.extend(as_map(&only(config, &["warehouse_id"])));
    Call::post(&format!("{ROOT}/{id}/published"), Value::Object(body), true)
}

/// The path of the file by which the workspace shows such an object.
pub(super) fn file(config: &Value, ending: &str) -> Option<String> {
    let folder = super::rules::workspace_path(&text(config, "parent_path")?);
    let name = text(config, "display_name")?;
    Some(format!("{folder}/{name}.{ending}.json"))
}
