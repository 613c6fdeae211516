//! What a change of a stack does to its resources, as changes of its row.

use serde_json::json;

use super::compare::change;
use super::row::FieldChange;
use crate::field_path::FieldPath;
use crate::stacks::{Shown, StackField, StackPlan, StackRow};

/// What the changes of a stack's row are named by: the whole of a plan that decides, with its outputs; else its resources.
pub(super) fn named(plan: &StackPlan) -> Vec<FieldChange> {
    let plan = plan.approved_as();
    let mut changes: Vec<FieldChange> = plan.rows.iter().map(previewed).collect();
    if plan.decides {
        let named = plan.outputs.iter().map(|output| {
            let path = FieldPath::default()
                .key("outputs")
                .key(output.path.to_string());
            change(path, None, Some(json!({"change": output.digest.as_str()})))
        });
        changes.extend(named);
    }
    changes
}

/// The same as people read it: field by field where the engine says how they change.
pub(super) fn shown(plan: &StackPlan) -> Vec<FieldChange> {
    if !plan.decides {
        return named(plan);
    }
    let mut changes = Vec::new();
    for row in &plan.rows {
        let path = FieldPath::default().key("resources").key(&row.address);
        let mut what = json!({"action": row.action.word(), "type": row.kind});
        if !row.reason.is_empty() {
            what["reason"] = json!(row.reason);
        }
        if let Some(from) = &row.moved_from {
            what["moved_from"] = json!(from);
        }
        changes.push(change(path.clone(), None, Some(what)));
        // What comes and is not known yet says nothing.
        let telling = row
            .fields
            .iter()
            .filter(|field| field.before.is_some() || field.after != Some(Shown::Unknown));
        changes.extend(telling.map(|field| shown_field(&path, field)));
    }
    let outputs = FieldPath::default().key("outputs");
    changes.extend(
        plan.outputs
            .iter()
            .map(|output| shown_field(&outputs, output)),
    );
    changes
}

fn shown_field(below: &FieldPath, field: &StackField) -> FieldChange {
    let path = field
        .path
        .0
        .iter()
        .fold(below.clone(), |path, step| path.then(step.clone()));
    let side = |side: &Option<Shown>| side.as_ref().map(Shown::to_value);
    let mut shown = change(path, side(&field.before), side(&field.after));
    shown.redacted = field.is_secret();
    shown
}

/// What happens to one resource of a stack. Its digest is over the real values, so it stands for them in the row's name.
fn previewed(row: &StackRow) -> FieldChange {
    let path = FieldPath::default().key("resources").key(&row.address);
    let fields: Vec<String> = row
        .fields
        .iter()
        .map(|field| field.path.to_string())
        .collect();
    let what = json!({
        "action": row.action.word(),
        "type": row.kind,
        "fields": fields,
        "change": row.digest.as_str(),
    });
    change(path, None, Some(what))
}
