//! The table of a capture: what, how, by whom, when. Notes of earlier captures that still hold stand folded below it.

use hodman_core::reason::stamp;
use hodman_model::capture::{CaptureRow, CapturedAs, UNKNOWN};
use std::collections::BTreeMap;

/// A thousand rows are more than anyone reads; the rest is counted.
const ROWS: usize = 300;
/// GitHub takes 65,536, and what is longer loses its end, and with it how much is left out.
const BYTES: usize = 56_000;

/// What somebody has to look at first. What is only said here, and not in the files, stands before what the files show: the
/// rows of a first capture are many, and a note on a new object never comes again.
const ORDER: [CapturedAs; 7] = [
    CapturedAs::Conflict,
    CapturedAs::Removed,
    CapturedAs::Renamed,
    CapturedAs::Note,
    CapturedAs::Changed,
    CapturedAs::Added,
    CapturedAs::Known,
];
/// Notes that say the same of this many are one, which names these.
const NAMES: usize = 5;

/// The rows, conflicts first; those that are too many are counted.
pub(super) fn render(rows: &[CaptureRow]) -> String {
    let mut sorted = grouped(rows);
    // Rows of one sort keep their order, which is that of the keys.
    sorted.sort_by_key(|row| ORDER.iter().position(|what| *what == row.what));
    let known = sorted.partition_point(|row| row.what != CapturedAs::Known);
    let known = sorted.split_off(known);
    let mut text = table(&sorted, ROWS, BYTES);
    let left = BYTES.saturating_sub(text.len());
    if !known.is_empty() {
        let count = rows.iter().filter(|row| row.what == CapturedAs::Known);
        let summary = format!(
            "{} that earlier captures told and that still hold",
            notes(count.count())
        );
        let table = table(&known, ROWS, left);
        text.push_str(&format!(
            "\n<details><summary>{summary}</summary>\n\n{table}\n</details>\n"
        ));
    }
    text
}

fn notes(count: usize) -> String {
    match count {
        1 => "1 note".to_owned(),
        count => format!("{count} notes"),
    }
}

/// As many of the rows as there is room for, and how many more there are.
fn table(sorted: &[CaptureRow], rows: usize, room: usize) -> String {
    let mut text = "| what | change | by | when | |\n|---|---|---|---|---|\n".to_owned();
    let mut bytes = 0;
    let mut shown = 0;
    for row in sorted.iter().take(rows) {
        let at = row.at.map_or_else(|| "unknown".to_owned(), stamp);
        let line = format!(
            "| {} | {} | {} | {at} | {} |\n",
            cell(&row.key),
            word(row.what),
            cell(&row.by),
            cell(&row.detail)
        );
        bytes += line.len();
        if bytes > room {
            break;
        }
        text.push_str(&line);
        shown += 1;
    }
    let left = sorted.get(shown..).unwrap_or_default();
    if !left.is_empty() {
        let counts: Vec<String> = ORDER
            .iter()
            .map(|what| (what, left.iter().filter(|row| row.what == *what).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(what, count)| format!("{count} {}", word(*what)))
            .collect();
        text.push_str(&format!(
            "\nand {} more: {}\n",
            left.len(),
            counts.join(", ")
        ));
    }
    text
}

/// The rows, notes that say the same as one.
fn grouped(rows: &[CaptureRow]) -> Vec<CaptureRow> {
    let mut found: Vec<CaptureRow> = Vec::new();
    let mut notes: BTreeMap<(CapturedAs, &str), (usize, Vec<&str>)> = BTreeMap::new();
    for row in rows {
        if [CapturedAs::Note, CapturedAs::Known].contains(&row.what) {
            let fresh = || (found.len(), Vec::new());
            let name = (row.what, row.detail.as_str());
            let (_, keys) = notes.entry(name).or_insert_with(fresh);
            keys.push(&row.key);
            if keys.len() > 1 {
                continue;
            }
        }
        found.push(row.clone());
    }
    for (at, keys) in notes.into_values() {
        let more = keys.len().saturating_sub(NAMES);
        if keys.len() > 1
            && let Some(row) = found.get_mut(at)
        {
            let named = &keys[..keys.len() - more];
            row.key = named.join(", ");
            if more > 0 {
                row.key.push_str(&format!(" and {more} more"));
            }
            // Who made each stands in its own row.
            (row.by, row.at) = (UNKNOWN.to_owned(), None);
        }
    }
    found
}

fn word(what: CapturedAs) -> &'static str {
    match what {
        CapturedAs::Added => "added",
        CapturedAs::Changed => "changed",
        CapturedAs::Renamed => "renamed",
        CapturedAs::Removed => "removed",
        CapturedAs::Conflict => "conflict",
        CapturedAs::Note => "note",
        CapturedAs::Known => "known note",
    }
}

/// Names come from people: nothing in them may end the cell, mention anybody or begin HTML.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('|', "\\|")
        .replace('<', "&lt;")
        .replace('@', "@\u{200b}")
        .replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: String, what: CapturedAs, detail: &str) -> CaptureRow {
        CaptureRow {
            key,
            what,
            by: "unknown".to_owned(),
            at: None,
            detail: detail.to_owned(),
        }
    }

    #[test]
    fn conflicts_are_the_first_rows_and_what_is_left_out_is_counted() {
        let mut rows: Vec<CaptureRow> = (0..400)
            .map(|number| row(format!("jobs.a{number:03}"), CapturedAs::Added, "job"))
            .collect();
        rows.push(row("jobs.gone".into(), CapturedAs::Removed, "gone"));
        rows.push(row("jobs.zebra".into(), CapturedAs::Conflict, "name"));
        let text = render(&rows);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[2].starts_with("| jobs.zebra | conflict |"), "{text}");
        assert!(lines[3].starts_with("| jobs.gone | removed |"), "{text}");
        assert_eq!(lines.len(), 2 + ROWS + 2);
        assert_eq!(lines.last(), Some(&"and 102 more: 102 added"));
    }

    #[test]
    fn a_note_is_in_the_table_of_a_large_first_capture() {
        let mut rows: Vec<CaptureRow> = (0..400)
            .map(|number| row(format!("jobs.a{number:03}"), CapturedAs::Added, "job"))
            .collect();
        let said = "runs /Users/ada/x from a personal folder";
        rows.push(row("jobs.a399".into(), CapturedAs::Note, said));
        let text = render(&rows);
        assert!(text.contains(said), "{text}");
        assert_eq!(text.lines().last(), Some("and 101 more: 101 added"));
    }

    #[test]
    fn notes_that_say_the_same_are_one_row() {
        let mut rows: Vec<CaptureRow> = (0..7)
            .map(|number| row(format!("jobs.a{number}"), CapturedAs::Note, "same"))
            .collect();
        rows.push(row("jobs.b".into(), CapturedAs::Note, "other"));
        rows.push(row("jobs.c".into(), CapturedAs::Note, "other"));
        let text = render(&rows);
        let lines: Vec<&str> = text.lines().skip(2).collect();
        assert_eq!(
            lines,
            [
                "| jobs.a0, jobs.a1, jobs.a2, jobs.a3, jobs.a4 and 2 more | note | unknown | unknown | same |",
                "| jobs.b, jobs.c | note | unknown | unknown | other |",
            ]
        );
    }

    #[test]
    fn what_is_known_is_folded_below() {
        let rows = [
            row("clusters.a".into(), CapturedAs::Known, "libraries"),
            row("clusters.b".into(), CapturedAs::Known, "libraries"),
            row("jobs.a".into(), CapturedAs::Added, "job"),
        ];
        let text = render(&rows);
        let (first, folded) = text.split_once("<details>").expect("folded");
        assert!(
            first.contains("jobs.a") && !first.contains("clusters."),
            "{text}"
        );
        assert!(folded.starts_with("<summary>2 notes that"), "{text}");
        assert!(
            folded.contains("| clusters.a, clusters.b | known note |"),
            "{text}"
        );
    }

    #[test]
    fn long_rows_leave_room_for_the_count() {
        let long = "é".repeat(2_000);
        let mut rows: Vec<CaptureRow> = (0..100)
            .map(|number| row(format!("jobs.a{number}"), CapturedAs::Conflict, &long))
            .collect();
        rows.push(row("jobs.n".into(), CapturedAs::Note, "note"));
        let text = render(&rows);
        assert!(text.len() < BYTES + 200);
        assert!(
            text.ends_with("\nand 88 more: 87 conflict, 1 note\n"),
            "{}",
            &text[text.len() - 60..]
        );
    }
}
