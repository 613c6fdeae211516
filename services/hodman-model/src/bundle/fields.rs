//! Whether a resource's fields are those that its kind has, at every depth.
//!
//! The table is [`FIELDS`]: a text file, so that a field that the API gained is one word there. A field that it does not
//! know may still be right, so it is a warning, as in the CLI, and is passed on; a mapping where a list belongs is an error.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::reference::references;
use crate::diagnostic::{Diagnostics, Severity, did_you_mean};
use crate::files::node::{Map, Node, Yaml};
use crate::number;

const FIELDS: &str = include_str!("fields.txt");

pub(super) type Fields = BTreeMap<&'static str, &'static str>;

pub(super) static TYPES: LazyLock<BTreeMap<&'static str, Fields>> = LazyLock::new(|| {
    FIELDS
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| {
            let mut words = line.split(' ');
            let name = words.next()?;
            Some((
                name,
                words.filter_map(|word| word.split_once(':')).collect(),
            ))
        })
        .collect()
});

/// Whether `name` is a field of the type; yes for a type that is not in the table.
pub(super) fn has_field(of: &str, name: &str) -> bool {
    TYPES.get(of).is_none_or(|fields| fields.contains_key(name))
}

/// The fields of the type; none for a type that is not in the table.
pub(super) fn field_names(of: &str) -> impl Iterator<Item = &'static str> {
    let fields = TYPES.get(of);
    fields.into_iter().flat_map(|fields| fields.keys().copied())
}

/// Fields in which an empty text is a value like others: what a parameter is, what a condition compares, and the words with
/// which a description is taken away, for requests that change only what they name.
const EMPTY_IS_A_VALUE: [&str; 8] = [
    "comment",
    "description",
    "default",
    "left",
    "right",
    "value",
    "string_value",
    "text_value",
];

/// Takes empty texts out of fields that hold one text, at every depth. What the type does not have stays as it is.
pub(super) fn drop_empty_texts(of: &str, map: &mut Map) {
    let Some(fields) = TYPES.get(of) else { return };
    map.retain(|key, entry| {
        let Some(kind) = fields.get(key.as_str()) else {
            return true;
        };
        let value = &mut entry.node.value;
        if *kind == "s" {
            let is_empty = matches!(value, Yaml::Text(text) if text.is_empty());
            return !is_empty || EMPTY_IS_A_VALUE.contains(&key.as_str());
        }
        let inner = kind.trim_start_matches(['[', ']', '{', '}']);
        match value {
            Yaml::List(items) if kind.starts_with("[]") => items
                .iter_mut()
                .filter_map(Node::as_map_mut)
                .for_each(|item| drop_empty_texts(inner, item)),
            Yaml::Map(entries) if kind.starts_with("{}") => entries
                .values_mut()
                .filter_map(|entry| entry.node.as_map_mut())
                .for_each(|item| drop_empty_texts(inner, item)),
            Yaml::Map(map) => drop_empty_texts(inner, map),
            _ => {}
        }
        true
    });
}

/// Gives each value the type of its field, as the Databricks CLI does: `num_workers: "${var.n}"` is a number though variables
/// of an environment may be texts, and `spark_conf: {x: true}` holds texts. What does not fit stays, and is said elsewhere.
pub(super) fn conform(of: &str, map: &mut Map) {
    let Some(fields) = TYPES.get(of) else { return };
    for (key, entry) in map {
        if let Some(kind) = fields.get(key.as_str()) {
            conform_value(kind, &mut entry.node);
            if *kind == "n" && !is_fraction(key) {
                as_integer(&mut entry.node);
            }
        }
    }
}

fn as_integer(node: &mut Node) {
    if let Yaml::Number(number) = &node.value
        && number.is_f64()
        && is_whole(number)
        && let Ok(integer) = number::as_text(number).parse::<i64>()
    {
        node.value = Yaml::Number(integer.into());
    }
}

fn conform_value(kind: &str, node: &mut Node) {
    let value = match (kind, &mut node.value) {
        ("s", Yaml::Bool(value)) => Yaml::Text(value.to_string()),
        ("s", Yaml::Number(value)) => Yaml::Text(number::as_text(value)),
        ("n", Yaml::Text(text)) => match number(text) {
            Some(number) => Yaml::Number(number),
            None => return,
        },
        ("b", Yaml::Text(text)) => match text.as_str() {
            "true" => Yaml::Bool(true),
            "false" => Yaml::Bool(false),
            _ => return,
        },
        ("*" | "s" | "n" | "b", _) => return,
        (kind, Yaml::List(items)) => {
            if let Some(item) = kind.strip_prefix("[]") {
                let item = if item.is_empty() { "s" } else { item };
                items
                    .iter_mut()
                    .for_each(|inner| conform_value(item, inner));
            }
            return;
        }
        (kind, Yaml::Map(map)) => {
            match kind.strip_prefix("{}") {
                Some(item) => {
                    let item = if item.is_empty() { "s" } else { item };
                    map.values_mut()
                        .for_each(|entry| conform_value(item, &mut entry.node));
                }
                None => conform(kind, map),
            }
            return;
        }
        _ => return,
    };
    node.value = value;
}

/// A text as a number, also where it begins with zeros: `012` is 12, as in the CLI.
fn number(text: &str) -> Option<serde_json::Number> {
    serde_json::from_str(text)
        .ok()
        .or_else(|| text.parse::<i64>().ok().map(Into::into))
        .or_else(|| serde_json::Number::from_f64(text.parse::<f64>().ok()?))
}

/// The fields that take fractions; every other number of the API is an integer.
const FRACTIONS: [&str; 3] = ["double_value", "spot_bid_max_price", "sampling_fraction"];

fn is_fraction(field: &str) -> bool {
    FRACTIONS.iter().any(|fraction| field.ends_with(fraction))
}

/// `2.0` is 2, as in the CLI.
fn is_whole(number: &serde_json::Number) -> bool {
    number.as_f64().is_none_or(|value| value.fract() == 0.0)
}

/// Says which fields of `map` the type does not have, and which values are of another shape.
pub(super) fn check(of: &str, map: &Map, path: &str, found: &mut Diagnostics) {
    let Some(fields) = TYPES.get(of) else { return };
    for (key, entry) in map {
        let inner = format!("{path}.{key}");
        match fields.get(key.as_str()) {
            Some(kind) => check_value(kind, &entry.node, &inner, found),
            None => {
                let mut unknown = entry.place.error(format!("unknown field `{inner}`"));
                unknown.severity = Severity::Warning;
                unknown.hint = did_you_mean(key, fields.keys().copied());
                found.push(unknown);
            }
        }
    }
}

fn check_value(kind: &str, node: &Node, path: &str, found: &mut Diagnostics) {
    let mut wrong = |wanted: &str| {
        let message = format!("`{path}` must be {wanted}, found {}", node.kind());
        found.push(node.place.error(message));
    };
    // What is only known later has no shape yet.
    let open = |text: &str| text.contains("${lookup.") || !references(text).is_empty();
    match (kind, &node.value) {
        ("s" | "n" | "b", Yaml::Null) => {
            let mut nothing = node.place.error(format!("`{path}` says nothing"));
            nothing.severity = Severity::Warning;
            found.push(nothing.hint("remove the line, or give it a value"));
        }
        (_, Yaml::Null) | ("*", _) => {}
        (_, Yaml::Text(text)) if open(text) => {}
        ("s", Yaml::List(_) | Yaml::Map(_)) => wrong("a text"),
        ("n", Yaml::Number(number)) if is_whole(number) || is_fraction(path) => {}
        ("n", Yaml::Number(_)) => {
            let message = format!("`{path}` must be a whole number");
            found.push(node.place.error(message));
        }
        ("n", Yaml::Text(text))
            if text
                .parse::<f64>()
                .is_ok_and(|value| value.fract() == 0.0 || is_fraction(path)) => {}
        ("n", Yaml::Text(text)) if text.parse::<f64>().is_ok() => wrong("a whole number"),
        ("n", _) => wrong("a number"),
        ("b", Yaml::Bool(_)) => {}
        ("b", Yaml::Text(text)) if matches!(text.as_str(), "true" | "false") => {}
        ("b", _) => wrong("true or false"),
        ("s", _) => {}
        (kind, value) => {
            if let Some(item) = kind.strip_prefix("[]") {
                match value {
                    Yaml::List(items) => items
                        .iter()
                        .filter(|_| !item.is_empty())
                        .enumerate()
                        .for_each(|(at, inner)| {
                            check_value(item, inner, &format!("{path}[{at}]"), found)
                        }),
                    _ => wrong("a list"),
                }
            } else if let Some(item) = kind.strip_prefix("{}") {
                match value {
                    Yaml::Map(map) => {
                        map.iter()
                            .filter(|_| !item.is_empty())
                            .for_each(|(key, entry)| {
                                check_value(item, &entry.node, &format!("{path}.{key}"), found)
                            })
                    }
                    _ => wrong("a mapping"),
                }
            } else {
                match value {
                    Yaml::Map(map) => check(kind, map, path, found),
                    _ => wrong("a mapping"),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixups::OTHER_NAMES;
    use super::super::kinds::KINDS;
    use super::*;

    fn checked(of: &str, yaml: &str) -> String {
        let node = Node::parse("a.yml", yaml.as_bytes()).unwrap();
        let mut found = Diagnostics::default();
        check(of, node.as_map().unwrap(), "x", &mut found);
        found.to_string()
    }

    #[test]
    fn every_type_that_is_named_is_in_the_table() {
        for kind in KINDS.iter().filter(|kind| !kind.schema.is_empty()) {
            let known = TYPES.contains_key(kind.schema);
            assert!(known || kind.name == "secrets", "{}", kind.name);
        }
        for (name, fields) in TYPES.iter() {
            for kind in fields.values() {
                let inner = kind.trim_start_matches(['[', ']', '{', '}']);
                let known =
                    matches!(inner, "" | "s" | "n" | "b" | "*") || TYPES.contains_key(inner);
                assert!(known, "{name}: {kind}");
            }
        }
    }

    #[test]
    fn every_field_that_is_sent_is_in_the_table() {
        let mut missing = Vec::new();
        for kind in KINDS {
            let (Some(managed), Some(fields)) =
                (crate::kinds::kind(kind.name), TYPES.get(kind.schema))
            else {
                continue;
            };
            for field in managed.rules().settable {
                let names = OTHER_NAMES.iter().find(|(of, _)| *of == kind.name);
                let mut names = names.into_iter().flat_map(|(_, names)| *names);
                let other = names.find(|(_, api)| api == field);
                let other = other.map_or(*field, |(bundle, _)| *bundle);
                if !fields.contains_key(other) {
                    missing.push(format!("{}.{field}", kind.name));
                }
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    /// As normalizeInt of libs/dyn/convert/normalize.go, which leaves such a field out.
    #[test]
    fn integers_are_whole() {
        let job =
            "timeout_seconds: 1.5\nmax_concurrent_runs: 2.0\ntasks: [{max_retries: \"1.5\"}]\n";
        assert_eq!(
            checked("JobSettings", job),
            "a.yml:3:23: `x.tasks[0].max_retries` must be a whole number, found a text\na.yml:1:18: `x.timeout_seconds` must be a whole number"
        );
        let fraction = "availability: SPOT_AZURE\nspot_bid_max_price: 1.5\n";
        assert_eq!(checked("compute.AzureAttributes", fraction), "");
        let mut node = Node::parse("a.yml", b"max_concurrent_runs: 2.0\n").unwrap();
        conform("JobSettings", node.as_map_mut().unwrap());
        assert_eq!(
            node.to_value(),
            serde_json::json!({"max_concurrent_runs": 2})
        );
    }

    #[test]
    fn fields_are_checked_at_every_depth() {
        let job = "name: n\ntasks:\n- for_each_task: {task: {notebook_task: {notebook_pth: x}}}\n  max_retries: 3x\n  depends_on: {task_key: a}\n";
        assert_eq!(
            checked("JobSettings", job),
            "a.yml:5:15: `x.tasks[0].depends_on` must be a list, found a mapping\n\
             a.yml:3:42: unknown field `x.tasks[0].for_each_task.task.notebook_task.notebook_pth` (hint: did you mean `notebook_path`?)\n\
             a.yml:4:16: `x.tasks[0].max_retries` must be a number, found a text"
        );
        assert_eq!(
            checked(
                "JobSettings",
                "timeout_seconds: ${lookup.job.a b}\ntags: {a: 1}\n"
            ),
            ""
        );
    }
}
