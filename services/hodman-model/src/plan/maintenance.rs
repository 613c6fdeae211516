//! What has to stand still while a row is done.

use super::row::{Action, FieldChange};
use crate::field_path::PathSegment;
use crate::kinds::{Kind, Listed};

/// What is stopped before the change of `live` and held after it, in words.
pub(super) fn maintenance(
    kind: &dyn Kind,
    action: Action,
    live: Option<&Listed>,
    changes: &[FieldChange],
) -> Option<String> {
    let live = live.filter(|_| matches!(action, Action::Update | Action::Adopt))?;
    let fields = changes
        .iter()
        .filter_map(|change| match change.path.0.first() {
            Some(PathSegment::Key(field)) => Some(field.as_str()),
            _ => None,
        });
    let fields: Vec<&str> = fields.collect();
    let found = kind.maintenance(&live.config, &fields)?;
    Some(found.words())
}
