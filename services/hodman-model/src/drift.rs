//! Drift: where a workspace is not as it was left.
//!
//! Three states of each field are compared: what was applied last, what the package now pinned declares, and what is live.
//! A plan says what would be done; this says whose doing a difference is.

mod compare;
mod files;
mod objects;
mod render;
mod stack;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::field_path::FieldPath;
use crate::kinds::{Identity, kind};
use crate::plan::{Desired, Known, Names, Observed, Ours, PlanContext, PlanError, Symbols};

/// What becomes of what people change by hand, as the environment's file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HandEdits {
    /// The package says it; the workspace is brought back, by the next apply or at once.
    #[default]
    PutBack,
    /// The people are right; Git is asked to say it, too.
    ProposeBack,
}

/// Whose doing a difference is, and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// The server filled a field that nobody set; nothing becomes of it.
    ServerDefault,
    /// Somebody changed it in the workspace; a pull request proposes it for Git.
    HandEditToProposeBack,
    /// Somebody changed it in the workspace; it is put back.
    HandEditToPutBack,
    /// Somebody changed it where no plan of ours reaches, inside of a stack of CloudFormation; a person puts it right.
    HandEditForAPerson,
    /// What is inside of a stack could not be looked at.
    NotLookedAt,
    /// An object that is not ours where one of ours should be, or in our folders; left alone.
    ForeignObject,
    /// Something of ours that is gone; it is made again.
    Deleted,
    /// No drift: the package says something else than the one applied last.
    PlannedChange,
}

impl Class {
    /// The words for it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::ServerDefault => "server default",
            Self::HandEditToProposeBack => "hand edit to propose back",
            Self::HandEditToPutBack => "hand edit to put back",
            Self::HandEditForAPerson => "hand edit for a person",
            Self::NotLookedAt => "not looked at",
            Self::ForeignObject => "foreign object",
            Self::Deleted => "deleted",
            Self::PlannedChange => "planned change",
        }
    }

    /// Whether the workspace is not as it was left.
    #[must_use]
    pub fn is_drift(self) -> bool {
        !matches!(self, Self::ServerDefault | Self::PlannedChange)
    }
}

/// One difference. Values that look like secrets are redacted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftRow {
    /// The resource; `files.files` for files.
    pub key: ResourceKey,
    /// The word for one object of its kind.
    pub kind: String,
    /// Which field; empty for the whole object, the path in the bundle for a file.
    pub path: FieldPath,
    /// What was applied last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_applied: Option<Value>,
    /// What the package now pinned says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared: Option<Value>,
    /// What the workspace has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<Value>,
    /// Whose doing it is.
    pub class: Class,
    /// Why, in words.
    pub reason: String,
    /// The name of the difference: over workspace, key, path and values, never over ids and times. The same difference
    /// that comes back after it was healed has the same name, which is how a brake knows it.
    pub digest: Digest,
}

/// What differs in one workspace, sorted by resource and field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// The workspace's name.
    pub workspace: String,
    /// The differences.
    pub rows: Vec<DriftRow>,
}

/// What is compared.
#[derive(Clone, Copy, Debug)]
pub struct ThreeWay<'a> {
    /// The package applied last, under the binding of then; none when nobody remembers.
    pub last_applied: Option<&'a Desired>,
    /// The package now pinned, under the binding of now.
    pub declared: &'a Desired,
    /// What the workspace has.
    pub observed: &'a Observed,
    /// Whose markers are ours.
    pub context: &'a PlanContext,
    /// What becomes of hand edits.
    pub hand_edits: HandEdits,
}

/// The differences in one workspace.
///
/// # Errors
/// When it cannot be said which object is which resource.
pub fn drift(three: &ThreeWay<'_>) -> Result<Drift, PlanError> {
    let mut ours = Ours::of(three.observed, three.context, three.declared)?.objects;
    // What is yet to be adopted is nobody's edit; what was adopted and lost our marks is. Only tags can be lost.
    ours.retain(|key, live| {
        let tagged = kind(&key.kind).is_some_and(|kind| kind.identity() == Identity::Tags);
        live.marker.is_some() || tagged && three.observed.taken_over.contains(key)
    });
    let base = three.last_applied.unwrap_or(three.declared);
    let known = Known::of_ours(base, three.observed, &ours)
        .and(Known::of_ours(three.declared, three.observed, &ours))
        .and(three.context.given.clone());
    let mut found = compare::Found {
        three,
        base,
        names: Names::of(three.observed, &three.declared.resources),
        symbols: Symbols {
            keys: ours
                .iter()
                .map(|(key, live)| ((key.kind.clone(), live.id.clone()), key.clone()))
                .collect(),
            known,
            files_root: &three.context.files_root,
            me: three.observed.me.as_deref(),
            policies: Cow::Borrowed(&three.observed.policies),
        },
        rows: Vec::new(),
    };
    let keys: BTreeSet<&ResourceKey> = base
        .resources
        .keys()
        .chain(three.declared.resources.keys())
        .chain(ours.keys())
        .collect();
    for key in keys {
        let Some(kind) = kind(&key.kind) else {
            continue;
        };
        match ours.get(key) {
            Some(live) => found.there(kind, key, live),
            None => found.not_there(kind, key),
        }
    }
    found.inside_folders();
    found.kept();
    found.copies();
    found.strangers();
    found.files();
    let mut rows = found.rows;
    rows.sort_by(|a, b| (&a.key, &a.path, a.class).cmp(&(&b.key, &b.path, b.class)));
    Ok(Drift {
        workspace: three.context.workspace.clone(),
        rows,
    })
}

impl Drift {
    /// The rows of a class.
    pub fn of(&self, class: Class) -> impl Iterator<Item = &DriftRow> {
        self.rows.iter().filter(move |row| row.class == class)
    }

    /// The rows that say that the workspace is not as it was left.
    pub fn drifted(&self) -> impl Iterator<Item = &DriftRow> {
        self.rows.iter().filter(|row| row.class.is_drift())
    }

    /// The rows that no plan of ours puts right: a person does.
    pub fn for_people(&self) -> impl Iterator<Item = &DriftRow> {
        self.of(Class::HandEditForAPerson)
            .chain(self.of(Class::NotLookedAt))
    }

    /// The differences that healing would put right.
    pub fn to_heal(&self) -> impl Iterator<Item = &DriftRow> {
        self.of(Class::HandEditToPutBack)
            .chain(self.of(Class::Deleted))
    }

    /// As JSON; secrets are not in it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        // Every field is a text, a number, a list or a mapping with text keys: none of it can fail to be JSON.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// As text for a terminal.
    #[must_use]
    pub fn to_table(&self) -> String {
        render::table(self)
    }

    /// As Markdown of at most `limit_chars` characters, and whether something was left out for that.
    #[must_use]
    pub fn to_markdown(&self, limit_chars: usize) -> (String, bool) {
        render::markdown(self, limit_chars)
    }
}
