//! Objects of ours whose tags were cleared, and others that carry ours.

use super::Question;
use super::lists::of_kind;
use crate::work::WorkError;
use crate::work::claims::{Ledgers, own};
use hodman_clients::databricks::Workspace;
use hodman_model::bundle::ResourceKey;
use hodman_model::claims::{Tags, Whose};
use hodman_model::kinds::{Marker, kind};
use hodman_model::plan::ObservedObject;

/// Gives the former their marker and takes it from the latter, and notes which is which for the next time.
pub(super) fn look(
    ledgers: &mut Ledgers,
    objects: &mut [ObservedObject],
    question: &Question<'_>,
) -> Tags {
    let whose = Whose {
        pipeline: question.pipeline,
        env: question.env,
        adopt: question.adopt,
        applied: question.applied,
    };
    let own = &mut ledgers.own;
    let tags = own.look_at_tags(objects, question.desired, whose);
    ledgers.own_moved |= own.note_tags(objects, question.desired, &tags, whose);
    tags
}

/// The id of the object of ours under that key, of a kind with tags; no copy that was noted, and where several others carry its marker, the
/// one that was noted.
pub(in crate::work) async fn id_of(
    workspace: &Workspace,
    pipeline: &str,
    env: &str,
    name: &str,
    key: &str,
) -> Result<Option<String>, WorkError> {
    let Some(kind) = kind(name) else {
        return Ok(None);
    };
    let ours = Marker {
        pipeline: pipeline.to_owned(),
        env: env.to_owned(),
        key: key.to_owned(),
    };
    let mut found = of_kind(workspace, kind).await?;
    found.retain(|object| object.listed.marker.as_ref() == Some(&ours));
    if !found.is_empty() {
        let own = own(workspace, pipeline, env).await?.unwrap_or_default();
        let key = ResourceKey::new(name, key);
        if let Some(copies) = own.copies.get(&key) {
            found.retain(|object| !copies.contains(&object.listed.id));
        }
        let noted = own.tagged.get(&key).filter(|_| found.len() > 1);
        if let Some(noted) = noted {
            found.retain(|object| object.listed.id == noted.id);
        }
    }
    Ok(found.into_iter().next().map(|object| object.listed.id))
}
