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

/// How much of the part in which two long values differ is shown. A page of a file; more of it is in the JSON of the plan, and is said
/// to be.
const LONGEST_DIFFERENCE: usize = 2000;

/// How much of what two long values have in common is shown around it.
const AROUND: usize = 60;

/// Two values in a line each, so that no difference hides behind what they have in common: of long ones, what differs and a little
/// around it.
pub(crate) fn both_texts(before: &Value, after: &Value) -> (String, String) {
    let texts = [before, after].map(|value| canonical_json(value).chars().collect::<Vec<char>>());
    if texts.iter().all(|text| text.len() <= LONGEST_VALUE) {
        return (value_text(before), value_text(after));
    }
    let [before, after] = &texts;
    let same = |pair: &(&char, &char)| pair.0 == pair.1;
    let head = before.iter().zip(after).take_while(same).count();
    let ends = before[head..].iter().rev().zip(after[head..].iter().rev());
    let tail = ends.take_while(same).count();
    (around(before, head, tail), around(after, head, tail))
}

/// A long text without most of its first `head` and last `tail` characters.
fn around(text: &[char], head: usize, tail: usize) -> String {
    let shown = |chars: &[char]| chars.iter().collect::<String>();
    let from = head.saturating_sub(AROUND);
    let to = text.len() - tail.saturating_sub(AROUND);
    let mut out = String::new();
    if from > 0 {
        out.push_str(&format!("({from} characters as before)… "));
    }
    let middle = &text[from..to];
    if middle.len() <= LONGEST_DIFFERENCE {
        out.push_str(&shown(middle));
    } else {
        let (first, last) = (LONGEST_DIFFERENCE * 3 / 4, LONGEST_DIFFERENCE / 4);
        let left = middle.len() - first - last;
        out.push_str(&format!(
            "{} …({left} characters that differ, too, whole in the JSON of the plan)… {}",
            shown(&middle[..first]),
            shown(&middle[middle.len() - last..])
        ));
    }
    if to < text.len() {
        out.push_str(&format!(" …({} characters as before)", text.len() - to));
    }
    out
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
