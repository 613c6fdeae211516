//! Secrets leave a plan as soon as its digests are taken.

use super::row::FieldChange;
use crate::field_path::PathSegment;
use crate::kinds::secrets::redact;

/// The changes as they may be stored and shown.
pub(crate) fn redacted(changes: Vec<FieldChange>) -> Vec<FieldChange> {
    changes
        .into_iter()
        .map(|change| {
            let key = key_of(&change);
            let hide = |value: Option<serde_json::Value>| match value {
                Some(value) => {
                    let (value, secret) = redact(&key, &value);
                    (Some(value), secret)
                }
                None => (None, false),
            };
            let ((before, hid_before), (after, hid_after)) =
                (hide(change.before), hide(change.after));
            FieldChange {
                path: change.path,
                before,
                after,
                redacted: hid_before || hid_after,
            }
        })
        .collect()
}

/// The key that says whether the value is a secret. `parameters[name=db_password].default` says it by the element.
fn key_of(change: &FieldChange) -> String {
    let mut segments = change.path.0.iter().rev();
    match (segments.next(), segments.next()) {
        (Some(PathSegment::Key(key)), Some(PathSegment::Element { value, .. }))
            if matches!(key.as_str(), "default" | "value") =>
        {
            value.clone()
        }
        (Some(PathSegment::Key(key)), _) => key.clone(),
        (Some(PathSegment::Index(_)), Some(PathSegment::Key(list))) => list.clone(),
        _ => String::new(),
    }
}
