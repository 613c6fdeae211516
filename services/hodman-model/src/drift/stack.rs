//! What is inside of a stack whose engine alone knows it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Class;
use super::compare::{Found, Values};
use crate::bundle::ResourceKey;
use crate::field_path::FieldPath;
use crate::kinds::Kind;
use crate::stacks::{
    ByHand, ByHandProperty, ByHandResource, Shown, StackField, StackPlan, StackRow, property_value,
};

impl Found<'_> {
    /// What the engine would change, and what it found changed and leaves as it is.
    pub(super) fn stack(&mut self, kind: &dyn Kind, key: &ResourceKey, plan: &StackPlan) {
        let last = self
            .three
            .last_applied
            .and_then(|last| last.resources.get(key));
        let same = last == self.three.declared.resources.get(key) && plan.begun.is_none();
        let outside: BTreeSet<&str> = plan.drift.iter().map(|row| row.address.as_str()).collect();
        let class = |found_outside: bool| match same || found_outside {
            true => (
                Class::HandEditToPutBack,
                "changed by hand, inside of the stack",
            ),
            false => (
                Class::PlannedChange,
                "the stack has changed since the last apply, or was not applied",
            ),
        };
        for row in &plan.rows {
            let path = FieldPath::default().key("resources").key(&row.address);
            let (class, reason) = class(outside.contains(row.address.as_str()));
            let reason = format!("{reason}: {} puts it right", row.action.word());
            self.row(kind, key, path, sides(row), class, &reason);
        }
        for output in &plan.outputs {
            let path = FieldPath::default()
                .key("outputs")
                .key(output.path.to_string());
            let (class, reason) = class(false);
            let values = Values {
                declared: output.after.as_ref().map(Shown::to_value),
                live: output.before.as_ref().map(Shown::to_value),
                ..Values::default()
            };
            self.row(kind, key, path, values, class, reason);
        }
        let planned: BTreeSet<&str> = plan.rows.iter().map(|row| row.address.as_str()).collect();
        let rest = plan.drift.iter();
        for row in rest.filter(|row| !planned.contains(row.address.as_str())) {
            let path = FieldPath::default().key("resources").key(&row.address);
            // What was is before, what is there now is after.
            let values = Values {
                last_applied: Some(side(&row.fields, |field| field.before.as_ref())),
                live: Some(side(&row.fields, |field| field.after.as_ref())),
                ..Values::default()
            };
            let reason = "changed outside of the engine, which leaves it so";
            self.row(kind, key, path, values, Class::ServerDefault, reason);
        }
    }
}

impl Found<'_> {
    /// What the stack's engine found changed, and does not put back: a template that says the same again is no change to it.
    pub(super) fn by_hand(&mut self, kind: &dyn Kind, key: &ResourceKey, found: &ByHand) {
        if let Some(why) = &found.unseen {
            let path = FieldPath::default().key("resources");
            let reason = format!("nobody could look inside of the stack: {why}");
            self.row(
                kind,
                key,
                path,
                Values::default(),
                Class::NotLookedAt,
                &reason,
            );
        }
        for resource in &found.resources {
            let at = FieldPath::default()
                .key("resources")
                .key(&resource.logical_id);
            if resource.deleted || resource.properties.is_empty() {
                self.whole_resource(kind, key, at, resource);
                continue;
            }
            for property in &resource.properties {
                let reason = format!(
                    "changed by hand, inside of the stack: set {} back, or say it in the template",
                    resource.kind
                );
                let values = said_and_found(property);
                let path = steps(&property.path)
                    .into_iter()
                    .fold(at.clone(), |at, step| at.key(step));
                self.row(kind, key, path, values, Class::HandEditForAPerson, &reason);
            }
        }
    }

    fn whole_resource(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        at: FieldPath,
        resource: &ByHandResource,
    ) {
        let what = match resource.deleted {
            true => "deleted",
            false => "changed",
        };
        let reason = format!("{what} by hand, inside of the stack");
        let values = Values {
            last_applied: Some(json!(resource.kind)),
            declared: Some(json!(resource.kind)),
            live: (!resource.deleted).then(|| json!(resource.kind)),
        };
        self.row(kind, key, at, values, Class::HandEditForAPerson, &reason);
    }
}

fn said_and_found(property: &ByHandProperty) -> Values {
    let text = |side: &Option<String>| side.as_deref().map(property_value);
    Values {
        last_applied: text(&property.expected),
        declared: text(&property.expected),
        live: text(&property.actual),
    }
}

/// The steps of a JSON pointer.
fn steps(pointer: &str) -> Vec<String> {
    let steps = pointer.split('/').filter(|step| !step.is_empty());
    steps
        .map(|step| step.replace("~1", "/").replace("~0", "~"))
        .collect()
}

fn sides(row: &StackRow) -> Values {
    let mut declared = json!({
        "action": row.action.word(),
        "change": row.digest,
        "fields": side(&row.fields, |field| field.after.as_ref()),
    });
    if !row.reason.is_empty() {
        declared["reason"] = json!(row.reason);
    }
    let live = side(&row.fields, |field| field.before.as_ref());
    Values {
        declared: Some(declared),
        live: Some(live).filter(|live| live.as_object().is_some_and(|map| !map.is_empty())),
        ..Values::default()
    }
}

fn side<'f>(fields: &'f [StackField], of: impl Fn(&'f StackField) -> Option<&'f Shown>) -> Value {
    let shown: BTreeMap<String, Value> = fields
        .iter()
        .filter_map(|field| Some((field.path.to_string(), of(field)?.to_value())))
        .collect();
    json!(shown)
}
