//! The declared inputs of a commit: which files of the repository belong to the package.

use super::{Repo, WorkError, code_commit, outside};
use hodman_clients::git::{Entry, EntryKind};
use hodman_core::ids::InputsId;
use hodman_model::bundle::{Build, COMMIT_FILE, FOLDER_FILE, asked_outside};
use hodman_model::diagnostic::{Diagnostic, Diagnostics};
use hodman_model::files::{SourceBytes, Tree};
use hodman_model::{bundle, package};
use std::collections::{BTreeMap, BTreeSet};

/// The declared inputs of a commit.
pub(super) struct Declared {
    /// Their identity.
    pub id: InputsId,
    /// The files, paths within the pipeline's folder, sorted.
    pub entries: Vec<Input>,
    /// The commands that build artifacts of them.
    pub builds: Vec<Build>,
}

/// One declared input.
pub(super) struct Input {
    pub path: String,
    pub executable: bool,
}

/// The files of a commit that the bundle may use, and which blobs they are.
struct Listing<'r> {
    repo: &'r Repo,
    commit: &'r str,
    /// Contents only where they were asked for.
    tree: Tree,
    blobs: BTreeMap<String, Entry>,
    /// What of the repository beside the bundle's folder is in it.
    outside: BTreeSet<String>,
}

/// Which files of a commit belong to its package, or why its bundle does not say. Reads the tree's list and the
/// bundle's own YAML; the other contents are known by blob id. Walks the whole tree: off the async threads.
pub(super) fn declared(
    repo: &Repo,
    commit: &str,
) -> Result<Result<Declared, Diagnostics>, WorkError> {
    let mut listing = Listing {
        repo,
        commit,
        tree: Tree::new(),
        blobs: BTreeMap::new(),
        outside: BTreeSet::new(),
    };
    for entry in repo.mirror.list(commit, &repo.path(""))? {
        if let Some(path) = repo.inner(&entry.path).map(str::to_owned) {
            listing.add(path, entry);
        }
    }
    // The root file says which others belong to the bundle, and those may say more about a target's `sync`.
    listing.fill(|path| path == "databricks.yml" || path == "databricks.yaml")?;
    listing.reach()?;
    let inputs = match bundle::inputs(&listing.tree) {
        Ok(inputs) => inputs,
        Err(problems) => return Ok(Err(problems)),
    };
    listing.fill(|path| {
        inputs.contains(path) && (path.ends_with(".yml") || path.ends_with(".yaml"))
    })?;
    listing.reach()?;
    let inputs = match bundle::inputs(&listing.tree) {
        Ok(inputs) => inputs,
        Err(problems) => return Ok(Err(problems)),
    };
    let builds = match bundle::builds(&listing.tree) {
        Ok(builds) => builds,
        Err(problems) => return Ok(Err(problems)),
    };
    let commit = match inputs.contains(COMMIT_FILE) {
        true => Some(code_commit::of(repo, commit)?),
        false => None,
    };
    Ok(listing.declared(&inputs, builds, commit.as_deref()))
}

impl Listing<'_> {
    fn add(&mut self, path: String, entry: Entry) {
        let source = SourceBytes {
            bytes: Vec::new().into(),
            executable: entry.kind == EntryKind::Executable,
        };
        self.tree.insert(path.clone(), source);
        self.blobs.insert(path, entry);
    }

    /// Adds what the bundle asks for beside its folder, as far as what was read says it.
    fn reach(&mut self) -> Result<(), WorkError> {
        let room = self.repo.room();
        loop {
            let mut more = asked_outside(&self.tree, &room);
            more.retain(|path| !self.outside.contains(path));
            if more.is_empty() {
                return Ok(());
            }
            for path in &more {
                for entry in outside::entries(self.repo, self.commit, path)? {
                    self.add(room.inner(&entry.path), entry);
                }
            }
            self.outside.extend(more);
            self.tree.insert(FOLDER_FILE.to_owned(), room.note());
        }
    }

    fn fill(&mut self, wanted: impl Fn(&str) -> bool) -> Result<(), WorkError> {
        let paths: Vec<(String, String)> = self
            .blobs
            .keys()
            .filter(|path| wanted(path))
            .map(|path| (path.clone(), self.repo.path(path)))
            .collect();
        let mut contents = self
            .repo
            .mirror
            .read_many(self.commit, paths.iter().map(|(_, path)| path.as_str()))?;
        for (inner, path) in &paths {
            if let (Some(source), Some(bytes)) = (self.tree.get_mut(inner), contents.remove(path)) {
                source.bytes = bytes.into();
            }
        }
        Ok(())
    }

    fn declared(
        &self,
        inputs: &BTreeSet<String>,
        builds: Vec<Build>,
        commit: Option<&str>,
    ) -> Result<Declared, Diagnostics> {
        let known = || {
            inputs
                .iter()
                .filter_map(|path| self.blobs.get_key_value(path))
        };
        let problems: Vec<Diagnostic> = known()
            .filter_map(|(path, entry)| not_a_file(path, entry.kind))
            .collect();
        if !problems.is_empty() {
            return Err(Diagnostics(problems));
        }
        let executable = |entry: &Entry| entry.kind == EntryKind::Executable;
        // No blob holds them: where the bundle lies and, if it asks, which commit it is are part of what is packaged.
        let folder = inputs.get(FOLDER_FILE).map(|_| self.repo.room().folder());
        let notes = [(FOLDER_FILE, folder.as_deref()), (COMMIT_FILE, commit)];
        let notes = notes
            .into_iter()
            .filter_map(|(path, text)| Some((path, text?)));
        let id = package::inputs_id(
            known()
                .map(|(path, entry)| (path.as_str(), entry.oid.as_str(), executable(entry)))
                .chain(notes.clone().map(|(path, text)| (path, text, false))),
        );
        let mut entries: Vec<Input> = known()
            .map(|(path, entry)| Input {
                path: path.clone(),
                executable: executable(entry),
            })
            .collect();
        entries.extend(notes.map(|(path, _)| Input {
            path: path.to_owned(),
            executable: false,
        }));
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Declared {
            id: InputsId(id),
            entries,
            builds,
        })
    }
}

/// What is no file cannot be packaged: a link would arrive as a text with a path in it, a submodule not at all.
fn not_a_file(path: &str, kind: EntryKind) -> Option<Diagnostic> {
    let what = match kind {
        EntryKind::File | EntryKind::Executable => return None,
        EntryKind::Symlink => "a symbolic link",
        EntryKind::Submodule => "a git submodule",
    };
    let message = format!("{what} cannot be packaged");
    Some(
        Diagnostic::error(path, message)
            .hint("put the files themselves there, or leave it out by `sync.exclude`"),
    )
}
