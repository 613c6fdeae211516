//! What a model serving endpoint serves, and the routes to it.

use serde_json::{Value, json};

use super::listed::id_text;

/// What the server calls a served entity that nobody named: by its model and version. Routes name them so, too.
pub(crate) fn name(entity: &Value) -> Option<String> {
    let said = |field: &str| id_text(entity.get(field)).filter(|text| !text.contains("${"));
    if let Some(external) = entity.pointer("/external_model/name") {
        return Some(external.as_str()?.replace(['.', ':'], "-"));
    }
    let (model, version) = (said("entity_name")?, said("entity_version")?);
    let last = model.rsplit('.').next()?;
    Some(format!("{last}-{version}"))
}

/// A route names what it leads to by the older word alone: the server answers both, whichever came.
pub(super) fn name_route(route: &mut Value) {
    let Value::Object(route) = route else { return };
    if let Some(name) = route.remove("served_entity_name") {
        route.entry("served_model_name").or_insert(name);
    }
}

/// Says of each served entity that runs here whether it goes to sleep: an update that does not is refused with
/// "scaleToZeroEnabled is undefined" (terraform-provider-databricks#3946).
pub(super) fn say_scaling(config: &mut Value) {
    for list in ["served_entities", "served_models"] {
        let entities = config.get_mut(list).and_then(Value::as_array_mut);
        let entities = entities.into_iter().flatten();
        for entity in entities.filter_map(Value::as_object_mut) {
            if !entity.contains_key("external_model") {
                let scales = entity.entry("scale_to_zero_enabled");
                scales.or_insert(json!(false));
            }
        }
    }
}
