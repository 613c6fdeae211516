//! What an environment should have.

mod access;
mod left;
mod literal;
mod places;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::error::{PlanError, unsupported_kind};
use super::references::{Placeholder, is_symbolic, placeholders_in};
use super::work::points_to_files;
use crate::bundle::{Lookup, ResolvedBundle, Resource, ResourceKey};
use crate::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use crate::digest::{Digest, sha256};
use crate::field_path::FieldPath;
use crate::kinds::pattern::Keep;
use crate::kinds::{Kind, Marker, files, grants, kind, permissions};
use literal::Literals;

/// One resource as it should be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DesiredResource {
    /// Its fields as the bundle says them, without permissions and grants; placeholders in place, but for those that
    /// the bundle answers itself. What is applied, after [`super::substitute_known`]. Shared with the bundle where that
    /// answers nothing.
    pub config: Arc<Value>,
    /// The permissions in managed form; none leaves the live ones alone.
    pub permissions: Option<Value>,
    /// The grants in managed form; none leaves the live ones alone.
    pub grants: Option<Value>,
    /// What the last apply said of fields that the server may fill and nothing says any more, where an update takes it back: none
    /// once this was applied.
    pub left: BTreeMap<FieldPath, Value>,
    /// Whether a plan that would delete or replace it is refused.
    pub prevent_destroy: bool,
    /// Whether it is stopped as soon as it was made. Whether it runs later is no state that is kept: people use it.
    pub stopped: bool,
    /// The resources that it refers to.
    pub needs: BTreeSet<ResourceKey>,
    /// The file that defines it.
    pub file: String,
    /// The line there.
    pub line: u32,
}

impl DesiredResource {
    /// The managed form, permissions and grants in it: what is compared. Made anew each time; ten thousand of them would
    /// fill the memory that the configs themselves take.
    #[must_use]
    pub fn managed(&self, kind: &dyn Kind) -> Value {
        let mut managed = kind.rules().normalise(&self.config);
        for pattern in &kind.rules().write_only {
            pattern.visit(&mut managed, &mut |_| Keep::No);
        }
        if let Value::Object(map) = &mut managed {
            for field in kind.rules().said_empty {
                let said = self.config.get(*field).filter(|said| said.is_array());
                if let Some(said) = said.filter(|_| !map.contains_key(*field)) {
                    map.insert((*field).to_owned(), said.clone());
                }
            }
            for (field, wanted) in [
                (permissions::FIELD, &self.permissions),
                (grants::FIELD, &self.grants),
            ] {
                if let Some(wanted) = wanted {
                    map.insert(field.to_owned(), wanted.clone());
                }
            }
        }
        managed
    }

    /// The managed form as it is compared with `live`, the managed form of the object there.
    #[must_use]
    pub fn managed_over(&self, kind: &dyn Kind, live: &Value) -> Value {
        let mut managed = self.managed(kind);
        kind.rules().say(&mut managed, &self.config, live);
        managed
    }

    /// The fields that the server takes and never returns, in the order of the rules: what
    /// [`super::Sent::version`] is a keyed digest over, once placeholders and references to secrets are resolved.
    #[must_use]
    pub fn write_only(&self, kind: &dyn Kind) -> Vec<Value> {
        let mut found = Vec::new();
        if kind.rules().write_only.is_empty() {
            return found;
        }
        let mut config = Value::clone(&self.config);
        for pattern in &kind.rules().write_only {
            pattern.visit(&mut config, &mut |value| {
                found.push(value.take());
                Keep::No
            });
        }
        found
    }
}

/// The files that should be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSet {
    /// The digest that names the set.
    pub digest: Digest,
    /// What names its folder: the same digest, or [`crate::kinds::files::in_place`].
    pub folder: Digest,
    /// The digest of each file's content, by path in the bundle.
    pub files: BTreeMap<String, Digest>,
    /// Files that lie at a place of their own in the workspace and not in the folder, by path in the bundle: what is
    /// restored goes back to where people had it.
    pub places: BTreeMap<String, String>,
}

/// What an environment should have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Desired {
    /// The resources.
    pub resources: BTreeMap<ResourceKey, DesiredResource>,
    /// The files; none when the bundle has none.
    pub files: Option<FileSet>,
    /// What names files at places of their own: no field of it says any more that it runs files, and they are to lie there first.
    pub placed: BTreeSet<ResourceKey>,
    /// What is asked of the workspace by name.
    pub lookups: Vec<Lookup>,
    /// The fields beside `id` that resources ask of each other and that only a workspace knows.
    pub asked: BTreeMap<ResourceKey, BTreeSet<String>>,
}

impl Desired {
    /// An environment without anything of ours: the plan removes what is there.
    #[must_use]
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Those resources and what they refer to, and nothing else.
    #[must_use]
    pub fn only(&self, keys: &BTreeSet<ResourceKey>) -> Self {
        let mut left: Vec<&ResourceKey> = keys.iter().collect();
        let mut only = Self::default();
        while let Some(key) = left.pop() {
            let Some(wanted) = self.resources.get(key) else {
                continue;
            };
            if only.resources.insert(key.clone(), wanted.clone()).is_none() {
                left.extend(&wanted.needs);
            }
            if let Some(asked) = self.asked.get(key) {
                only.asked.insert(key.clone(), asked.clone());
            }
        }
        only
    }

    /// What `bundle` says, its files being the set `files_digest`.
    ///
    /// # Errors
    /// When a resource is of a kind that we do not know, has a field, level or principal that we cannot apply, or refers
    /// to a resource that is not there; everything that was found, not only the first.
    pub fn from_bundle(bundle: &ResolvedBundle, files_digest: &Digest) -> Result<Self, PlanError> {
        let mut found = Diagnostics::default();
        let mut desired = Self {
            lookups: bundle.lookups.clone(),
            ..Self::default()
        };
        for (key, resource) in &bundle.resources {
            let Some(kind) = kind(&key.kind) else {
                found.push(unsupported_kind(key, &resource.file, resource.line));
                continue;
            };
            let wanted = desired.resource(kind, key, resource, bundle, &mut found);
            desired.resources.insert(key.clone(), wanted);
        }
        if !found.0.is_empty() {
            found.0.sort();
            return Err(PlanError::Bundle(found));
        }
        desired.files = (!bundle.files.is_empty()).then(|| FileSet {
            digest: files_digest.clone(),
            folder: files_digest.clone(),
            files: bundle
                .files
                .iter()
                .map(|(path, file)| (path.clone(), sha256(&file.bytes)))
                .collect(),
            places: BTreeMap::new(),
        });
        Ok(desired)
    }

    /// Lets files lie at places of their own, by path in the bundle, and points what runs them there. Those that the
    /// bundle does not have are left out, and so are those of a folder that is used as a whole and has other files, too.
    pub fn put_at(&mut self, bundle: &ResolvedBundle, places: &BTreeMap<String, String>) {
        let Some(set) = &mut self.files else { return };
        let runs = self.resources.iter();
        let runs = runs.filter(|(_, wanted)| points_to_files(&wanted.config));
        self.placed = runs.map(|(key, _)| key.clone()).collect();
        let configs = self.resources.values_mut();
        let configs = configs.map(|wanted| Arc::make_mut(&mut wanted.config));
        set.places = places::put(bundle, places, configs);
        set.folder = files::in_place();
    }

    /// Asks for every field that `value`, which is no resource, refers to.
    pub fn ask(&mut self, value: &Value) {
        for placeholder in placeholders_in(value) {
            if let Placeholder::Output(key, field) = placeholder {
                self.asked.entry(key).or_default().insert(field);
            }
        }
    }

    /// The resources that `prevent_destroy` protects; kept from one package to the next as
    /// [`super::PlanContext::protected`].
    #[must_use]
    pub fn protected(&self) -> BTreeSet<ResourceKey> {
        self.resources
            .iter()
            .filter(|(_, wanted)| wanted.prevent_destroy)
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn resource(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        resource: &Resource,
        bundle: &ResolvedBundle,
        found: &mut Diagnostics,
    ) -> DesiredResource {
        let at = |message: String| {
            Diagnostic::error(&resource.file, format!("resource `{key}`{message}"))
                .at(resource.line, 1)
        };
        let placeholders: BTreeSet<Placeholder> = placeholders_in(&resource.config)
            .into_iter()
            .chain(access::placeholders(resource))
            .collect();
        let mut needs = resource.needs.clone();
        for placeholder in placeholders {
            match placeholder {
                // Made before anything in a workspace, so there is nothing to wait for.
                Placeholder::Output(target, _) if bundle.outside.contains(&target) => {}
                Placeholder::Output(target, _) if !bundle.resources.contains_key(&target) => {
                    let known: Vec<_> = bundle.resources.keys().map(ToString::to_string).collect();
                    let mut error =
                        at(format!(" refers to `{target}`, which is not in the bundle"));
                    error.hint =
                        did_you_mean(&target.to_string(), known.iter().map(String::as_str));
                    found.push(error);
                }
                Placeholder::Output(target, _) => drop(needs.insert(target)),
                Placeholder::Files if bundle.files.is_empty() => {
                    found.push(at(" points to files, but the bundle has none".to_owned()))
                }
                Placeholder::Files | Placeholder::Lookup(..) => {}
            }
        }
        for field in unsendable(kind, &resource.config) {
            found
                .push(at(format!(": `{field}` cannot be applied")).hint(
                    "the API has no place for it, so it would differ for ever; leave it out",
                ));
        }
        let mut literals = Literals::new(bundle);
        let config = match is_symbolic(&resource.config) {
            true => Arc::new(literals.put_in(&resource.config)),
            false => Arc::clone(&resource.config),
        };
        let permissions = access::permissions(kind, resource, &mut literals, &at, found);
        let grants = access::grants(kind, resource, &mut literals, &at, found);
        for (target, field) in literals.left {
            self.asked.entry(target).or_default().insert(field);
        }
        DesiredResource {
            config,
            permissions,
            grants,
            left: BTreeMap::new(),
            prevent_destroy: resource.lifecycle.prevent_destroy,
            stopped: resource.lifecycle.started == Some(false),
            needs,
            file: resource.file.clone(),
            line: resource.line,
        }
    }
}

/// The fields that no request of the kind sends, and that a comparison would miss for ever. What the kind does not know and
/// passes on is sent.
fn unsendable(kind: &dyn Kind, config: &Value) -> Vec<String> {
    let settable = kind.rules().settable;
    if settable.is_empty() {
        return Vec::new();
    }
    let known = |field: &str| settable.contains(&field);
    if config
        .as_object()
        .is_none_or(|config| config.keys().all(|field| known(field)))
    {
        return Vec::new();
    }
    let managed = kind.rules().normalise(config);
    let unknown = managed.as_object().into_iter().flatten();
    let unknown: Vec<&String> = unknown
        .map(|(field, _)| field)
        .filter(|field| !known(field))
        .collect();
    if unknown.is_empty() {
        return Vec::new();
    }
    // Any object of anybody: only which fields are sent is looked at.
    let marker = Marker {
        pipeline: String::new(),
        env: String::new(),
        key: String::new(),
    };
    let mut calls = vec![kind.create(config, &marker)];
    calls.extend(kind.after_create("0", config, &marker));
    let bodies: Vec<Value> = calls.into_iter().filter_map(|call| call.body).collect();
    let sent = |field: &str| bodies.iter().any(|body| body.get(field).is_some());
    unknown
        .into_iter()
        .filter(|field| !sent(field))
        .cloned()
        .collect()
}
