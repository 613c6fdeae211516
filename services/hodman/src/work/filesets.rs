//! The folders of file sets beside their upload: who reads them, and when an old one goes.
//!
//! Which sets were applied last stands in `sets.json` beside them, the last one at its end: the workspace does not say how
//! old a folder is, and a lost database must not lose it.

mod used;

use super::taken::{Part, Taken};
use super::{Job, WorkError};
use hodman_clients::databricks::{EntryKind, ErrorKind, ImportFormat, Request, Retry, Workspace};
use hodman_model::digest::Digest;
use hodman_model::files::Environment;
use hodman_model::kinds::files as sets;
use hodman_model::kinds::permissions::managed_principal;
use hodman_model::plan::{Desired, Known, substitute_known};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use used::used;

/// How `run_as` names somebody: the field, and the word in managed form.
const RUN_AS: [(&str, &str); 2] = [
    ("service_principal_name", "service_principal"),
    ("user_name", "user"),
];

/// The level with which files are read and run.
const READ: &str = "CAN_READ";

/// The sets that were applied, the last one at the end.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Applied {
    version: u32,
    sets: Vec<Digest>,
}

/// Lets everybody read the environment's folder whom a job runs as, as far as `known` tells who that is, and the groups that
/// the environment names. Others' permissions are left as they are: what comes from the folder above is the administrators' to say.
pub(super) async fn readable(
    job: &Job<'_>,
    env: &str,
    taken: &Taken,
    part: &Part,
    known: &Known,
) -> Result<(), WorkError> {
    let mut readers = groups(&taken.environment);
    readers.extend(run_as(&taken.desired, known));
    if part.is_foundation() || taken.desired.files.is_none() || readers.is_empty() {
        return Ok(());
    }
    let root = sets::root(job.pipeline, env);
    let workspace = &part.workspace;
    let access = match access(workspace, &root).await? {
        Access::NoFolder => {
            job.fence.check().await?;
            workspace.files().mkdirs(&root).await?;
            access(workspace, &root).await?
        }
        other => other,
    };
    let (path, there) = match access {
        Access::Open => return Ok(()),
        Access::NoFolder => {
            // A list may lag behind what was made a moment ago.
            return Err(WorkError::transient(format!("{root} is not there yet")));
        }
        Access::Principals { path, there } => (path, there),
    };
    let missing: Vec<Value> = readers
        .iter()
        .filter(|principal| !there.contains(*principal))
        .filter_map(|principal| entry(principal))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    job.fence.check().await?;
    let request = Request {
        method: reqwest::Method::PATCH,
        path,
        query: Vec::new(),
        body: Some(json!({ "access_control_list": missing })),
        retry: Retry::Idempotent,
    };
    let added = workspace.call(request).await;
    added
        .map(drop)
        .map_err(|error| WorkError::from(error).doing("letting readers read the files"))
}

/// Who may do something with a folder.
enum Access {
    /// It is not there.
    NoFolder,
    /// A workspace without access control lets everybody read.
    Open,
    /// The path of its permissions, and everybody who has one, from above or its own.
    Principals {
        path: String,
        there: BTreeSet<String>,
    },
}

async fn access(workspace: &Workspace, root: &str) -> Result<Access, WorkError> {
    let entry = match workspace.files().status(root).await {
        Err(error) if error.is_not_found() => return Ok(Access::NoFolder),
        other => other?,
    };
    let Some(id) = entry.object_id else {
        return Err(WorkError::lasting(format!(
            "the workspace does not say the id of {root}"
        )));
    };
    let path = format!("/api/2.0/permissions/directories/{id}");
    let answer = match workspace.call(Request::get(&path)).await {
        Ok(answer) => answer,
        Err(error) if matches!(error.kind, ErrorKind::Unsupported) => return Ok(Access::Open),
        Err(error) => return Err(WorkError::from(error).doing("reading who reads the files")),
    };
    let listed = answer["access_control_list"].as_array();
    let there = listed
        .into_iter()
        .flatten()
        .filter_map(hodman_model::kinds::permissions::principal)
        .collect();
    Ok(Access::Principals { path, there })
}

/// Of those who are to read the files, in managed form, those who may not: somebody took it from them since.
pub(super) async fn shut_out(
    workspace: &Workspace,
    root: &str,
    readers: &BTreeSet<String>,
) -> Result<BTreeSet<String>, WorkError> {
    if readers.is_empty() {
        return Ok(BTreeSet::new());
    }
    Ok(match access(workspace, root).await? {
        Access::NoFolder | Access::Open => BTreeSet::new(),
        Access::Principals { there, .. } => readers.difference(&there).cloned().collect(),
    })
}

/// The groups that the environment names, in managed form.
pub(super) fn groups(environment: &Environment) -> BTreeSet<String> {
    let groups = environment.files.readers.iter();
    groups
        .map(|group| managed_principal("group", group))
        .collect()
}

/// Whom anything runs as, in managed form, as far as it is known who that is: a principal that is looked up, or made by the
/// plan that is applied, is known by what was found or made.
pub(super) fn run_as(desired: &Desired, known: &Known) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for resource in desired.resources.values() {
        let run_as = &resource.config["run_as"];
        for (field, word) in RUN_AS {
            let name = substitute_known(&run_as[field], "", known).ok();
            if let Some(name) = name.as_ref().and_then(Value::as_str) {
                found.insert(managed_principal(word, name));
            }
        }
    }
    found
}

/// The entry that lets a principal in managed form read.
fn entry(principal: &str) -> Option<Value> {
    let (word, name) = principal.split_once(':')?;
    let field = match word {
        "group" => "group_name",
        "user" => "user_name",
        "service_principal" => "service_principal_name",
        _ => return None,
    };
    Some(json!({ field: name, "permission_level": READ }))
}

/// Notes the set that is applied now and removes those that are old and that nothing uses. What cannot be removed today
/// is removed after the next apply: only the lease stops this.
pub(super) async fn tidy(
    job: &Job<'_>,
    env: &str,
    taken: &Taken,
    part: &Part,
) -> Result<(), WorkError> {
    if taken.absent() && !part.is_foundation() {
        return away(job, env, &part.workspace).await;
    }
    let Some(set) = part.desired(taken).files.as_ref() else {
        return Ok(());
    };
    let root = sets::root(job.pipeline, env);
    let keep = usize::try_from(taken.environment.files.keep).unwrap_or(usize::MAX);
    match remove_old(job, &part.workspace, &root, &set.folder, keep).await {
        Err(error) if !error.is_lease_lost() => {
            tracing::warn!(root, "old files are not removed yet: {error}");
            Ok(())
        }
        other => other,
    }
}

/// Removes the environment's folder with all file sets and its claims: the last thing that goes, because it says what is ours.
async fn away(job: &Job<'_>, env: &str, workspace: &Workspace) -> Result<(), WorkError> {
    job.fence.check().await?;
    match workspace
        .files()
        .delete(&sets::root(job.pipeline, env), true)
        .await
    {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(WorkError::from(error).doing("removing the files")),
    }
}

async fn remove_old(
    job: &Job<'_>,
    workspace: &Workspace,
    root: &str,
    now: &Digest,
    keep: usize,
) -> Result<(), WorkError> {
    let path = format!("{root}/sets.json");
    let mut applied: Applied = match workspace.files().export_file(&path).await {
        Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
        Err(error) if error.is_not_found() => Applied::default(),
        Err(error) => return Err(error.into()),
    };
    let entries = workspace.files().list(root).await?;
    let there: BTreeSet<Digest> = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Directory)
        .flat_map(|entry| sets::folders_in(root, &entry.path))
        .map(|(_, set)| set)
        .collect();
    let before = applied.sets.clone();
    applied.version = 1;
    applied.sets.retain(|set| set != now && there.contains(set));
    // Sets that nobody noted came before those that somebody did.
    let unknown = there
        .iter()
        .filter(|set| !before.contains(set) && *set != now);
    applied.sets.splice(0..0, unknown.cloned());
    applied.sets.push(now.clone());
    let too_many = applied.sets.len().saturating_sub(keep.max(1));
    if too_many > 0 {
        // Asked now and not taken from the plan: somebody may have pointed a job of his own to it meanwhile.
        let used = used(workspace, root).await?;
        let old: Vec<Digest> = applied.sets[..too_many]
            .iter()
            .filter(|set| !used.contains(*set))
            .cloned()
            .collect();
        for set in old {
            job.fence.check().await?;
            workspace
                .files()
                .delete(&sets::folder(root, &set), true)
                .await?;
            if set == sets::in_place() {
                let manifest = sets::in_place_manifest(root);
                workspace.files().delete(&manifest, false).await?;
            }
            tracing::info!(set = set.as_str(), "old files removed");
            applied.sets.retain(|other| *other != set);
        }
    }
    if applied.sets == before {
        return Ok(());
    }
    job.fence.check().await?;
    let bytes = serde_json::to_vec(&applied)?;
    let files = workspace.files();
    match files
        .import(&path, bytes.clone(), ImportFormat::Raw, true)
        .await
    {
        Err(error) if error.kind == ErrorKind::Unsupported => {
            files.import(&path, bytes, ImportFormat::Auto, true).await?;
        }
        other => drop(other?),
    }
    Ok(())
}
