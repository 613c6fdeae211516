//! People's word of an environment, such as a hold: kept beside the packages, because neither Git nor the workspaces know it and the
//! database may be lost.

use super::{Job, WorkError};
use hodman_core::event::Outcome;
use hodman_core::ids::EnvName;
use hodman_core::state::Kept;

fn file(pipeline: &str, env: &str) -> String {
    format!("{pipeline}.{env}.word.json")
}

pub(super) async fn keep(job: &Job<'_>, env: &EnvName, kept: &Kept) -> Result<Outcome, WorkError> {
    let bytes = serde_json::to_vec_pretty(kept)?;
    job.fence.check().await?;
    let name = file(job.pipeline, env.as_str());
    job.work.packages.keep(&name, bytes).await?;
    Ok(Outcome::Kept)
}

/// What was kept; none where nobody ever said anything.
pub(super) async fn kept(job: &Job<'_>, env: &str) -> Result<Option<Kept>, WorkError> {
    let name = file(job.pipeline, env);
    let Some(bytes) = job.work.packages.kept(&name).await? else {
        return Ok(None);
    };
    // Whoever goes on without it goes on over a hold.
    let read = serde_json::from_slice(&bytes).map_err(|error| {
        WorkError::lasting(format!(
            "{name} in the package store cannot be read: {error}; mend it or remove it"
        ))
    });
    read.map(Some)
}
