//! Writes what was captured into the bundle's files.

mod beside;
mod value;

use serde_json::{Value, json};

use crate::bundle::ResourceKey;
use crate::capture::merge::Edit;
use crate::capture::{CapturedAs, Work};
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::Kind;
use crate::yaml_edit;
use value::Writer;

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
    let mut writer = Writer::new(file, key);
    let config = writer.resource(work, form);
    let secrets = writer.secrets;
    put(work, kind, file, &place(key), Some(&config));
    declare(work, key, &secrets);
}

/// Writes fields into `file`, of a resource whose form is now `form`; gives what is to be said about how it went.
pub(super) fn edits(
    work: &mut Work<'_>,
    kind: &dyn Kind,
    key: &ResourceKey,
    file: &str,
    edits: &[Edit],
    form: &Value,
) -> String {
    let mut writer = Writer::new(file, key);
    let mut rewritten = Vec::new();
    for edit in beside::as_lists(work, edits, form, file, &place(key)) {
        let value = edit
            .value
            .as_ref()
            .map(|value| writer.field(work, &edit.path, value));
        let mut path = place(key);
        path.0.extend(edit.path.0.iter().cloned());
        rewritten.extend(put(work, kind, file, &path, value.as_ref()));
    }
    let secrets = writer.secrets;
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

/// The keys of a path, as far as they are keys.
fn keys_of(path: &FieldPath) -> Vec<&str> {
    path.0
        .iter()
        .filter_map(|segment| match segment {
            PathSegment::Key(key) => Some(key.as_str()),
            PathSegment::Element { .. } | PathSegment::Index(_) => None,
        })
        .collect()
}

/// Declares the variables that stand for secrets and says so.
fn declare(work: &mut Work<'_>, key: &ResourceKey, secrets: &[(String, String)]) {
    for (name, field) in secrets {
        let detail = format!(
            "`{field}` looks like a secret and was left out; the variable `{name}` stands for it"
        );
        work.row(&key.to_string(), CapturedAs::Note, None, None, detail);
        let description =
            json!({ "description": format!("`{field}` of {key}: a secret that was not captured") });
        work.declare(name, &description);
    }
}
