//! Reads the file and says what is wrong with it at the place where it is.

use hodman_model::diagnostic::{Diagnostic, did_you_mean};
use serde::de::DeserializeOwned;
use serde_saphyr::Error;

pub(super) fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, Diagnostic> {
    let options = serde_saphyr::options! {
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| explain(file, &error))
}

fn explain(file: &str, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let (message, hint) = match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => (
            format!("unknown key `{field}`"),
            Some(
                nearest(field, expected)
                    .unwrap_or_else(|| format!("known keys: {}", expected.join(", "))),
            ),
        ),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => (
            format!("unknown value `{variant}`"),
            Some(
                nearest(variant, expected)
                    .unwrap_or_else(|| format!("one of: {}", expected.join(", "))),
            ),
        ),
        Error::SerdeMissingField { field, .. } => (format!("the key `{field}` is missing"), None),
        other => {
            let text = other.to_string();
            // The parser ends its texts with the place, which is printed in front.
            (
                text.split_once(" at line ")
                    .map_or(text.as_str(), |(before, _)| before)
                    .to_owned(),
                None,
            )
        }
    };
    let found = Diagnostic {
        hint,
        ..Diagnostic::error(file, message)
    };
    let place = error
        .location()
        .map(|place| (u32::try_from(place.line()), u32::try_from(place.column())));
    match place {
        Some((Ok(line), Ok(column))) if line > 0 => found.at(line, column),
        _ => found,
    }
}

fn nearest(word: &str, known: &[&'static str]) -> Option<String> {
    did_you_mean(word, known.iter().copied())
}

/// A finding about a setting that was read: at its key, the last part of a path such as `github.webhook_secrets`.
pub(super) fn at_key(file: &str, text: &str, path: &str, message: String) -> Diagnostic {
    let found = Diagnostic::error(file, format!("{path}: {message}"));
    match place_of(text, path) {
        Some((line, column)) => found.at(line, column),
        None => found,
    }
}

/// The line and column of a key in block style, found by following the path through the indentation. A key that is
/// not written out (a default, an override) has none.
fn place_of(text: &str, path: &str) -> Option<(u32, u32)> {
    let mut lines = text.lines().zip(1u32..).peekable();
    let mut inside = None;
    let mut place = None;
    for key in path.split('.') {
        place = loop {
            let (line, number) = lines.next()?;
            let content = line.trim_start();
            let indent = line.len() - content.len();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            if inside.is_some_and(|outer| indent <= outer) {
                return place;
            }
            let is_key = content
                .strip_prefix(key)
                .is_some_and(|rest| rest.starts_with(':'));
            if is_key && (inside.is_some() || indent == 0) {
                inside = Some(indent);
                break Some((number, u32::try_from(indent).ok()? + 1));
            }
        };
    }
    place
}
