//! Builds a package: the declared inputs of a commit as deterministic bytes, with a signed attestation beside them. Where
//! policy allows it, commands of the bundle build artifacts of those inputs first.

mod allowed;
mod command;
mod scratch;
#[cfg(test)]
mod tests;

use super::declared::declared;
use super::{Job, WorkError, code_commit};
use command::Limits;
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, InputsId, PackageDigest};
use hodman_model::bundle::{Build, COMMIT_FILE, FOLDER_FILE};
use hodman_model::modules::carried_templates;
use hodman_model::package;
use scratch::Scratch;
use std::time::Duration;

pub(super) use allowed::builds_refused;

/// A file of a package: path, whether it may be run, content.
type File = (String, bool, Vec<u8>);

pub(super) async fn build(
    job: &Job<'_>,
    commit: &CommitSha,
    inputs: &InputsId,
) -> Result<Outcome, WorkError> {
    let mirror = &job.repo.mirror;
    let at = commit.as_str().to_owned();
    let declared = job.repo.blocking(move |repo| declared(repo, &at)).await??;
    if &declared.id != inputs {
        return Err(WorkError::lasting(format!(
            "the inputs of {} are not what was decided on",
            commit.short()
        )));
    }
    let by_commands = !declared.builds.is_empty();
    let done = |package| {
        Ok(Outcome::Built {
            inputs: inputs.clone(),
            package,
            commit: commit.clone(),
        })
    };
    if by_commands {
        allowed::check(job, commit).await?;
        let first = job.work.packages.first_built(job.pipeline, inputs).await?;
        if let Some(first) = first
            && job.work.packages.has(&first).await?
        {
            return done(first);
        }
    }
    // All at one go and off the async threads: one open repository, however many files.
    let paths: Vec<String> = declared
        .entries
        .iter()
        .filter(|entry| ![FOLDER_FILE, COMMIT_FILE].contains(&entry.path.as_str()))
        .map(|entry| job.repo.path(&entry.path))
        .collect();
    let at = commit.as_str().to_owned();
    let mut found = mirror
        .run(move |mirror| mirror.read_many(&at, paths.iter().map(String::as_str)))
        .await?;
    let asks = declared
        .entries
        .iter()
        .any(|entry| entry.path == COMMIT_FILE);
    let at = commit.as_str().to_owned();
    let noted = match asks {
        true => {
            job.repo
                .blocking(move |repo| code_commit::of(repo, &at))
                .await?
        }
        false => String::new(),
    };
    let mut files: Vec<File> = Vec::with_capacity(declared.entries.len());
    for entry in declared.entries {
        let bytes = match entry.path.as_str() {
            FOLDER_FILE => Some(job.repo.room().note().bytes.to_vec()),
            COMMIT_FILE => Some(noted.clone().into_bytes()),
            path => found.remove(&job.repo.path(path)),
        };
        let bytes = bytes
            .ok_or_else(|| WorkError::transient(format!("{} is not in the mirror", entry.path)))?;
        files.push((entry.path, entry.executable, bytes));
    }
    let carried = carried_templates(
        files
            .iter()
            .map(|(path, _, bytes)| (path.as_str(), bytes.as_slice())),
    );
    let carried = carried.into_iter();
    files.extend(carried.map(|(path, text)| (path, false, text.as_bytes().to_vec())));
    if by_commands {
        files = with_artifacts(job, &declared.builds, files).await?;
    }
    let built = tokio::task::spawn_blocking(move || package::build(files))
        .await
        .map_err(|error| WorkError::transient(format!("packaging: {error}")))?
        .map_err(|error| WorkError::lasting(format!("packaging: {error}")))?;
    let digest = PackageDigest(built.digest.to_string());
    let attestation = job.work.signer.attest(
        &built.digest,
        job.repo.repository(),
        commit.as_str(),
        inputs.as_str(),
        job.created,
    )?;
    job.fence.check().await?;
    job.work
        .packages
        .put(&digest, built.bytes, &attestation)
        .await?;
    if !by_commands {
        return done(digest);
    }
    // Another daemon, or a try whose answer was lost, may have been first.
    let packages = &job.work.packages;
    let kept = packages.keep_first(job.pipeline, inputs, &digest).await?;
    if kept != digest {
        tracing::warn!(
            pipeline = job.pipeline,
            "the same inputs gave other bytes: package {} is kept, {} is not used",
            kept.short(),
            digest.short()
        );
    }
    done(kept)
}

/// The files, and what the commands build of them.
async fn with_artifacts(
    job: &Job<'_>,
    builds: &[Build],
    files: Vec<File>,
) -> Result<Vec<File>, WorkError> {
    let settings = &job.repo.pipeline.builds;
    let limits = Limits {
        time: Duration::from_secs(settings.timeout.as_secs()),
        ..Limits::default()
    };
    let (scratch, files) =
        on_disk(move || Scratch::of(&files).map(|scratch| (scratch, files))).await?;
    for build in builds {
        command::run(build, &scratch, &settings.wrapper, limits).await?;
        tracing::info!(
            pipeline = job.pipeline,
            "built the artifact {}",
            build.artifact
        );
    }
    on_disk(move || scratch.collect(files)).await
}

async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WorkError> + Send + 'static,
) -> Result<T, WorkError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| WorkError::transient(format!("building: {error}")))?
}
