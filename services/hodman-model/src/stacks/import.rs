//! Resources that exist and become a stack's. AWS takes them over by a change set that does nothing else: no other resource, no
//! output and no tag may change with it. So the rest of the template comes by a second one, right after.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::outputs::changed_outputs;
use super::row::Shown;
use super::template::references;
use super::{StackAction, StackField, StackPlan, StackRow, TemplateText};
use crate::digest::{canonical_json, sha256};
use crate::field_path::{FieldPath, PathSegment};
use crate::kinds::Reversibility;

/// By the name in the template: what identifies the resource that exists, such as `{"VpcId": "vpc-1"}`.
pub type Imports = BTreeMap<String, BTreeMap<String, String>>;

impl TemplateText {
    /// Why the resource called `name` cannot be taken over by this template; none when it can.
    #[must_use]
    pub fn refuses_import(&self, name: &str) -> Option<String> {
        let Some(resource) = self.resources().get(name) else {
            return Some(format!("the template has no resource `{name}`"));
        };
        if self.kind_of(name).is_none() {
            return Some(format!("the template's resource `{name}` has no type"));
        }
        let nested = self.kind_of(name) == Some("AWS::CloudFormation::Stack");
        if nested {
            return Some(format!(
                "`{name}` is a stack, which AWS takes over by itself only"
            ));
        }
        let kept = resource.get("DeletionPolicy").is_some();
        (!kept).then(|| {
            format!(
                "the template's resource `{name}` has no `DeletionPolicy`, without which AWS takes nothing over: `Retain` keeps it \
                 when the stack goes"
            )
        })
    }

    /// Why the resource called `name` cannot be taken over while only `there` are in the stack or taken over with it; none when it can.
    #[must_use]
    pub fn lacks(&self, name: &str, there: &BTreeSet<String>) -> Option<String> {
        let missing = references(self.resources().get(name)?)
            .into_iter()
            .find(|other| self.resources().contains_key(other) && !there.contains(other))?;
        Some(format!(
            "`{name}` refers to `{missing}`, which is neither in the stack nor taken over with it: import `{missing}`, too"
        ))
    }

    /// The template of the change set that takes `imports` over and does nothing else: `before`, or nothing for a new stack, and these.
    ///
    /// # Errors
    /// When one of them refers to what is not there yet.
    pub fn importing<'n>(
        &self,
        before: Option<&Self>,
        imports: impl IntoIterator<Item = &'n String>,
    ) -> Result<String, String> {
        let names: BTreeSet<&String> = imports.into_iter().collect();
        let mut whole = match before {
            Some(before) => before.whole.clone(),
            None => {
                let mut own = self.whole.clone();
                own.remove("Outputs");
                own.insert("Resources".to_owned(), json!({}));
                own
            }
        };
        let mut resources = before
            .map(|before| before.resources().clone())
            .unwrap_or_default();
        for name in &names {
            let wanted = self.resources().get(*name).cloned().unwrap_or_default();
            resources.insert((*name).clone(), wanted);
        }
        let there: BTreeSet<String> = resources.keys().cloned().collect();
        for name in names {
            let Some(resource) = resources.get_mut(name) else {
                continue;
            };
            after_those(resource, &there);
            if let Some(words) = self.lacks(name, &there) {
                return Err(words);
            }
        }
        whole.insert("Resources".to_owned(), Value::Object(resources));
        // What the stack was told stays as it is; what the new ones need is added.
        for section in ["Parameters", "Mappings", "Conditions"] {
            for (name, said) in self.section(section) {
                let into = whole.entry(section).or_insert_with(|| json!({}));
                if let Some(into) = into.as_object_mut() {
                    into.entry(name.clone()).or_insert_with(|| said.clone());
                }
            }
        }
        Ok(Value::Object(whole).to_string())
    }
}

/// Leaves of `DependsOn` what is there.
fn after_those(resource: &mut Value, there: &BTreeSet<String>) {
    let is_there = |name: &Value| name.as_str().is_some_and(|name| there.contains(name));
    let Some(map) = resource.as_object_mut() else {
        return;
    };
    let gone = match map.get_mut("DependsOn") {
        Some(Value::Array(names)) => {
            names.retain(is_there);
            names.is_empty()
        }
        Some(name) => !is_there(name),
        None => false,
    };
    if gone {
        map.remove("DependsOn");
    }
}

impl StackPlan {
    /// What bringing a stack from `before` (none: there is no stack) to `wanted` means while `imports` are to be taken over: these as
    /// they are, then whatever the template adds. What else it changes in the stack is known, and asked for, when that is done.
    #[must_use]
    pub fn of_import(
        wanted: &TemplateText,
        before: Option<&TemplateText>,
        imports: &Imports,
        outputs: &BTreeMap<String, String>,
    ) -> Self {
        let mut rows: Vec<StackRow> = Vec::new();
        for name in wanted.resources().keys() {
            let kind = wanted.kind_of(name).unwrap_or_default();
            if let Some(identifier) = imports.get(name) {
                rows.push(import(name, kind, identifier));
            } else if before.is_none_or(|before| !before.resources().contains_key(name)) {
                rows.push(addition(name, kind));
            }
        }
        rows.sort_by(|a, b| a.address.cmp(&b.address));
        let mut plan = Self {
            rows,
            decides: true,
            looks_again: true,
            ..Self::default()
        };
        let none = TemplateText::default();
        let templates = (Some(before.unwrap_or(&none)), Some(wanted));
        plan.outputs = changed_outputs(outputs, templates, &plan, &BTreeSet::new());
        plan
    }

    /// Whether `rest` is what follows when the imports that this plan shows are done: our tags on what was taken over, and the
    /// additions and outputs that it shows.
    #[must_use]
    pub fn leads_to(&self, rest: &Self) -> bool {
        let follows = |row: &StackRow| {
            let outer = row.address.split('/').next().unwrap_or_default();
            let known = self.rows.iter().find(|known| known.address == outer);
            match known.map(|known| known.action) {
                Some(StackAction::Create) => row.action == StackAction::Create,
                Some(StackAction::Import) => is_tagging(row),
                _ => false,
            }
        };
        let shown = |output: &StackField| {
            let mut outputs = self.outputs.iter();
            outputs.any(|known| known.path == output.path)
        };
        rest.rows.iter().all(follows) && rest.outputs.iter().all(shown)
    }
}

/// Whether nothing but tags of a resource changes.
fn is_tagging(row: &StackRow) -> bool {
    let of_tags = |field: &StackField| match field.path.0.as_slice() {
        [PathSegment::Key(first), ..] if first == "Tags" => true,
        [PathSegment::Key(first), PathSegment::Key(second), ..] => {
            first == "Properties" && second == "Tags"
        }
        _ => false,
    };
    row.action == StackAction::Update && !row.fields.is_empty() && row.fields.iter().all(of_tags)
}

fn import(name: &str, kind: &str, identifier: &BTreeMap<String, String>) -> StackRow {
    let fields = identifier.iter().map(|(field, value)| StackField {
        path: FieldPath::default().key(field),
        before: None,
        after: Some(Shown::Value(json!(value))),
        replaces: false,
        digest: sha256(canonical_json(&json!([field, value])).as_bytes()),
    });
    StackRow {
        address: name.to_owned(),
        kind: kind.to_owned(),
        action: StackAction::Import,
        fields: fields.collect(),
        reason: "it exists and stays as it is; a comparison says afterwards where the template says otherwise"
            .to_owned(),
        moved_from: None,
        reversible: Reversibility::Reversible,
        digest: sha256(canonical_json(&json!([name, kind, "import", identifier])).as_bytes()),
    }
}

fn addition(name: &str, kind: &str) -> StackRow {
    StackRow {
        address: name.to_owned(),
        kind: kind.to_owned(),
        action: StackAction::Create,
        fields: Vec::new(),
        reason: "after what is taken over, unless a condition of the template leaves it out"
            .to_owned(),
        moved_from: None,
        reversible: Reversibility::Reversible,
        digest: sha256(canonical_json(&json!([name, kind, "create"])).as_bytes()),
    }
}

#[cfg(test)]
mod tests;
