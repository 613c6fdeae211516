//! Why a row is there, in words.

use serde_json::Value;

use super::guards::maker;
use super::row::FieldChange;
use crate::bundle::ResourceKey;
use crate::kinds::{Kind, Listed};

/// `begun` is what a create before this one left, `formerly` what it is called as long as all that uses it has not moved, `perhaps` what
/// it may be without our marker.
pub(super) fn create_reason(
    kind: &dyn Kind,
    begun: Option<&Listed>,
    formerly: Option<&str>,
    perhaps: Option<&Listed>,
) -> String {
    let failed = begun.and_then(|there| there.config.get("failed")?.as_str());
    let left = failed.map(|failed| {
        format!(
            "; a creation before it ended in {failed}, and what is left of that is removed first"
        )
    });
    let old =
        formerly.map(|name| format!("; `{name}`, which it was before, goes when all is done"));
    let perhaps = perhaps.map(|there| format!("; {}", perhaps_reason(kind, there)));
    format!(
        "in the package, not in the workspace{}{}{}",
        left.unwrap_or_default(),
        old.unwrap_or_default(),
        perhaps.unwrap_or_default()
    )
}

/// What may be the object, if somebody cleared its tags.
pub(crate) fn perhaps_reason(kind: &dyn Kind, there: &Listed) -> String {
    format!(
        "{} {}, made by {}, is called `{}` and has no marker of ours: if it is this one and somebody cleared its tags, name its id under \
         `adopt` of the environment's workspace, or a second one is made beside it",
        kind.singular(),
        there.id,
        maker(there),
        there.name
    )
}

/// That somebody cleared the tags of an object that its id tells.
pub(crate) fn lost_reason(kind: &dyn Kind, live: &Listed) -> String {
    format!(
        "lost its marker: {} {} is ours by its id, and somebody cleared its tags",
        kind.singular(),
        live.id
    )
}

pub(super) fn adopt_reason(kind: &dyn Kind, live: &Listed) -> String {
    match &live.marker {
        Some(former) => format!(
            "takes over {} {}, which was {}.{} before",
            kind.singular(),
            live.id,
            kind.name(),
            former.key
        ),
        None => format!(
            "takes over {} {}, made by {}",
            kind.singular(),
            live.id,
            maker(live)
        ),
    }
}

/// What was taken over before and lost our marks: whoever had it before us wrote all of it anew.
pub(crate) fn again_reason(kind: &dyn Kind, live: &Listed) -> String {
    let sign = live.outputs.get("deployed_by").and_then(Value::as_str);
    let sign = sign.map(|sign| format!(" ({sign})")).unwrap_or_default();
    format!(
        "its former owner still writes to it{sign}: {} {} was taken over before and lost our marks; taken over again, until the \
         former owner lets go",
        kind.singular(),
        live.id
    )
}

pub(super) fn update_reason(changes: &[FieldChange], replaced: Option<&ResourceKey>) -> String {
    let reason = match changes {
        [only] if only.is_files_folder() => "points to the new files".to_owned(),
        [only] => format!("{} differs from the package", only.path),
        _ => format!("{} fields differ from the package", changes.len()),
    };
    match replaced {
        Some(other) => format!("{reason}; {other}, which it refers to, is replaced"),
        None => reason,
    }
}
