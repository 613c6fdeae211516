//! Values and numbers as words, safe to put into one line of text or Markdown.

use serde_json::Value;

use crate::digest::canonical_json;

/// How much of a value is shown in a line. Longer ones are whole in the JSON of the plan.
const LONGEST_VALUE: usize = 400;

/// A value in one line.
pub(crate) fn value_text(value: &Value) -> String {
    let text = canonical_json(value);
    if text.chars().count() <= LONGEST_VALUE {
        return text;
    }
    let start: String = text.chars().take(LONGEST_VALUE).collect();
    format!("{start}… ({} characters)", text.chars().count())
}

/// `text` without line breaks, control characters and characters that turn the reading direction, with which a
/// value could look like another row.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c }
        })
        .collect()
}

/// `3 jobs`, `1 job`.
pub(crate) fn count(number: usize, word: &str) -> String {
    if number == 1 {
        format!("{number} {word}")
    } else {
        format!("{number} {word}s")
    }
}

/// A fence longer than any run of backticks in `text`.
pub(super) fn fence(text: &str, shortest: usize) -> String {
    let longest = text
        .split(|c| c != '`')
        .map(str::len)
        .max()
        .unwrap_or_default();
    "`".repeat(shortest.max(longest + 1))
}

/// `text` as inline code: no mention, link or markup in it works.
pub(crate) fn code(text: &str) -> String {
    let text = one_line(text);
    let fence = fence(&text, 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{text}{pad}{fence}")
}
