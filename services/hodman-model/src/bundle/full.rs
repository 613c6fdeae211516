//! What tests ask of the tables: a value with every field that there is.

use serde_json::json;

use super::fields::TYPES;
use super::kinds::bundle_kind;

/// A value with every field of the type, what types hold of themselves left out. None for a type that is not in the table.
pub(crate) fn full(of: &str) -> Option<serde_json::Value> {
    full_inside(of, &mut Vec::new())
}

fn full_inside<'t>(of: &'t str, above: &mut Vec<&'t str>) -> Option<serde_json::Value> {
    if above.contains(&of) {
        return None;
    }
    let fields = TYPES.get(of)?;
    above.push(of);
    let mut map = serde_json::Map::new();
    for (name, kind) in fields {
        let value = match *kind {
            "s" | "*" => Some(json!("x")),
            "n" => Some(json!(7)),
            "b" => Some(json!(true)),
            "{}" => Some(json!({"a": "x"})),
            "[]" => Some(json!(["x"])),
            other => match other.strip_prefix("[]") {
                Some(item) => full_inside(item, above).map(|item| json!([item])),
                None => full_inside(other, above),
            },
        };
        map.extend(value.map(|value| ((*name).to_owned(), value)));
    }
    above.pop();
    Some(serde_json::Value::Object(map))
}

/// The type of a kind's fields in the field table.
pub(crate) fn schema_of(kind: &str) -> Option<&'static str> {
    bundle_kind(kind).map(|kind| kind.schema)
}
