//! Reads a free-form workspace: its objects, and the files that the rules name or that its jobs run.

use super::super::{WorkError, live};
use super::known::{Known, short};
use chrono::{DateTime, TimeZone as _, Utc};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{
    Entry, EntryKind, Language as Written, NotebookFormat, Workspace,
};
use hodman_model::bundle::Language;
use hodman_model::capture::{LiveFile, LiveResource, LiveSnapshot, chooser, wanted_paths};
use hodman_model::files::{Environment, Seen};
use hodman_model::kinds::{Captured as How, permissions};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The kind that is found by walking through folders.
const GIT_FOLDERS: &str = "git_folders";

/// Requests at a time; the service takes about sixty exports a second.
const AT_ONCE: usize = 8;

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
    for path in &rules.paths {
        entries.below(workspace, path).await?;
    }
    let served = live::as_far_as_served(
        workspace,
        &|kind| !matches!(kind.captured(), How::Never(_)),
        &|object| is_chosen(&object.kind, &object.listed),
        // No list shows Git folders outside of `/Repos`; those in the folders that the rules name were seen there.
        BTreeMap::from([(GIT_FOLDERS, entries.git_folders())]),
    )
    .await?;
    let me = &workspace.principal().await?.user_name;
    let mine = ["user", "service_principal"].map(|word| permissions::managed_principal(word, me));
    let resources: Vec<LiveResource> = served
        .objects
        .into_iter()
        .map(|mut object| {
            without_ours(&mut object.listed.config, &mine);
            LiveResource::new(object.kind, object.listed)
        })
        .collect();
    // A job is worth little without what it runs, wherever that lies.
    entries
        .add(workspace, wanted_paths(&rules, &resources))
        .await?;
    let wanted = entries
        .0
        .into_values()
        .filter(|entry| matches!(entry.kind, EntryKind::File | EntryKind::Notebook { .. }));
    let files = futures::stream::iter(wanted.map(|entry| file(workspace, entry, known)))
        .buffer_unordered(AT_ONCE)
        .try_filter_map(|found| async move { Ok(found) })
        .try_collect()
        .await?;
    Ok(LiveSnapshot {
        workspace: workspace.name().to_owned(),
        resources,
        unread: served.unread,
        access_unread: served.access_unread,
        files,
    })
}

/// Leaves out what the service gives to whoever makes an object, where that was hodman: after a restore, say.
fn without_ours(config: &mut Value, mine: &[String; 2]) {
    let given =
        |level: &Value| matches!(level.as_str(), Some("CAN_MANAGE" | "MANAGE" | "IS_OWNER"));
    if let Some(Value::Object(all)) = config.get_mut(permissions::FIELD) {
        all.retain(|principal, level| !(mine.contains(principal) && given(level)));
    }
}

/// What lies in the workspace, by short path.
#[derive(Default)]
struct Entries(BTreeMap<String, Entry>);

impl Entries {
    /// A whole folder; one that is not there holds nothing.
    async fn below(&mut self, workspace: &Workspace, path: &str) -> Result<(), WorkError> {
        match workspace.files().list_recursive(path).await {
            Ok(found) => self.0.extend(
                found
                    .into_iter()
                    .map(|entry| (short(&entry.path).to_owned(), entry)),
            ),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    /// The Git folders among them.
    fn git_folders(&self) -> BTreeSet<String> {
        let is_one = |entry: &&Entry| entry.kind == EntryKind::Repo;
        let found = self.0.values().filter(is_one);
        found.map(|entry| entry.path.clone()).collect()
    }

    /// Single files and folders: one list for a folder of which several are wanted, else one request each.
    async fn add(
        &mut self,
        workspace: &Workspace,
        paths: BTreeSet<String>,
    ) -> Result<(), WorkError> {
        let mut by_folder: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in paths.into_iter().filter(|path| !self.0.contains_key(path)) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            by_folder.entry(folder.to_owned()).or_default().insert(path);
        }
        let found: Vec<Vec<Entry>> = futures::stream::iter(
            by_folder
                .into_iter()
                .map(|(folder, wanted)| some(workspace, folder, wanted)),
        )
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
        for entry in found.into_iter().flatten() {
            match entry.kind {
                EntryKind::Directory => self.below(workspace, &entry.path).await?,
                _ => drop(self.0.insert(short(&entry.path).to_owned(), entry)),
            }
        }
        Ok(())
    }
}

/// The wanted ones of a folder that are there.
async fn some(
    workspace: &Workspace,
    folder: String,
    wanted: BTreeSet<String>,
) -> Result<Vec<Entry>, WorkError> {
    let files = workspace.files();
    let found = match wanted.first() {
        Some(path) if wanted.len() == 1 => files.status(path).await.map(|entry| vec![entry]),
        _ => files.list(&folder).await,
    };
    match found {
        Ok(entries) => Ok(entries
            .into_iter()
            .filter(|entry| wanted.contains(short(&entry.path)))
            .collect()),
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// One file: as Git holds it when it did not change since, else exported; none when it went away in between.
async fn file(
    workspace: &Workspace,
    mut entry: Entry,
    known: &Known,
) -> Result<Option<(String, LiveFile)>, WorkError> {
    let seen = entry
        .object_id
        .zip(entry.modified_at)
        .map(|(object_id, modified_at)| Seen {
            object_id,
            modified_at,
        });
    if matches!(entry.kind, EntryKind::Notebook { .. }) {
        let Some(format) = format(workspace, &entry, known).await? else {
            return Ok(None);
        };
        entry.format = Some(format);
    }
    let bytes = match seen.and_then(|seen| known.content(&entry.path, seen)) {
        Some(bytes) => bytes,
        None => match workspace.files().export_entry(&entry).await {
            Ok(bytes) => bytes.to_vec(),
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => {
                return Err(WorkError::from(error).doing(&format!("exporting {}", entry.path)));
            }
        },
    };
    let language = match &entry.kind {
        // A notebook whose language the listing leaves out is Python, which is what the service makes by default.
        EntryKind::Notebook { .. } if entry.format == Some(NotebookFormat::Jupyter) => {
            Some(Language::Jupyter)
        }
        EntryKind::Notebook { language } => Some(match language {
            Some(Written::Python) | None => Language::Python,
            Some(Written::Sql) => Language::Sql,
            Some(Written::Scala) => Language::Scala,
            Some(Written::R) => Language::R,
        }),
        _ => None,
    };
    let file = LiveFile {
        bytes,
        language,
        created_at: None,
        modified_at: entry.modified_at.and_then(moment),
        // The workspace API does not say who; a guess would put somebody's name on another's work.
        creator: None,
        seen,
    };
    Ok(Some((entry.path, file)))
}

/// The format of a notebook: as it was captured; a new one is asked for, because no list says it. None when it went away
/// in between.
async fn format(
    workspace: &Workspace,
    entry: &Entry,
    known: &Known,
) -> Result<Option<NotebookFormat>, WorkError> {
    let jupyter = known.is_jupyter(&entry.path).map(|jupyter| match jupyter {
        true => NotebookFormat::Jupyter,
        false => NotebookFormat::Source,
    });
    if let Some(format) = jupyter.or(entry.format) {
        return Ok(Some(format));
    }
    match workspace.files().status(&entry.path).await {
        Ok(status) => Ok(Some(status.format.unwrap_or(NotebookFormat::Source))),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(WorkError::from(error).doing(&format!("reading {}", entry.path))),
    }
}

fn moment(millis: i64) -> Option<DateTime<Utc>> {
    Utc.timestamp_millis_opt(millis).single()
}
