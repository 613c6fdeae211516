//! Scalars as YAML text: plain where every reader takes them for the same, else quoted.

use serde_json::Value;

/// A scalar in one line. `flow` is true inside `{}` and `[]`, where more characters mean something.
pub(super) fn scalar(value: &Value, flow: bool) -> String {
    match value {
        Value::String(text) if is_plain(text, flow) => text.clone(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| scalar(item, true)).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", self::key(key, true), scalar(value, true)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// A key of a mapping.
pub(super) fn key(key: &str, flow: bool) -> String {
    if is_plain(key, flow) {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// The lines of a text that is better shown as a block, and the block's header; none for other texts.
pub(super) fn literal(value: &Value) -> Option<(&'static str, Vec<&str>)> {
    let text = value.as_str()?;
    let (header, body) = match text.strip_suffix('\n') {
        Some(body) => ("|", body),
        None => ("|-", text),
    };
    let fits = body.contains('\n')
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n', '\t'])
        && body
            .chars()
            .all(|c| c == '\n' || c == '\t' || is_printable(c))
        && body.lines().all(|line| !line.ends_with([' ', '\t']));
    fits.then(|| (header, body.split('\n').collect()))
}

/// Words that some reader of YAML 1.1 or 1.2 takes for something else than a text.
const WORDS: &[&str] = &[
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", ".inf", ".nan",
];

fn is_plain(text: &str, flow: bool) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    let starts_well = first.is_alphanumeric() || matches!(first, '/' | '_' | '$' | '.' | '(');
    let ends_well = !text.ends_with([':', ' ']);
    let inner = text.chars().all(|c| {
        is_printable(c)
            && !matches!(
                c,
                '*' | '?' | '&' | '!' | '|' | '>' | '%' | '@' | '`' | '"' | '\'' | '#'
            )
            && !(flow && matches!(c, ',' | '[' | ']' | '{' | '}' | ':'))
    });
    starts_well
        && ends_well
        && inner
        && !text.contains(": ")
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        && !like_number_or_time(text)
}

/// `12`, `1_000`, `0x1f`, `1e5`, `1:30`, `2026-01-01`: numbers or times to some reader.
fn like_number_or_time(text: &str) -> bool {
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'));
    starts
        && text.chars().all(|c| {
            c.is_ascii_hexdigit()
                || matches!(
                    c,
                    '_' | '+'
                        | '-'
                        | '.'
                        | ':'
                        | 'x'
                        | 'X'
                        | 'o'
                        | 'O'
                        | 'T'
                        | 't'
                        | 'Z'
                        | 'z'
                        | ' '
                )
        })
}

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// YAML's printable characters without line breaks and byte order marks.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{2027}' | '\u{202a}'..='\u{d7ff}' | '\u{e000}'..='\u{fefe}' | '\u{ff00}'..='\u{fffd}' | '\u{10000}'..)
}
