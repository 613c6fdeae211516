//! Which live object is which resource.

use std::collections::BTreeMap;

use super::PlanContext;
use super::desired::Desired;
use super::error::{PlanError, owner};
use super::observed::{Observed, ObservedObject};
use crate::bundle::ResourceKey;
use crate::kinds::{Listed, Marker};

/// The live objects that are ours or to be adopted, by resource.
pub(crate) struct Ours<'o> {
    pub objects: BTreeMap<ResourceKey, &'o Listed>,
}

impl<'o> Ours<'o> {
    /// # Errors
    /// When it cannot be said which object is which, or an adoption does not work out.
    pub(crate) fn of(
        observed: &'o Observed,
        context: &PlanContext,
        desired: &Desired,
    ) -> Result<Self, PlanError> {
        let mut ours = Self {
            objects: BTreeMap::new(),
        };
        contested(observed, context)?;
        for object in &observed.objects {
            if let Some(marker) = &object.listed.marker
                && is_mine(marker, context)
            {
                let key = ResourceKey::new(&object.kind, &marker.key);
                if context.begun.contains(&key) && desired.resources.contains_key(&key) {
                    continue;
                }
                ours.add(key, object, context)?;
            }
        }
        let mut adopt = context
            .adopt
            .iter()
            .filter(|(key, _)| desired.resources.contains_key(*key))
            .peekable();
        if adopt.peek().is_some() {
            let by_id: BTreeMap<(&str, &str), &ObservedObject> = observed
                .objects
                .iter()
                .map(|object| ((object.kind.as_str(), object.listed.id.as_str()), object))
                .collect();
            for (key, id) in adopt {
                let object = by_id.get(&(key.kind.as_str(), id.as_str())).copied();
                let once = observed.taken_over.contains(key);
                if object.is_none() && once {
                    // Replaced or removed since: what is ours is compared, or made again.
                    continue;
                }
                ours.adopt(key, id, object, context, desired)?;
            }
        }
        Ok(ours)
    }

    fn add(
        &mut self,
        key: ResourceKey,
        object: &'o ObservedObject,
        context: &PlanContext,
    ) -> Result<(), PlanError> {
        let Some(other) = self.objects.insert(key.clone(), &object.listed) else {
            return Ok(());
        };
        Err(two(key, &other.id, &object.listed.id, context))
    }

    fn adopt(
        &mut self,
        key: &ResourceKey,
        id: &str,
        object: Option<&'o ObservedObject>,
        context: &PlanContext,
        desired: &Desired,
    ) -> Result<(), PlanError> {
        let mine = self.objects.get(key).map(|mine| mine.id.clone());
        let Some(object) = object else {
            // Taken over once, and gone since: what is ours is compared, or made again. Or its place is being taken.
            if mine.is_some() || context.begun.contains(key) {
                return Ok(());
            }
            return Err(PlanError::NothingToAdopt {
                workspace: context.workspace.clone(),
                key: key.clone(),
                id: id.to_owned(),
            });
        };
        match (&object.listed.marker, mine) {
            (Some(_), Some(mine)) if mine == id => {}
            (Some(marker), None) if is_mine(marker, context) => {
                let former = ResourceKey::new(&object.kind, &marker.key);
                if desired.resources.contains_key(&former) {
                    return Err(managed(key, id, marker, context));
                }
                // The resource has another key in the package now.
                self.objects.remove(&former);
                self.objects.insert(key.clone(), &object.listed);
            }
            (Some(marker), _) => return Err(managed(key, id, marker, context)),
            (None, Some(mine)) => return Err(two(key.clone(), &mine, id, context)),
            (None, None) => drop(self.objects.insert(key.clone(), &object.listed)),
        }
        Ok(())
    }
}

/// Whether the marker names our environment.
pub(super) fn is_mine(marker: &Marker, context: &PlanContext) -> bool {
    marker.pipeline == context.pipeline && marker.env == context.env
}

fn contested(observed: &Observed, context: &PlanContext) -> Result<(), PlanError> {
    let mut ours = observed.contested.iter().filter(|contested| {
        let mut claimants = contested.claimants.iter();
        claimants.any(|marker| is_mine(marker, context))
    });
    match ours.next() {
        None => Ok(()),
        Some(found) => Err(PlanError::Contested {
            workspace: context.workspace.clone(),
            kind: found.kind.clone(),
            id: found.id.clone(),
            claimants: found.claimants.clone(),
        }),
    }
}

fn two(key: ResourceKey, one: &str, other: &str, context: &PlanContext) -> PlanError {
    let mut both = [one.to_owned(), other.to_owned()];
    both.sort();
    let [first, second] = both;
    PlanError::TwoClaimants {
        workspace: context.workspace.clone(),
        owner: format!("{}/{}", context.pipeline, context.env),
        key: Box::new(key),
        first,
        second,
    }
}

fn managed(key: &ResourceKey, id: &str, marker: &Marker, context: &PlanContext) -> PlanError {
    PlanError::AlreadyManaged {
        workspace: context.workspace.clone(),
        key: key.clone(),
        id: id.to_owned(),
        owner: owner(marker),
    }
}
