//! Global init scripts: `/api/2.0/global-init-scripts`. They run on every cluster that starts; one that runs keeps what it
//! started with. `script` is base64, as the API has it.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::fields::{defaults, fills, only};
use super::listed::{id_text, millis, text};
use super::rules::{Rules, as_map};
use super::{
    Call, Change, Identity, Kind, ListCall, Listed, Listing, Marker, Method, Paging, ReadError,
    Reversibility,
};

/// Global init scripts.
#[derive(Clone, Copy, Debug)]
pub struct GlobalInitScripts;

const PATH: &str = "/api/2.0/global-init-scripts";

/// The request to create one.
const SETTABLE: &[&str] = &["enabled", "name", "position", "script"];

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    settable: SETTABLE,
    name_field: "name",
    defaults: defaults(&[("enabled", json!(false))], &[]),
    // The last one, and later whatever other scripts leave.
    server_fills: fills(&[("position", false)], &[]),
    field_order: &["name", "enabled", "position", "script"],
    ..Rules::default()
});

impl Kind for GlobalInitScripts {
    fn name(&self) -> &'static str {
        "global_init_scripts"
    }

    fn singular(&self) -> &'static str {
        "global_init_script"
    }

    fn identity(&self) -> Identity {
        Identity::Claim
    }

    fn natural(&self, config: &Value) -> Option<String> {
        text(config, "name")
    }

    fn listing(&self) -> Listing {
        // The list has no scripts in it.
        Listing::All(ListCall {
            whole: false,
            paging: Paging::None,
            ..ListCall::new(PATH, "scripts", "script_id")
        })
    }

    fn get(&self, id: &str) -> Call {
        Call::plain(Method::Get, format!("{PATH}/{id}"))
    }

    fn read(&self, answer: &Value) -> Result<Option<Listed>, ReadError> {
        let id = id_text(answer.get("script_id")).ok_or(ReadError {
            kind: "global_init_script",
            field: "script_id",
        })?;
        Ok(Some(Listed {
            id,
            name: text(answer, "name").unwrap_or_default(),
            marker: None,
            natural: self.natural(answer),
            config: RULES.normalise(&only(answer, SETTABLE)),
            outputs: Value::Null,
            creator: text(answer, "created_by"),
            created_at: millis(answer, "created_at"),
            modified_at: millis(answer, "updated_at"),
        }))
    }

    fn create(&self, config: &Value, _marker: &Marker) -> Call {
        Call::post(PATH, only(config, SETTABLE), false)
    }

    fn update(&self, id: &str, _live: &Value, config: &Value, _marker: &Marker) -> Vec<Call> {
        let mut body = as_map(&only(config, SETTABLE));
        // A field that is left out keeps its value.
        body.entry("enabled").or_insert(json!(false));
        vec![Call::with_body(
            Method::Patch,
            format!("{PATH}/{id}"),
            Value::Object(body),
            true,
        )]
    }

    fn delete(&self, id: &str, _live: &Value) -> Vec<Call> {
        vec![Call::plain(Method::Delete, format!("{PATH}/{id}"))]
    }

    fn created_id(&self, answer: &Value, _config: &Value) -> Option<String> {
        id_text(answer.get("script_id"))
    }

    fn rules(&self) -> &'static Rules {
        &RULES
    }

    fn reversibility(&self, change: Change, _config: &Value) -> Reversibility {
        match change {
            Change::Create => Reversibility::Reversible,
            Change::Update => Reversibility::Compensable {
                loses: "clusters that start from now on run the new script".to_owned(),
            },
            Change::Replace | Change::Delete => Reversibility::Compensable {
                loses: "its id and its place among the scripts".to_owned(),
            },
        }
    }
}
