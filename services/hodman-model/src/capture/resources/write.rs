//! Writes what was captured into the bundle's files.

use serde_json::{Value, json};

use crate::bundle::ResourceKey;
use crate::capture::keys::slug;
use crate::capture::merge::Edit;
use crate::capture::paths::{REPO, relative};
use crate::capture::{CapturedAs, Work};
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::Kind;
use crate::kinds::secrets::REDACTED;
use crate::yaml_edit;

/// The place of a resource in a bundle file.
fn place(key: &ResourceKey) -> FieldPath {
    FieldPath::default()
        .key("resources")
        .key(&key.kind)
        .key(&key.key)
}

/// Puts a new resource into `file`.
pub(super) fn new_file(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    file: &str,
    form: &Value,
) {
    let mut secrets = Vec::new();
    let config = as_written(form, file, key, "", &mut secrets);
    put(work, kind, file, &place(key), Some(&config));
    declare(work, key, &secrets);
}

/// Writes fields into `file`; gives what is to be said about how it went.
pub(super) fn edits(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    file: &str,
    edits: &[Edit],
) -> String {
    let mut secrets = Vec::new();
    let mut rewritten = Vec::new();
    for edit in edits {
        let under = match edit.path.0.last() {
            Some(PathSegment::Key(key)) => key.as_str(),
            _ => "",
        };
        let value = edit
            .value
            .as_ref()
            .map(|value| as_written(value, file, key, under, &mut secrets));
        let mut path = place(key);
        path.0.extend(edit.path.0.iter().cloned());
        rewritten.extend(put(work, kind, file, &path, value.as_ref()));
    }
    declare(work, key, &secrets);
    match rewritten.first() {
        None => String::new(),
        Some(block) => {
            format!(" (the block `{block}` of {file} was written anew; its comments are lost)")
        }
    }
}

/// Takes a resource out of `file`, and the file away when nothing else is in it.
pub(super) fn removal(work: &mut Work<'_>, kind: &dyn Kind, key: &ResourceKey, file: &str) {
    let alone = yaml_edit::read(&work.text(file)).is_ok_and(|value| {
        let kinds = value.get("resources").and_then(Value::as_object);
        let one = |value: &Value| {
            value
                .as_object()
                .is_some_and(|resources| resources.len() == 1)
        };
        value.as_object().is_some_and(|map| map.len() == 1)
            && kinds.is_some_and(|kinds| kinds.len() == 1 && kinds.values().all(one))
    });
    if alone {
        work.out.changes.insert(file.to_owned(), None);
    } else {
        put(work, kind, file, &place(key), None);
    }
}

/// One edit of one file; gives the block that lost its comments.
fn put(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    file: &str,
    path: &FieldPath,
    value: Option<&Value>,
) -> Option<FieldPath> {
    let text = work.text(file);
    let order = kind.rules().field_order;
    let edited = match value {
        Some(value) => yaml_edit::set(&text, &path.0, value, order),
        None => yaml_edit::remove(&text, &path.0, order),
    };
    match edited {
        Ok(edited) => {
            if edited.text != text {
                work.out
                    .changes
                    .insert(file.to_owned(), Some(edited.text.into_bytes()));
            }
            edited.rewritten
        }
        // The file was read before, and paths come from comparing what it holds; still, never hide it.
        Err(error) => {
            work.row(
                file,
                CapturedAs::Conflict,
                None,
                None,
                format!("`{path}` cannot be written: {error}"),
            );
            None
        }
    }
}

/// A value as a bundle file has it: paths from the file on, a variable for each secret.
fn as_written(
    value: &Value,
    file: &str,
    key: &ResourceKey,
    under: &str,
    secrets: &mut Vec<(String, String)>,
) -> Value {
    match value {
        Value::String(text) if text == REDACTED => {
            let name = format!("{}_{}", key.key, slug(under, "secret"));
            secrets.push((name.clone(), under.to_owned()));
            Value::String(format!("${{var.{name}}}"))
        }
        Value::String(text) => match text.strip_prefix(REPO) {
            Some(path) => Value::String(relative(file, path)),
            None => value.clone(),
        },
        Value::Array(items) => items
            .iter()
            .map(|item| as_written(item, file, key, under, secrets))
            .collect(),
        Value::Object(map) => {
            let named = map.get("name").and_then(Value::as_str);
            map.iter()
                .map(|(inner, value)| {
                    let under = if inner == "default" {
                        named.unwrap_or(inner)
                    } else {
                        inner
                    };
                    (inner.clone(), as_written(value, file, key, under, secrets))
                })
                .collect()
        }
        other => other.clone(),
    }
}

/// Declares the variables that stand for secrets and says so.
fn declare(work: &mut Work<'_>, key: &ResourceKey, secrets: &[(String, String)]) {
    for (name, field) in secrets {
        let detail = format!(
            "`{field}` looks like a secret and was left out; the variable `{name}` stands for it"
        );
        work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
        let Some(root) = work.repo.root_file else {
            continue;
        };
        let text = work.text(root);
        let path = FieldPath::default().key("variables").key(name);
        let known = yaml_edit::read(&text).is_ok_and(|value| path.get(&value).is_some());
        let description =
            json!({ "description": format!("`{field}` of {key}: a secret that was not captured") });
        if let (false, Ok(edited)) = (known, yaml_edit::set(&text, &path.0, &description, &[])) {
            work.out
                .changes
                .insert(root.to_owned(), Some(edited.text.into_bytes()));
        }
    }
}
