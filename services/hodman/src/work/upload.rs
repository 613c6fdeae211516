//! Uploads a file set into the folder named by its digest. What is there already is left: the same digest means the
//! same bytes, so a crash half-way costs only what was missing, and a rollback uploads nothing.

use super::in_place::Manifest;
use super::taken::{Part, Taken};
use super::{Job, WorkError};
use futures::{StreamExt as _, TryStreamExt as _};
use hodman_clients::databricks::{ErrorKind, ImportFormat, Language, Workspace, notebook_path};
use hodman_model::bundle::{Language as Notebook, SourceFile};
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
    let mut there = Manifest::default();
    let in_place = set.folder == file_sets::in_place();
    let missing: BTreeSet<&str> = match part.observed.files.get(&set.digest) {
        Some(FileSetState::Complete) => return Ok(0),
        Some(FileSetState::Partial { missing }) => missing.iter().map(String::as_str).collect(),
        Some(FileSetState::Absent) | None => set.files.keys().map(String::as_str).collect(),
    };
    let files: Vec<(&String, &SourceFile)> = taken
        .bundle
        .files
        .iter()
        .filter(|(path, _)| missing.contains(path.as_str()))
        .collect();
    if in_place {
        there = Manifest::read(&part.workspace, &root).await?;
        let old = there.begin(&taken.bundle, &missing);
        job.fence.check().await?;
        // First what is uncertain from now on: whatever stops this, the next plan finds it unfinished.
        there.write(&part.workspace, &root).await?;
        for path in old {
            job.fence.check().await?;
            let path = format!("{folder}/{path}");
            part.workspace.files().delete(&path, false).await?;
        }
    }
    let folders: BTreeSet<String> = files.iter().map(|(path, _)| parent(folder, path)).collect();
    for folder in folders {
        part.workspace.files().mkdirs(&folder).await?;
    }
    job.fence.check().await?;
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    let mut uploads = Vec::with_capacity(files.len());
    for (path, file) in files {
        uploads.push(one(&part.workspace, folder, path, file));
    }
    futures::stream::iter(uploads)
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    if in_place {
        job.fence.check().await?;
        there.end(set);
        there.write(&part.workspace, &root).await?;
    }
    Ok(count)
}

fn parent(folder: &str, path: &str) -> String {
    path.rsplit_once('/').map_or_else(
        || folder.to_owned(),
        |(parent, _)| format!("{folder}/{parent}"),
    )
}

async fn one(
    workspace: &Workspace,
    folder: &str,
    path: &str,
    file: &SourceFile,
) -> Result<(), WorkError> {
    let whole = format!("{folder}/{path}");
    let (target, format) = match file.notebook {
        None => (whole.as_str(), ImportFormat::Raw),
        Some(Notebook::Jupyter) => (notebook_path(&whole), ImportFormat::Jupyter),
        Some(language) => {
            let language = match language {
                Notebook::Python => Language::Python,
                Notebook::Sql => Language::Sql,
                Notebook::Scala => Language::Scala,
                Notebook::R => Language::R,
                Notebook::Jupyter => return Ok(()),
            };
            (
                notebook_path(&whole),
                ImportFormat::SourceNotebook { language },
            )
        }
    };
    let files = workspace.files();
    let imported = match files
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
    };
    imported.map_err(|error| WorkError::from(error).doing(&format!("uploading {path}")))
}
