//! Fields that cannot be read back: whether what was put is what would be put now.

use serde_json::{Value, json};

use super::compare::change;
use super::row::FieldChange;
use crate::claims::Put;
use crate::field_path::FieldPath;
use crate::kinds::Listed;

/// What would be sent in the fields of a resource that cannot be read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// A keyed digest over the values; the same for the same values, and nothing else is known of them here.
    pub version: String,
    /// Where the values come from, as people know it; none when they stand in the package. Shown beside the version.
    pub reference: Option<String>,
}

/// How much of a version is shown; enough to tell two apart.
const SHOWN: usize = 12;

/// What differs in the fields that cannot be read back.
pub(crate) struct SentChange {
    /// The one change that stands for all of them: reference and version, before and after.
    pub change: FieldChange,
    /// Whether only the value behind the reference is another.
    pub rotation: bool,
    /// Why, in words.
    pub reason: String,
}

/// The difference between what was put and what would be sent; none when there is none. `field` names it in the plan.
pub(crate) fn sent_change(
    field: &str,
    sent: &Sent,
    put: Option<&Put>,
    live: Option<&Listed>,
) -> Option<SentChange> {
    let by_hand = put.is_some_and(|put| {
        // When the value itself was changed; the time of an object's last change says nothing of it.
        let at = live.and_then(|live| live.outputs.get("last_updated_timestamp")?.as_i64());
        put.at != 0 && at.is_some_and(|at| at != put.at)
    });
    let same = put.is_some_and(|put| put.version == sent.version);
    if same && !by_hand {
        return None;
    }
    let rotation = !by_hand
        && sent.reference.is_some()
        && put.is_some_and(|put| put.reference == sent.reference);
    let reason = match put {
        _ if by_hand => "somebody else put another value".to_owned(),
        None => "its value was never put by hodman".to_owned(),
        Some(_) if rotation => format!("{field} has a new value where it comes from"),
        Some(_) => format!("{field} differs from the package"),
    };
    let before = match put {
        _ if by_hand => Some(json!("(put by somebody else)")),
        put => put.map(|put| said(put.reference.as_deref(), &put.version)),
    };
    let after = Some(said(sent.reference.as_deref(), &sent.version));
    Some(SentChange {
        change: change(FieldPath::default().key(field), before, after),
        rotation,
        reason,
    })
}

fn said(reference: Option<&str>, version: &str) -> Value {
    let version: String = version.chars().take(SHOWN).collect();
    json!(format!(
        "{}@{version}",
        reference.unwrap_or("(in the package)")
    ))
}
