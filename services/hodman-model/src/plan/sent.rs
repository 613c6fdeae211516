//! Fields that cannot be read back: whether what was put is what would be put now.

use serde_json::{Value, json};

use super::compare::change;
use super::row::FieldChange;
use crate::claims::Put;
use crate::digest::{canonical_json, sha256};
use crate::field_path::FieldPath;
use crate::kinds::{Kind, Listed};

/// What would be sent in the fields of a resource that cannot be read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// A keyed digest over the values; the same for the same values, and nothing else is known of them here. Without the key where
    /// the kind says that they are open: see [`Self::open_version`].
    pub version: String,
    /// Where the values come from, as people know it; none when they stand in the package. Shown beside the version.
    pub reference: Option<String>,
}

/// What versions begin with that no key was needed for.
const OPEN: &str = "open:";

impl Sent {
    /// The version of values that are no secrets ([`crate::kinds::rules::Rules::open`]): it stays the same when the daemon's key is
    /// lost or changed.
    #[must_use]
    pub fn open_version(fields: &Value) -> String {
        let digest = sha256(canonical_json(fields).as_bytes());
        format!("{OPEN}{}", digest.hex())
    }

    /// Whether what was put into `live`, and would be put, can be told apart for certain, where no request changes it: else nothing is
    /// said of it. An object that is taken over is said to have it.
    pub(crate) fn is_told(&self, kind: &dyn Kind, put: Option<&Put>) -> bool {
        let known = put.is_some_and(|put| put.version.starts_with(OPEN));
        !kind.rules().open || known && self.version.starts_with(OPEN)
    }
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
