//! The table of a capture: what, how, by whom, when.

use hodman_core::reason::stamp;
use hodman_model::capture::CaptureRow;

/// A thousand rows are more than anyone reads; the rest is counted.
const ROWS: usize = 300;

pub(super) fn render(rows: &[CaptureRow]) -> String {
    let mut text = "| what | change | by | when | |\n|---|---|---|---|---|\n".to_owned();
    for row in rows.iter().take(ROWS) {
        let what = serde_json::to_value(row.what).ok();
        let what = what
            .as_ref()
            .and_then(|value| value.as_str())
            .unwrap_or("changed");
        let at = row.at.map_or_else(|| "unknown".to_owned(), stamp);
        text.push_str(&format!(
            "| {} | {what} | {} | {at} | {} |\n",
            cell(&row.key),
            cell(&row.by),
            cell(&row.detail)
        ));
    }
    if rows.len() > ROWS {
        text.push_str(&format!("\nand {} more\n", rows.len() - ROWS));
    }
    text
}

/// Names come from people: nothing in them may end the cell, mention anybody or begin HTML.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .replace('@', "@\u{200b}")
        .replace(['\n', '\r'], " ")
}
