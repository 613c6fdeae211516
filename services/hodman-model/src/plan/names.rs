//! Who has the names that are unique in a workspace.

use std::collections::BTreeMap;

use super::desired::DesiredResource;
use super::known::Known;
use super::observed::{Observed, ObservedObject};
use super::substitute::substitute_known;
use crate::bundle::ResourceKey;
use crate::kinds::{Identity, Kind, files, kind};

/// Objects and resources by (kind, natural name).
pub(crate) struct Names<'o> {
    observed: &'o Observed,
    /// Objects without a marker whose names are not unique, of kinds that have tags.
    unmarked: BTreeMap<(&'o str, &'o str), &'o ObservedObject>,
    live: BTreeMap<(&'o str, &'o str), &'o ObservedObject>,
    wanted: BTreeMap<(&'static str, String), &'o ResourceKey>,
}

impl<'o> Names<'o> {
    pub(crate) fn of(
        observed: &'o Observed,
        wanted: &'o BTreeMap<ResourceKey, DesiredResource>,
    ) -> Self {
        let unmarked = observed.objects.iter().filter(|object| {
            let listed = &object.listed;
            let nameless = listed.marker.is_none() && listed.natural.is_none();
            nameless && kind(&object.kind).is_some_and(|kind| kind.identity() == Identity::Tags)
        });
        Self {
            observed,
            unmarked: unmarked
                .map(|object| ((object.kind.as_str(), object.listed.name.as_str()), object))
                .collect(),
            live: observed
                .objects
                .iter()
                .filter_map(|object| {
                    let natural = object.listed.natural.as_deref()?;
                    Some(((object.kind.as_str(), natural), object))
                })
                .collect(),
            wanted: wanted
                .iter()
                .filter_map(|(key, wanted)| {
                    let kind = kind(&key.kind)?;
                    Some(((kind.name(), natural(kind, wanted)?), key))
                })
                .collect(),
        }
    }

    /// The live object of that name.
    pub(crate) fn live(&self, kind: &str, natural: &str) -> Option<&'o ObservedObject> {
        self.live.get(&(kind, natural)).copied()
    }

    /// The object without a marker that may be the resource: the one that it was, or one of its name.
    pub(crate) fn perhaps(
        &self,
        key: &ResourceKey,
        wanted: &DesiredResource,
    ) -> Option<&'o ObservedObject> {
        if let Some(id) = self.observed.tags.renamed.get(key) {
            let mut objects = self.observed.objects.iter();
            return objects.find(|object| object.kind == key.kind && object.listed.id == *id);
        }
        let name = wanted.config.get(kind(&key.kind)?.rules().name_field)?;
        let named = (key.kind.as_str(), name.as_str()?);
        self.unmarked.get(&named).copied()
    }

    /// The resource that wants that name.
    pub(crate) fn wanted(&self, kind: &'static str, natural: String) -> Option<&'o ResourceKey> {
        self.wanted.get(&(kind, natural)).copied()
    }
}

/// The natural name of what is wanted, as far as the package says it whole.
pub(crate) fn natural(kind: &dyn Kind, wanted: &DesiredResource) -> Option<String> {
    kind.natural(&wanted.config)
        .filter(|natural| !natural.contains("${"))
}

/// The same, with the ids in it that the workspace says by now.
pub(super) fn natural_by_now(
    kind: &dyn Kind,
    wanted: &DesiredResource,
    known: &Known,
) -> Option<String> {
    let said = kind.natural(&wanted.config)?;
    if !said.contains("${") {
        return Some(said);
    }
    // Names with folders of files in them are none that somebody else could have.
    if said.contains(files::PLACEHOLDER) {
        return None;
    }
    let config = substitute_known(&wanted.config, "", known).ok()?;
    kind.natural(&config)
}
