//! What lies in the folder with the fixed path, or at places of its own, by a file beside it. An entry without a digest is
//! being changed or removed: a crash leaves it so, and the next plan sees that it is not finished.
//!
//! Each entry has how the workspace listed the file when it was written. What is listed otherwise was touched by hand, and
//! is read: so a change by hand is seen for the price of a list, and an unread file was not touched.

use super::live::InFolder;
use super::{WorkError, live};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{
    Entry as Listed, EntryKind, ErrorKind, ImportFormat, Workspace, notebook_path,
};
use hodman_model::bundle::{ResolvedBundle, SourceFile};
use hodman_model::digest::Digest;
use hodman_model::kinds::files as file_sets;
use hodman_model::plan::{FileSet, FileSetState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Files that are read at once because they were touched.
const AT_ONCE: usize = 8;

/// What lies there, by path in the bundle.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    files: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// Where it lies below the folder, or the whole path: notebooks lose the end of their names.
    target: String,
    /// Its content; none while that is uncertain.
    digest: Option<Digest>,
    /// How the workspace listed it when it was written; none where nobody looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seen: Option<Seen>,
}

/// What a list says of a file that changes with its content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seen {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object_id: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
}

impl Seen {
    /// What a list says of `listed`.
    pub(super) fn of(listed: &Listed) -> Self {
        Self {
            object_id: listed.object_id,
            modified_at: listed.modified_at,
            size: listed.size,
        }
    }
}

/// What has to go before a set is written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Old {
    /// Files and notebooks, each below the folder or with its whole path.
    pub files: BTreeSet<String>,
    /// Folders that held only them, the deepest first.
    pub folders: Vec<String>,
}

impl Manifest {
    pub(super) async fn read(workspace: &Workspace, root: &str) -> Result<Self, WorkError> {
        let path = file_sets::in_place_manifest(root);
        match workspace.files().export_file(&path).await {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| {
                WorkError::lasting(format!(
                    "{path} cannot be read ({error}): somebody changed it; without it all files are written again"
                ))
            }),
            Err(error) if error.is_not_found() => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn write(&self, workspace: &Workspace, root: &str) -> Result<(), WorkError> {
        let path = file_sets::in_place_manifest(root);
        let bytes = serde_json::to_vec(self)?;
        let files = workspace.files();
        // The first of an environment: nothing lies there yet, not even the folder.
        files.mkdirs(root).await?;
        let raw = files.import(&path, bytes.clone(), ImportFormat::Raw, true);
        match raw.await {
            Err(error) if error.kind == ErrorKind::Unsupported => {
                files.import(&path, bytes, ImportFormat::Auto, true).await?;
            }
            other => drop(other?),
        }
        Ok(())
    }

    /// Whether the file is ours, finished or not: what is not, is never written over.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    /// How much of `set` is there as it should be.
    pub(super) async fn state(
        &self,
        workspace: &Workspace,
        set: &FileSet,
        folder: &str,
    ) -> Result<InFolder, WorkError> {
        if self.files.is_empty() {
            return Ok(InFolder::default());
        }
        let there = list(workspace, set, folder).await?;
        let strangers = self.strangers(&there, folder);
        let mut missing = BTreeSet::new();
        let mut touched = Vec::new();
        for (path, digest) in &set.files {
            let entry = self.files.get(path);
            let Some(entry) = entry.filter(|entry| entry.digest.as_ref() == Some(digest)) else {
                missing.insert(path.clone());
                continue;
            };
            match there.get(live::bare(&whole(folder, &entry.target))) {
                Some(listed) if is_content(listed) => {
                    if entry
                        .seen
                        .as_ref()
                        .is_some_and(|seen| *seen != Seen::of(listed))
                    {
                        touched.push(live::other_content(workspace, path, digest, listed));
                    }
                }
                _ => drop(missing.insert(path.clone())),
            }
        }
        let changed: Vec<Option<String>> = futures::stream::iter(touched)
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let changed: BTreeSet<String> = changed.into_iter().flatten().collect();
        let others = self.files.keys().any(|path| !set.files.contains_key(path));
        let state = match missing.is_empty() && changed.is_empty() && !others {
            true => FileSetState::Complete,
            false => FileSetState::Partial {
                missing: missing.into_iter().collect(),
                changed: changed.into_iter().collect(),
            },
        };
        Ok(InFolder { state, strangers })
    }

    /// What lies in our folder and is not ours. At places of their own everything else is people's.
    fn strangers(&self, there: &BTreeMap<String, Listed>, folder: &str) -> BTreeSet<String> {
        let ours: BTreeSet<String> = self
            .files
            .values()
            .map(|entry| live::bare(&whole(folder, &entry.target)).to_owned())
            .collect();
        let start = format!("{}/", live::bare(folder));
        there
            .iter()
            .filter(|(path, listed)| listed.kind != EntryKind::Directory && !ours.contains(*path))
            .filter_map(|(path, _)| Some(path.strip_prefix(&start)?.to_owned()))
            .collect()
    }

    /// What is known to be there.
    pub(super) fn known(&self, set: &FileSet) -> FileSet {
        let known = |(path, entry): (&String, &Entry)| Some((path.clone(), entry.digest.clone()?));
        FileSet {
            files: self.files.iter().filter_map(known).collect(),
            ..set.clone()
        }
    }

    /// Notes as uncertain what is about to change, and gives what must be removed first: what left the set, what was a
    /// notebook and is a file now, or the other way round, and the folders that nothing lies in any more.
    pub(super) fn begin(
        &mut self,
        bundle: &ResolvedBundle,
        set: &FileSet,
        changing: &BTreeSet<&str>,
    ) -> Old {
        self.version = 1;
        let mut old = Old::default();
        for (path, entry) in &mut self.files {
            match bundle.files.get(path) {
                Some(file) if target(set, path, file) == entry.target => {}
                _ => {
                    old.files.insert(entry.target.clone());
                    entry.digest = None;
                }
            }
        }
        let stays: BTreeSet<String> = bundle
            .files
            .iter()
            .flat_map(|(path, file)| above(&target(set, path, file)))
            .collect();
        let left: BTreeSet<String> = old.files.iter().flat_map(|target| above(target)).collect();
        // Folders at places of their own are people's, and stay.
        old.folders = left
            .into_iter()
            .filter(|folder| !folder.starts_with('/') && !stays.contains(folder))
            .rev()
            .collect();
        for path in changing {
            let Some(file) = bundle.files.get(*path) else {
                continue;
            };
            let entry = Entry {
                target: target(set, path, file),
                digest: None,
                seen: None,
            };
            self.files.insert((*path).to_owned(), entry);
        }
        old
    }

    /// Notes that `set` is there and nothing else, and how what was `written` just now is listed.
    pub(super) async fn end(
        &mut self,
        workspace: &Workspace,
        set: &FileSet,
        folder: &str,
        written: &BTreeSet<&str>,
    ) -> Result<(), WorkError> {
        let there = list(workspace, set, folder).await?;
        self.files.retain(|path, _| set.files.contains_key(path));
        for (path, entry) in &mut self.files {
            entry.digest = set.files.get(path).cloned();
            if written.contains(path.as_str()) {
                let listed = there.get(live::bare(&whole(folder, &entry.target)));
                entry.seen = listed.map(Seen::of);
            }
        }
        Ok(())
    }
}

/// Everything that is listed where the files of a set lie, by path without `/Workspace`.
async fn list(
    workspace: &Workspace,
    set: &FileSet,
    folder: &str,
) -> Result<BTreeMap<String, Listed>, WorkError> {
    let mut there = live::listed(workspace, folder, true)
        .await?
        .unwrap_or_default();
    let parents: BTreeSet<&str> = set
        .places
        .values()
        .filter_map(|place| place.rsplit_once('/'))
        .map(|(parent, _)| parent)
        .collect();
    for parent in parents {
        there.extend(
            live::listed(workspace, parent, false)
                .await?
                .unwrap_or_default(),
        );
    }
    Ok(there)
}

fn is_content(listed: &Listed) -> bool {
    listed.kind.is_content()
}

/// Where a file of the bundle lies: below the folder, or at its own place.
pub(super) fn target(set: &FileSet, path: &str, file: &SourceFile) -> String {
    match (set.places.get(path), file.notebook) {
        (Some(place), _) => place.clone(),
        (None, Some(_)) => notebook_path(path).to_owned(),
        (None, None) => path.to_owned(),
    }
}

/// The whole path of a target.
pub(super) fn whole(folder: &str, target: &str) -> String {
    match target.starts_with('/') {
        true => target.to_owned(),
        false => format!("{folder}/{target}"),
    }
}

/// The folders above a target.
fn above(target: &str) -> impl Iterator<Item = String> + use<> {
    let ends: Vec<String> = target
        .match_indices('/')
        .filter(|(at, _)| *at > 0)
        .map(|(at, _)| target[..at].to_owned())
        .collect();
    ends.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::digest::sha256;

    fn bundle(paths: &[&str]) -> (ResolvedBundle, FileSet) {
        let file = |path: &&str| SourceFile {
            bytes: path.as_bytes().to_vec().into(),
            executable: false,
            notebook: None,
        };
        let files = paths.iter().map(|path| ((*path).to_owned(), file(path)));
        let bundle = ResolvedBundle {
            files: files.collect(),
            ..ResolvedBundle::default()
        };
        let digests = bundle.files.iter();
        let set = FileSet {
            digest: sha256(b"set"),
            folder: file_sets::in_place(),
            files: digests
                .map(|(path, file)| (path.clone(), sha256(&file.bytes)))
                .collect(),
            places: BTreeMap::new(),
        };
        (bundle, set)
    }

    fn manifest(paths: &[&str]) -> Manifest {
        let (bundle, set) = bundle(paths);
        let changing = paths.iter().copied().collect();
        let mut manifest = Manifest::default();
        manifest.begin(&bundle, &set, &changing);
        manifest
    }

    #[test]
    fn a_file_comes_where_a_folder_was_and_the_reverse() {
        let (new, set) = bundle(&["src/a", "src/b/c", "src/kept/x"]);
        let mut there = manifest(&[
            "src/a/deep/x",
            "src/a/y",
            "src/b",
            "src/kept/x",
            "src/kept/y",
        ]);
        let old = there.begin(&new, &set, &BTreeSet::from(["src/a", "src/b/c"]));
        let files: Vec<&str> = old.files.iter().map(String::as_str).collect();
        assert_eq!(files, ["src/a/deep/x", "src/a/y", "src/b", "src/kept/y"]);
        assert_eq!(
            old.folders,
            ["src/a/deep", "src/a"],
            "the deepest first; what is used stays"
        );
    }

    #[test]
    fn folders_of_people_stay() {
        let (_, mut set) = bundle(&["src/a"]);
        set.places
            .insert("src/a".to_owned(), "/Workspace/Shared/shop/a".to_owned());
        let (gone, empty) = (ResolvedBundle::default(), bundle(&[]).1);
        let (placed, _) = bundle(&["src/a"]);
        let mut there = Manifest::default();
        there.begin(&placed, &set, &BTreeSet::from(["src/a"]));
        let old = there.begin(&gone, &empty, &BTreeSet::new());
        assert!(old.files.contains("/Workspace/Shared/shop/a"));
        assert!(old.folders.is_empty(), "{old:?}");
    }
}
