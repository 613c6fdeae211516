//! Builds a package: the declared inputs of a commit as deterministic bytes, with a signed attestation beside them.

use super::{Job, WorkError};
use crate::work::observe::declared;
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, InputsId, PackageDigest};
use hodman_model::package;

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
    // All at one go and off the async threads: one open repository, however many files.
    let paths: Vec<String> = declared
        .entries
        .iter()
        .map(|entry| job.repo.path(&entry.path))
        .collect();
    let at = commit.as_str().to_owned();
    let mut found = mirror
        .run(move |mirror| mirror.read_many(&at, paths.iter().map(String::as_str)))
        .await?;
    let mut files = Vec::with_capacity(declared.entries.len());
    for entry in declared.entries {
        let bytes = found
            .remove(&job.repo.path(&entry.path))
            .ok_or_else(|| WorkError::transient(format!("{} is not in the mirror", entry.path)))?;
        files.push((entry.path, entry.executable, bytes));
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
    job.work
        .packages
        .put(&digest, built.bytes, &attestation)
        .await?;
    Ok(Outcome::Built {
        inputs: inputs.clone(),
        package: digest,
        commit: commit.clone(),
    })
}
