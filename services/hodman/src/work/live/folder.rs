//! How much of a file set lies in the folder that its digest names, and whether it lies there as we left it.
//!
//! When all of a set is there, the folder is closed: a file in it, the seal, notes how the workspace lists each file of
//! the set, and its name has the digest of that note. So one list of the folder tells that nothing was touched since, and
//! the seal itself is read only when something was.

use crate::work::WorkError;
use crate::work::in_place::Seen;
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{
    Entry, EntryKind, ErrorKind, ImportFormat, Workspace, notebook_path,
};
use hodman_model::capture::notebook;
use hodman_model::digest::{Digest, sha256};
use hodman_model::plan::{FileSet, FileSetState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Files that are read at once because they were touched.
const AT_ONCE: usize = 8;

/// How the file that closes a folder is called: the digest of what it notes stands in between.
const SEAL: (&str, &str) = ("hodman-", ".json");

/// How the files of a set were listed when all of them were there.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    version: u32,
    files: BTreeMap<String, Seen>,
}

/// What was found in a folder.
#[derive(Debug, Default)]
pub(in crate::work) struct InFolder {
    /// How much of the set is there.
    pub state: FileSetState,
    /// What lies beside the set and is nobody's of ours, by path below the folder.
    pub strangers: BTreeSet<String>,
}

/// How much of a file set lies in its folder.
pub(in crate::work) async fn folder_state(
    workspace: &Workspace,
    set: &FileSet,
    folder: &str,
) -> Result<InFolder, WorkError> {
    let Some(there) = Contents::of(workspace, folder).await? else {
        return Ok(InFolder::default());
    };
    let listed = there.listed(set);
    let missing: Vec<String> = set
        .files
        .keys()
        .filter(|path| !listed.contains_key(path.as_str()))
        .cloned()
        .collect();
    let strangers = there.strangers(&listed);
    let untouched = missing.is_empty() && there.has_seal(&seal_name(&note(&listed)?));
    if untouched {
        return Ok(InFolder {
            state: FileSetState::Complete,
            strangers,
        });
    }
    let notes = there.notes(workspace).await?;
    // Without a note nobody knows what was left here; whoever goes on with the upload reads it.
    let changed = match notes.is_empty() {
        true => Vec::new(),
        false => touched(workspace, set, &listed, &notes).await?,
    };
    let state = match missing.is_empty() && changed.is_empty() && !notes.is_empty() {
        true => FileSetState::Complete,
        false => FileSetState::Partial { missing, changed },
    };
    Ok(InFolder { state, strangers })
}

/// Of a folder that was never closed, the files that are there with another content: before they are noted as ours, they
/// are read. None of one that was, because its state says it already.
pub(in crate::work) async fn unlike(
    workspace: &Workspace,
    set: &FileSet,
    folder: &str,
) -> Result<Vec<String>, WorkError> {
    let Some(there) = Contents::of(workspace, folder).await? else {
        return Ok(Vec::new());
    };
    if !there.notes(workspace).await?.is_empty() {
        return Ok(Vec::new());
    }
    touched(workspace, set, &there.listed(set), &[]).await
}

/// Closes a folder in which all of the set lies.
pub(in crate::work) async fn close(
    workspace: &Workspace,
    set: &FileSet,
    folder: &str,
) -> Result<(), WorkError> {
    let Some(there) = Contents::of(workspace, folder).await? else {
        return Err(WorkError::transient(format!("{folder} is not listed yet")));
    };
    let bytes = note(&there.listed(set))?;
    let name = seal_name(&bytes);
    let files = workspace.files();
    if !there.has_seal(&name) {
        let path = format!("{folder}/{name}");
        let raw = files.import(&path, bytes.clone(), ImportFormat::Raw, true);
        match raw.await {
            Err(error) if error.kind == ErrorKind::Unsupported => {
                files.import(&path, bytes, ImportFormat::Auto, true).await?;
            }
            other => drop(other?),
        }
    }
    for old in there.seals.iter().filter(|seal| **seal != name) {
        files.delete(&format!("{folder}/{old}"), false).await?;
    }
    Ok(())
}

/// Of the files that are listed otherwise than a note says, those that have another content.
async fn touched(
    workspace: &Workspace,
    set: &FileSet,
    listed: &BTreeMap<&str, &Entry>,
    notes: &[Note],
) -> Result<Vec<String>, WorkError> {
    let mut read = Vec::new();
    for (path, entry) in listed {
        let seen = Seen::of(entry);
        let noted = notes
            .iter()
            .any(|note| note.files.get(*path) == Some(&seen));
        if let Some(digest) = set.files.get(*path).filter(|_| !noted) {
            read.push(other_content(workspace, path, digest, entry));
        }
    }
    let found: Vec<Option<String>> = futures::stream::iter(read)
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// The path of a file that is there, when its content is another one.
pub(in crate::work) async fn other_content(
    workspace: &Workspace,
    path: &str,
    digest: &Digest,
    entry: &Entry,
) -> Result<Option<String>, WorkError> {
    let same = holds(workspace, entry, digest).await?;
    Ok((!same).then(|| path.to_owned()))
}

/// Whether a file that is there has the content with that digest. What a notebook's run left in it is no change, and a
/// server may end a source with a line break of its own.
pub(in crate::work) async fn holds(
    workspace: &Workspace,
    listed: &Entry,
    digest: &Digest,
) -> Result<bool, WorkError> {
    let files = workspace.files();
    let bytes = match &listed.kind {
        // No list says in which format a notebook is kept.
        EntryKind::Notebook { .. } => files.export(&listed.path).await,
        _ => files.export_entry(listed).await,
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) if error.is_not_found() => return Ok(false),
        Err(error) => return Err(WorkError::from(error).doing(&format!("reading {}", listed.path))),
    };
    let is = |bytes: &[u8]| sha256(bytes) == *digest;
    if is(&bytes) || notebook(&bytes).is_some_and(|kept| is(&kept)) {
        return Ok(true);
    }
    if !matches!(listed.kind, EntryKind::Notebook { .. }) {
        return Ok(false);
    }
    let bare = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    Ok(is(bare) || is(&[bare, b"\n"].concat()))
}

fn note(listed: &BTreeMap<&str, &Entry>) -> Result<Vec<u8>, WorkError> {
    let files = listed.iter();
    let note = Note {
        version: 1,
        files: files
            .map(|(path, entry)| ((*path).to_owned(), Seen::of(entry)))
            .collect(),
    };
    Ok(serde_json::to_vec(&note)?)
}

fn seal_name(note: &[u8]) -> String {
    format!("{}{}{}", SEAL.0, sha256(note).hex(), SEAL.1)
}

fn is_seal(name: &str) -> bool {
    let digest = name
        .strip_prefix(SEAL.0)
        .and_then(|rest| rest.strip_suffix(SEAL.1));
    digest.is_some_and(|hex| format!("sha256:{hex}").parse::<Digest>().is_ok())
}

/// What lies in a folder, without the folders in it.
struct Contents {
    folder: String,
    /// By path below the folder.
    entries: BTreeMap<String, Entry>,
    /// The names of the seals; two when somebody was killed between writing one and removing the other.
    seals: Vec<String>,
}

impl Contents {
    async fn of(workspace: &Workspace, folder: &str) -> Result<Option<Self>, WorkError> {
        let Some(there) = listed(workspace, folder, true).await? else {
            return Ok(None);
        };
        let start = format!("{}/", bare(folder));
        let below = there.into_iter().filter_map(|(path, entry)| {
            let path = path.strip_prefix(&start)?.to_owned();
            (entry.kind != EntryKind::Directory).then_some((path, entry))
        });
        // Whatever kind of object the workspace takes it for: some know notebooks only.
        let (seals, entries): (BTreeMap<_, _>, BTreeMap<_, _>) =
            below.partition(|(path, _)| is_seal(path));
        Ok(Some(Self {
            folder: folder.to_owned(),
            entries,
            seals: seals.into_keys().collect(),
        }))
    }

    /// The files of the set that are there, by path in the bundle.
    fn listed<'c>(&'c self, set: &'c FileSet) -> BTreeMap<&'c str, &'c Entry> {
        let files = set.files.keys().filter_map(|path| {
            // A notebook's path has no extension in a workspace; `settings.json` is not there because `settings` is.
            let stem = || self.entries.get(notebook_path(path));
            let entry = self.entries.get(path).or_else(stem)?;
            Some((path.as_str(), entry))
        });
        files.collect()
    }

    fn strangers(&self, listed: &BTreeMap<&str, &Entry>) -> BTreeSet<String> {
        let ours: BTreeSet<&str> = listed.values().map(|entry| entry.path.as_str()).collect();
        self.entries
            .iter()
            .filter(|(_, entry)| !ours.contains(entry.path.as_str()))
            .map(|(path, _)| path.clone())
            .collect()
    }

    fn has_seal(&self, name: &str) -> bool {
        self.seals.iter().any(|seal| seal == name)
    }

    /// What the seals say. One that cannot be read says nothing: then the files are read.
    async fn notes(&self, workspace: &Workspace) -> Result<Vec<Note>, WorkError> {
        let mut notes = Vec::new();
        for seal in &self.seals {
            let path = format!("{}/{seal}", self.folder);
            match workspace.files().export_file(&path).await {
                // What people wrote into it is not what its name says.
                Ok(bytes) if seal_name(&bytes) == *seal => {
                    notes.extend(serde_json::from_slice::<Note>(&bytes).ok());
                }
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => {
                    return Err(WorkError::from(error).doing(&format!("reading {path}")));
                }
            }
        }
        Ok(notes)
    }
}

/// What lies in a folder, by path without `/Workspace`; none when it is not there. Only what is in it, without `deep`.
pub(in crate::work) async fn listed(
    workspace: &Workspace,
    folder: &str,
    deep: bool,
) -> Result<Option<BTreeMap<String, Entry>>, WorkError> {
    let files = workspace.files();
    let found = match deep {
        true => files.list_recursive(folder).await,
        false => files.list(folder).await,
    };
    match found {
        Ok(entries) => Ok(Some(
            entries
                .into_iter()
                .map(|entry| (bare(&entry.path).to_owned(), entry))
                .collect(),
        )),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Workspaces take paths with `/Workspace` in front and answer them without.
pub(in crate::work) fn bare(path: &str) -> &str {
    path.strip_prefix("/Workspace").unwrap_or(path)
}
