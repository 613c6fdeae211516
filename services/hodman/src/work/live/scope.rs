//! Which kinds and names a plan has to ask a workspace for.
//!
//! Kinds that are wanted or claimed, and all kinds with tags while no claims file says which of them we ever made: a
//! resource that left the package is found again by its tag alone.

use super::Question;
use super::missed::Missed;
use super::policies::{self, Told};
use super::symbols::Symbols;
use crate::work::claims::Ledgers;
use hodman_model::bundle::Lookup;
use hodman_model::claims::is_noted;
use hodman_model::kinds::{
    ClusterPolicies, Identity, KINDS, Kind, Listed, Listing, Marker, Whose, kind,
};
use hodman_model::plan::ObservedObject;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is asked for.
#[derive(Default)]
pub(super) struct Scope {
    /// The kinds, in the order of the table.
    pub kinds: Vec<&'static dyn Kind>,
    /// Whether all objects are wanted in full.
    pub whole: bool,
    /// Goes on without the kinds that the workspace does not serve, and remembers them.
    pub missed: Option<Missed>,
    /// What the list of cluster policies tells.
    pub policies: Told,
    /// Whether that list is read for this alone, so that a workspace which refuses it is planned without.
    pub policies_told_only: bool,
    /// By name: what stacks of Terraform are told now.
    pub told: BTreeMap<String, Arc<Value>>,
    /// Whose words that are.
    pub whose: Whose,
    /// What is wanted under names that are not known before others were read.
    pub symbols: Symbols,
    /// Kinds whose lists must be there; an API that a workspace does not have holds nothing of the others.
    needed: BTreeSet<&'static str>,
    /// By kind: natural names that are wanted or claimed.
    names: BTreeMap<&'static str, BTreeSet<String>>,
    /// By kind: ids that are claimed or adopted.
    ids: BTreeMap<&'static str, BTreeSet<String>>,
    /// By kind: natural names of objects that wanted ones lie below.
    parents: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Scope {
    /// Everything of these kinds.
    pub fn all(kinds: impl Iterator<Item = &'static dyn Kind>) -> Self {
        Self {
            kinds: kinds.collect(),
            whole: true,
            ..Self::default()
        }
    }

    /// Asks for more objects by their names.
    pub fn ask_for(&mut self, named: BTreeMap<&'static str, BTreeSet<String>>) {
        for (kind, names) in named {
            self.names.entry(kind).or_default().extend(names);
        }
    }

    /// What a plan needs; `user` is who we are, by field.
    pub fn of(question: &Question<'_>, ledgers: &Ledgers, user: &BTreeMap<String, String>) -> Self {
        let mut scope = Self::among(KINDS.iter().copied(), question, ledgers);
        scope.symbols.know(user);
        scope
    }

    /// The same of other kinds than those of a workspace.
    pub fn among(
        kinds: impl Iterator<Item = &'static dyn Kind>,
        question: &Question<'_>,
        ledgers: &Ledgers,
    ) -> Self {
        let claimed = ledgers.own.claims.iter();
        let claimed = claimed.filter_map(|(key, claim)| Some((key.clone(), claim.id.clone()?)));
        let mut scope = Self {
            symbols: Symbols::new(question.pipeline, question.env, claimed.collect()),
            told: question
                .told
                .map(|told| told.by_name.clone())
                .unwrap_or_default(),
            whose: question.told.map(|told| told.whose).unwrap_or_default(),
            ..Self::default()
        };
        for (key, wanted) in &question.desired.resources {
            let Some(kind) = kind(&key.kind) else {
                continue;
            };
            scope.needed.insert(kind.name());
            let mut waits = false;
            match kind.natural(&wanted.config) {
                Some(name) if is_known(&name) => {
                    scope.names.entry(kind.name()).or_default().insert(name);
                }
                Some(_) => waits = true,
                None => {}
            }
            for (parent, name) in kind.needs(&wanted.config) {
                if is_known(&name) {
                    scope.parents.entry(parent).or_default().insert(name);
                } else {
                    waits = true;
                }
            }
            if waits {
                scope.symbols.wait(kind, &wanted.config);
            }
        }
        for (key, id) in question.adopt {
            if let Some(kind) = kind(&key.kind) {
                scope.needed.insert(kind.name());
                scope.claims(kind, id);
            }
        }
        for lookup in &question.desired.lookups {
            let known = Lookup::KINDS.iter().find(|(word, _)| *word == lookup.kind);
            if let Some(kind) = known.and_then(|(_, name)| kind((*name)?)) {
                scope.needed.insert(kind.name());
            }
        }
        let mut claimed = BTreeSet::new();
        for (key, claim) in &ledgers.own.claims {
            let Some(kind) = kind(&key.kind) else {
                continue;
            };
            claimed.insert(kind.name());
            if !is_noted(kind) {
                continue;
            }
            if let Some(name) = &claim.natural {
                if let Some((parent, name)) = kind.lies_in(name) {
                    scope.parents.entry(parent).or_default().insert(name);
                }
                scope
                    .names
                    .entry(kind.name())
                    .or_default()
                    .insert(name.clone());
            }
            if let Some(id) = &claim.id {
                scope.claims(kind, id);
            }
            if kind.identity() == Identity::Tags {
                let former = claim.former.iter();
                former.for_each(|id| scope.claims(kind, id));
            }
        }
        // Known by its id, it is read in full also when its tags are gone.
        for (key, is) in &ledgers.own.tagged {
            if let Some(kind) = kind(&key.kind) {
                claimed.insert(kind.name());
                scope.claims(kind, &is.id);
            }
        }
        let asked = |kind: &dyn Kind| {
            scope.needed.contains(kind.name())
                || claimed.contains(kind.name())
                || (!ledgers.own_found && kind.identity() == Identity::Tags)
        };
        let told = policies::are_named(question.desired) && !asked(&ClusterPolicies);
        scope.kinds = kinds
            .filter(|kind| asked(*kind) || (told && policies::is_policies(*kind)))
            .collect();
        scope.policies_told_only = told;
        scope
    }

    /// Notes an object that is asked for by its id, and what it lies below.
    fn claims(&mut self, kind: &'static dyn Kind, id: &str) {
        self.ids
            .entry(kind.name())
            .or_default()
            .insert(id.to_owned());
        if let (Listing::Below { parent, .. }, Some(above)) = (kind.listing(), kind.below(id)) {
            self.parents.entry(parent).or_default().insert(above);
        }
    }

    /// Whether a workspace without the API of this kind is an error.
    pub fn needs(&self, kind: &dyn Kind) -> bool {
        self.needed.contains(kind.name())
    }

    /// Natural names that are wanted or claimed.
    pub fn names(&self, kind: &dyn Kind) -> impl Iterator<Item = &String> {
        self.names.get(kind.name()).into_iter().flatten()
    }

    /// Ids that are claimed or adopted.
    pub fn ids(&self, kind: &dyn Kind) -> impl Iterator<Item = &String> {
        self.ids.get(kind.name()).into_iter().flatten()
    }

    /// Natural names of objects of the kind `parent` that wanted ones lie below.
    pub fn parents(&self, parent: &str) -> impl Iterator<Item = &String> {
        self.parents.get(parent).into_iter().flatten()
    }

    /// Whether a plan speaks of the object, by id or natural name.
    pub fn speaks_of(&self, kind: &dyn Kind, id: &str, natural: Option<&str>) -> bool {
        let has = |names: &BTreeMap<&str, BTreeSet<String>>, name: &str| {
            names
                .get(kind.name())
                .is_some_and(|names| names.contains(name))
        };
        has(&self.ids, id) || natural.is_some_and(|name| has(&self.names, name))
    }

    /// Whether a plan speaks of an object of which a list shows less than its natural name: only the whole of it says.
    pub fn may_speak_of(&self, kind: &dyn Kind, listed: &Listed) -> bool {
        let Some(names) = self.names.get(kind.name()) else {
            return false;
        };
        let end = kind.natural_end(&listed.name);
        end.is_some_and(|end| {
            listed.natural.is_none() && names.iter().any(|name| name.ends_with(&end))
        })
    }

    /// Whether what carries this mark is ours.
    pub fn is_ours(&self, marker: &Marker) -> bool {
        self.symbols.is_of(&marker.pipeline, &marker.env)
    }

    /// Forgets the fields of an object that is nobody's business here: names and ids of others are looked up, their
    /// configs are not, and ten thousand of them would fill the memory.
    pub fn lean(&self, object: &mut ObservedObject, question: &Question<'_>) {
        let ours = object.listed.marker.as_ref().is_some_and(|marker| {
            marker.pipeline == question.pipeline && marker.env == question.env
        });
        let spoken_of = kind(&object.kind).is_some_and(|kind| {
            self.speaks_of(kind, &object.listed.id, object.listed.natural.as_deref())
        });
        if !ours && !spoken_of {
            object.listed.config = Value::Null;
            // What a service principal is looked up for is no id of the list.
            let application = object.listed.outputs.get("application_id").cloned();
            object.listed.outputs = application.map_or(
                Value::Null,
                |application| json!({ "application_id": application }),
            );
        }
    }
}

/// A name that still waits for the id of something else is not known.
fn is_known(name: &str) -> bool {
    !name.contains("${")
}
