//! Capture: what people made by hand in a free-form workspace becomes files in the repository.
//!
//! It is a three-way merge of the last capture (`captured.lock`), the repository and the workspace now. Whoever did
//! not change since the last capture yields; where both changed, field by field; where both changed the same field,
//! the repository's value stays and the conflict is reported.
//!
//! What is compared is a resource's *form*: ids as `${resources.….id}`, paths as `${repo}/…`, variables as their
//! values, secrets as one fixed word, without the server's defaults. The lock holds the digest of that form.

mod adopt;
mod appended;
mod around;
mod base;
mod beside;
mod calls;
mod chosen;
mod copies;
mod declaring;
mod detached;
mod file_access;
mod folders;
mod form;
mod git_code;
pub mod identity;
mod inside;
mod join;
mod jupyter;
mod kept;
mod keys;
mod known;
mod literals;
mod merge;
mod merge_text;
mod moved;
mod named;
mod named_by;
mod notes;
mod outcome;
mod overlay;
mod paths;
mod places;
mod repo;
mod resources;
mod select;
mod sources;
mod standing;
mod terraform;
#[cfg(test)]
mod tests;
mod unread;
mod variables;
mod varied;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use adopt::{AdoptError, Adopted, adopt};
pub use file_access::FileAccess;
pub use form::{Overrides, holds};
pub use join::join;
pub use jupyter::{is_jupyter, notebook};
pub use notes::LIBRARIES;
pub use select::{chooser, path_chooser, wanted_paths};
pub use unread::{AccessUnread, Unread};
pub use variables::variables;
pub use varied::{SORTS, Sort};

use crate::bundle::Language;
use crate::diagnostic::Diagnostics;
use crate::digest::{Digest, canonical_json, sha256};
use crate::files::{
    CaptureFormat, CaptureRules, CapturedEntry, CapturedLock, Seen, Tree, render_captured_lock,
};
use crate::kinds::Listed;

/// One object of the workspace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveResource {
    /// The name of its kind, such as `jobs`.
    pub kind: String,
    /// The object.
    pub listed: Listed,
    /// It was a development copy and stands for its original now; see `copies`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub copy: bool,
}

impl LiveResource {
    /// One object as it was read.
    #[must_use]
    pub fn new(kind: impl Into<String>, listed: Listed) -> Self {
        Self {
            kind: kind.into(),
            listed,
            copy: false,
        }
    }

    /// Whether a bundle's deployment made it, and writes to it whenever it is deployed again: [`Listed::outputs`] then
    /// holds `deployed_by`, in words.
    #[must_use]
    pub fn deployed_by_bundle(&self) -> bool {
        let words = self.listed.outputs.get("deployed_by");
        words.is_some_and(Value::is_string)
    }
}

/// One notebook or file of the workspace.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveFile {
    /// The content; notebooks as exported in the format `SOURCE` or, where their language says so, `JUPYTER`.
    pub bytes: Vec<u8>,
    /// The language of a notebook; none for plain files.
    pub language: Option<Language>,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// When it was changed last.
    pub modified_at: Option<DateTime<Utc>>,
    /// Who made it, as far as the API says.
    pub creator: Option<String>,
    /// By what the next capture knows that it did not change, so that it need not be exported.
    pub seen: Option<Seen>,
}

/// What the workspace has now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveSnapshot {
    /// The workspace's name.
    pub workspace: String,
    /// All its objects, in any order.
    pub resources: Vec<LiveResource>,
    /// Kinds that could not be read, or not all of them: what was captured of them stays.
    pub unread: BTreeMap<String, Unread>,
    /// By kind: what permissions and grants were refused. What the repository says of them stays.
    pub access_unread: BTreeMap<String, AccessUnread>,
    /// The names of objects that come with every workspace and are nobody's to capture, by kind and id: they can be looked up.
    pub built_in: BTreeMap<(String, String), String>,
    /// Files and folders that could not be read, by short path: what was captured of them and below them stays.
    pub unread_files: BTreeMap<String, Unread>,
    /// Who may do what with single files beside those who may in their folder, by short path; empty unless the rules ask.
    pub file_access: BTreeMap<String, FileAccess>,
    /// Everything below the folders that are captured, and what jobs refer to, by path in the workspace.
    pub files: BTreeMap<String, LiveFile>,
}

/// Everything a capture looks at.
pub struct CaptureInput<'a> {
    /// The environment's name.
    pub env: &'a str,
    /// Its target in the bundle.
    pub target: &'a str,
    /// What the workspace has now.
    pub snapshot: &'a LiveSnapshot,
    /// What is captured.
    pub rules: &'a CaptureRules,
    /// The repository as it is on the branch that the capture goes to.
    pub tree: &'a Tree,
    /// The last capture; empty when there was none.
    pub lock: &'a CapturedLock,
    /// What the bundle is called when the repository has none yet.
    pub bundle: &'a str,
    /// The variables of the bundle for this environment's target; see [`variables`].
    pub variables: &'a BTreeMap<String, Value>,
    /// An earlier content of the file at a path, of those for which [`holds`] says yes to the digest; none when the
    /// repository's history has none.
    pub base: &'a dyn Fn(&str, &Digest) -> Option<Vec<u8>>,
    /// Whether there was a file at the second path before the last capture was merged, and beside the one at the first when Git
    /// removed that: such a one is nothing that the first became.
    pub had: &'a dyn Fn(&str, &str) -> bool,
}

/// What a capture did with one object or file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CapturedAs {
    /// New in the workspace.
    Added,
    /// Changed in the workspace.
    Changed,
    /// It has another name in the workspace, and perhaps other changes.
    Renamed,
    /// Gone from the workspace.
    Removed,
    /// Changed here and there; the repository's value stays.
    Conflict,
    /// Something a person should know about what was captured.
    Note,
    /// A note that an earlier capture told and that still holds.
    Known,
}

/// One line of the pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureRow {
    /// The resource (`jobs.nightly`) or the path of the file.
    pub key: String,
    /// What was done.
    pub what: CapturedAs,
    /// Who did it in the workspace: the API says it of new objects only; else `unknown`.
    pub by: String,
    /// When, as far as the API says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// What of it, in words.
    pub detail: String,
}

/// The outcome of a capture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Captured {
    /// The files that change, by path; none is removed. Empty when there is nothing to propose.
    pub changes: BTreeMap<String, Option<Vec<u8>>>,
    /// What happened, sorted by key.
    pub rows: Vec<CaptureRow>,
    /// The lock that goes with the changes; it is among them, too.
    pub lock: CapturedLock,
}

impl Captured {
    /// The name of what is proposed: equal exactly when the files are.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let files: BTreeMap<&str, Option<String>> = self
            .changes
            .iter()
            .map(|(path, content)| {
                let digest = content.as_ref().map(|bytes| sha256(bytes).to_string());
                (path.as_str(), digest)
            })
            .collect();
        sha256(canonical_json(&serde_json::json!(files)).as_bytes())
    }

    /// Adds what else a reviewer should know about the environment, such as where its workspaces are not alike.
    pub fn tell(&mut self, notes: &[String]) {
        self.rows.extend(notes.iter().map(|note| CaptureRow {
            key: "workspaces".to_owned(),
            what: CapturedAs::Note,
            by: UNKNOWN.to_owned(),
            at: None,
            detail: note.clone(),
        }));
    }
}

/// What is written where the API does not say who.
pub const UNKNOWN: &str = "unknown";

/// Compares the workspace with the repository and gives the files to propose.
///
/// # Errors
/// When a bundle file of the repository cannot be read.
pub fn capture(input: &CaptureInput<'_>) -> Result<Captured, Diagnostics> {
    let repo = repo::read(input.tree, input.target)?;
    let around = around::Around::of(&repo, input.target, input.variables);
    let selected = select::select(input, around.prefix());
    let (lock, moves) = moved::followed(input, &repo, &selected);
    let input = &CaptureInput {
        lock: &lock,
        ..*input
    };
    let (mut keys, heirs) = keys::assign(input, &repo, &selected);
    let known = known::places(input, &repo, &selected, &keys);
    copies::refer_to_originals(&mut keys, &selected);
    let terraform = input.rules.format == CaptureFormat::Terraform;
    let mut work = Work {
        input,
        repo: &repo,
        around,
        out: Captured::default(),
        entries: Vec::new(),
        variables: input.variables.clone(),
        declared: declaring::Declared::of(&repo, input.variables),
        heirs,
        found_other: false,
        standing: BTreeMap::new(),
        locked: base::entries(input.lock, terraform),
    };
    let mut sources = sources::capture(&mut work, &selected, &known);
    if terraform {
        terraform::capture(&mut work, &selected, &keys, &sources);
        literals::tell(&mut work, &keys);
    } else {
        for (path, place) in known {
            sources.entry(path).or_insert(place);
        }
        resources::capture(&mut work, &selected, &keys, &sources);
        literals::tell(&mut work, &keys);
        declaring::write(&mut work);
    }
    moved::tell(&mut work, &moves);
    outcome::tell(&mut work);
    named::tell(&mut work, &selected);
    unread::tell(&mut work);
    file_access::tell(&mut work);
    keys::tell(&mut work, &keys);
    standing::remember(&mut work);
    let Work {
        mut out,
        entries,
        heirs,
        found_other,
        ..
    } = work;
    out.rows
        .sort_by(|a, b| (&a.key, a.what, &a.detail).cmp(&(&b.key, b.what, &b.detail)));
    // What is always told may be told of a change, too.
    out.rows.dedup();
    out.lock = CapturedLock {
        version: CapturedLock::VERSION,
        entries,
    };
    out.lock
        .entries
        .sort_by(|a, b| (&a.kind, &a.key).cmp(&(&b.kind, &b.key)));
    // A lock that changes alone is no news for anybody; it catches up with the next real change. But who is whose heir is
    // known by their names alone, which may be others by then, and of what the server may have filled only the lock tells.
    if !out.changes.is_empty() || !heirs.is_empty() || found_other {
        let text = render_captured_lock(&out.lock);
        out.changes
            .insert(lock_path(input.env), Some(text.into_bytes()));
    }
    Ok(out)
}

/// Where the lock of an environment lies.
#[must_use]
pub fn lock_path(env: &str) -> String {
    format!("environments/{env}/captured.lock")
}

/// A capture under way.
struct Work<'a> {
    input: &'a CaptureInput<'a>,
    repo: &'a repo::Repo,
    /// What the bundle says of all its resources.
    around: around::Around,
    out: Captured,
    entries: Vec<CapturedEntry>,
    /// The bundle's variables, and those that this capture declares.
    variables: BTreeMap<String, Value>,
    /// Objects that took over the key of one that is gone.
    heirs: keys::Heirs,
    /// What each capture tells anew of an object or file, by the key of its rows.
    standing: BTreeMap<String, Vec<String>>,
    /// What the bundle declares, and what this capture will declare.
    declared: declaring::Declared,
    /// Something that only the lock remembers is another one than at the last capture.
    found_other: bool,
    /// The entries of the last capture by kind and id.
    locked: BTreeMap<(&'a str, &'a str), &'a CapturedEntry>,
}

impl Work<'_> {
    /// The content of a file as it is after the changes so far.
    fn content(&self, path: &str) -> Option<Vec<u8>> {
        match self.out.changes.get(path) {
            Some(change) => change.clone(),
            None => self.input.tree.get(path).map(|file| file.bytes.to_vec()),
        }
    }

    fn text(&self, path: &str) -> String {
        self.content(path)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .unwrap_or_default()
    }

    fn row(
        &mut self,
        key: &str,
        what: CapturedAs,
        by: Option<&str>,
        at: Option<DateTime<Utc>>,
        detail: String,
    ) {
        let by = by.unwrap_or(UNKNOWN).to_owned();
        self.out.rows.push(CaptureRow {
            key: key.to_owned(),
            what,
            by,
            at,
            detail,
        });
    }

    /// The entry of the last capture for an object, or for the one whose heir it is.
    fn locked(&self, kind: &str, id: &str) -> Option<&'_ CapturedEntry> {
        let heir = self.heirs.get(&(kind.to_owned(), id.to_owned()));
        let id = heir.map_or(id, String::as_str);
        self.locked.get(&(kind, id)).copied()
    }
}

/// Where the lock says that something is known by name only.
const NAME_ONLY: &str = "-";
