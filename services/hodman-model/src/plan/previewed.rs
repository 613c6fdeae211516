//! What a change of a stack does to its resources, as changes of its row.

use serde_json::json;

use super::compare::change;
use super::row::FieldChange;
use crate::field_path::FieldPath;
use crate::stacks::StackRow;

/// What happens to one resource of a stack. Its digest is over the real values, so it stands for them in the row's name.
pub(super) fn previewed(row: &StackRow) -> FieldChange {
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
