//! Notebooks as text: the source header, cells, and Jupyter's JSON.

use serde_json::{Value, json};

use super::Language;
use crate::databricks::error::ApiError;

/// Line comment of a language.
fn comment(language: Language) -> &'static str {
    match language {
        Language::Python | Language::R => "#",
        Language::Sql => "--",
        Language::Scala => "//",
    }
}

fn header(language: Language) -> String {
    format!("{} Databricks notebook source", comment(language))
}

/// Source as an export gives it.
pub(super) fn with_header(language: Language, source: &str) -> String {
    format!("{}\n{source}", header(language))
}

/// Source as it is kept; `None` when there is no header.
pub(super) fn without_header(language: Language, text: &str) -> Option<&str> {
    let rest = text.strip_prefix(header(language).as_str())?;
    Some(
        rest.strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix('\n'))
            .unwrap_or(rest),
    )
}

/// Language and source of an `.ipynb`, without its outputs.
pub(super) fn from_jupyter(bytes: &[u8]) -> Result<(Language, String), ApiError> {
    let notebook: Value = serde_json::from_slice(bytes).map_err(|_| ApiError::invalid("The zip file may not be valid or may be an unsupported version. Ensure it is a valid Jupyter notebook."))?;
    let cells = notebook
        .get("cells")
        .and_then(Value::as_array)
        .ok_or_else(|| ApiError::invalid("Jupyter notebook has no cells."))?;
    let name = notebook
        .pointer("/metadata/language_info/name")
        .and_then(Value::as_str)
        .unwrap_or("python");
    let language = Language::of_name(name).unwrap_or(Language::Python);
    let mark = comment(language);
    let sources: Vec<String> = cells.iter().map(|cell| cell_source(cell, mark)).collect();
    Ok((
        language,
        sources.join(&format!("\n\n{mark} COMMAND ----------\n\n")),
    ))
}

fn cell_source(cell: &Value, mark: &str) -> String {
    let text = match cell.get("source") {
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect::<String>(),
        Some(Value::String(text)) => text.clone(),
        _ => String::new(),
    };
    if cell.get("cell_type").and_then(Value::as_str) == Some("markdown") {
        let lines: Vec<String> = text
            .lines()
            .map(|line| format!("{mark} MAGIC {line}"))
            .collect();
        return format!("{mark} MAGIC %md\n{}", lines.join("\n"));
    }
    text
}

/// The `.ipynb` of a notebook.
pub(super) fn to_jupyter(language: Language, source: &str) -> Value {
    let mark = comment(language);
    let markdown = format!("{mark} MAGIC %md\n");
    let cells: Vec<Value> = source
        .split(&format!("{mark} COMMAND ----------"))
        .map(|cell| match cell.trim_matches('\n').strip_prefix(&markdown) {
            Some(text) => {
                let magic = format!("{mark} MAGIC ");
                let lines: Vec<&str> = text.lines().map(|line| line.strip_prefix(&magic).unwrap_or(line)).collect();
                json!({"cell_type": "markdown", "metadata": {}, "source": split_lines(&lines.join("\n"))})
            }
            None => json!({
                "cell_type": "code",
                "execution_count": 0,
                "metadata": {},
                "outputs": [],
                "source": split_lines(cell.trim_matches('\n')),
            }),
        })
        .collect();
    json!({
        "cells": cells,
        "metadata": {"language_info": {"name": language.name().to_lowercase()}},
        "nbformat": 4,
        "nbformat_minor": 0,
    })
}

fn split_lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

#[cfg(test)]
mod tests {
    use super::{Language, from_jupyter, to_jupyter, with_header, without_header};

    #[test]
    fn source_keeps_its_bytes_through_the_header() {
        let text = "-- Databricks notebook source\nselect 1\n";
        let kept = without_header(Language::Sql, text).unwrap();
        assert_eq!(kept, "select 1\n");
        assert_eq!(with_header(Language::Sql, kept), text);
        assert_eq!(without_header(Language::Python, text), None);
    }

    #[test]
    fn jupyter_cells_survive() {
        let source = "print(1)\n\n# COMMAND ----------\n\n# MAGIC %md\n# MAGIC a title";
        let notebook = to_jupyter(Language::Python, source);
        assert_eq!(notebook["cells"][1]["cell_type"], "markdown");
        assert_eq!(
            from_jupyter(notebook.to_string().as_bytes()).unwrap(),
            (Language::Python, source.to_owned())
        );
    }
}
