//! Writes a value as block YAML: two spaces a level, fields in a fixed order, the same bytes for the same value.

use serde_json::{Map, Value};

use super::scalar::{key, literal, scalar};

/// `value` as a YAML document, with a line break at the end. Fields named in `order` come first, in that order, the
/// others by alphabet.
#[must_use]
pub fn render(value: &Value, order: &[&str]) -> String {
    let mut lines = block(value, order);
    lines.push(String::new());
    lines.join("\n")
}

/// The lines of `value`, not indented.
pub(super) fn block(value: &Value, order: &[&str]) -> Vec<String> {
    match value {
        Value::Object(map) if !map.is_empty() => sorted(map, order)
            .into_iter()
            .flat_map(|(name, value)| entry(name, value, order))
            .collect(),
        Value::Array(items) if !items.is_empty() => {
            items.iter().flat_map(|value| item(value, order)).collect()
        }
        other => vec![scalar(other, false)],
    }
}

/// The lines of one entry of a mapping.
pub(super) fn entry(name: &str, value: &Value, order: &[&str]) -> Vec<String> {
    let name = key(name, false);
    if let Some((header, body)) = literal(value) {
        return headed(
            format!("{name}: {header}"),
            body.into_iter().map(str::to_owned),
        );
    }
    if is_block(value) {
        headed(format!("{name}:"), block(value, order))
    } else {
        vec![format!("{name}: {}", scalar(value, false))]
    }
}

/// The lines of one element of a list.
pub(super) fn item(value: &Value, order: &[&str]) -> Vec<String> {
    if let Some((header, body)) = literal(value) {
        return headed(format!("- {header}"), body.into_iter().map(str::to_owned));
    }
    let mut lines = block(value, order).into_iter();
    let first = lines.next().map(|line| format!("- {line}"));
    first
        .into_iter()
        .chain(lines.map(|line| indent(&line, 2)))
        .collect()
}

/// `line` moved to the right; empty lines stay empty.
pub(super) fn indent(line: &str, by: usize) -> String {
    if line.is_empty() {
        String::new()
    } else {
        format!("{}{line}", " ".repeat(by))
    }
}

fn headed(head: String, body: impl IntoIterator<Item = String>) -> Vec<String> {
    std::iter::once(head)
        .chain(body.into_iter().map(|line| indent(&line, 2)))
        .collect()
}

fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn sorted<'m>(map: &'m Map<String, Value>, order: &[&str]) -> Vec<(&'m String, &'m Value)> {
    let rank = |name: &String| {
        order
            .iter()
            .position(|known| known == name)
            .unwrap_or(order.len())
    };
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|(a, _), (b, _)| (rank(a), *a).cmp(&(rank(b), *b)));
    entries
}
