//! Reads YAML and turns what the parser says into a [`Diagnostic`] a person can act on.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_saphyr::{Error, MergeKeyPolicy, Options};

use super::node::Node;
use crate::diagnostic::{Diagnostic, did_you_mean};

/// How every YAML file is read: YAML 1.2 booleans, unknown tags refused, and numbers only where all readers agree.
pub(crate) fn options() -> Options {
    serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// The key that puts other mappings beside a mapping's own entries.
pub(crate) const MERGE: &str = "<<";

/// The same for a bundle's file, where [`MERGE`] is done by [`super::node`]. Written in quotes it is a key like others.
pub(crate) fn options_for(text: &str) -> Options {
    let mut options = options();
    if text.contains("<<:") {
        options.merge_keys = MergeKeyPolicy::AsOrdinary;
    }
    options
}

/// Reads `text` as a value, as a bundle's file is read.
pub(crate) fn value(path: &str, text: &str) -> Result<Value, Diagnostic> {
    match text.contains("<<:") {
        true => Node::parse(path, text.as_bytes()).map(|node| node.to_value()),
        false => read(path, text),
    }
}

/// Reads `text` as a `T`.
pub(crate) fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Diagnostic> {
    serde_saphyr::from_str_with_options(text, options())
        .map_err(|error| explain(path, text, &error))
}

/// The bytes as text; YAML that is not UTF-8 is refused with the line where it stops being.
pub(crate) fn text<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str, Diagnostic> {
    std::str::from_utf8(bytes).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        let mut found = Diagnostic::error(path, "is not UTF-8 text");
        found.line = u32::try_from(line).ok();
        found
    })
}

/// What the parser's error means for the person who wrote the file.
pub(crate) fn explain(path: &str, text: &str, error: &Error) -> Diagnostic {
    let error = error.without_snippet();
    let place = error
        .location()
        .map(|at| (narrow(at.line()), narrow(at.column())))
        .filter(|(line, _)| *line > 0);
    if let Some((line, column)) = place.and_then(|(line, _)| tab_in_indentation(text, line)) {
        return Diagnostic::error(path, "a tab in the indentation")
            .at(line, column)
            .hint("indent with spaces");
    }
    let (message, hint) = wording(error);
    Diagnostic {
        line: place.map(|at| at.0),
        column: place.map(|at| at.1),
        hint,
        ..Diagnostic::error(path, message)
    }
}

fn tab_in_indentation(text: &str, line: u32) -> Option<(u32, u32)> {
    let content = text
        .lines()
        .nth(usize::try_from(line).ok()?.checked_sub(1)?)?;
    let indentation = content.len() - content.trim_start_matches([' ', '\t']).len();
    let column = content[..indentation].find('\t')?;
    Some((line, u32::try_from(column).ok()? + 1))
}

fn wording(error: &Error) -> (String, Option<String>) {
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => {
            let hint = did_you_mean(field, expected.iter().copied())
                .unwrap_or_else(|| format!("known keys: {}", expected.join(", ")));
            (format!("unknown key `{field}`"), Some(hint))
        }
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => {
            let hint = did_you_mean(variant, expected.iter().copied())
                .unwrap_or_else(|| format!("one of: {}", expected.join(", ")));
            (format!("unknown value `{variant}`"), Some(hint))
        }
        Error::SerdeMissingField { field, .. } => (format!("the key `{field}` is missing"), None),
        Error::DuplicateMappingKey { key, .. } => (
            key.as_ref().map_or_else(
                || "a key is given twice".to_owned(),
                |key| format!("the key `{key}` is given twice"),
            ),
            Some("keep one of them".to_owned()),
        ),
        Error::Unexpected { expected: ty, .. } | Error::InvalidScalar { ty, .. } => {
            (format!("expected {}", plain_type(ty)), None)
        }
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => (format!("expected {expected}, found {unexpected}"), None),
        Error::ExternallyTaggedEnumExpectedScalarOrMapping { .. } => {
            ("expected one of the known words".to_owned(), None)
        }
        Error::MultipleDocuments { .. } => (
            "more than one YAML document in the file".to_owned(),
            Some("remove the `---` line".to_owned()),
        ),
        Error::UnsupportedTag { tag, .. } => (
            format!("the tag `{tag}` has no meaning here"),
            Some("remove it".to_owned()),
        ),
        other => (without_place(&other.to_string()), None),
    }
}

fn plain_type(rust: &str) -> &str {
    match rust {
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "i128" | "isize" => "a whole number",
        "f32" | "f64" | "floating point" => "a number",
        "bool" | "boolean" => "`true` or `false`",
        "sequence start" => "a list",
        "mapping start" => "a mapping",
        "string scalar" => "a text",
        other => other,
    }
}

/// The parser ends its texts with the place, which we print in front.
fn without_place(message: &str) -> String {
    message
        .split_once(" at line ")
        .map_or(message, |(before, _)| before)
        .to_owned()
}

/// The parser counts in `u64` but stores `u32`.
pub(crate) fn narrow(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
