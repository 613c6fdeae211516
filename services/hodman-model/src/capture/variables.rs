//! The bundle's variables as a capture sees them, and new ones for values that differ between environments.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::identity::{declared, description};
use super::keys::slug;
use super::repo::root_of;
use super::varied::Sort;
use super::{CapturedAs, LiveSnapshot, Work};
use crate::field_path::FieldPath;
use crate::files::Tree;
use crate::yaml_edit;

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
/// default. Those that are looked up by name are `${lookup.<kind>.<name>}`. Read leniently: a capture goes on with a
/// bundle that does not resolve.
#[must_use]
pub fn variables(
    tree: &Tree,
    target: &str,
    binding: &BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    let root = root_of(tree).unwrap_or_default();
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
    /// The variable that stands for a value of that sort, declared when it is not yet; none without a place to declare
    /// it, or when the rules want it as it is.
    pub(super) fn variable_for(&mut self, sort: &Sort, value: &str) -> Option<String> {
        if self
            .input
            .rules
            .literals
            .iter()
            .any(|name| name == sort.name)
        {
            return None;
        }
        let root_file = self.repo.root_file?;
        let root = yaml_edit::read(&self.text(root_file)).ok()?;
        let captured = declared(&root);
        let wanted = (sort.name.to_owned(), value.to_owned());
        if let Some((name, _)) = captured.iter().find(|(_, said)| **said == wanted) {
            return Some(name.clone());
        }
        // The one that people named for it: `catalog`, with the value that it has here.
        if self.variables.get(sort.word).and_then(Value::as_str) == Some(value) {
            return Some(sort.word.to_owned());
        }
        let name = self.free_name(&root, &slug(&format!("{} {value}", sort.word), sort.word));
        let said = json!({ "description": description(sort.name, value) });
        self.declare(&name, &said);
        let own = FieldPath::default()
            .key("targets")
            .key(self.input.target)
            .key("variables")
            .key(&name);
        self.edit_root(&own, &json!(value));
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
        let root_file = self.repo.root_file?;
        let known = self
            .variables
            .iter()
            .find(|(_, value)| value.as_str() == Some(text));
        if let Some((variable, _)) = known {
            return Some(variable.clone());
        }
        let root = yaml_edit::read(&self.text(root_file)).ok()?;
        let variable = self.free_name(&root, &slug(&format!("{word} {name}"), word));
        let said = json!({
            "description": format!("The {word} of that name, which is not part of this bundle."),
            "lookup": { word: name },
        });
        self.declare(&variable, &said);
        self.variables.insert(variable.clone(), json!(text));
        Some(variable)
    }

    fn free_name(&self, root: &Value, wanted: &str) -> String {
        let taken = |name: &str| {
            root.get("variables")
                .and_then(|all| all.get(name))
                .is_some()
                || self.variables.contains_key(name)
        };
        std::iter::once(wanted.to_owned())
            .chain((2..).map(|number| format!("{wanted}_{number}")))
            .find(|name| !taken(name))
            // The numbers do not end before the taken names do.
            .unwrap_or_else(|| wanted.to_owned())
    }

    /// Declares a variable in the root file, when it is not there.
    pub(super) fn declare(&mut self, name: &str, said: &Value) {
        let path = FieldPath::default().key("variables").key(name);
        let known = self.repo.root_file.is_some_and(|root| {
            yaml_edit::read(&self.text(root)).is_ok_and(|value| path.get(&value).is_some())
        });
        if !known {
            self.edit_root(&path, said);
        }
    }

    fn edit_root(&mut self, path: &FieldPath, value: &Value) {
        let Some(root) = self.repo.root_file else {
            return;
        };
        let text = self.text(root);
        if let Ok(edited) = yaml_edit::set(&text, &path.0, value, &["description", "lookup"]) {
            self.out
                .changes
                .insert(root.to_owned(), Some(edited.text.into_bytes()));
        }
    }
}
