//! Reads a free-form workspace: its objects, and the files that the rules name or that its jobs run.

use super::super::WorkError;
use super::super::live::{self, Unlisted};
use super::file::{Found, file};
use super::known::{Known, short};
use super::{file_access, libraries};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{ApiError, Entry, EntryKind, ErrorKind, Workspace};
use hodman_model::capture::{
    LiveResource, LiveSnapshot, Unread, chooser, path_chooser, wanted_paths,
};
use hodman_model::files::Environment;
use hodman_model::kinds::{Captured as How, kind, permissions};
use hodman_model::plan::ObservedObject;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The kind that is found by walking through folders.
const GIT_FOLDERS: &str = "git_folders";
/// The kind of plain folders.
const FOLDERS: &str = "directories";
/// Where file sets lie.
const OURS: &str = "/Shared/.hodman";

/// Requests at a time; the service takes about sixty exports a second.
pub(super) const AT_ONCE: usize = 8;

pub(super) async fn take(
    workspace: &Workspace,
    environment: &Environment,
    known: &Known,
) -> Result<LiveSnapshot, WorkError> {
    let rules = environment.capture.clone().unwrap_or_default();
    // Who may do what is one request for each object, so it is asked of those that are captured only; the others are
    // there to be looked up by their names.
    let is_chosen = chooser(&rules);
    let mut entries = Entries::default();
    let named = path_chooser(&rules);
    for path in &rules.paths {
        entries.below(workspace, path, &named).await?;
        entries.itself(workspace, path).await;
    }
    let served = live::as_far_as_served(
        workspace,
        &|kind| !matches!(kind.captured(), How::Never(_)),
        &|object| is_chosen(&object.kind, &object.listed),
        Unlisted {
            // No list shows Git folders outside of `/Repos`; those in the folders that the rules name were seen there.
            named: BTreeMap::from([(GIT_FOLDERS, entries.git_folders())]),
            seen: folders(entries.found.values()),
        },
    )
    .await?;
    let me = &workspace.principal().await?.user_name;
    // The list of a secret scope does not say what a principal is: what has no `@` in it reads as a group there.
    let mine =
        ["user", "service_principal", "group"].map(|word| permissions::managed_principal(word, me));
    let mut resources: Vec<LiveResource> = served
        .objects
        .into_iter()
        .map(|mut object| {
            without_ours(&mut object.listed.config, &mine);
            LiveResource::new(object.kind, object.listed)
        })
        .collect();
    libraries::add(workspace, &mut resources).await?;
    // A job is worth little without what it runs, wherever that lies.
    entries
        .add(workspace, wanted_paths(&rules, &resources))
        .await?;
    let asked = file_access::asked(&rules, entries.found.values());
    let mut file_access = file_access::read(workspace, asked, &mine).await?;
    file_access.extend(file_access::unasked(&rules, entries.found.values()));
    let mut unread_files = entries.unread;
    let wanted = entries
        .found
        .into_values()
        .filter(|entry| entry.kind.is_content());
    let found: Vec<Found> =
        futures::stream::iter(wanted.map(|entry| file(workspace, entry, known)))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
    let mut files = BTreeMap::new();
    for found in found {
        match found {
            Found::File(path, file) => drop(files.insert(path, file)),
            Found::Unread(path, why) => {
                let unread = Unread {
                    why,
                    lacking: false,
                };
                unread_files.insert(short(&path).to_owned(), unread);
            }
            Found::Gone => {}
        }
    }
    Ok(LiveSnapshot {
        workspace: workspace.name().to_owned(),
        resources,
        unread: served.unread,
        access_unread: served.access_unread,
        built_in: served.built_in,
        unread_files,
        file_access,
        files,
    })
}

/// Leaves out what the service gives to whoever makes an object, where that was hodman: after a restore, say.
pub(super) fn without_ours(config: &mut Value, mine: &[String]) {
    let given =
        |level: &Value| matches!(level.as_str(), Some("CAN_MANAGE" | "MANAGE" | "IS_OWNER"));
    if let Some(Value::Object(all)) = config.get_mut(permissions::FIELD) {
        all.retain(|principal, level| !(mine.contains(principal) && given(level)));
    }
}

/// Whether the service answered, and did not mean the workspace as a whole: then one file or folder is left out, and the
/// rest of the capture goes on.
pub(super) fn is_refusal(error: &ApiError) -> bool {
    let whole = matches!(
        error.kind,
        ErrorKind::Unauthenticated | ErrorKind::RateLimited { .. } | ErrorKind::TimedOut { .. }
    );
    !whole && error.status.is_some()
}

/// Whether a folder at that short path is one that people made: those at the top are the workspace's own, and so is
/// everybody's home.
fn is_peoples(path: &str) -> bool {
    let home = ["/Users/", "/Repos/"]
        .iter()
        .any(|top| path.starts_with(top));
    let above = if home { 2 } else { 1 };
    let ours = path.strip_prefix(OURS);
    path.matches('/').count() > above
        && !ours.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The plain folders among them, as objects: who may do what in them is asked for later, one request each.
fn folders<'e>(entries: impl Iterator<Item = &'e Entry>) -> Vec<ObservedObject> {
    entries
        .filter(|entry| entry.kind == EntryKind::Directory && is_peoples(short(&entry.path)))
        .filter_map(|entry| {
            let answer = json!({
                "object_type": "DIRECTORY",
                "path": entry.path,
                "object_id": entry.object_id?,
            });
            let listed = kind(FOLDERS)?.read(&answer).ok()??;
            Some(ObservedObject {
                kind: FOLDERS.to_owned(),
                listed,
            })
        })
        .collect()
}

/// What the service said of a folder.
type Listing = Result<Vec<Entry>, ApiError>;

/// What lies in the workspace, by short path.
#[derive(Default)]
struct Entries {
    found: BTreeMap<String, Entry>,
    /// What could not be listed.
    unread: BTreeMap<String, Unread>,
}

impl Entries {
    /// A whole folder, but for the folders that are not `wanted`. One that is not there was perhaps renamed, or nobody
    /// may see it any more: that is told, and is no reason to remove what was captured of it.
    async fn below(
        &mut self,
        workspace: &Workspace,
        path: &str,
        wanted: &(dyn Fn(&str) -> bool + Sync),
    ) -> Result<(), WorkError> {
        let mut level = vec![path.to_owned()];
        while !level.is_empty() {
            let listed: Vec<(String, Listing)> = futures::stream::iter(std::mem::take(&mut level))
                .map(|folder| async move {
                    let listed = workspace.files().list(&folder).await;
                    (folder, listed)
                })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            for (folder, listed) in listed {
                match listed {
                    Ok(entries) => {
                        for entry in entries.into_iter().filter(|entry| wanted(&entry.path)) {
                            if entry.kind == EntryKind::Directory {
                                level.push(entry.path.clone());
                            }
                            self.found.insert(short(&entry.path).to_owned(), entry);
                        }
                    }
                    // It went away in between.
                    Err(error) if error.is_not_found() && folder != path => {}
                    Err(error) => self.missed(&folder, &error)?,
                }
            }
        }
        Ok(())
    }

    /// The folder that a rule names; what lies in it was listed before. Who may do what in it is worth no error.
    async fn itself(&mut self, workspace: &Workspace, path: &str) {
        let path = path.trim_end_matches('/');
        let known = self.unread.contains_key(short(path)) || self.found.contains_key(short(path));
        if known || !is_peoples(short(path)) {
            return;
        }
        if let Ok(entry) = workspace.files().status(path).await
            && entry.kind == EntryKind::Directory
        {
            self.found.insert(short(path).to_owned(), entry);
        }
    }

    /// Notes what could not be read; gives errors that say nothing about it.
    fn missed(&mut self, path: &str, error: &ApiError) -> Result<(), WorkError> {
        if !error.is_not_found() && !is_refusal(error) {
            return Err(WorkError::from(error.clone()).doing(&format!("listing {path}")));
        }
        let unread = Unread {
            why: error.to_string(),
            lacking: error.is_not_found(),
        };
        let path = short(path).trim_end_matches('/');
        self.unread.insert(path.to_owned(), unread);
        Ok(())
    }

    /// The Git folders among them.
    fn git_folders(&self) -> BTreeSet<String> {
        let is_one = |entry: &&Entry| entry.kind == EntryKind::Repo;
        let found = self.found.values().filter(is_one);
        found.map(|entry| entry.path.clone()).collect()
    }

    /// Single files and folders: one list for a folder of which several are wanted, else one request each.
    async fn add(
        &mut self,
        workspace: &Workspace,
        paths: BTreeSet<String>,
    ) -> Result<(), WorkError> {
        let mut by_folder: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in paths
            .into_iter()
            .filter(|path| !self.found.contains_key(path))
        {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            by_folder.entry(folder.to_owned()).or_default().insert(path);
        }
        let found: Vec<(BTreeSet<String>, Listing)> = futures::stream::iter(by_folder)
            .map(|(folder, wanted)| async move {
                let found = some(workspace, &folder, &wanted).await;
                (wanted, found)
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        for (wanted, found) in found {
            let found = match found {
                Ok(found) => found,
                // Nobody has to have what a job runs: that the job is broken is seen there.
                Err(error) if error.is_not_found() => continue,
                Err(error) => {
                    for path in &wanted {
                        self.missed(path, &error)?;
                    }
                    continue;
                }
            };
            for entry in found {
                match entry.kind {
                    EntryKind::Directory => self.below(workspace, &entry.path, &|_| true).await?,
                    _ => drop(self.found.insert(short(&entry.path).to_owned(), entry)),
                }
            }
        }
        Ok(())
    }
}

/// The wanted ones of a folder that are there.
async fn some(workspace: &Workspace, folder: &str, wanted: &BTreeSet<String>) -> Listing {
    let files = workspace.files();
    let mut entries = match wanted.first() {
        Some(path) if wanted.len() == 1 => vec![files.status(path).await?],
        _ => files.list(folder).await?,
    };
    entries.retain(|entry| wanted.contains(short(&entry.path)));
    Ok(entries)
}
