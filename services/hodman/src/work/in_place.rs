//! What lies in the folder with the fixed path, by a file beside it. An entry without a digest is being changed or
//! removed: a crash leaves it so, and the next plan sees that it is not finished.

use super::WorkError;
use hodman_clients::databricks::{ErrorKind, ImportFormat, Workspace, notebook_path};
use hodman_model::bundle::{ResolvedBundle, SourceFile};
use hodman_model::digest::Digest;
use hodman_model::kinds::files as file_sets;
use hodman_model::plan::{FileSet, FileSetState};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What lies there, by path in the bundle.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    files: BTreeMap<String, Entry>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    /// Where it lies below the folder: notebooks lose the end of their names.
    target: String,
    /// Its content; none while that is uncertain.
    digest: Option<Digest>,
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

    /// How much of `set` is there, `listed` being what a listing of the folder says.
    pub(super) fn state(&self, set: &FileSet, listed: FileSetState) -> FileSetState {
        let mut missing: BTreeSet<String> = match listed {
            FileSetState::Absent => return FileSetState::Absent,
            FileSetState::Partial { missing } => missing.into_iter().collect(),
            FileSetState::Complete => BTreeSet::new(),
        };
        let differs = |path: &String, digest: &Digest| {
            self.files.get(path).and_then(|there| there.digest.as_ref()) != Some(digest)
        };
        let differing = set
            .files
            .iter()
            .filter(|(path, digest)| differs(path, digest));
        missing.extend(differing.map(|(path, _)| path.clone()));
        let others = self.files.keys().any(|path| !set.files.contains_key(path));
        if missing.is_empty() && !others {
            return FileSetState::Complete;
        }
        FileSetState::Partial {
            missing: missing.into_iter().collect(),
        }
    }

    /// What is known to be there.
    pub(super) fn known(&self, set: &FileSet) -> FileSet {
        let known = |(path, entry): (&String, &Entry)| Some((path.clone(), entry.digest.clone()?));
        FileSet {
            files: self.files.iter().filter_map(known).collect(),
            ..set.clone()
        }
    }

    /// Notes as uncertain what is about to change, and gives what must be removed first, below the folder: what left
    /// the set, and what was a notebook and is a file now, or the other way round.
    pub(super) fn begin(
        &mut self,
        bundle: &ResolvedBundle,
        changing: &BTreeSet<&str>,
    ) -> BTreeSet<String> {
        self.version = 1;
        let mut old = BTreeSet::new();
        for (path, entry) in &mut self.files {
            match bundle.files.get(path) {
                Some(file) if target(path, file) == entry.target => {}
                _ => {
                    old.insert(entry.target.clone());
                    entry.digest = None;
                }
            }
        }
        for path in changing {
            let Some(file) = bundle.files.get(*path) else {
                continue;
            };
            let target = target(path, file);
            let entry = Entry {
                target,
                digest: None,
            };
            self.files.insert((*path).to_owned(), entry);
        }
        old
    }

    /// Notes that `set` is there and nothing else.
    pub(super) fn end(&mut self, set: &FileSet) {
        self.files.retain(|path, _| set.files.contains_key(path));
        for (path, entry) in &mut self.files {
            entry.digest = set.files.get(path).cloned();
        }
    }
}

fn target(path: &str, file: &SourceFile) -> String {
    match file.notebook {
        Some(_) => notebook_path(path).to_owned(),
        None => path.to_owned(),
    }
}
