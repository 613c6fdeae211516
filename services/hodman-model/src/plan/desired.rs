//! What an environment should have.

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::{PlanError, unsupported_kind};
use super::references::references_in;
use crate::bundle::{ResolvedBundle, Resource, ResourceKey};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::digest::{Digest, sha256};
use crate::kinds::{files, kind};

/// The fields that bundles put beside an object's own and that are applied by other calls.
const BESIDE: &[(&str, &str)] = &[
    (
        "permissions",
        "permissions are not applied yet; set them in the workspace and leave them out here",
    ),
    ("lifecycle", "lifecycle settings are not supported"),
];

/// One resource as it should be.
#[derive(Clone, Debug, PartialEq)]
pub struct DesiredResource {
    /// Its fields as the bundle says them, placeholders in place; what is applied, after
    /// [`super::substitute`].
    pub config: Value,
    /// The managed form; what is compared.
    pub managed: Value,
    /// The file that defines it.
    pub file: String,
    /// The line there.
    pub line: u32,
}

/// The files that should be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSet {
    /// The digest that names the set and its folder.
    pub digest: Digest,
    /// The digest of each file's content, by path in the bundle.
    pub files: BTreeMap<String, Digest>,
}

/// What an environment should have.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// The resources.
    pub resources: BTreeMap<ResourceKey, DesiredResource>,
    /// The files; none when the bundle has none.
    pub files: Option<FileSet>,
}

impl Desired {
    /// An environment without anything of ours: the plan removes what is there.
    #[must_use]
    pub fn nothing() -> Self {
        Self {
            resources: BTreeMap::new(),
            files: None,
        }
    }

    /// What `bundle` says, its files being the set `files_digest`.
    ///
    /// # Errors
    /// When a resource is of a kind that we do not know, has a field that we cannot apply, or refers to a resource
    /// that is not there.
    pub fn from_bundle(bundle: &ResolvedBundle, files_digest: &Digest) -> Result<Self, PlanError> {
        // What only the workspace knows is not asked yet; sent as it is written it would be taken literally.
        let open = bundle
            .lookups
            .iter()
            .map(|lookup| (lookup.placeholder(), &lookup.position));
        let open = open.chain(bundle.user_fields.iter().map(|user| {
            (
                format!("${{workspace.current_user.{}}}", user.field),
                &user.position,
            )
        }));
        if let Some((placeholder, at)) = open.into_iter().next() {
            return Err(PlanError::Bundle(
                Diagnostic::error(&at.file, format!("`{placeholder}` cannot be applied"))
                    .at(at.line, at.column)
                    .hint("declare a variable and set it under `variables` in environment.yaml"),
            ));
        }
        let mut resources = BTreeMap::new();
        for (key, resource) in &bundle.resources {
            resources.insert(key.clone(), desired_resource(key, resource, bundle)?);
        }
        let files = (!bundle.files.is_empty()).then(|| FileSet {
            digest: files_digest.clone(),
            files: bundle
                .files
                .iter()
                .map(|(path, file)| (path.clone(), sha256(&file.bytes)))
                .collect(),
        });
        Ok(Self { resources, files })
    }
}

fn desired_resource(
    key: &ResourceKey,
    resource: &Resource,
    bundle: &ResolvedBundle,
) -> Result<DesiredResource, PlanError> {
    let Resource {
        config, file, line, ..
    } = resource;
    let found = |message: String| Diagnostic::error(file, message).at(*line, 1);
    let kind = kind(&key.kind).ok_or_else(|| unsupported_kind(key, file, *line))?;
    for (field, why) in BESIDE {
        if config
            .get(field)
            .is_some_and(|value| !super::compare::is_empty(value))
        {
            return Err(PlanError::Bundle(
                found(format!("resource `{key}`: `{field}` cannot be applied")).hint(*why),
            ));
        }
    }
    for (field, asked) in [
        (
            "permissions",
            !resource.permissions.is_empty() || !resource.grants.is_empty(),
        ),
        ("lifecycle", !resource.lifecycle.is_default()),
    ] {
        if let Some((_, why)) = BESIDE.iter().find(|(name, _)| asked && *name == field) {
            return Err(PlanError::Bundle(
                found(format!("resource `{key}`: `{field}` cannot be applied")).hint(*why),
            ));
        }
    }
    for (target, field) in references_in(config) {
        if !bundle.resources.contains_key(&target) {
            let known: Vec<String> = bundle.resources.keys().map(ToString::to_string).collect();
            let mut error = found(format!(
                "resource `{key}` refers to `{target}`, which is not in the bundle"
            ));
            error.hint = did_you_mean(&target.to_string(), known.iter().map(String::as_str));
            return Err(PlanError::Bundle(error));
        }
        if field != "id" {
            let error = found(format!(
                "resource `{key}` refers to `{field}` of `{target}`"
            ));
            return Err(PlanError::Bundle(
                error.hint("only `id` is known after a resource was made"),
            ));
        }
    }
    if bundle.files.is_empty() && config.to_string().contains(files::PLACEHOLDER) {
        return Err(PlanError::Bundle(found(format!(
            "resource `{key}` points to files, but the bundle has none"
        ))));
    }
    let mut config = config.clone();
    if let Value::Object(map) = &mut config {
        BESIDE
            .iter()
            .for_each(|(field, _)| drop(map.remove(*field)));
    }
    let managed = kind.rules().normalise(&config);
    Ok(DesiredResource {
        config,
        managed,
        file: file.clone(),
        line: *line,
    })
}
