//! The bundle's variables as a capture sees them, and new ones for values that differ between environments.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::identity::description;
use super::keys::slug;
use super::named_by::fields_of_resources;
use super::repo::said_in;
use super::varied::Sort;
use super::{CapturedAs, LiveSnapshot, Work};
use crate::files::Tree;

/// How often variables may stand for each other.
const ROUNDS: usize = 11;

/// What a bundle's `lookup` calls the kinds that it can look up by name.
const LOOKUPS: &[(&str, &str)] = &[
    ("alerts", "alert"),
    ("cluster_policies", "cluster_policy"),
    ("clusters", "cluster"),
    ("dashboards", "dashboard"),
    ("instance_pools", "instance_pool"),
    ("jobs", "job"),
    ("pipelines", "pipeline"),
    ("queries", "query"),
    ("service_principals", "service_principal"),
    ("sql_warehouses", "warehouse"),
];

/// What the variables of the bundle in `tree` are for `target`: the binding's value, else the target's, else the
/// default. Those that are looked up by name are `${lookup.<kind>.<name>}`. What `${bundle.…}` means is among them, and what
/// the bundle itself says of a field that another resource refers to, under names with a dot, which no variable has. Read
/// leniently: a capture goes on with a bundle that does not resolve.
#[must_use]
pub fn variables(
    tree: &Tree,
    target: &str,
    binding: &BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    let root = said_in(tree);
    let mut values = BTreeMap::new();
    let told = root
        .get("targets")
        .and_then(|targets| targets.get(target)?.get("variables"));
    let declared = root.get("variables").and_then(Value::as_object);
    for (name, variable) in declared.into_iter().flatten() {
        let own = told.and_then(|told| told.get(name)).cloned();
        // A target says the value itself, or `{default: …}`, or `{lookup: …}`.
        let own = own.map(
            |own| match own.get("default").or_else(|| own.get("value")) {
                Some(value) => value.clone(),
                None => lookup(&own).unwrap_or(own),
            },
        );
        let value = binding
            .get(name)
            .cloned()
            .or(own)
            .or_else(|| variable.get("default").cloned())
            .or_else(|| lookup(variable));
        values.extend(value.map(|value| (name.clone(), value)));
    }
    for (name, value) in binding {
        values.entry(name.clone()).or_insert_with(|| value.clone());
    }
    if let Some(name) = root.get("bundle").and_then(|bundle| bundle.get("name")) {
        values.insert("bundle.name".to_owned(), name.clone());
    }
    for word in ["bundle.target", "bundle.environment"] {
        values.insert(word.to_owned(), json!(target));
    }
    values.extend(fields_of_resources(tree, target));
    for _ in 0..ROUNDS {
        let before = values.clone();
        for value in values.values_mut() {
            *value = super::form::with_variables(value, &before);
        }
        if values == before {
            break;
        }
    }
    values
}

fn lookup(variable: &Value) -> Option<Value> {
    let (kind, name) = variable.get("lookup")?.as_object()?.iter().next()?;
    Some(Value::String(lookup_text(kind, name.as_str()?)))
}

/// How a form says that an object is looked up.
fn lookup_text(kind: &str, name: &str) -> String {
    format!("${{lookup.{kind}.{name}}}")
}

/// The kind and the name of such a text.
pub(super) fn looked_up(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix("${lookup.")?
        .strip_suffix('}')?
        .split_once('.')
}

/// How each object that can be found by its name is looked up, by (kind, id).
pub(super) fn lookups(snapshot: &LiveSnapshot) -> BTreeMap<(String, String), String> {
    let mut named: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for live in &snapshot.resources {
        named
            .entry((&live.kind, &live.listed.name))
            .or_default()
            .push(&live.listed.id);
    }
    for ((kind, id), name) in &snapshot.built_in {
        named.entry((kind, name)).or_default().push(id);
    }
    named
        .into_iter()
        .filter_map(|((kind, name), ids)| {
            let (_, word) = LOOKUPS.iter().find(|(known, _)| *known == kind)?;
            // Names that two objects have find neither.
            let [id] = ids.as_slice() else { return None };
            (!name.is_empty() && !name.contains('}'))
                .then(|| ((kind.to_owned(), (*id).to_owned()), lookup_text(word, name)))
        })
        .collect()
}

impl Work<'_> {
    /// Whether the rules want values of that sort as they are.
    pub(super) fn literal(&self, sort: &str) -> bool {
        self.input.rules.literals.iter().any(|name| name == sort)
    }

    /// The variable that stands for a value of that sort, declared when it is not yet; none when the rules want it as it
    /// is.
    pub(super) fn variable_for(&mut self, sort: &Sort, value: &str) -> Option<String> {
        if self.literal(sort.name) {
            return None;
        }
        if let Some(name) = self.declared.of_value(sort.name, value) {
            return Some(name.clone());
        }
        // The one that people named for it: `catalog`, with the value that it has here.
        if self.variables.get(sort.word).and_then(Value::as_str) == Some(value) {
            return Some(sort.word.to_owned());
        }
        let name = self.free_name(&slug(&format!("{} {value}", sort.word), sort.word));
        let said = json!({ "description": description(sort.name, value) });
        self.declared.add_value(&name, &said, sort.name, value);
        self.variables.insert(name.clone(), json!(value));
        let detail = format!(
            "the variable `{name}` stands for `{value}`; other environments need `identity.{}`",
            sort.name
        );
        self.row(
            &format!("variables.{name}"),
            CapturedAs::Note,
            None,
            None,
            detail,
        );
        Some(name)
    }

    /// The variable that looks an object up by its name.
    pub(super) fn variable_for_lookup(&mut self, text: &str) -> Option<String> {
        let (word, name) = looked_up(text)?;
        if let Some(variable) = self.declared.of_lookup(text) {
            return Some(variable.clone());
        }
        let variable = self.free_name(&slug(&format!("{word} {name}"), word));
        let said = json!({
            "description": format!("The {word} of that name, which is not part of this bundle."),
            "lookup": { word: name },
        });
        self.declared.add_lookup(&variable, &said, text);
        self.variables.insert(variable.clone(), json!(text));
        Some(variable)
    }

    fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.declared.has(name) || self.variables.contains_key(name);
        std::iter::once(wanted.to_owned())
            .chain((2..).map(|number| format!("{wanted}_{number}")))
            .find(|name| !taken(name))
            // The numbers do not end before the taken names do.
            .unwrap_or_else(|| wanted.to_owned())
    }

    /// Declares a variable, when it is not there.
    pub(super) fn declare(&mut self, name: &str, said: &Value) {
        self.declared.add(name, said);
    }
}
