//! A resolved bundle in the form that `databricks bundle validate --output json` prints.
//!
//! Only for those who look: what a plan compares and sends has the server's own defaults, which
//! [`crate::kinds`] knows. Which fields the Databricks CLI adds, and with which values, was read in its version 1.13.

mod defaults;
mod owner;
mod secrets;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use super::resolver::FILES;
use super::{CurrentUser, Lookup, ResolvedBundle, Resource, ResourceKey};

/// What the form shows beside the bundle: who deploys, and from where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Who deploys. When it is not known, `workspace.current_user` and what is given to its owner are left out, and
    /// `${workspace.current_user.…}` stays.
    pub user: Option<CurrentUser>,
    /// The repository that the bundle lies in, where it lies in one.
    pub git: Option<Git>,
}

/// What a repository says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Git {
    /// The branch that is checked out; none for a single commit.
    pub branch: Option<String>,
    /// The commit that is checked out; none before the first.
    pub commit: Option<String>,
    /// Where `origin` is.
    pub origin_url: Option<String>,
    /// The bundle's folder in it; empty is its root.
    pub folder: String,
}

/// The whole configuration of a bundle that was resolved in the form [`super::Form::Validated`]: `bundle`, `workspace`,
/// `variables` with their values, `resources` with what the CLI adds, and what else is there. `targets` is not, since it is settled.
///
/// Secrets are hidden; a bundle should hold none, and [`super::lint`] says where one does.
///
/// What the CLI says and this does not: the host and the user's id where nobody said them, what variables look up by name,
/// and where artifacts are on the machine; their paths are those that are written.
#[must_use]
pub fn validated(bundle: &ResolvedBundle, around: &Surroundings) -> Value {
    let mut out: Map<String, Value> = bundle
        .sections
        .iter()
        .filter(|(section, _)| *section != "variables")
        .map(|(section, value)| (section.clone(), value.clone()))
        .collect();
    bundle_section(&mut out, bundle, around);
    if let (Some(Value::Object(workspace)), Some(user)) = (out.get_mut("workspace"), &around.user) {
        let told = CurrentUser::FIELDS.iter();
        let told = told.filter_map(|field| Some(((*field).to_owned(), user.field(field)?.into())));
        workspace.insert("current_user".to_owned(), Value::Object(told.collect()));
    }
    let declared = bundle.sections.get("variables");
    let variables: Map<String, Value> = bundle
        .variables
        .iter()
        .map(|(name, value)| {
            let mut variable = match declared.and_then(|all| all.get(name)) {
                Some(Value::Object(declared)) => declared.clone(),
                _ => Map::new(),
            };
            variable.insert("value".to_owned(), value.clone());
            (name.clone(), Value::Object(variable))
        })
        .collect();
    if !variables.is_empty() {
        out.insert("variables".to_owned(), Value::Object(variables));
    }
    let mut kinds = Map::new();
    for (key, resource) in &bundle.resources {
        let keys = kinds.entry(key.kind.clone()).or_insert_with(|| json!({}));
        keys[key.key.as_str()] = whole(key, resource, bundle, around);
    }
    if !kinds.is_empty() {
        out.insert("resources".to_owned(), Value::Object(kinds));
    }
    secrets::hide(&mut out);
    let mut out = Value::Object(out);
    in_the_cli_s_words(&mut out, &path(bundle, "file_path"));
    out
}

fn bundle_section(out: &mut Map<String, Value>, bundle: &ResolvedBundle, around: &Surroundings) {
    let Some(Value::Object(section)) = out.get_mut("bundle") else {
        return;
    };
    section.insert("name".to_owned(), json!(bundle.name));
    section.insert("environment".to_owned(), json!(bundle.target));
    if bundle.mode.as_deref() == Some("development") {
        // Unless the bundle asks for the lock, nobody else deploys there.
        let lock = ["deployment", "lock", "enabled"];
        defaults::set_if_absent(section, &lock, json!(false));
    }
    // Without a repository the bundle's folder is all there is.
    let nothing = Git::default();
    let git = around.git.as_ref().unwrap_or(&nothing);
    let folder = match git.folder.as_str() {
        "" => ".",
        folder => folder,
    };
    let told = [
        ("actual_branch", git.branch.as_deref()),
        ("branch", git.branch.as_deref()),
        ("commit", git.commit.as_deref()),
        ("origin_url", git.origin_url.as_deref()),
        ("bundle_root_path", Some(folder)),
    ];
    for (field, value) in told {
        if let Some(value) = value {
            defaults::set_if_absent(section, &["git", field], json!(value));
        }
    }
    if let Some(Value::Object(git)) = section.get_mut("git")
        && git.get("branch") == Some(&json!(""))
    {
        git.remove("branch");
    }
}

/// A path in the workspace, as the section says it.
fn path(bundle: &ResolvedBundle, field: &str) -> String {
    let workspace = bundle.sections.get("workspace");
    let path = workspace.and_then(|workspace| workspace.get(field)?.as_str());
    path.unwrap_or_default().to_owned()
}

/// A resource with what stands beside its fields, and what the CLI adds.
fn whole(
    key: &ResourceKey,
    resource: &Resource,
    bundle: &ResolvedBundle,
    around: &Surroundings,
) -> Value {
    let mut value = Value::clone(&resource.config);
    if let Value::Object(map) = &mut value {
        let permissions = resource.permissions.as_ref();
        if let Some(permissions) = permissions.filter(|all| !all.is_empty()) {
            let permissions = owner::with(&key.kind, permissions, around.user.as_ref());
            map.insert("permissions".to_owned(), json!(permissions));
        }
        if let Some(grants) = resource.grants.as_ref().filter(|all| !all.is_empty()) {
            map.insert("grants".to_owned(), json!(grants));
        }
        if !resource.lifecycle.is_default() {
            map.insert("lifecycle".to_owned(), json!(resource.lifecycle));
        }
        defaults::drop_empty(map);
        defaults::complete(&key.kind, map, &|field| path(bundle, field));
    }
    value
}

/// Puts the CLI's own names in place of ours: its folder of files, and who deploys.
fn in_the_cli_s_words(value: &mut Value, files: &str) {
    let said = |text: &str| {
        let user = format!("${{lookup.{}.", Lookup::CURRENT_USER);
        text.replace(FILES, files)
            .replace(&user, "${workspace.current_user.")
    };
    match value {
        Value::String(text) if text.contains("${") => *text = said(text),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| in_the_cli_s_words(item, files)),
        Value::Object(map) => map
            .values_mut()
            .for_each(|item| in_the_cli_s_words(item, files)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
