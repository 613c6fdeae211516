//! Objects of ours whose place another has taken: they carry our tags still, and are on their way out.

use super::Question;
use hodman_model::claims::Claims;
use hodman_model::kinds::Marker;
use hodman_model::plan::{Leaving, ObservedObject};
use std::collections::BTreeMap;

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
