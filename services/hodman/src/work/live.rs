//! Reads what a workspace has: lists, not one request for each object.

use super::WorkError;
use hodman_clients::databricks::{EntryKind, Request, Workspace};
use hodman_model::kinds::files as file_sets;
use hodman_model::kinds::{Call, KINDS, Kind, Listing, Method};
use hodman_model::plan::{Desired, FileSetState, Observed, ObservedObject};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Objects of every kind we manage, and the state of the file set that is wanted.
pub(super) async fn observe(
    workspace: &Workspace,
    desired: &Desired,
    root: &str,
) -> Result<Observed, WorkError> {
    let mut observed = Observed {
        objects: objects(workspace).await?,
        ..Observed::default()
    };
    if let Some(set) = &desired.files {
        let folder = file_sets::folder(root, &set.digest);
        let state = folder_state(workspace, &folder, set.files.keys().map(String::as_str)).await?;
        observed.files.insert(set.digest.clone(), state);
    }
    Ok(observed)
}

/// All objects of the kinds we manage, ours and others'.
pub(super) async fn objects(workspace: &Workspace) -> Result<Vec<ObservedObject>, WorkError> {
    let mut found = Vec::new();
    for kind in KINDS {
        found.extend(of_kind(workspace, *kind).await?);
    }
    Ok(found)
}

/// All objects of one kind.
pub(super) async fn of_kind(
    workspace: &Workspace,
    kind: &dyn Kind,
) -> Result<Vec<ObservedObject>, WorkError> {
    let mut found = Vec::new();
    for item in items(workspace, kind).await? {
        let listed = kind
            .read(&item)
            .map_err(|error| WorkError::lasting(error.to_string()))?;
        if let Some(listed) = listed {
            found.push(ObservedObject {
                kind: kind.name().to_owned(),
                listed,
            });
        }
    }
    Ok(found)
}

/// The API's answers, each with all of its fields.
async fn items(workspace: &Workspace, kind: &dyn Kind) -> Result<Vec<Value>, WorkError> {
    if kind.name() == "jobs" {
        // The list gives whole jobs of up to a hundred tasks; only larger ones cost a request each.
        let jobs = workspace.jobs().list_all().await?;
        return Ok(jobs
            .into_iter()
            .map(|job| {
                json!({
                    "job_id": job.job_id,
                    "creator_user_name": job.creator_user_name,
                    "run_as_user_name": job.run_as_user_name,
                    "created_time": job.created_time,
                    "settings": job.settings,
                })
            })
            .collect());
    }
    let Listing::All(list) = kind.listing() else {
        return Ok(vec![]);
    };
    let query: Vec<(&str, &str)> = list
        .query
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let entries = workspace
        .list_all(&list.path, &query, list.items_field)
        .await?;
    if list.whole {
        return Ok(entries);
    }
    let mut items = Vec::with_capacity(entries.len());
    for entry in entries {
        let id = match entry.get(list.id_field) {
            Some(Value::String(id)) => id.clone(),
            Some(Value::Number(id)) => id.to_string(),
            _ => continue,
        };
        match workspace.call(request(&kind.get(&id))).await {
            Ok(item) => items.push(item),
            // It went away in between.
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(items)
}

/// A model's request as the client's.
pub(super) fn request(call: &Call) -> Request {
    use hodman_clients::databricks::Retry;
    Request {
        method: match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        },
        path: call.path.clone(),
        query: call
            .query
            .iter()
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
        body: call.body.clone(),
        retry: if call.idempotent {
            Retry::Idempotent
        } else {
            Retry::NotIdempotent
        },
    }
}

/// Endings of files that may be notebooks.
const NOTEBOOKS: [&str; 6] = ["py", "sql", "scala", "r", "R", "ipynb"];

/// How much of a file set lies in its folder.
pub(super) async fn folder_state<'p>(
    workspace: &Workspace,
    folder: &str,
    files: impl Iterator<Item = &'p str>,
) -> Result<FileSetState, WorkError> {
    let there: BTreeSet<String> = match workspace.files().list_recursive(folder).await {
        Ok(entries) => entries
            .into_iter()
            .filter(|entry| entry.kind != EntryKind::Directory)
            .map(|entry| bare(&entry.path).to_owned())
            .collect(),
        Err(error) if error.is_not_found() => return Ok(FileSetState::Absent),
        Err(error) => return Err(error.into()),
    };
    let missing: Vec<String> = files
        .filter(|path| {
            // A notebook's path has no extension in a workspace; `settings.json` is not there because `settings` is.
            let stem = path
                .rsplit_once('.')
                .filter(|(_, end)| NOTEBOOKS.contains(end))
                .map_or(*path, |(stem, _)| stem);
            !there.contains(&format!("{}/{path}", bare(folder)))
                && !there.contains(&format!("{}/{stem}", bare(folder)))
        })
        .map(str::to_owned)
        .collect();
    Ok(if missing.is_empty() {
        FileSetState::Complete
    } else {
        FileSetState::Partial { missing }
    })
}

/// Workspaces take paths with `/Workspace` in front and answer them without.
fn bare(path: &str) -> &str {
    path.strip_prefix("/Workspace").unwrap_or(path)
}

/// Keys and ids of what carries our marker.
pub(super) fn outputs(
    objects: &[ObservedObject],
    pipeline: &str,
    env: &str,
) -> BTreeMap<hodman_model::bundle::ResourceKey, String> {
    objects
        .iter()
        .filter_map(|object| {
            let marker = object.listed.marker.as_ref()?;
            (marker.pipeline == pipeline && marker.env == env).then(|| {
                let key =
                    hodman_model::bundle::ResourceKey::new(object.kind.clone(), marker.key.clone());
                (key, object.listed.id.clone())
            })
        })
        .collect()
}
