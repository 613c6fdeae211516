//! Reads a free-form workspace: its objects, and the files that the rules name or that its jobs run.

use super::super::{WorkError, live};
use chrono::{DateTime, TimeZone as _, Utc};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{Entry, EntryKind, Language as Written, Workspace};
use hodman_model::bundle::Language;
use hodman_model::capture::{LiveFile, LiveResource, LiveSnapshot};
use hodman_model::files::Environment;
use serde_json::Value;
use std::collections::btree_map::Entry as Place;
use std::collections::{BTreeMap, BTreeSet};

/// Exports at a time; the service takes about sixty a second.
const AT_ONCE: usize = 8;

pub(super) async fn take(
    workspace: &Workspace,
    environment: &Environment,
) -> Result<LiveSnapshot, WorkError> {
    let objects = live::objects(workspace).await?;
    let rules = environment.capture.clone().unwrap_or_default();
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for path in &rules.paths {
        match workspace.files().list_recursive(path).await {
            Ok(found) => entries.extend(found.into_iter().map(|entry| (entry.path.clone(), entry))),
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error.into()),
        }
    }
    // A job is worth little without what it runs, wherever that lies.
    let mut run = BTreeSet::new();
    for object in &objects {
        paths(&object.listed.config, &mut run);
    }
    for path in run {
        if let Place::Vacant(place) = entries.entry(path) {
            match workspace.files().status(place.key()).await {
                Ok(entry) => drop(place.insert(entry)),
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    let wanted = entries
        .into_values()
        .filter(|entry| matches!(entry.kind, EntryKind::File | EntryKind::Notebook { .. }));
    let files = futures::stream::iter(wanted.map(|entry| export(workspace, entry)))
        .buffer_unordered(AT_ONCE)
        .try_filter_map(|found| async move { Ok(found) })
        .try_collect()
        .await?;
    Ok(LiveSnapshot {
        workspace: workspace.name().to_owned(),
        resources: objects
            .into_iter()
            .map(|object| LiveResource {
                kind: object.kind,
                listed: object.listed,
            })
            .collect(),
        files,
    })
}

/// Absolute workspace paths that tasks run.
fn paths(config: &Value, found: &mut BTreeSet<String>) {
    match config {
        Value::Object(map) => {
            for (key, value) in map {
                match value {
                    Value::String(path)
                        if matches!(key.as_str(), "notebook_path" | "python_file")
                            && path.starts_with('/') =>
                    {
                        found.insert(path.clone());
                    }
                    _ => paths(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| paths(item, found)),
        _ => {}
    }
}

/// One file; none when it went away in between.
async fn export(
    workspace: &Workspace,
    entry: Entry,
) -> Result<Option<(String, LiveFile)>, WorkError> {
    let bytes = match workspace.files().export_entry(&entry).await {
        Ok(bytes) => bytes.to_vec(),
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => {
            return Err(WorkError::from(error).doing(&format!("exporting {}", entry.path)));
        }
    };
    let language = match &entry.kind {
        // A notebook whose language the listing leaves out is Python, which is what the service makes by default.
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
    };
    Ok(Some((entry.path, file)))
}

fn moment(millis: i64) -> Option<DateTime<Utc>> {
    Utc.timestamp_millis_opt(millis).single()
}
