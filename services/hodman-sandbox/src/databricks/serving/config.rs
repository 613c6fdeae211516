//! The configuration of an endpoint: what it serves, and how calls are shared out.

use serde_json::{Map, Value, json};

use crate::databricks::error::ApiError;
use crate::databricks::table::fill;

/// The configuration as it is kept: each served entity with its name and defaults, and with routes.
pub(super) fn settled(
    given: &Map<String, Value>,
    version: u64,
    creator: &str,
    now: i64,
) -> Result<Map<String, Value>, ApiError> {
    let mut config: Map<String, Value> = given
        .iter()
        .filter(|(key, value)| *key != "name" && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    // Served models are the older words for served entities.
    if let Some(Value::Array(models)) = config.remove("served_models") {
        let entities = models.into_iter().map(entity_of_model);
        fill(&mut config, "served_entities", entities.collect());
    }
    let Some(Value::Array(entities)) = config.get_mut("served_entities") else {
        return Err(ApiError::invalid(
            "Missing required field: one of served_entities and served_models must be set",
        ));
    };
    let mut names = Vec::new();
    for entity in entities.iter_mut().filter_map(Value::as_object_mut) {
        let name = complete(entity, creator, now)?;
        if names.contains(&name) {
            return Err(ApiError::invalid(format!(
                "Served entity names must be unique, {name} is not."
            )));
        }
        names.push(name);
    }
    if !config.contains_key("traffic_config")
        && let Some(first) = names.first()
    {
        let routes = json!({"routes": [{"served_model_name": first, "served_entity_name": first, "traffic_percentage": 100}]});
        config.insert("traffic_config".into(), routes);
    }
    check_routes(&config, &names)?;
    name_routes(&mut config);
    config.insert("config_version".into(), json!(version));
    Ok(config)
}

fn entity_of_model(mut model: Value) -> Value {
    if let Some(model) = model.as_object_mut() {
        for (old, new) in [
            ("model_name", "entity_name"),
            ("model_version", "entity_version"),
        ] {
            if let Some(value) = model.remove(old) {
                model.insert(new.to_owned(), value);
            }
        }
    }
    model
}

/// Fills in what the service adds; keys of other services that came in clear are taken and not shown.
fn complete(entity: &mut Map<String, Value>, creator: &str, now: i64) -> Result<String, ApiError> {
    let text = |key: &str| entity.get(key).and_then(Value::as_str).map(str::to_owned);
    let external = entity
        .get("external_model")
        .and_then(|model| model.get("name"));
    let name = match (text("name"), text("entity_name"), text("entity_version")) {
        (Some(name), ..) => name,
        (None, Some(entity), version) => {
            let short = entity.rsplit('.').next().unwrap_or(&entity);
            format!("{short}-{}", version.unwrap_or_default())
        }
        (None, None, _) => external
            .and_then(Value::as_str)
            .map(|name| name.replace(['.', ':'], "-"))
            .ok_or_else(|| {
                ApiError::invalid("A served entity needs entity_name or external_model.")
            })?,
    };
    let is_external = external.is_some();
    entity.insert("name".into(), json!(name));
    fill(entity, "creator", json!(creator));
    fill(entity, "creation_timestamp", json!(now));
    if is_external {
        if let Some(model) = entity.get_mut("external_model") {
            without_keys(model);
        }
    } else {
        fill(entity, "workload_size", json!("Small"));
        fill(entity, "workload_type", json!("CPU"));
        fill(entity, "scale_to_zero_enabled", json!(false));
    }
    Ok(name)
}

fn without_keys(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|key, _| !key.ends_with("_plaintext"));
        map.values_mut().for_each(without_keys);
    }
}

fn check_routes(config: &Map<String, Value>, names: &[String]) -> Result<(), ApiError> {
    let routes = config
        .get("traffic_config")
        .and_then(|traffic| traffic.get("routes"));
    let routes = routes.and_then(Value::as_array).into_iter().flatten();
    let mut sum = 0;
    let mut any = false;
    for route in routes {
        any = true;
        sum += route
            .get("traffic_percentage")
            .and_then(Value::as_i64)
            .unwrap_or(0);
        let name = ["served_entity_name", "served_model_name"]
            .iter()
            .find_map(|key| route.get(*key)?.as_str())
            .unwrap_or_default();
        if !names.iter().any(|known| known == name) {
            return Err(ApiError::invalid(format!(
                "The traffic config names {name}, which is not served."
            )));
        }
    }
    if any && sum != 100 {
        return Err(ApiError::invalid(format!(
            "The traffic percentages must sum to 100, they sum to {sum}."
        )));
    }
    Ok(())
}

/// Answers name what a route leads to by both words.
fn name_routes(config: &mut Map<String, Value>) {
    let traffic = config.get_mut("traffic_config");
    let routes = traffic.and_then(|traffic| traffic.get_mut("routes")?.as_array_mut());
    for route in routes
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        for (said, other) in [
            ("served_model_name", "served_entity_name"),
            ("served_entity_name", "served_model_name"),
        ] {
            if let Some(name) = route.get(said).cloned() {
                fill(route, other, name);
            }
        }
    }
}

/// Fills in the table that requests and answers are written to.
pub(super) fn name_tables(config: &mut Map<String, Value>, endpoint: &str) {
    if let Some(Value::Object(capture)) = config.get_mut("auto_capture_config") {
        fill(capture, "enabled", json!(true));
        fill(capture, "table_name_prefix", json!(endpoint));
    }
}

/// Refuses an update that does not say of each entity that runs here whether it goes to sleep.
pub(super) fn say_scaling(given: &Map<String, Value>) -> Result<(), ApiError> {
    let lists = ["served_entities", "served_models"].map(|list| given.get(list));
    let entities = lists.into_iter().flatten().filter_map(Value::as_array);
    let silent = |entity: &Value| {
        entity.get("external_model").is_none() && entity.get("scale_to_zero_enabled").is_none()
    };
    if entities.flatten().any(silent) {
        return Err(ApiError::invalid("scaleToZeroEnabled is undefined"));
    }
    Ok(())
}

/// As an endpoint's own view shows it.
pub(super) fn output(config: &Map<String, Value>, deployment: &str, message: &str) -> Value {
    let mut config = config.clone();
    if let Some(Value::Array(entities)) = config.get_mut("served_entities") {
        for entity in entities {
            entity["state"] =
                json!({"deployment": deployment, "deployment_state_message": message});
        }
    }
    Value::Object(config)
}

/// As a list shows it.
pub(super) fn summary(config: &Map<String, Value>) -> Value {
    const SHOWN: [&str; 5] = [
        "name",
        "entity_name",
        "entity_version",
        "external_model",
        "foundation_model",
    ];
    let entities = config.get("served_entities").and_then(Value::as_array);
    let short = entities.into_iter().flatten().map(|entity| {
        let shown = entity.as_object().into_iter().flatten();
        let shown = shown.filter(|(key, _)| SHOWN.contains(&key.as_str()));
        Value::Object(shown.map(|(k, v)| (k.clone(), v.clone())).collect())
    });
    json!({"served_entities": short.collect::<Vec<_>>()})
}
