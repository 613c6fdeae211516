//! The executors: one file for each thing that hodman does outside. They choose nothing; what they find again by its
//! marker they do not make twice.

mod adopt;
mod apply;
mod before;
mod build;
mod capture;
mod check;
mod claims;
mod code_commit;
mod declared;
mod desired;
mod drift;
mod error;
mod filesets;
mod foundation;
mod git;
mod hidden;
mod in_place;
mod keep;
mod live;
mod look;
mod merge;
mod new_environment;
mod observe;
mod open_pull;
mod origin;
mod outside;
mod plan;
mod pulls;
mod quiet;
mod restore;
mod say;
mod secrets;
mod served;
mod stacks;
mod taken;
mod takeover;
mod unlock;
mod upload;
mod verify;
mod young;

pub use apply::Made;
pub use capture::first_lock;
pub(crate) use drift::BLOB as DRIFT_BLOB;
pub use drift::DriftReport;
pub use error::WorkError;
pub(crate) use error::chain;
pub use observe::policy_of;
pub use restore::{Restore, Restored};
pub use served::Served;
pub use taken::Taken;
pub use takeover::Proposal;

use crate::clock::Clock;
use crate::config::{Pipeline, Whose};
use crate::packages::Packages;
use crate::places::Places;
use crate::secrets::Sources;
use crate::sign::Signer;
use crate::worker::Fence;
use chrono::{DateTime, Utc};
use hodman_clients::git::Mirror;
use hodman_clients::github::GitHub;
use hodman_core::effect::{Act, Effect};
use hodman_core::event::Outcome;
use hodman_core::ids::EnvName;
use hodman_model::bundle::{Room, UP};
use hodman_store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that executors speak to.
#[derive(Debug)]
pub struct Work {
    /// For full plans, which are too long for states.
    pub store: Store,
    /// The moment.
    pub clock: Clock,
    /// The forge.
    pub github: Arc<GitHub>,
    /// Pipelines by name.
    pub pipelines: BTreeMap<String, Served>,
    /// Workspaces by name.
    pub places: Places,
    /// Packages.
    pub packages: Arc<Packages>,
    /// Where secrets that packages name come from.
    pub secrets: Arc<Sources>,
    /// The key that signs attestations.
    pub signer: Signer,
    /// Where people reach the web page, if it is known.
    pub public_url: Option<String>,
    /// Pull requests that commits came from, remembered: a merged one does not change any more.
    pub origins: origin::Origins,
    /// What was made lately in workspaces.
    pub made: Made,
    /// What foreign pull requests touch, by head.
    pub touched: pulls::Touched,
}

/// A pipeline's repository.
#[derive(Clone, Debug)]
pub struct Repo {
    /// Its settings.
    pub pipeline: Pipeline,
    /// The local mirror.
    pub mirror: Arc<Mirror>,
    /// The default branch.
    pub branch: String,
}

impl Repo {
    /// `owner/name`.
    #[must_use]
    pub fn repository(&self) -> &str {
        &self.pipeline.repository
    }

    /// What a clone of it says that it is cloned from.
    #[must_use]
    pub fn origin_url(&self) -> &str {
        self.mirror.remote_url()
    }

    /// A path in the pipeline's folder, or of what its bundle uses beside that, as a path in the repository.
    #[must_use]
    pub fn path(&self, inner: &str) -> String {
        let folder = self.pipeline.path.trim_matches('/');
        if inner.starts_with(UP) {
            // One that leaves the repository is nowhere.
            return self.room().outer(inner).unwrap_or_else(|| inner.to_owned());
        }
        if folder.is_empty() {
            inner.to_owned()
        } else {
            format!("{folder}/{inner}")
        }
    }

    /// Where the bundle lies in the repository.
    #[must_use]
    pub fn room(&self) -> Room {
        Room::at(&self.pipeline.path)
    }

    /// The other way round; none for paths outside.
    #[must_use]
    pub fn inner<'p>(&self, path: &'p str) -> Option<&'p str> {
        let folder = self.pipeline.path.trim_matches('/');
        if folder.is_empty() {
            Some(path)
        } else {
            path.strip_prefix(folder)?.strip_prefix('/')
        }
    }
}

impl Work {
    /// Does one effect.
    ///
    /// # Errors
    /// When it did not work; whether trying again may help is part of the error.
    pub async fn perform(
        self: &Arc<Self>,
        pipeline: &str,
        effect: &Effect,
        created: DateTime<Utc>,
        fence: &Fence,
    ) -> Result<Outcome, WorkError> {
        let repo = &self.repo(pipeline).await?;
        let job = Job {
            work: self,
            repo,
            pipeline,
            op: effect.op.0,
            created,
            fence,
        };
        let env = || {
            effect
                .env
                .as_ref()
                .ok_or_else(|| WorkError::lasting("the effect names no environment"))
        };
        match &effect.act {
            Act::Observe {
                pulls,
                commits,
                old_checks,
                recall,
            } => {
                let asked = observe::Asked {
                    pulls,
                    commits,
                    old_checks,
                    recall: *recall,
                };
                observe::observe(&job, &asked).await
            }
            Act::Keep { kept } => keep::keep(&job, env()?, kept).await,
            Act::Build { commit, inputs } => build::build(&job, commit, inputs).await,
            Act::Plan {
                package,
                config,
                compares,
            } => plan::plan(&job, env()?, package, config, *compares).await,
            Act::Look {
                package,
                config,
                objects,
            } => look::look(&job, env()?, package, config, objects).await,
            Act::OpenPull { .. } => open_pull::open(&job, env()?, &effect.act).await,
            Act::UpdatePull { .. } => open_pull::update(&job, env()?, &effect.act).await,
            Act::ClosePull { number, because } => merge::close(&job, *number, because).await,
            Act::MergePull { number, head } => merge::merge(&job, *number, head).await,
            Act::Apply {
                package,
                config,
                binding,
                approved,
            } => apply::apply(&job, env()?, package, config, binding, approved).await,
            Act::Verify { spec, package } => verify::verify(&job, env()?, spec, package).await,
            Act::Capture { base } => capture::capture(&job, env()?, base).await,
            Act::AdoptDrift {
                package,
                config,
                plan,
            } => adopt::adopt(&job, env()?, package, config, plan).await,
            Act::TakeOver {
                config,
                takeover,
                by,
            } => takeover::take_over(&job, env()?, config, takeover, by).await,
            Act::NewEnvironment {
                config,
                from,
                files,
                by,
            } => new_environment::propose(&job, env()?, config, from, files, by).await,
            Act::GiveBack { package, config } => {
                apply::give_back(&job, env()?, package, config).await
            }
            Act::Unlock {
                config,
                stack,
                unlock,
                ..
            } => unlock::unlock(&job, env()?, config, stack, unlock).await,
            Act::CheckPull {
                number,
                head,
                fork,
                pins,
            } => check::check(&job, *number, head, *fork, pins).await,
            Act::Say {
                pull,
                commit,
                report,
            } => {
                let topic = effect.env.as_ref().map_or("pipeline", EnvName::as_str);
                say::say(&job, topic, *pull, commit.as_ref(), report).await
            }
        }
    }

    /// The repository of a pipeline.
    async fn repo(&self, pipeline: &str) -> Result<Repo, WorkError> {
        let served = self.pipelines.get(pipeline).ok_or_else(|| {
            WorkError::lasting(format!("pipeline {pipeline} is not configured here"))
        })?;
        served.repo(&self.github).await
    }

    /// A link to a page of hodman's own, when people can reach it.
    #[must_use]
    pub fn link(&self, path: &str) -> Option<String> {
        self.public_url
            .as_ref()
            .map(|base| format!("{}{path}", base.trim_end_matches('/')))
    }
}

/// One effect being done.
#[derive(Clone, Copy)]
pub(crate) struct Job<'a> {
    pub work: &'a Arc<Work>,
    pub repo: &'a Repo,
    pub pipeline: &'a str,
    pub op: u64,
    /// When the decision was taken: the time written into commits, so that a second try makes the same commit.
    pub created: DateTime<Utc>,
    pub fence: &'a Fence,
}

impl<'a> Job<'a> {
    /// For whom the settings are asked.
    pub fn whose(&self, env: &'a EnvName) -> Whose<'a> {
        Whose {
            pipeline: self.pipeline,
            env: env.as_str(),
        }
    }
}
