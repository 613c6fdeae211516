//! Jupyter notebooks, as they are kept in the repository: what people wrote, not what a run left behind.
//!
//! Outputs are rows of somebody's tables and change with every run; counters and times of executions do, too. What is
//! left is written as Jupyter itself writes it (keys sorted, one space deep, a line of source on a line), so that the
//! same notebook has the same bytes wherever it was saved, and a merge by lines is one by lines of source.

use std::borrow::Cow;

use serde::Serialize as _;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value, json};

/// The end of the name of such a file.
const END: &str = ".ipynb";

/// The content of the file at `path` as it is kept and compared. Anything but a Jupyter notebook is as it is.
pub(super) fn kept<'a>(path: &str, bytes: &'a [u8]) -> Cow<'a, [u8]> {
    match is_jupyter(path).then(|| notebook(bytes)).flatten() {
        Some(notebook) => Cow::Owned(notebook),
        None => Cow::Borrowed(bytes),
    }
}

/// Whether a file of the repository is a Jupyter notebook.
#[must_use]
pub fn is_jupyter(path: &str) -> bool {
    path.ends_with(END)
}

/// A Jupyter notebook without what runs left in it; none when it is no notebook of Jupyter's fourth format.
#[must_use]
pub fn notebook(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut notebook: Value = serde_json::from_slice(bytes).ok()?;
    for cell in notebook.get_mut("cells")?.as_array_mut()? {
        strip(cell.as_object_mut()?);
    }
    let mut out = Vec::new();
    let mut writer = Serializer::with_formatter(&mut out, PrettyFormatter::with_indent(b" "));
    sorted(notebook).serialize(&mut writer).ok()?;
    out.push(b'\n');
    Some(out)
}

fn strip(cell: &mut Map<String, Value>) {
    if cell.get("cell_type").and_then(Value::as_str) == Some("code") {
        cell.insert("outputs".to_owned(), json!([]));
        cell.insert("execution_count".to_owned(), Value::Null);
    }
    if let Some(metadata) = cell.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("execution");
    }
    let lines = match cell.get("source") {
        Some(Value::String(text)) => Some(text.split_inclusive('\n').collect()),
        _ => None,
    };
    if let Some(lines) = lines.map(|lines: Vec<&str>| json!(lines)) {
        cell.insert("source".to_owned(), lines);
    }
}

/// Keys in order, also where a dependency makes maps keep the order of insertion.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect(),
            )
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_stays_and_what_runs_left_goes() {
        let ran = json!({
            "nbformat": 4, "nbformat_minor": 5,
            "metadata": {"language_info": {"name": "python"}, "a": 1.0},
            "cells": [
                {"cell_type": "code", "source": "a = 1\nprint(a)", "execution_count": 7,
                 "metadata": {"execution": {"iopub.status.idle": "2026-01-01"}, "tags": ["x"]},
                 "outputs": [{"output_type": "stream", "name": "stdout", "text": ["card 4111\n"]}]},
                {"cell_type": "markdown", "source": ["# Grüße\n", "at all"], "metadata": {}},
            ],
        });
        let text = "{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n   \"metadata\": {\n    \"tags\": [\n     \"x\"\n    ]\n   },\n   \"outputs\": [],\n   \"source\": [\n    \"a = 1\\n\",\n    \"print(a)\"\n   ]\n  },\n  {\n   \"cell_type\": \"markdown\",\n   \"metadata\": {},\n   \"source\": [\n    \"# Grüße\\n\",\n    \"at all\"\n   ]\n  }\n ],\n \"metadata\": {\n  \"a\": 1.0,\n  \"language_info\": {\n   \"name\": \"python\"\n  }\n },\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n";
        let once = notebook(ran.to_string().as_bytes()).expect("a notebook");
        assert_eq!(String::from_utf8(once.clone()).expect("text"), text);
        assert_eq!(notebook(&once), Some(once.clone()), "and again");
    }

    #[test]
    fn what_is_no_notebook_is_left_alone() {
        for odd in ["", "{}", "[1]", r#"{"cells": 1}"#, r#"{"cells": [1]}"#] {
            assert_eq!(notebook(odd.as_bytes()), None, "{odd}");
            assert_eq!(&*kept("a.ipynb", odd.as_bytes()), odd.as_bytes());
        }
        let text = r#"{"cells": []}"#;
        assert_eq!(&*kept("a.json", text.as_bytes()), text.as_bytes());
        assert_ne!(&*kept("a.ipynb", text.as_bytes()), text.as_bytes());
    }
}
