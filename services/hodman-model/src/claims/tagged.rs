//! Objects whose tags tell less than their ids: people clear tags, and copy objects with their tags on them.
//!
//! Where a kind has tags, they say whose an object is, also when these notes are lost. The notes only tell what tags cannot: which
//! object it was when its tags are gone, and which of two it is when both carry them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Claim, Claims, is_noted};
use crate::bundle::ResourceKey;
use crate::kinds::{Identity, Kind, Listed, Marker, kind};
use crate::plan::{Desired, ObservedObject};

/// The object that a resource was when somebody looked last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carrier {
    /// Its id.
    pub id: String,
    /// When it was made, where its id is its name and the service says it: one made later is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<i64>,
    /// What it was called: who clears its tags and gives it another name, too, makes it their own. What a release renames is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// What ids tell of one workspace that tags do not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Resources whose objects are there and have lost their marker. They count as marked.
    pub lost: BTreeSet<ResourceKey>,
    /// Resources whose objects have lost their marker and their name: somebody made them their own, and they do not count as ours.
    /// With the id.
    pub renamed: BTreeMap<ResourceKey, String>,
    /// Objects that carry the tags of another, which is the resource. They do not count as marked.
    pub copies: Vec<Copied>,
}

/// An object that somebody copied with our tags on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The resource that it says it is.
    pub key: ResourceKey,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Who made it, as far as the API says.
    pub creator: Option<String>,
    /// The id of the object that is the resource; none where that is gone.
    pub of: Option<String>,
}

/// Whose tags are looked at, and what tells copies.
#[derive(Clone, Copy, Debug)]
pub struct Whose<'a> {
    /// The pipeline.
    pub pipeline: &'a str,
    /// The environment.
    pub env: &'a str,
    /// Objects that are to be taken over: one of those that lost its marker is taken over again.
    pub adopt: &'a BTreeMap<ResourceKey, String>,
    /// When the last apply ended, as far as somebody remembers.
    pub applied: Option<DateTime<Utc>>,
}

impl Whose<'_> {
    fn has(&self, marker: &Marker) -> bool {
        marker.pipeline == self.pipeline && marker.env == self.env
    }
}

impl Claims {
    /// Gives objects that have lost it their marker, and takes it from copies.
    pub fn look_at_tags(
        &self,
        objects: &mut [ObservedObject],
        desired: &Desired,
        whose: Whose<'_>,
    ) -> Tags {
        let mut tags = Tags::default();
        let mut marks: Vec<(usize, Option<Marker>)> = Vec::new();
        for (key, mut with, known) in self.candidates(objects, whose) {
            let copies = self.copies.get(&key);
            let is_copy =
                |at: &usize| copies.is_some_and(|ids| ids.contains(&objects[*at].listed.id));
            let (mut copied, rest): (Vec<usize>, Vec<usize>) = with
                .drain(..)
                .partition(|at| is_copy(at) && Some(*at) != known);
            with = rest;
            let unmarked = known.filter(|at| objects[*at].listed.marker.is_none());
            let wanted = desired.resources.get(&key);
            let is = match (unmarked, wanted.zip(kind(&key.kind))) {
                (Some(at), Some((wanted, kind))) => {
                    let listed = &objects[at].listed;
                    let noted = self.tagged.get(&key).and_then(|is| is.name.as_deref());
                    let name = wanted.config.get(kind.rules().name_field);
                    let name = name.and_then(|name| name.as_str()).unwrap_or(&key.key);
                    // What is only known later is no name yet; the id alone tells then.
                    let same = listed.name == noted.unwrap_or(name)
                        || noted.is_none() && name.contains("${");
                    if whose.adopt.get(&key) == Some(&listed.id) {
                        Some(at)
                    } else if same {
                        tags.lost.insert(key.clone());
                        let marker = Marker {
                            pipeline: whose.pipeline.to_owned(),
                            env: whose.env.to_owned(),
                            key: key.key.clone(),
                        };
                        marks.push((at, Some(marker)));
                        Some(at)
                    } else {
                        tags.renamed.insert(key.clone(), listed.id.clone());
                        oldest(objects, &with, whose.applied)
                    }
                }
                // Nobody wants it any more, and what somebody made of it is theirs.
                (Some(at), None) => Some(at),
                (None, _) => known
                    .filter(|at| with.contains(at))
                    .or_else(|| oldest(objects, &with, whose.applied)),
            };
            if is.is_some() {
                copied.extend(with.into_iter().filter(|at| Some(*at) != is));
            }
            for at in copied {
                let listed = &objects[at].listed;
                tags.copies.push(Copied {
                    key: key.clone(),
                    id: listed.id.clone(),
                    name: listed.name.clone(),
                    creator: listed.creator.clone(),
                    of: is.map(|at| objects[at].listed.id.clone()),
                });
                marks.push((at, None));
            }
        }
        for (at, marker) in marks {
            objects[at].listed.marker = marker;
        }
        tags
    }

    /// By resource: the places of the objects that carry its marker, and of the one that it was.
    fn candidates(
        &self,
        objects: &[ObservedObject],
        whose: Whose<'_>,
    ) -> Vec<(ResourceKey, Vec<usize>, Option<usize>)> {
        let known = self.tagged.iter();
        let known: BTreeMap<(&str, &str), (&ResourceKey, &Carrier)> = known
            .map(|(key, is)| ((key.kind.as_str(), is.id.as_str()), (key, is)))
            .collect();
        let mut found: BTreeMap<ResourceKey, (Vec<usize>, Option<usize>)> = BTreeMap::new();
        for (at, object) in objects.iter().enumerate() {
            let listed = &object.listed;
            if !kind(&object.kind).is_some_and(tells) {
                continue;
            }
            if let Some(marker) = listed.marker.as_ref().filter(|marker| whose.has(marker)) {
                let key = ResourceKey::new(&object.kind, &marker.key);
                found.entry(key).or_default().0.push(at);
            }
            if let Some((key, is)) = known.get(&(object.kind.as_str(), listed.id.as_str()))
                && is.may_be(listed)
            {
                found.entry((*key).clone()).or_default().1 = Some(at);
            }
        }
        let told = |(key, (with, known)): (ResourceKey, (Vec<usize>, Option<usize>))| {
            // One alone that carries the marker is it, also when another was it before: it may have been made anew.
            let plain = with.len() == 1 && known.is_none_or(|at| with == [at]);
            let plain = plain && !self.copies.contains_key(&key);
            (!plain).then_some((key, with, known))
        };
        found.into_iter().filter_map(told).collect()
    }

    /// Notes which objects are ours and which are copies, as `objects` say after [`Claims::look_at_tags`]; whether any of it is news.
    pub fn note_tags(
        &mut self,
        objects: &[ObservedObject],
        desired: &Desired,
        tags: &Tags,
        whose: Whose<'_>,
    ) -> bool {
        let ours = objects.iter().filter_map(|object| {
            let marker = object.listed.marker.as_ref()?;
            let ours = whose.has(marker) && kind(&object.kind).is_some_and(tells);
            let key = ours.then(|| ResourceKey::new(&object.kind, &marker.key))?;
            Some((key, Carrier::of(&object.listed)))
        });
        let mut tagged: BTreeMap<ResourceKey, Carrier> = ours.collect();
        // What is wanted and not there may be back: a list can lag behind.
        for (key, is) in &self.tagged {
            if desired.resources.contains_key(key) && !tagged.contains_key(key) {
                tagged.insert(key.clone(), is.clone());
            }
        }
        let mut copies: BTreeMap<ResourceKey, BTreeSet<String>> = BTreeMap::new();
        for copy in &tags.copies {
            let of = copies.entry(copy.key.clone()).or_default();
            of.insert(copy.id.clone());
        }
        let news = tagged != self.tagged || copies != self.copies;
        (self.tagged, self.copies) = (tagged, copies);
        news
    }

    /// Notes the object that a resource is now.
    pub(super) fn carries(&mut self, key: &ResourceKey, listed: &Listed) {
        if kind(&key.kind).is_some_and(tells) {
            let mut is = Carrier::of(listed);
            // Who applies does not always read what was made; what a look saw of the same object stays known.
            if let Some(was) = self.tagged.get(key).filter(|was| was.id == is.id) {
                is.made = is.made.or(was.made);
                is.name = is.name.or_else(|| was.name.clone());
            }
            self.tagged.insert(key.clone(), is);
        }
    }
}

/// Whether the ids of a kind's objects are noted beside their tags. What is in no list is claimed by its name already.
fn tells(kind: &dyn Kind) -> bool {
    kind.identity() == Identity::Tags && !is_noted(kind)
}

impl Carrier {
    fn of(listed: &Listed) -> Self {
        let by_name = listed.natural.as_ref() == Some(&listed.id);
        let made = listed.created_at.filter(|_| by_name);
        Self {
            id: listed.id.clone(),
            made: made.map(|made| made.timestamp_millis()),
            name: Some(listed.name.clone()).filter(|name| !name.is_empty()),
        }
    }

    /// Whether the object under that id is the one. Where ids are names, only the moment it was made tells.
    fn may_be(&self, listed: &Listed) -> bool {
        if listed.natural.as_ref() != Some(&listed.id) || listed.marker.is_some() {
            return true;
        }
        let then = Claim {
            made: self.made,
            ..Claim::default()
        };
        self.made.and(listed.created_at).is_some() && then.may_be(listed)
    }
}

/// The one of several that was there when the last apply ended, where all others came after it: nothing of ours was made since, so those are
/// copies. Of two that came after it, or of which nobody knows, either may be what a lost answer made.
fn oldest(
    objects: &[ObservedObject],
    with: &[usize],
    applied: Option<DateTime<Utc>>,
) -> Option<usize> {
    let applied = applied?;
    let made = with.iter().map(|at| objects[*at].listed.created_at);
    let made: Vec<DateTime<Utc>> = made.collect::<Option<_>>()?;
    let mut before = with.iter().zip(made).filter(|(_, made)| *made <= applied);
    match (before.next(), before.next()) {
        (Some((at, _)), None) => Some(*at),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
