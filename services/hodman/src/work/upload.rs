//! Uploads a file set into the folder named by its digest. What is there already is left: the same digest means the
//! same bytes, so a rollback uploads nothing. What a crash left half-way is read before it counts as uploaded, and what
//! people changed since is put back.

use super::in_place::{self, Manifest};
use super::taken::{Part, Taken};
use super::{Job, WorkError, live};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{
    ApiError, EntryKind, ErrorKind, ImportFormat, Language, Workspace, notebook_path,
};
use hodman_model::bundle::{Language as Notebook, SourceFile};
use hodman_model::digest::sha256;
use hodman_model::kinds::files as file_sets;
use hodman_model::plan::FileSetState;
use std::collections::BTreeSet;

/// Uploads at a time; the service takes about thirty a second, and the client slows down when it says so.
const AT_ONCE: usize = 8;

pub(super) async fn upload(
    job: &Job<'_>,
    env: &str,
    taken: &Taken,
    part: &Part,
) -> Result<u32, WorkError> {
    let (Some(set), Some(folder)) = (&taken.desired.files, &taken.folder) else {
        return Ok(0);
    };
    let root = file_sets::root(job.pipeline, env);
    let workspace = &part.workspace;
    let mut there = Manifest::default();
    let in_place = set.folder == file_sets::in_place();
    let mut missing: BTreeSet<&str> = match part.observed.files.get(&set.digest) {
        Some(FileSetState::Complete) => return Ok(0),
        Some(FileSetState::Partial { missing, changed }) => {
            missing.iter().chain(changed).map(String::as_str).collect()
        }
        Some(FileSetState::Absent) | None => set.files.keys().map(String::as_str).collect(),
    };
    // In a folder that is not there nothing is unlike.
    let begun = part.observed.files.get(&set.digest);
    let unlike = match begun {
        Some(FileSetState::Partial { .. }) if !in_place => {
            live::unlike(workspace, set, folder).await?
        }
        _ => Vec::new(),
    };
    missing.extend(unlike.iter().map(String::as_str));
    let files: Vec<(&String, &SourceFile)> = taken
        .bundle
        .files
        .iter()
        .filter(|(path, _)| missing.contains(path.as_str()))
        .collect();
    if in_place {
        there = Manifest::read(workspace, &root).await?;
        // What lies at a place of its own may be somebody's: nothing is noted as ours before that is known.
        for (path, file) in &files {
            if let Some(place) = set.places.get(*path).filter(|_| !there.has(path)) {
                refuse_others(workspace, place, file).await?;
            }
        }
        let old = there.begin(&taken.bundle, set, &missing);
        job.fence.check().await?;
        // First what is uncertain from now on: whatever stops this, the next plan finds it unfinished.
        there.write(workspace, &root).await?;
        for target in old.files {
            job.fence.check().await?;
            workspace
                .files()
                .delete(&in_place::whole(folder, &target), false)
                .await?;
        }
        for target in old.folders {
            job.fence.check().await?;
            remove_empty(workspace, &in_place::whole(folder, &target)).await?;
        }
    }
    let targets: Vec<(String, &String, &SourceFile)> = files
        .into_iter()
        .map(|(path, file)| {
            let target = match in_place {
                true => in_place::whole(folder, &in_place::target(set, path, file)),
                false => in_place::whole(folder, path),
            };
            (target, path, file)
        })
        .collect();
    let folders: BTreeSet<&str> = targets
        .iter()
        .filter_map(|(target, ..)| Some(target.rsplit_once('/')?.0))
        .collect();
    for folder in folders {
        let made = workspace.files().mkdirs(folder).await;
        made.map_err(|error| WorkError::from(error).doing(&format!("making the folder {folder}")))?;
    }
    job.fence.check().await?;
    let count = u32::try_from(targets.len()).unwrap_or(u32::MAX);
    let mut uploads = Vec::with_capacity(targets.len());
    for (target, path, file) in targets {
        uploads.push(one(job, workspace, target, path, file, in_place));
    }
    futures::stream::iter(uploads)
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    job.fence.check().await?;
    if in_place {
        there.end(workspace, set, folder, &missing).await?;
        there.write(workspace, &root).await?;
    } else {
        live::close(workspace, set, folder).await?;
    }
    Ok(count)
}

/// Stops at a file that is neither ours nor the one that is to be there: it is somebody's.
async fn refuse_others(
    workspace: &Workspace,
    target: &str,
    file: &SourceFile,
) -> Result<(), WorkError> {
    let there = match workspace.files().status(target).await {
        Ok(there) => there,
        Err(error) if error.is_not_found() => return Ok(()),
        Err(error) => return Err(WorkError::from(error).doing(&format!("looking at {target}"))),
    };
    if there.kind.is_content() && live::holds(workspace, &there, &sha256(&file.bytes)).await? {
        return Ok(());
    }
    Err(WorkError::lasting(format!(
        "{target} is there already with another content, and hodman did not put it there: move it away"
    )))
}

/// Removes a folder of ours that nothing of ours lies in any more. What somebody else put in it stays, and so does it.
async fn remove_empty(workspace: &Workspace, path: &str) -> Result<(), WorkError> {
    match workspace.files().delete(path, false).await {
        Ok(_) => Ok(()),
        Err(error) if error.is_not_found() || is_not_empty(&error) => Ok(()),
        Err(error) => Err(WorkError::from(error).doing(&format!("removing the folder {path}"))),
    }
}

fn is_not_empty(error: &ApiError) -> bool {
    error.error_code() == Some("DIRECTORY_NOT_EMPTY")
}

async fn one(
    job: &Job<'_>,
    workspace: &Workspace,
    whole: String,
    path: &str,
    file: &SourceFile,
    in_place: bool,
) -> Result<(), WorkError> {
    // A set can take minutes: whoever lost the lease meanwhile must not write over what its successor put there.
    job.fence.check().await?;
    let (target, format) = match file.notebook {
        None => (whole.as_str(), ImportFormat::Raw),
        Some(Notebook::Jupyter) => (bare(&whole, in_place), ImportFormat::Jupyter),
        Some(Notebook::Designer) => (whole.as_str(), ImportFormat::Designer),
        Some(language) => {
            let language = match language {
                Notebook::Python => Language::Python,
                Notebook::Sql => Language::Sql,
                Notebook::Scala => Language::Scala,
                Notebook::R => Language::R,
                Notebook::Jupyter | Notebook::Designer => return Ok(()),
            };
            (
                bare(&whole, in_place),
                ImportFormat::SourceNotebook { language },
            )
        }
    };
    let imported = match import(workspace, target, file, format).await {
        // Somebody made an empty folder where the file is to be.
        Err(_) if in_place && is_empty_folder(workspace, target).await? => {
            remove_empty(workspace, target).await?;
            import(workspace, target, file, format).await
        }
        other => other,
    };
    imported.map_err(|error| WorkError::from(error).doing(&format!("uploading {path}")))?;
    match format {
        ImportFormat::Designer => is_designed(workspace, target, path).await,
        _ => Ok(()),
    }
}

/// A workspace without Lakeflow Designer takes such a file for a notebook, under another name: jobs would look for it in vain.
async fn is_designed(workspace: &Workspace, target: &str, path: &str) -> Result<(), WorkError> {
    match workspace.files().status(target).await {
        Ok(entry) if entry.kind == EntryKind::Designer => Ok(()),
        Err(error) if !error.is_not_found() => {
            Err(WorkError::from(error).doing(&format!("looking at {target}")))
        }
        Ok(_) | Err(_) => Err(WorkError::lasting(format!(
            "{path} is a file of Lakeflow Designer, and the workspace made no such file of it at {target}: turn Designer on \
             there, or leave the file out of the bundle with `sync.exclude`"
        ))),
    }
}

/// Targets in place have lost the end of a notebook's name already.
fn bare(whole: &str, in_place: bool) -> &str {
    match in_place {
        true => whole,
        false => notebook_path(whole),
    }
}

async fn import(
    workspace: &Workspace,
    target: &str,
    file: &SourceFile,
    format: ImportFormat,
) -> Result<(), ApiError> {
    let files = workspace.files();
    match files
        .import(target, file.bytes.to_vec(), format, true)
        .await
    {
        // A server without RAW takes a file with AUTO, as older workspaces do.
        Err(error) if format == ImportFormat::Raw && error.kind == ErrorKind::Unsupported => {
            files
                .import(target, file.bytes.to_vec(), ImportFormat::Auto, true)
                .await
        }
        other => other,
    }
}

async fn is_empty_folder(workspace: &Workspace, path: &str) -> Result<bool, WorkError> {
    match workspace.files().status(path).await {
        Ok(entry) if entry.kind == EntryKind::Directory => {
            let inside = live::listed(workspace, path, false).await?;
            Ok(inside.is_some_and(|inside| inside.is_empty()))
        }
        Ok(_) => Ok(false),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}
