//! Tags that an API writes as a list, `[{key, value}]`: our marker among them, and what changes from one list to the other.

use serde_json::{Map, Value, json};

use super::marker::Marker;

/// The tags as a mapping.
pub(super) fn as_map(tags: Option<&Value>) -> Map<String, Value> {
    tags.and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|tag| {
            let key = tag.get("key")?.as_str()?;
            let value = tag.get("value").cloned().unwrap_or_else(|| json!(""));
            Some((key.to_owned(), value))
        })
        .collect()
}

/// The marker among the tags.
pub(super) fn marker(tags: Option<&Value>) -> Option<Marker> {
    Marker::from_tags(Some(&Value::Object(as_map(tags))))
}

/// The tags without the marker, and without those that `own` knows as the server's.
pub(super) fn without_marker(tags: Option<&Value>, own: fn(&str, &Value) -> bool) -> Value {
    let kept = as_map(tags)
        .into_iter()
        .filter(|(key, value)| !key.starts_with("hodman_") && !own(key, value));
    list(kept)
}

/// The tags with the marker.
pub(super) fn with_marker(tags: Option<&Value>, marker: &Marker) -> Value {
    let mut config = Map::from_iter([("tags".to_owned(), Value::Object(as_map(tags)))]);
    marker.write(&mut config, "tags");
    let tags = config.remove("tags").unwrap_or_default();
    list(tags.as_object().cloned().unwrap_or_default().into_iter())
}

/// What is to be set and what is to go, from the tags `live` (without marker) to the tags `wanted` and the marker.
pub(super) fn changes(
    live: Option<&Value>,
    wanted: Option<&Value>,
    marker: &Marker,
) -> (Vec<Value>, Vec<String>) {
    let live = as_map(live);
    let with_marker = with_marker(wanted, marker);
    let wanted = as_map(Some(&with_marker));
    let set = list(
        wanted
            .clone()
            .into_iter()
            .filter(|(key, value)| live.get(key) != Some(value)),
    );
    let gone = live
        .keys()
        .filter(|key| !wanted.contains_key(*key))
        .cloned()
        .collect();
    (set.as_array().cloned().unwrap_or_default(), gone)
}

fn list(tags: impl Iterator<Item = (String, Value)>) -> Value {
    tags.map(|(key, value)| json!({ "key": key, "value": value }))
        .collect()
}
