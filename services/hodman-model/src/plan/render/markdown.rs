//! A plan as Markdown. Everything that comes from users stands in code, where nothing in it works as markup.

use super::words::{code, count, fence};
use super::{
    Shown, beside, detail_lines, folder_moves_line, held_lines, is_shown, row_title, shown,
    summary_line,
};
use crate::plan::{Plan, Reversibility, Row};

/// Room for the line that says what was left out.
const TAIL: usize = 120;

/// The plan as Markdown of at most `limit` characters, and whether rows were left out or shortened for that.
pub(in crate::plan) fn markdown(plan: &Plan, limit: usize) -> (String, bool) {
    let mut out = Limited {
        text: String::new(),
        used: 0,
        limit,
    };
    let head = format!(
        "**Plan**: {}\n\nPlan digest: {}\n",
        summary_line(plan),
        code(plan.digest().as_str())
    );
    if !out.push(&head, TAIL) {
        return (
            "Plan too long to show here.\n"
                .chars()
                .take(limit)
                .collect(),
            true,
        );
    }
    let mut left_out = 0;
    let mut shortened = !out.push_lost(plan);
    for part in plan.parts.iter().filter(|part| is_shown(part)) {
        out.push(&format!("\n### {}\n", code(&part.workspace)), TAIL);
        for shown in shown(&part.rows) {
            let (whole, short) = match &shown {
                Shown::Row(row) => (row_text(row), format!("\n{}\n", title(row))),
                Shown::FolderMoves(rows) => moves_text(rows),
            };
            if out.push(&whole, TAIL) {
                continue;
            }
            shortened = true;
            if !out.push(&short, TAIL) {
                left_out += 1;
            }
        }
        for line in held_lines(part) {
            shortened |= !out.push(&format!("\n- held back: {}\n", code(&line)), TAIL);
        }
    }
    if shortened {
        let actions = if left_out > 0 {
            format!("{} left out, ", count(left_out, "action"))
        } else {
            String::new()
        };
        out.push(
            &format!("\n_{actions}details shortened; the whole plan is on the web page._\n"),
            0,
        );
    }
    (out.text, shortened)
}

struct Limited {
    text: String,
    used: usize,
    limit: usize,
}

impl Limited {
    /// Names what cannot be taken back, before anything is cut: an approval covers it only where people could read it. Whether
    /// all of it was told.
    fn push_lost(&mut self, plan: &Plan) -> bool {
        let lost: Vec<(&str, &Row, &str)> = plan
            .rows()
            .filter_map(|(workspace, row)| match &row.reversible {
                Reversibility::Irreversible { loses } => Some((workspace, row, loses.as_str())),
                _ => None,
            })
            .collect();
        if lost.is_empty() {
            return true;
        }
        let list = |line: &dyn Fn(&(&str, &Row, &str)) -> String| {
            let lines: String = lost.iter().map(line).collect();
            format!("\n**Cannot be taken back:**\n\n{lines}")
        };
        let whole = list(&|(workspace, row, loses)| {
            let (workspace, title) = (code(workspace), code(&row_title(row)));
            format!(
                "- {workspace}: {} {title} loses {}\n",
                row.word(),
                code(loses)
            )
        });
        let names = list(&|(_, row, _)| format!("- {}\n", code(&row_title(row))));
        if self.push(&whole, TAIL) {
            return true;
        }
        if !self.push(&names, TAIL) {
            let line = format!(
                "\n**{} cannot be taken back**, more than can be named here.\n",
                count(lost.len(), "action")
            );
            self.push(&line, 0);
        }
        false
    }

    /// Adds `text` if `spare` characters stay free after it.
    fn push(&mut self, text: &str, spare: usize) -> bool {
        let length = text.chars().count();
        if self.used + length + spare > self.limit {
            return false;
        }
        self.text.push_str(text);
        self.used += length;
        true
    }
}

fn title(row: &Row) -> String {
    let beside: String = beside(row)
        .iter()
        .map(|words| format!(" **{words}**"))
        .collect();
    format!(
        "- {} **{}** {} — {}{beside}",
        row.action.sign().replace('-', "\\-"),
        row.word(),
        code(&row_title(row)),
        reason(row)
    )
}

/// Reasons name fields, and fields have users' words in them.
fn reason(row: &Row) -> String {
    code(&row.reason)
}

fn row_text(row: &Row) -> String {
    format!("\n{}\n{}", title(row), block(&detail_lines(row)))
}

fn moves_text(rows: &[&Row]) -> (String, String) {
    let line = format!("\n- ~ **update** {}\n", folder_moves_line(rows));
    let keys: Vec<String> = rows.iter().map(|row| format!("  {}", row.key)).collect();
    let folder = rows
        .first()
        .map(|row| detail_lines(row))
        .unwrap_or_default();
    (format!("{line}{}", block(&[folder, keys].concat())), line)
}

fn block(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let text = lines.join("\n  ");
    let fence = fence(&text, 3);
    format!("\n  {fence}diff\n  {text}\n  {fence}\n")
}
