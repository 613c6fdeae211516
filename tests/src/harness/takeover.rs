//! A takeover as the command line asks for it.

use hodman_core::event::{FormerObject, Takeover};
use hodman_model::takeover::{self, From};
use serde_json::json;

/// What a former owner's file says.
#[must_use]
pub fn takeover(from: From, text: &str) -> Takeover {
    let state = takeover::read(from, "file", text.as_bytes());
    let state = state.unwrap_or_else(|wrong| panic!("{wrong}"));
    let objects = state.objects.into_iter().map(|object| FormerObject {
        key: object.key.to_string(),
        address: object.address,
        id: object.id,
        name: object.name,
        facts: object.facts,
    });
    let from = json!(from).as_str().unwrap_or_default().to_owned();
    Takeover {
        from,
        workspace: None,
        objects: objects.collect(),
        resources: serde_json::from_value(json!(state.resources)).expect("the same form"),
    }
}
