//! Claims: whose an object is when its kind has no tags for our marker.
//!
//! One file for each pipeline and environment in every workspace, beside the file sets. A row is written before the create
//! (key, natural name) and completed after it (id), so that a lost database or a crash in between loses nothing: what is
//! there under the natural name and claimed is ours, what is there and not claimed is not.

mod account;
mod begun;
mod former;
mod paused;
mod put;
mod said;
mod still;
mod tagged;
mod taken;
mod vanished;

pub use still::Still;
pub use tagged::{Carrier, Copied, Tags, Whose};

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::bundle::ResourceKey;
use crate::kinds::{Identity, Kind, Listed, Listing, Marker, files, kind};
use crate::plan::{Action, Contested, Desired, ObservedObject, WorkspacePart};

pub use account::is_of_account;
pub use begun::is_made_in_steps;
pub use paused::{paused, starts};
pub use put::Put;

/// The claims of one pipeline in one environment on the objects of one workspace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The form of the file; 1.
    pub version: u32,
    /// By resource.
    pub claims: BTreeMap<ResourceKey, Claim>,
    /// The ids of what was somebody else's once and taken over, by resource. They outlive the claims: a list of what to take over
    /// stays in Git when the object has long been replaced or removed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub taken: BTreeMap<ResourceKey, BTreeSet<String>>,
    /// Which objects with tags are ours: tags can be cleared and copied; see [`Claims::look_at_tags`].
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tagged: BTreeMap<ResourceKey, Carrier>,
    /// The ids of copies of those, with our tags on them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub copies: BTreeMap<ResourceKey, BTreeSet<String>>,
}

/// One claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The name that is unique in the workspace, or the path; none for kinds whose names are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub natural: Option<String>,
    /// The id, once the object was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// When the object with that id was made, as far as the service says, in milliseconds since 1970. Where ids are names, one made
    /// later is another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made: Option<i64>,
    /// When the create was claimed, in milliseconds since 1970; none once the object is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<i64>,
    /// Ids of objects that were replaced and have not gone yet, because something may use them still.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former: Vec<String>,
    /// Of those, the ones that were not removed when all was done, each with why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub kept: BTreeMap<String, String>,
    /// For values that cannot be read back: what was put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put: Option<Put>,
    /// What stands still for a change of the object, until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub still: Option<Still>,
    /// Whether the package applied last protects it by `prevent_destroy`: what left the package is protected still.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
    /// The parameters of a stack that its module has said once.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub said: BTreeSet<String>,
    /// The Databricks account that the object is of, where it is of one: no other can say that it is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// A file of claims that does not hold any.
#[derive(Debug, thiserror::Error)]
#[error("the claims in {path} cannot be read")]
pub struct BadClaims {
    /// Where it lies in the workspace.
    pub path: String,
    /// What is wrong with it.
    #[source]
    pub source: serde_json::Error,
}

/// Where the claims of a pipeline in an environment lie.
#[must_use]
pub fn path(pipeline: &str, env: &str) -> String {
    format!("{}/claims.json", files::root(pipeline, env))
}

impl Claims {
    /// Reads a file of claims.
    ///
    /// # Errors
    /// When it holds anything else.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, BadClaims> {
        serde_json::from_slice(bytes).map_err(|source| BadClaims {
            path: path.to_owned(),
            source,
        })
    }

    /// The file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let file = Self {
            version: 1,
            ..self.clone()
        };
        // Texts and numbers in mappings with text keys: none of it can fail to be JSON.
        let mut bytes = serde_json::to_vec_pretty(&file).unwrap_or_default();
        bytes.push(b'\n');
        bytes
    }

    /// Gives every object that is claimed here, and whose kind has no tags, the marker. What another claims, too, is told
    /// by [`mark`] only.
    pub fn mark(&self, objects: &mut [ObservedObject], pipeline: &str, env: &str) {
        let ledger = Ledger {
            pipeline: pipeline.to_owned(),
            env: env.to_owned(),
            claims: self.clone(),
        };
        mark(&[ledger], objects);
    }

    /// The claims as they must stand before the rows of `part` are begun: what will be made is claimed by its name, and what
    /// is taken over by its id. A lost answer and a crash in between lose nothing then.
    #[must_use]
    pub fn before(&self, part: &WorkspacePart, desired: &Desired) -> Self {
        let mut claims = self.clone();
        claims.version = 1;
        for row in &part.rows {
            claims.note_taken(row);
            let Some(kind) = claimed_kind(&row.key) else {
                begun::note_name(&mut claims, row, desired);
                // Tags say whose it is. That it was somebody else's before, only we remember.
                if row.action == Action::Adopt && row.live_id.is_some() {
                    let claim = claims.claims.entry(row.key.clone()).or_default();
                    claim.id.clone_from(&row.live_id);
                }
                continue;
            };
            let Some(wanted) = desired.resources.get(&row.key) else {
                continue;
            };
            let claim = claims.claims.entry(row.key.clone()).or_default();
            // What an old claim was under says nothing of what will be made; see [`Claims::name`].
            let natural = kind.natural(&wanted.config);
            match natural.filter(|natural| !natural.contains("${")) {
                Some(natural) => claim.natural = Some(natural),
                None if row.action == Action::Create => claim.natural = None,
                None => {}
            }
            match row.action {
                // What was there under this claim is gone, and so is what was put into it.
                Action::Create => {
                    (claim.id, claim.made, claim.put, claim.account) = (None, None, None, None);
                }
                Action::Adopt => {
                    // What was noted was of another object.
                    (claim.made, claim.put, claim.account) = (None, None, None);
                    claim.id.clone_from(&row.live_id);
                    claims.claims.retain(|key, other| {
                        *key == row.key || key.kind != row.key.kind || other.id != row.live_id
                    });
                }
                Action::Update | Action::Resize | Action::Replace | Action::Delete => {}
            }
        }
        for (key, wanted) in &desired.resources {
            if wanted.prevent_destroy {
                claims.claims.entry(key.clone()).or_default().protected = true;
            } else if let Some(claim) = claims.claims.get_mut(key) {
                claim.protected = false;
            }
        }
        claims.note_said(desired);
        claims
    }

    /// Notes the name of what is about to be made, where it was not known before; whether the claim is another now.
    pub fn name(&mut self, key: &ResourceKey, natural: &str) -> bool {
        if kind(&key.kind).is_none_or(|kind| !is_noted(kind)) {
            return false;
        }
        let claim = self.claims.entry(key.clone()).or_default();
        let news = claim.natural.as_deref() != Some(natural);
        claim.natural = Some(natural.to_owned());
        news
    }

    /// What the package applied last protects, for [`crate::plan::PlanContext::protected`].
    #[must_use]
    pub fn protected(&self) -> BTreeSet<ResourceKey> {
        let protected = self.claims.iter().filter(|(_, claim)| claim.protected);
        protected.map(|(key, _)| key.clone()).collect()
    }

    /// Completes the claim on an object that is there now. Written under the name that the workspace gave it.
    pub fn with_id(&mut self, key: &ResourceKey, listed: &Listed) {
        self.carries(key, listed);
        if kind(&key.kind).is_none_or(|kind| !is_noted(kind)) {
            return;
        }
        let claim = self.claims.entry(key.clone()).or_default();
        if claim.id.as_ref() != Some(&listed.id) {
            claim.account = None;
        }
        claim.id = Some(listed.id.clone());
        claim.made = listed.created_at.map(|made| made.timestamp_millis());
        claim.since = None;
        claim.former.retain(|former| *former != listed.id);
        if listed.natural.is_some() {
            claim.natural.clone_from(&listed.natural);
        }
    }

    /// Drops the claim on an object that is gone. That there were objects of a kind with tags is remembered: others of that
    /// kind may be there still, and nothing else says that it has to be looked through.
    pub fn forget(&mut self, key: &ResourceKey) {
        self.tagged.remove(key);
        if claimed_kind(key).is_some() {
            let former = self.claims.get_mut(key).map(|claim| {
                // What was replaced and never went was the object, as long as there was no other.
                if claim.id.take().is_none() {
                    claim.former.pop();
                }
                !claim.former.is_empty()
            });
            if former != Some(true) {
                self.claims.remove(key);
            }
        } else if let Some(claim) = self.claims.get_mut(key) {
            *claim = Claim {
                former: std::mem::take(&mut claim.former),
                kept: std::mem::take(&mut claim.kept),
                ..Claim::default()
            };
        }
    }

    /// The kinds that are claimed here.
    #[must_use]
    pub fn kinds(&self) -> BTreeSet<&str> {
        self.claims.keys().map(|key| key.kind.as_str()).collect()
    }
}

/// Whether claims say which objects of a kind are ours, or, where tags say that, at least which there are: what is asked for
/// by name and in no list would not be looked for any more once nobody wants it.
#[must_use]
pub fn is_noted(kind: &dyn Kind) -> bool {
    kind.identity() == Identity::Claim || matches!(kind.listing(), Listing::ByName)
}

/// The kind of the resource, when its objects are known by claims.
fn claimed_kind(key: &ResourceKey) -> Option<&'static dyn Kind> {
    kind(&key.kind).filter(|kind| kind.identity() == Identity::Claim)
}

/// One file of claims in a workspace and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    /// The pipeline.
    pub pipeline: String,
    /// The environment.
    pub env: String,
    /// What is claimed.
    pub claims: Claims,
}

impl Ledger {
    fn marker(&self, key: &ResourceKey) -> Marker {
        Marker {
            pipeline: self.pipeline.clone(),
            env: self.env.clone(),
            key: key.key.clone(),
        }
    }
}

/// What all the files of claims in a workspace say beside the markers that [`mark`] gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marked {
    /// Objects that are claimed more than once; they carry the first claimant's marker.
    pub contested: Vec<Contested>,
    /// Every claimed name, by (kind, natural name), and whose it is.
    pub names: BTreeMap<(String, String), BTreeSet<Marker>>,
}

impl Marked {
    /// The names that others than this environment claim, for [`crate::plan::Observed::claimed_elsewhere`].
    #[must_use]
    pub fn elsewhere(&self, pipeline: &str, env: &str) -> BTreeMap<(String, String), Marker> {
        self.names
            .iter()
            .filter_map(|(name, markers)| {
                let mut markers = markers.iter();
                let other = markers.find(|marker| marker.pipeline != pipeline || marker.env != env);
                Some((name.clone(), other?.clone()))
            })
            .collect()
    }
}

/// Gives every object that one of `ledgers` claims, and whose kind has no tags, the claimant's marker.
///
/// A claim with an id is a claim on that object. A claim without one was written before a create whose end nobody saw:
/// the object under its name is the one that was made, unless another claim has that object by its id.
pub fn mark(ledgers: &[Ledger], objects: &mut [ObservedObject]) -> Marked {
    let mut marked = Marked::default();
    let mut by_id: BTreeMap<(&str, &str), BTreeMap<Marker, &Claim>> = BTreeMap::new();
    let mut by_name: BTreeMap<(&str, &str), BTreeSet<Marker>> = BTreeMap::new();
    for ledger in ledgers {
        for (key, claim) in &ledger.claims.claims {
            if claimed_kind(key).is_none() {
                continue;
            }
            let marker = ledger.marker(key);
            if let Some(natural) = &claim.natural {
                let names = marked.names.entry((key.kind.clone(), natural.clone()));
                names.or_default().insert(marker.clone());
            }
            // Replaced, and nobody saw the new one made: the old one is the object still.
            match (claim.id.as_ref().or(claim.former.last()), &claim.natural) {
                (Some(id), _) => {
                    let claimants = by_id.entry((&key.kind, id)).or_default();
                    claimants.insert(marker, claim);
                }
                (None, Some(natural)) => {
                    let name = (key.kind.as_str(), natural.as_str());
                    by_name.entry(name).or_default().insert(marker);
                }
                (None, None) => {}
            }
        }
    }
    for object in objects
        .iter_mut()
        .filter(|object| object.listed.marker.is_none())
    {
        let id = (object.kind.as_str(), object.listed.id.as_str());
        let natural = object.listed.natural.as_deref();
        let claimants = by_id.get(&id).into_iter().flatten();
        let claimants = claimants.filter(|(_, claim)| claim.may_be(&object.listed));
        let mut claimants: Vec<Marker> = claimants.map(|(marker, _)| marker.clone()).collect();
        if claimants.is_empty() {
            let named = natural.and_then(|natural| by_name.get(&(id.0, natural)));
            claimants.extend(named.into_iter().flatten().cloned());
        }
        let Some(first) = claimants.first().cloned() else {
            continue;
        };
        if claimants.len() > 1 {
            marked.contested.push(Contested {
                kind: object.kind.clone(),
                id: object.listed.id.clone(),
                claimants,
            });
        }
        object.listed.marker = Some(first);
    }
    marked
}

#[cfg(test)]
mod tests;
