//! Takes a plan: for a decision, or for somebody who wants to look.

use super::{Job, Proposal, Work, WorkError, check, drift, taken, takeover};
use crate::worker::Fence;
use hodman_core::event::{Outcome, Takeover};
use hodman_core::ids::{CommitSha, EnvName, PackageDigest};
use hodman_model::digest::sha256;
use hodman_model::plan::Plan;
use std::sync::Arc;

pub(super) async fn plan(
    job: &Job<'_>,
    env: &EnvName,
    package: &PackageDigest,
    config: &CommitSha,
    compares: bool,
) -> Result<Outcome, WorkError> {
    let engines = taken::Engines::for_plan(compares);
    let taken = taken::take_asking(job, env, package, config.as_str(), engines).await?;
    if taken.is_being_made() {
        return Err(WorkError::transient(
            "a workspace is being set up and cannot be looked at yet",
        ));
    }
    taken.keep(job).await?;
    let mut plan = taken.facts();
    if compares {
        // Also where nothing is to be done: what the server filled and what others put there is told, too.
        let report = drift::report(job, env, Some(package), &taken).await?;
        plan.by_hand = report.for_people();
        plan.repairs = report.repairs(&taken.plan);
        plan.report = Some(keep_drift(job, &report).await?);
    }
    Ok(Outcome::Planned {
        plan,
        binding: taken.binding.clone(),
    })
}

/// Keeps whose doing the differences are, and gives the name under which it lies.
async fn keep_drift(job: &Job<'_>, report: &drift::DriftReport) -> Result<String, WorkError> {
    let bytes = serde_json::to_vec(report)?;
    let name = sha256(&bytes).as_str().to_owned();
    let (store, now) = (&job.work.store, job.work.clock.now());
    store.put_blob(drift::BLOB, &name, &bytes, now).await?;
    Ok(name)
}

impl Work {
    /// The plan that a package, or the default branch as it is now, would have in an environment. Nothing is written,
    /// decided or remembered by it: only the repository, the package store and the workspaces are read.
    ///
    /// # Errors
    /// When one of them cannot be read, or the bundle does not resolve.
    pub async fn preview(
        self: &Arc<Self>,
        pipeline: &str,
        env: &EnvName,
        package: Option<&PackageDigest>,
    ) -> Result<Plan, WorkError> {
        self.reading(pipeline, async |job, head| {
            let environment = taken::environment_at(&job, env, &head)?;
            let tree = match package {
                Some(package) => self.packages.tree(package).await?,
                None => Arc::new(check::tree_at(&job, &head)?),
            };
            Ok(taken::take_tree(&job, env, environment, &tree).await?.plan)
        })
        .await
    }

    /// What a takeover would propose. Nothing is written, decided or remembered by it.
    ///
    /// # Errors
    /// When the repository or the workspace cannot be read, or a person has to decide something first.
    pub async fn preview_takeover(
        self: &Arc<Self>,
        pipeline: &str,
        env: &EnvName,
        wanted: &Takeover,
    ) -> Result<Proposal, WorkError> {
        self.reading(pipeline, async |job, head| {
            takeover::proposal(&job, env, &head, wanted, None).await
        })
        .await
    }

    /// Looks at a pipeline and the head of its default branch, without an effect that asked for it.
    pub(super) async fn reading<T>(
        self: &Arc<Self>,
        pipeline: &str,
        look: impl AsyncFnOnce(Job<'_>, String) -> Result<T, WorkError>,
    ) -> Result<T, WorkError> {
        let repo = &self.repo(pipeline).await?;
        repo.fetch().await?;
        let fence = Fence::for_reading(self.store.clone(), self.clock.clone());
        let job = Job {
            work: self,
            repo,
            pipeline,
            op: 0,
            created: self.clock.now(),
            fence: &fence,
        };
        let head = repo.mirror.head(&repo.branch)?.ok_or_else(|| {
            WorkError::lasting(format!(
                "{} has no branch {}",
                repo.repository(),
                repo.branch
            ))
        })?;
        look(job, head).await
    }
}
