//! What an earlier capture wrote, read back as far as the next one needs it.

use std::collections::{BTreeMap, BTreeSet};

use hcl::{Block, Body, Expression};

use super::Variable;

/// The resources that say who may do what.
const ACCESS: &[&str] = &["databricks_permissions", "databricks_secret_acl"];
/// The one that says it of what lies in Unity Catalog.
const GRANTS: &[&str] = &["databricks_grants"];

/// The blocks of a file that say who may do what, with their imports, as they are written; empty when there are none.
#[must_use]
pub fn permissions(text: &str) -> String {
    blocks_of(text, ACCESS)
}

/// The same for grants.
#[must_use]
pub fn grants(text: &str) -> String {
    blocks_of(text, GRANTS)
}

fn blocks_of(text: &str, kinds: &[&str]) -> String {
    let mut found = String::new();
    let mut block: Vec<&str> = Vec::new();
    for line in text.lines() {
        if block.is_empty() && !line.ends_with('{') {
            continue;
        }
        block.push(line);
        // What a capture writes begins and ends its blocks at the margin, and has no texts of several lines.
        if line == "}" {
            let is_one = |kind: &&str| {
                let header = format!("resource \"{kind}\" ");
                let import = format!("to = {kind}.");
                block
                    .iter()
                    .any(|line| line.starts_with(&header) || line.trim_start().starts_with(&import))
            };
            if kinds.iter().any(is_one) {
                found.push_str(&format!("\n{}\n", block.join("\n")));
            }
            block.clear();
        }
    }
    found
}

/// The variables of a file `variables.tf`, with their values in a file of values. What is no plain text is left out.
#[must_use]
pub fn said_variables(variables: &str, values: &str) -> BTreeMap<String, Variable> {
    let values = hcl::parse(values).unwrap_or_default();
    let value_of = |name: &str| {
        let mut all = values.attributes();
        all.find(|attribute| attribute.key.as_str() == name)
            .and_then(|attribute| plain(&attribute.expr))
    };
    let body = hcl::parse(variables).unwrap_or_default();
    body.blocks()
        .filter(|block| block.identifier.as_str() == "variable")
        .filter_map(|block| {
            let name = block.labels.first()?.as_str().to_owned();
            let sensitive = block
                .body
                .attributes()
                .any(|a| a.key.as_str() == "sensitive");
            let value = value_of(&name);
            // Without its value it would be taken for a secret.
            (sensitive || value.is_some()).then_some(())?;
            let variable = Variable {
                description: attribute_of(&block.body, "description")?,
                value: value.filter(|_| !sensitive),
            };
            Some((name, variable))
        })
        .collect()
}

/// The names of the variables that a file uses.
#[must_use]
pub fn used_variables(text: &str) -> BTreeSet<&str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    text.match_indices("var.")
        .filter(|(at, _)| !text[..*at].ends_with(is_word))
        .map(|(at, start)| {
            let rest = &text[at + start.len()..];
            &rest[..rest.find(|c| !is_word(c)).unwrap_or(rest.len())]
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// A plain text that the resource of a type says in a file.
#[must_use]
pub fn attribute(text: &str, resource: &str, name: &str) -> Option<String> {
    let body = hcl::parse(text).ok()?;
    let is_it = |block: &&Block| {
        block.identifier.as_str() == "resource"
            && block.labels.first().map(hcl::BlockLabel::as_str) == Some(resource)
    };
    attribute_of(&body.blocks().find(is_it)?.body, name)
}

fn attribute_of(body: &Body, name: &str) -> Option<String> {
    let mut all = body.attributes();
    plain(&all.find(|attribute| attribute.key.as_str() == name)?.expr)
}

fn plain(expression: &Expression) -> Option<String> {
    match expression {
        Expression::String(text) => Some(text.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
