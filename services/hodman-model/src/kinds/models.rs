//! Models of the workspace's own registry: `/api/2.0/mlflow/registered-models`. Names are unique in the workspace.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::fields::only;
use super::listed::{id_text, millis, text};
use super::permissions::Permissions;
use super::rules::{Rules, as_map, patterns};
use super::unity::irreversible;
use super::{
    Call, Change, Detail, Identity, Kind, ListCall, Listed, Listing, Marker, Method, ReadError,
    Reversibility, tag_list,
};

/// Models of the workspace's own registry.
#[derive(Clone, Copy, Debug)]
pub struct Models;

const SETTABLE: &[&str] = &["description", "name", "tags"];

const ROOT: &str = "/api/2.0/mlflow/registered-models";

/// The answer of the request that knows the model's numeric id.
const FULL: &str = "registered_model_databricks";

static PERMISSIONS: Permissions = Permissions {
    object_type: "registered-models",
    levels: &[
        "CAN_READ",
        "CAN_EDIT",
        "CAN_MANAGE_STAGING_VERSIONS",
        "CAN_MANAGE_PRODUCTION_VERSIONS",
        "CAN_MANAGE",
    ],
    one_owner: false,
    id_output: Some("model_id"),
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    tags_field: "tags",
    replace_on: patterns(&["name"], &[]),
    list_keys: &[("tags", "key")],
    field_order: &["name", "description", "tags"],
    ..Rules::default()
});

impl Kind for Models {
    fn name(&self) -> &'static str {
        "models"
    }

    fn singular(&self) -> &'static str {
        "model"
    }

    fn permissions(&self) -> Option<&'static Permissions> {
        Some(&PERMISSIONS)
    }

    fn identity(&self) -> Identity {
        Identity::Tags
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "name")
    }

    fn listing(&self) -> Listing {
        Listing::All(ListCall {
            query: vec![("max_results".to_owned(), "1000".to_owned())],
            ..ListCall::new(
                "/api/2.0/mlflow/registered-models/list",
                "registered_models",
                "name",
            )
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::get(
            "/api/2.0/mlflow/databricks/registered-models/get",
            "name",
            id,
        )
    }

    fn details(&self, id: &str) -> Vec<Detail> {
        // Permissions want the numeric id, which lists do not tell.
        vec![Detail {
            field: "details",
            call: self.get(id),
            items_field: None,
        }]
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let full = answer
            .get(FULL)
            .or_else(|| answer.get("details")?.get(FULL));
        let model = answer.get(FULL).unwrap_or(answer);
        let name = text(model, "name").ok_or(ReadError {
            kind: "model",
            field: "name",
        })?;
        let mut config = as_map(&only(model, SETTABLE));
        config.insert(
            "tags".to_owned(),
            tag_list::without_marker(model.get("tags"), |_, _| false),
        );
        let mut outputs = Map::new();
        if let Some(id) = full.and_then(|full| id_text(full.get("id"))) {
            outputs.insert("model_id".to_owned(), json!(id));
        }
        Ok(Some(Listed {
            id: name.clone(),
            natural: Some(name.clone()),
            name,
            marker: tag_list::marker(model.get("tags")),
            config: RULES.normalise(&Value::Object(config)),
            outputs: Value::Object(outputs),
            creator: text(model, "user_id"),
            created_at: millis(model, "creation_timestamp"),
            modified_at: millis(model, "last_updated_timestamp"),
        }))
    }

    fn create(&self, config: &Value, marker: &Marker) -> Call {
        let mut body = as_map(&only(config, SETTABLE));
        body.insert(
            "tags".to_owned(),
            tag_list::with_marker(config.get("tags"), marker),
        );
        Call::post(&format!("{ROOT}/create"), Value::Object(body), false)
    }

    fn update(&self, id: &str, live: &Value, config: &Value, marker: &Marker) -> Vec<Call> {
        let mut calls = Vec::new();
        let description = text(config, "description").unwrap_or_default();
        if live.is_null() || text(live, "description").unwrap_or_default() != description {
            calls.push(Call::with_body(
                Method::Patch,
                format!("{ROOT}/update"),
                json!({ "name": id, "description": description }),
                true,
            ));
        }
        let (set, gone) = tag_list::changes(live.get("tags"), config.get("tags"), marker);
        calls.extend(set.into_iter().map(|tag| {
            let mut body = as_map(&tag);
            body.insert("name".to_owned(), json!(id));
            Call::post(&format!("{ROOT}/set-tag"), Value::Object(body), true)
        }));
        calls.extend(gone.into_iter().map(|key| {
            Call::plain(Method::Delete, format!("{ROOT}/delete-tag"))
                .and_query("name", id)
                .and_query("key", &key)
        }));
        calls
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{ROOT}/delete")).and_query("name", id)]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        text(answer.get("registered_model")?, "name")
    }

    fn guarded(&self, _live: &Value) -> Option<String> {
        Some("the versions of the model".to_owned())
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        super::unity::reversibility(change, irreversible("the model with its versions"))
    }
}
