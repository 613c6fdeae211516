//! Drift as people read it: text for a terminal, Markdown for a pull request.

use serde_json::Value;

use super::{Class, Drift, DriftRow};
use crate::plan::words::{both_texts, code, count, one_line, value_text};

/// Room for the line that says what was left out.
const TAIL: usize = 80;

/// Classes in the order in which they are shown.
const ORDER: [Class; 8] = [
    Class::Deleted,
    Class::HandEditToPutBack,
    Class::HandEditToProposeBack,
    Class::HandEditForAPerson,
    Class::NotLookedAt,
    Class::ForeignObject,
    Class::PlannedChange,
    Class::ServerDefault,
];

fn summary(drift: &Drift) -> String {
    let parts: Vec<String> = ORDER
        .iter()
        .map(|class| (drift.of(*class).count(), class.words()))
        .filter(|(number, _)| *number > 0)
        .map(|(number, words)| format!("{number} {words}"))
        .collect();
    match (drift.drifted().next().is_some(), parts.is_empty()) {
        (_, true) => "no drift".to_owned(),
        (false, false) => format!("no drift ({})", parts.join(", ")),
        (true, false) => parts.join(", "),
    }
}

fn place(row: &DriftRow) -> String {
    if row.path.0.is_empty() {
        row.key.to_string()
    } else {
        format!("{} {}", row.key, row.path)
    }
}

/// The values that are worth a line: what was applied last only where the package says something else by now.
fn value_lines(row: &DriftRow) -> Vec<String> {
    let line = |word: &str, value: &Option<Value>| {
        let text = value.as_ref().map_or("(nothing)".to_owned(), value_text);
        one_line(&format!("{word}: {text}"))
    };
    if let (Some(declared), Some(live)) = (&row.declared, &row.live)
        && row.class != Class::ServerDefault
        && row.last_applied == row.declared
    {
        let (declared, live) = both_texts(declared, live);
        let both = [("declared", declared), ("live", live)];
        return both
            .map(|(word, text)| one_line(&format!("{word}: {text}")))
            .into();
    }
    let mut lines = Vec::new();
    if row.last_applied != row.declared && row.class != Class::ServerDefault {
        lines.push(line("last applied", &row.last_applied));
    }
    if row.class != Class::ServerDefault {
        lines.push(line("declared", &row.declared));
    }
    lines.push(line("live", &row.live));
    lines
}

pub(super) fn table(drift: &Drift) -> String {
    let mut out = format!("{}\n", one_line(&drift.workspace));
    for class in ORDER {
        for row in drift.of(class) {
            let title = format!("  {:<26} {}  {}", class.words(), place(row), row.reason);
            out.push_str(&one_line(&title));
            out.push('\n');
            for line in value_lines(row) {
                out.push_str(&format!("        {line}\n"));
            }
        }
    }
    out.push_str(&summary(drift));
    out.push('\n');
    out
}

/// Everything that comes from users stands in code, where nothing in it works as markup.
pub(super) fn markdown(drift: &Drift, limit: usize) -> (String, bool) {
    let mut out = format!(
        "**Drift** in {}: {}\n",
        code(&drift.workspace),
        summary(drift)
    );
    if out.chars().count() + TAIL > limit {
        let text = "Drift too long to show here.\n"
            .chars()
            .take(limit)
            .collect();
        return (text, true);
    }
    let mut used = out.chars().count();
    let mut left_out = 0;
    for class in ORDER {
        let mut titled = false;
        for row in drift.of(class) {
            let title = if titled {
                String::new()
            } else {
                format!("\n### {}\n\n", class.words())
            };
            let lines: Vec<String> = value_lines(row)
                .iter()
                .map(|line| format!("  - {}\n", code(line)))
                .collect();
            let text = format!(
                "{title}- {} — {}\n{}",
                code(&place(row)),
                code(&row.reason),
                lines.concat()
            );
            let length = text.chars().count();
            if used + length + TAIL > limit {
                left_out += 1;
                continue;
            }
            titled = true;
            used += length;
            out.push_str(&text);
        }
    }
    if left_out > 0 {
        out.push_str(&format!(
            "\n_{} left out._\n",
            count(left_out, "difference")
        ));
    }
    (out, left_out > 0)
}
