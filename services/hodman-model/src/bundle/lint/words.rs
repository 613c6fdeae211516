//! Fields that take some words and no others.

use super::walk::each;
use super::warning;
use crate::bundle::reference::references;
use crate::bundle::resolve::Inside;
use crate::diagnostic::{Diagnostic, did_you_mean};

const WORDS: &str = include_str!("../words.txt");

/// One warning for each other word, as the Databricks CLI has it: the API may know more of them by now.
pub(super) fn check(inside: &Inside) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for row in WORDS.lines().filter(|line| !line.starts_with('#')) {
        let mut words = row.split(' ');
        let Some((kind, path)) = words.next().and_then(|field| field.split_once('.')) else {
            continue;
        };
        let words: Vec<&str> = words.collect();
        let steps: Vec<&str> = path.split('.').collect();
        let of_kind = inside.resources.iter().filter(|(key, _)| key.kind == kind);
        for (key, (_, resource)) in of_kind {
            each(resource, &steps, &mut |field| {
                let Some(text) = field.as_text() else { return };
                if text.is_empty() || words.contains(&text) || is_open(text) {
                    return;
                }
                let name = steps.iter().rfind(|step| **step != "*");
                let name = name.copied().unwrap_or_default();
                let mut other = warning(
                    &field.place,
                    format!("`{key}`: `{text}` is no `{name}` that is known"),
                );
                other.hint = did_you_mean(text, words.iter().copied())
                    .or_else(|| Some(format!("one of: {}", words.join(", "))));
                found.push(other);
            });
        }
    }
    found
}

/// What is only known later.
fn is_open(text: &str) -> bool {
    text.contains("${lookup.") || text.starts_with("{{") || !references(text).is_empty()
}
