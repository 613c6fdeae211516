//! Plans as people read them: text for a terminal, Markdown for a pull request.

mod markdown;
pub(crate) mod words;

pub(super) use markdown::markdown;

use super::row::FieldChange;
use super::{Action, Plan, Reversibility, Row, WorkspacePart};
use crate::field_path::PathSegment;
use words::{both_texts, count, one_line, value_text};

/// Rows as they are shown: those that only move to another folder of files are one.
enum Shown<'p> {
    Row(&'p Row),
    FolderMoves(Vec<&'p Row>),
}

/// The rows of one workspace as they are shown, in order; the folded rows stand where the first of them does.
fn shown(rows: &[Row]) -> Vec<Shown<'_>> {
    let moves: Vec<&Row> = rows
        .iter()
        .filter(|row| row.is_files_folder_only())
        .collect();
    let mut moves = (moves.len() > 1).then_some(moves);
    let fold = moves.is_some();
    rows.iter()
        .filter_map(
            |row| match (fold && row.is_files_folder_only(), &mut moves) {
                (false, _) => Some(Shown::Row(row)),
                (true, moves) => moves.take().map(Shown::FolderMoves),
            },
        )
        .collect()
}

/// The line that sums a plan up: `1 create, 2 update`.
fn summary_line(plan: &Plan) -> String {
    let summary = plan.summary();
    let parts: Vec<String> = [
        (summary.create, "create"),
        (summary.update, "update"),
        (summary.resize, "resize"),
        (summary.rotate, "rotate"),
        (summary.replace, "replace"),
        (summary.adopt, "adopt"),
        (summary.delete, "delete"),
        (summary.none, "unchanged"),
        (
            plan.parts.iter().map(|part| part.held.len()).sum(),
            "held back",
        ),
    ]
    .iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    let files = if plan.has_files_step() {
        vec!["new files".to_owned()]
    } else {
        Vec::new()
    };
    let parts = [parts, files].concat();
    match (plan.is_empty(), parts.is_empty()) {
        (true, true) => "nothing to do".to_owned(),
        (true, false) => format!("nothing to do ({})", parts.join(", ")),
        (false, _) => parts.join(", "),
    }
}

/// What is said of a set of rows that only move to another folder.
fn folder_moves_line(rows: &[&Row]) -> String {
    let what = if rows.iter().all(|row| row.key.kind == "jobs") {
        count(rows.len(), "job")
    } else {
        count(rows.len(), "resource")
    };
    format!("{what} point to the new files")
}

/// The warning that a row carries.
fn loss(row: &Row) -> Option<String> {
    match &row.reversible {
        Reversibility::Reversible => None,
        Reversibility::Compensable { loses } => Some(format!("loses: {loses}")),
        Reversibility::Irreversible { loses } => {
            Some(format!("CANNOT BE TAKEN BACK, loses: {loses}"))
        }
    }
}

/// What else a row brings with it: what must stand still for it, and what is lost.
fn beside(row: &Row) -> Vec<String> {
    let still = row
        .maintenance
        .iter()
        .map(|words| format!("maintenance: {words}"));
    still.chain(loss(row)).collect()
}

/// One change as lines, `-` before what goes and `+` before what comes.
fn change_lines(change: &FieldChange) -> Vec<String> {
    let line = |sign: &str, text: &str| one_line(&format!("{sign} {}: {text}", change.path));
    match (&change.before, &change.after) {
        (Some(before), Some(after)) => {
            let (before, after) = both_texts(before, after);
            vec![line("-", &before), line("+", &after)]
        }
        (Some(before), None) => vec![line("-", &value_text(before))],
        (None, Some(after)) => vec![line("+", &value_text(after))],
        (None, None) => Vec::new(),
    }
}

/// The files that differ, as lines.
fn file_lines(row: &Row) -> Vec<String> {
    use super::FileChangeKind::{Added, Changed, Removed};
    row.files
        .iter()
        .map(|file| {
            let sign = match file.what {
                Added => "+",
                Changed => "!",
                Removed => "-",
            };
            one_line(&format!("{sign} {}", file.path))
        })
        .collect()
}

/// The lines below a row.
fn detail_lines(row: &Row) -> Vec<String> {
    let changes = row.changes.iter();
    let changes = changes.flat_map(|change| change_lines(&change));
    changes.chain(file_lines(row)).collect()
}

/// The lines of what is in a stack that is removed.
fn removed_lines(row: &Row) -> Vec<String> {
    let inside = |change: &FieldChange| match change.path.0.as_slice() {
        [PathSegment::Key(first), _] => first == "resources",
        _ => false,
    };
    let changes = row.changes.iter().filter(inside);
    changes.flat_map(|change| change_lines(&change)).collect()
}

/// Whether something is to be said of a workspace.
fn is_shown(part: &WorkspacePart) -> bool {
    !part.rows.is_empty() || !part.held.is_empty()
}

/// What is held back, as lines.
fn held_lines(part: &WorkspacePart) -> Vec<String> {
    part.held
        .iter()
        .map(|held| one_line(&format!("{}: {}", held.key, held.reason)))
        .collect()
}

/// What a row is called.
fn row_title(row: &Row) -> String {
    if row.is_files_step() {
        "files".to_owned()
    } else {
        row.key.to_string()
    }
}

/// The plan as text.
pub(super) fn table(plan: &Plan) -> String {
    let mut out = String::new();
    for part in plan.parts.iter().filter(|part| is_shown(part)) {
        out.push_str(&format!("{}\n", part.workspace));
        let width = part
            .rows
            .iter()
            .map(|row| row_title(row).chars().count())
            .max()
            .unwrap_or_default();
        for shown in shown(&part.rows) {
            match shown {
                Shown::Row(row) => {
                    out.push_str(&title_line(row, width));
                    // A removal is said whole by its name; its fields only hide the next line. What a stack takes along is
                    // said.
                    let lines = match row.action {
                        Action::Delete => removed_lines(row),
                        _ => detail_lines(row),
                    };
                    lines
                        .iter()
                        .for_each(|line| out.push_str(&format!("        {line}\n")));
                }
                Shown::FolderMoves(rows) => {
                    out.push_str(&format!("  ~ update   {}\n", folder_moves_line(&rows)));
                    rows.iter()
                        .for_each(|row| out.push_str(&format!("        {}\n", row.key)));
                }
            }
        }
        held_lines(part)
            .iter()
            .for_each(|line| out.push_str(&format!("  ! held     {line}\n")));
    }
    out.push_str(&summary_line(plan));
    out.push('\n');
    out
}

fn title_line(row: &Row, width: usize) -> String {
    let (sign, word, title) = (row.action.sign(), row.word(), row_title(row));
    let beside: String = beside(row)
        .iter()
        .map(|words| format!(" ({words})"))
        .collect();
    one_line(&format!(
        "  {sign} {word:<8} {title:<width$}  {}{beside}",
        row.reason
    )) + "\n"
}
