//! Edits of YAML that keep what is not edited: comments, order and style.
//!
//! An edit is a splice of the text at the places the parser names; one of a whole block is many, one for each part that
//! changes. After each one the text is read again and must mean
//! exactly what was intended; where it does not (anchors, merge keys, odd layouts) the smallest enclosing block for
//! which it does is written anew, and the answer says so.

mod arrange;
mod comments;
mod locate;
mod scalar;
mod splice;
mod steps;
#[cfg(test)]
mod tests;
mod write;

use serde_json::Value;

use crate::diagnostic::Diagnostic;
use crate::field_path::{FieldPath, PathSegment};
use crate::files::yaml;

pub use write::render;

/// The text after an edit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// The block that had to be written anew, and whose comments are lost; the empty path is the whole file. Comments about what
    /// was removed go with it and are not told.
    pub rewritten: Option<FieldPath>,
}

/// Why an edit cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The text does not parse.
    #[error("the file cannot be edited, because it cannot be read")]
    Unreadable(#[source] UnreadableYaml),
    /// The path leads through a scalar or to a list element that is not there.
    #[error("there is no place for `{0}` in the file")]
    NoSuchPlace(FieldPath),
}

/// The parser's finding.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnreadableYaml(pub Diagnostic);

/// Puts `value` at `path`, making the mappings and list elements on the way. `order` is the order of fields where new
/// blocks are written; see [`crate::kinds::rules::Rules::field_order`].
///
/// # Errors
/// When the text does not parse or the path leads nowhere.
pub fn set(
    text: &str,
    path: &[PathSegment],
    value: &Value,
    order: &[&str],
) -> Result<Edited, EditError> {
    edit(text, path, Some(value), order)
}

/// Removes what is at `path`; nothing there is no error.
///
/// # Errors
/// When the text does not parse or the path leads through a scalar.
pub fn remove(text: &str, path: &[PathSegment], order: &[&str]) -> Result<Edited, EditError> {
    edit(text, path, None, order)
}

/// Adds `element` at the end of the list at `path`, which is made if need be.
///
/// # Errors
/// When the text does not parse or something else than a list stands there.
pub fn insert(
    text: &str,
    path: &[PathSegment],
    element: &Value,
    order: &[&str],
) -> Result<Edited, EditError> {
    let place = FieldPath(path.to_vec());
    match place.get(&read(text)?) {
        None | Some(Value::Null) => set(text, path, &Value::Array(vec![element.clone()]), order),
        Some(Value::Array(items)) => {
            let end = place.then(PathSegment::Index(items.len()));
            edit(text, &end.0, Some(element), order)
        }
        Some(_) => Err(EditError::NoSuchPlace(place)),
    }
}

/// Reads the text as the rest of hodman reads YAML.
pub(crate) fn read(text: &str) -> Result<Value, EditError> {
    if text
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(Value::Null);
    }
    yaml::value("", text).map_err(|found| EditError::Unreadable(UnreadableYaml(found)))
}

fn edit(
    text: &str,
    path: &[PathSegment],
    new: Option<&Value>,
    order: &[&str],
) -> Result<Edited, EditError> {
    // A file whose lines all end as on Windows stays one.
    let breaks = text.matches('\n').count();
    if breaks > 0 && text.matches("\r\n").count() == breaks {
        let mut edited = edit_lines(&text.replace("\r\n", "\n"), path, new, order)?;
        edited.text = edited.text.replace('\n', "\r\n");
        return Ok(edited);
    }
    edit_lines(text, path, new, order)
}

fn edit_lines(
    text: &str,
    path: &[PathSegment],
    new: Option<&Value>,
    order: &[&str],
) -> Result<Edited, EditError> {
    let before = read(text)?;
    let mut intended = before.clone();
    if !FieldPath(path.to_vec()).put(&mut intended, new.cloned()) {
        return Err(EditError::NoSuchPlace(FieldPath(path.to_vec())));
    }
    if intended == before {
        return Ok(Edited {
            text: text.to_owned(),
            rewritten: None,
        });
    }
    let means_it = |text: &str| read(text).is_ok_and(|value| value == intended);
    let at = FieldPath(path.to_vec());
    if let (Some(old), Some(new)) = (at.get(&before), new)
        && let Some(edited) = steps::taken(text, path, (old, new), order)
        && means_it(&edited.text)
    {
        return Ok(edited);
    }
    let splice = |path: &[PathSegment], new: Option<&Value>| {
        splice::splice(text, path, new, order).filter(|spliced| means_it(&spliced.text))
    };
    if let Some(spliced) = splice(path, new) {
        return Ok(Edited {
            rewritten: comments::loses(text, &spliced).then_some(at),
            text: spliced.text,
        });
    }
    // From the inside out: the block around the place, the block around that, and so on.
    for length in (1..path.len()).rev() {
        let block = FieldPath(path[..length].to_vec());
        let Some(value) = block.get(&intended) else {
            continue;
        };
        if let Some(spliced) = splice(&block.0, Some(value)) {
            return Ok(Edited {
                text: spliced.text,
                rewritten: Some(block),
            });
        }
    }
    Ok(Edited {
        text: render(&intended, order),
        rewritten: Some(FieldPath::default()),
    })
}
