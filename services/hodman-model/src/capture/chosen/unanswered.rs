//! What no answer of the service has although somebody may have said it: it is told of a new object, since nothing of it can be
//! captured.

use serde_json::{Map, Value};

use crate::kinds::Kind;

/// All of it, in words.
pub(super) fn of(kind: &dyn Kind, config: &Value) -> Vec<String> {
    match kind.name() {
        "apps" => unvalued(config).into_iter().collect(),
        "model_serving_endpoints" => without_secrets(config),
        _ => vec![],
    }
}

/// The variables of an app whose values are not answered.
fn unvalued(config: &Value) -> Option<String> {
    let env = config.pointer("/config/env").and_then(Value::as_array);
    let says = |item: &Value| item.get("value").is_some() || item.get("value_from").is_some();
    let names: Vec<&str> = env?
        .iter()
        .filter(|item| !says(item))
        .filter_map(|item| item.get("name")?.as_str())
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "the values of the variables {} are not captured: no answer has them; write them into Git",
            names.join(", ")
        )
    })
}

/// The models of others to which no key is named: one that was given in clear is not answered.
fn without_secrets(config: &Value) -> Vec<String> {
    let entities = config.pointer("/config/served_entities");
    let models = entities
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|entity| entity.get("external_model")?.as_object());
    models
        .filter(|model| !names_a_key(model))
        .map(|model| {
            let name = model.get("name").and_then(Value::as_str);
            format!(
                "the key to `{}` is not captured: one that was given in clear is in no answer; write `{{{{secrets/…}}}}` into Git",
                name.unwrap_or_default()
            )
        })
        .collect()
}

/// Whether a model says by which secret, or as whom in the cloud, it is reached.
fn names_a_key(model: &Map<String, Value>) -> bool {
    const WITHOUT: [&str; 2] = ["instance_profile_arn", "uc_service_credential_name"];
    fn inside(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains("{{secrets/"),
            Value::Object(map) => {
                let named = |field: &&str| map.get(*field).is_some_and(|value| !value.is_null());
                WITHOUT.iter().any(named) || map.values().any(inside)
            }
            _ => false,
        }
    }
    model.values().any(inside)
}
