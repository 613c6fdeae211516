//! Objects of ours whose place another has taken: they carry our tags still, and are on their way out.

use super::Question;
use hodman_model::bundle::ResourceKey;
use hodman_model::claims::Claims;
use hodman_model::kinds::{Identity, Marker, kind};
use hodman_model::plan::{Leaving, ObservedObject};
use std::collections::BTreeMap;

/// Those of kinds without tags that did not go when they were to, as far as they are among `objects`.
pub(super) fn outlived(
    objects: &[ObservedObject],
    own: &Claims,
) -> BTreeMap<(String, String), Leaving> {
    let kept = own.claims.iter().flat_map(|(key, claim)| {
        let kept = claim.kept.iter();
        kept.map(move |(id, why)| (key, id, why))
    });
    let is_there = |kind: &str, id: &str| {
        let mut objects = objects.iter();
        objects.any(|object| object.kind == kind && object.listed.id == id)
    };
    let claimed =
        |key: &ResourceKey| kind(&key.kind).is_some_and(|kind| kind.identity() == Identity::Claim);
    kept.filter(|(key, id, _)| claimed(key) && is_there(&key.kind, id))
        .map(|(key, id, why)| {
            let leaving = Leaving {
                key: key.clone(),
                kept: Some(why.clone()),
            };
            ((key.kind.clone(), id.clone()), leaving)
        })
        .collect()
}

/// Takes them out of `objects`, for they are no resource's any more. What somebody else made under such a name since stays.
pub(super) fn taken_out(
    objects: &mut Vec<ObservedObject>,
    question: &Question<'_>,
    own: &Claims,
) -> BTreeMap<(String, String), Leaving> {
    let left = own.left_behind();
    let mut leaving = BTreeMap::new();
    objects.retain(|object| {
        let (kind, listed) = (&object.kind, &object.listed);
        let Some(key) = left.get(&(kind.as_str(), listed.id.as_str())) else {
            return true;
        };
        let ours = Marker {
            pipeline: question.pipeline.to_owned(),
            env: question.env.to_owned(),
            key: key.key.clone(),
        };
        if listed.marker.as_ref() != Some(&ours) {
            return true;
        }
        let kept = own
            .claims
            .get(*key)
            .and_then(|claim| claim.kept.get(&listed.id));
        let goes = Leaving {
            key: (*key).clone(),
            kept: kept.cloned(),
        };
        leaving.insert((kind.clone(), listed.id.clone()), goes);
        false
    });
    leaving
}
