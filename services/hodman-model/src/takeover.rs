//! Takeover: objects that a former owner made (a bundle's deployment, a Terraform state, hands) become ours instead of being
//! made a second time.
//!
//! A former owner's state says which id has which key; [`match_up`] pairs these with what the bundle wants now, and what
//! is not beyond doubt is refused. The pairs go into the environment's file, as `adopt` of a workspace, by a pull request:
//! the plan then says `adopt` where it would have said `create`, and its approval names each object.

mod bundle_state;
mod facts;
mod ids;
mod imports;
mod letting_go;
mod match_up;
mod pairs;
mod tfstate;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::bundle::ResourceKey;
use crate::diagnostic::Diagnostics;
use crate::kinds::kind;

pub use imports::{After, Import, Imported, Stack, match_imports};
pub use letting_go::letting_go;
pub use match_up::{Left, Match, Matched, match_up};

/// Where the former owner's knowledge comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum From {
    /// `resources.json`, the state of a bundle's deployment by the direct engine.
    BundleState,
    /// `terraform.tfstate`, of a bundle's deployment by Terraform or of a Terraform configuration.
    Tfstate,
    /// A list of keys and ids that somebody wrote.
    Ids,
}

/// One object that the former owner knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// What it is called there: the key in our own writing, as far as kinds agree.
    pub key: ResourceKey,
    /// How the former owner calls it, such as `databricks_job.nightly`.
    pub address: String,
    /// Its id in the workspace.
    pub id: String,
    /// Its name, as far as the state says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What cannot change of one whose kind has no names, by field, as far as the state says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
}

/// A resource of AWS that the former owner knows, and that a stack may take over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerResource {
    /// How the former owner calls it, such as `aws_vpc.main`.
    pub address: String,
    /// Its type in CloudFormation; none in a list, which names its place instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Which resource of which call's template it is, where a list says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Its id, as people know it.
    pub id: String,
    /// What identifies it for CloudFormation; empty where a list has the id alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub identifier: BTreeMap<String, String>,
    /// What tells it from others of its type, as CloudFormation names it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, String>,
}

/// A resource of a call's template.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The call.
    pub call: String,
    /// The resource's name in the template.
    pub resource: String,
}

/// What a former owner knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerState {
    /// Objects of kinds that we manage, sorted by address.
    pub objects: Vec<Former>,
    /// Resources of AWS that stacks take over, sorted by address. Roles and buckets are objects, too.
    pub resources: Vec<FormerResource>,
    /// Addresses of everything else: of kinds that we do not manage, or not objects of a workspace.
    pub others: Vec<String>,
}

impl FormerState {
    /// What it knows of the kinds that `wanted` names.
    #[must_use]
    pub fn of(&self, wanted: impl Fn(&str) -> bool) -> Self {
        let own = self
            .objects
            .iter()
            .filter(|object| wanted(&object.key.kind));
        Self {
            objects: own.cloned().collect(),
            resources: Vec::new(),
            others: self.others.clone(),
        }
    }
}

/// Reads a former owner's state; `path` is for the errors.
///
/// # Errors
/// When the file is of another form, or of a version that is not known; each finding with its place.
pub fn read(from: From, path: &str, bytes: &[u8]) -> Result<FormerState, Diagnostics> {
    let mut state = match from {
        From::BundleState => bundle_state::read(path, bytes)?,
        From::Tfstate => tfstate::read(path, bytes)?,
        From::Ids => ids::read(path, bytes)?,
    };
    for object in &mut state.objects {
        object.id = spelled_id(&object.key, &object.id);
    }
    state
        .objects
        .sort_by(|a, b| (&a.address, &a.id).cmp(&(&b.address, &b.id)));
    let by_address = |one: &FormerResource| (one.address.clone(), one.kind.clone());
    state.resources.sort_by_key(by_address);
    state.others.sort();
    state.others.dedup();
    Ok(state)
}

/// The id as the service answers it.
pub(crate) fn spelled_id(key: &ResourceKey, id: &str) -> String {
    kind(&key.kind).map_or_else(|| id.to_owned(), |kind| kind.spelled_id(id))
}

/// A finding about a file whose JSON does not parse.
fn not_json(path: &str, error: &serde_json::Error) -> Diagnostics {
    let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
    let column = u32::try_from(error.column()).unwrap_or(u32::MAX);
    Diagnostics(vec![
        crate::diagnostic::Diagnostic::error(
            path,
            format!("not the JSON that was expected: {error}"),
        )
        .at(line.max(1), column.max(1)),
    ])
}

/// A finding about a file as a whole.
fn refused(path: &str, message: impl Into<String>, hint: &str) -> Diagnostics {
    Diagnostics(vec![
        crate::diagnostic::Diagnostic::error(path, message).hint(hint),
    ])
}
