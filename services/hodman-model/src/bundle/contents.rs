//! `file_path` of dashboards and alerts: the file's content is part of the resource, the file itself is not uploaded for it.

use serde_json::Value;

use super::Form;
use super::outside::{self, Room};
use super::paths::folder_of;
use super::reference::references;
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::files::Tree;
use crate::files::node::{Entry, Map, Node, Place, Yaml};

const KINDS: [&str; 2] = ["dashboards", "alerts"];

/// The files that resources of a configuration take their content from, as far as no reference stands in their paths.
pub(super) fn named_in(config: &Node, room: &Room) -> Vec<String> {
    let resources = config.get("resources");
    KINDS
        .iter()
        .filter_map(|kind| resources?.get(kind)?.as_map())
        .flat_map(|keys| keys.values())
        .filter_map(|entry| {
            let node = entry.node.get("file_path")?;
            let text = node.as_text().filter(|text| references(text).is_empty())?;
            room.join(folder_of(&node.place.file), text)
        })
        .collect()
}

/// Puts the content of the file that `file_path` names into the resource.
pub(super) fn take_in(
    kind: &str,
    resource: &mut Node,
    resource_file: &str,
    (tree, form): (&Tree, Form),
    found: &mut Diagnostics,
) {
    if !KINDS.contains(&kind) {
        return;
    }
    let Some(map) = resource.as_map_mut() else {
        return;
    };
    let Some(Entry { node, place }) = map.remove("file_path") else {
        return;
    };
    let text = match content(&node, resource_file, tree) {
        Ok(Some((path, text))) => {
            if form == Form::Validated {
                let path = outside::written(&path).into_owned();
                put(map, "file_path", &place, Value::String(path));
            }
            text
        }
        Ok(None) => return,
        Err(diagnostic) => return found.push(diagnostic),
    };
    match kind {
        "dashboards" => {
            if let Some(other) = map.get("serialized_dashboard") {
                found.push(
                    other
                        .place
                        .error("`serialized_dashboard` and `file_path` both say the content")
                        .hint("keep one of them"),
                );
            }
            put(map, "serialized_dashboard", &place, Value::String(text));
        }
        _ => match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(_)) if !references(&text).is_empty() => found.push(
                node.place
                    .error("a file of an alert holds no references, and this one does")
                    .hint("say the alert in the bundle itself, where variables are put in place"),
            ),
            Ok(Value::Object(fields)) => alert(map, fields, &place, found),
            Ok(_) | Err(_) => found.push(node.place.error("the file is no JSON object")),
        },
    }
}

/// The file's path and its text.
fn content(
    node: &Node,
    resource_file: &str,
    tree: &Tree,
) -> Result<Option<(String, String)>, Diagnostic> {
    let Some(written) = node.as_text() else {
        return match node.value {
            Yaml::Null => Ok(None),
            _ => Err(node
                .place
                .error(format!("`file_path` must be a text, found {}", node.kind()))),
        };
    };
    let room = Room::of(tree);
    let paths: Vec<String> = [folder_of(&node.place.file), folder_of(resource_file)]
        .iter()
        .filter_map(|folder| room.join(folder, written))
        .collect();
    let Some(first) = paths.first().filter(|_| !written.starts_with('/')) else {
        return Err(node
            .place
            .error(format!("`{written}` leads out of the repository")));
    };
    let file = paths.iter().find_map(|path| Some((path, tree.get(path)?)));
    let Some((path, file)) = file else {
        let mut missing = node.place.error(format!(
            "`{written}` leads to `{}`, and there is no such file",
            outside::written(first)
        ));
        missing.hint = did_you_mean(first, tree.keys().map(String::as_str));
        return Err(missing);
    };
    match std::str::from_utf8(&file.bytes) {
        Ok(text) => Ok(Some((path.clone(), text.to_owned()))),
        Err(_) => Err(node.place.error(format!("`{written}` is not UTF-8 text"))),
    }
}

/// What the bundle says of an alert whose content is in a file; each other field has one place, the file.
const OF_THE_BUNDLE: [&str; 5] = [
    "display_name",
    "file_path",
    "lifecycle",
    "permissions",
    "warehouse_id",
];

/// As load_dbalert_files.go of the CLI, which takes the name and the warehouse from the bundle alone.
fn alert(
    map: &mut Map,
    mut fields: serde_json::Map<String, Value>,
    place: &Place,
    found: &mut Diagnostics,
) {
    for (field, entry) in map.iter() {
        if !OF_THE_BUNDLE.contains(&field.as_str()) && entry.node.value != Yaml::Null {
            let message = format!("`{field}` and `file_path` both say what the alert is");
            let hint = format!(
                "say it in the file; beside it the bundle says {}",
                OF_THE_BUNDLE.join(", ")
            );
            found.push(entry.place.error(message).hint(hint));
        }
    }
    for (lines, text) in [
        ("query_lines", "query_text"),
        ("custom_description_lines", "custom_description"),
    ] {
        if let Some(Value::Array(lines)) = fields.remove(lines) {
            // Each ends, the last one, too, as with the Databricks CLI.
            let lines = lines.iter().filter_map(Value::as_str);
            let ended = lines.map(|line| format!("{}\n", line.strip_suffix('\n').unwrap_or(line)));
            fields.insert(text.to_owned(), Value::String(ended.collect()));
        }
    }
    for (field, value) in fields {
        if !OF_THE_BUNDLE.contains(&field.as_str()) {
            put(map, &field, place, value);
        }
    }
}

fn put(map: &mut Map, field: &str, place: &Place, value: Value) {
    let node = Node::from_value(&value, place);
    let place = place.clone();
    map.insert(field.to_owned(), Entry { place, node });
}
