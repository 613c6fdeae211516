//! A schema as a page for people: a table of keys for each thing in the file, a list for each choice.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The page of one schema.
#[must_use]
pub fn page(title: &str, schema: &Value) -> String {
    let mut text = format!("# {title}\n");
    let page = Page {
        defs: definitions(schema),
    };
    said(&mut text, schema);
    page.keys(&mut text, schema);
    for (name, found) in &page.defs {
        if page.is_section(found) {
            // Writing to a text does not fail.
            let _ = write!(text, "\n## {name}\n");
            said(&mut text, found);
            page.keys(&mut text, found);
            choices(&mut text, found);
            page.forms(&mut text, found);
        }
    }
    text
}

struct Page<'a> {
    defs: BTreeMap<&'a str, &'a Value>,
}

fn definitions(schema: &Value) -> BTreeMap<&str, &Value> {
    let defs = schema.get("$defs").and_then(Value::as_object);
    let defs = defs.into_iter().flatten();
    defs.map(|(name, found)| (name.as_str(), found)).collect()
}

/// What is said of it, as one line.
fn described(found: &Value) -> Option<String> {
    let text = found.get("description")?.as_str()?;
    Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn said(text: &mut String, found: &Value) {
    if let Some(words) = described(found) {
        let _ = write!(text, "\n{words}\n");
    }
}

fn properties(found: &Value) -> Option<&Map<String, Value>> {
    found.get("properties")?.as_object()
}

/// The choices, where there is nothing else.
fn options(found: &Value) -> Option<Vec<&Value>> {
    let all = found.get("oneOf")?.as_array()?;
    let consts = all.iter().all(|one| one.get("const").is_some());
    consts.then(|| all.iter().collect())
}

fn forms(found: &Value) -> Option<&Vec<Value>> {
    let one_of = || found.get("oneOf").filter(|_| options(found).is_none());
    found.get("anyOf").or_else(one_of)?.as_array()
}

fn choices(text: &mut String, found: &Value) {
    let Some(all) = options(found) else { return };
    text.push('\n');
    for one in all {
        let _ = write!(text, "- {}", literal(&one["const"]));
        if let Some(words) = described(one) {
            let _ = write!(text, ": {words}");
        }
        text.push('\n');
    }
}

fn literal(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

impl Page<'_> {
    /// Whether it has a section of its own: a text of some form needs none.
    fn is_section(&self, found: &Value) -> bool {
        properties(found).is_some() || options(found).is_some() || forms(found).is_some()
    }

    /// The forms that a value may have, where it has several.
    fn forms(&self, text: &mut String, found: &Value) {
        let Some(all) = forms(found) else { return };
        text.push('\n');
        for one in all {
            let _ = write!(text, "- {}", self.kind(one));
            if let Some(words) = described(one) {
                let _ = write!(text, ": {words}");
            }
            text.push('\n');
        }
    }

    fn keys(&self, text: &mut String, found: &Value) {
        let Some(keys) = properties(found) else {
            return;
        };
        let required: Vec<&str> = found
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        text.push_str("\n| key | value | meaning |\n|---|---|---|\n");
        for (key, value) in keys {
            let must = if required.contains(&key.as_str()) {
                ", required"
            } else {
                ""
            };
            let mut words = described(value).unwrap_or_default();
            // A default that says nothing is no news: most keys may be absent.
            let default = value.get("default").filter(|default| is_telling(default));
            if let Some(default) = default.map(literal)
                && !words.contains(&default)
            {
                let _ = write!(words, " {default} when absent.");
            }
            let _ = writeln!(
                text,
                "| `{key}` | {}{must} | {} |",
                self.kind(value),
                words.trim().replace('|', "\\|")
            );
        }
        let more = found.get("additionalProperties");
        if let Some(more) = more.filter(|more| more.is_object()) {
            let _ = writeln!(text, "| any other | {} | |", self.kind(more));
        }
    }

    /// What a value is, in a few words.
    fn kind(&self, value: &Value) -> String {
        if let Some(name) = value.get("$ref").and_then(Value::as_str) {
            let name = name.rsplit('/').next().unwrap_or_default();
            return match self.defs.get(name) {
                Some(found) if !self.is_section(found) => self.unnamed(name, found),
                _ => format!("[{name}](#{})", name.to_lowercase()),
            };
        }
        if let Some(any) = value.get("anyOf").and_then(Value::as_array) {
            let some = any.iter().filter(|one| one["type"] != "null");
            let some: Vec<String> = some.map(|one| self.kind(one)).collect();
            return some.join(" or ");
        }
        let items = |field: &str| value.get(field).map(|items| self.kind(items));
        match type_of(value) {
            Some("array") => {
                let items = items("items").unwrap_or_else(|| "anything".to_owned());
                format!("list of {items}")
            }
            Some("object") => {
                let more = value
                    .get("additionalProperties")
                    .filter(|more| more.is_object());
                let patterns = value.get("patternProperties").and_then(Value::as_object);
                let of = more.or_else(|| patterns?.values().next());
                let inline = properties(value).map(|keys| {
                    let keys: Vec<String> = keys.keys().map(|key| format!("`{key}`")).collect();
                    format!("mapping with {}", keys.join(", "))
                });
                match (inline, of) {
                    (Some(inline), _) => inline,
                    (None, Some(of)) => format!("mapping of {}", self.kind(of)),
                    (None, None) => "mapping".to_owned(),
                }
            }
            Some("string") if value.get("format").is_some() => {
                let format = value["format"].as_str().unwrap_or_default();
                format!("text ({format})")
            }
            Some("string") => "text".to_owned(),
            Some("integer" | "number") => "number".to_owned(),
            Some("boolean") => "`true` or `false`".to_owned(),
            _ => "anything".to_owned(),
        }
    }

    /// What has no section: a text of its own form, most often.
    fn unnamed(&self, name: &str, found: &Value) -> String {
        match described(found) {
            Some(_) if type_of(found) == Some("string") => {
                format!("text ({})", spaced(name))
            }
            _ => self.kind(found),
        }
    }
}

/// `ResourceKey` as `resource key`.
fn spaced(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(letter.to_lowercase());
    }
    words
}

fn is_telling(default: &Value) -> bool {
    match default {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => fields
            .values()
            .any(|field| is_telling(field) && *field != 0),
        Value::String(text) => !text.is_empty(),
        Value::Bool(true) | Value::Number(_) => true,
    }
}

/// The type; of several the one that is not null.
fn type_of(value: &Value) -> Option<&str> {
    match value.get("type")? {
        Value::String(one) => Some(one),
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|one| *one != "null"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_choices_and_defaults_are_said() {
        let schema = json!({
            "description": "What it\nis.",
            "type": "object",
            "required": ["mode"],
            "properties": {
                "mode": {"$ref": "#/$defs/Mode", "description": "How."},
                "keep": {"type": "integer", "default": 3, "description": "How many."},
                "zone": {"type": ["string", "null"], "default": null},
                "of": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
                "soak": {"anyOf": [{"$ref": "#/$defs/Span"}, {"type": "null"}]},
            },
            "$defs": {
                "Mode": {"oneOf": [{"const": "free", "description": "As one\nlikes."}, {"const": "managed"}]},
                "Span": {"type": "string", "description": "Such as `20m`."},
            },
        });
        let wanted = "# A file

What it is.

| key | value | meaning |
|---|---|---|
| `keep` | number | How many. `3` when absent. |
| `mode` | [Mode](#mode), required | How. |
| `of` | mapping of list of text |  |
| `soak` | text (span) |  |
| `zone` | text |  |

## Mode

- `free`: As one likes.
- `managed`
";
        assert_eq!(page("A file", &schema), wanted);
    }
}
