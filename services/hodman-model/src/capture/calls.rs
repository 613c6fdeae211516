//! Notebooks that other notebooks run with `%run`: worth a word when they are not captured.

use std::collections::BTreeMap;

use serde_json::Value;

use super::paths::{resolve, short};
use super::select::Selected;
use super::{CapturedAs, LiveFile, Work};
use crate::bundle::Room;

/// What stands before a magic command in source files.
const MAGIC: &[&str] = &["# MAGIC ", "-- MAGIC ", "// MAGIC "];

/// Says which notebooks that are written now run one that is not captured: in another workspace it is not there.
pub(super) fn tell(
    work: &mut Work<'_>,
    selected: &Selected<'_>,
    places: &BTreeMap<String, String>,
) {
    for (path, live) in &selected.files {
        let Some(place) = places.get(path) else {
            continue;
        };
        if live.language.is_none() || !work.out.changes.contains_key(place) {
            continue;
        }
        let mut called: Vec<String> = run_by(path, live);
        called.sort();
        called.dedup();
        for other in called.iter().filter(|other| !places.contains_key(*other)) {
            let detail = format!(
                "runs {other} with `%run`, which is not captured; name its folder in `capture.paths` or move it"
            );
            work.row(place, CapturedAs::Note, None, None, detail);
        }
    }
}

/// The short paths of the notebooks that the one at `path` runs.
fn run_by(path: &str, live: &LiveFile) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(&live.bytes) else {
        return Vec::new();
    };
    let cells = match live.language {
        Some(language) if language.is_json() => sources(text),
        _ => text.to_owned(),
    };
    let named = cells.lines().filter_map(|line| {
        let line = line.trim();
        let line = MAGIC
            .iter()
            .find_map(|start| line.strip_prefix(start))
            .unwrap_or(line);
        let written = line.trim().strip_prefix("%run ")?.trim();
        match written.chars().next()? {
            quote @ ('"' | '\'') => written[1..].split(quote).next(),
            _ => written.split_whitespace().next(),
        }
    });
    named
        .filter_map(|written| match written.starts_with('/') {
            true => Some(short(written).to_owned()),
            false => Some(format!("/{}", resolve(&Room::default(), path, written)?)),
        })
        .collect()
}

/// The lines of a Jupyter notebook's cells.
fn sources(text: &str) -> String {
    let notebook: Value = serde_json::from_str(text).unwrap_or_default();
    let cells = notebook.get("cells").and_then(Value::as_array);
    let mut out = String::new();
    for source in cells
        .into_iter()
        .flatten()
        .filter_map(|cell| cell.get("source"))
    {
        match source {
            Value::String(text) => out.push_str(text),
            Value::Array(lines) => lines
                .iter()
                .filter_map(Value::as_str)
                .for_each(|line| out.push_str(line)),
            _ => {}
        }
        out.push('\n');
    }
    out
}
