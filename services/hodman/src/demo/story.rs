//! The story: a change made by hand in dev reaches production through pull requests. Played by the demo against the
//! sandbox, and by the tests also against the real binary and third-party servers.

mod asks;
mod capture;
mod drift;
mod promote;
mod report;
mod rollback;

pub use report::{EnvironmentReport, StepReport, StoryReport};

use super::{Cast, DemoClock, Transcript};
use anyhow::Context as _;
use hodman_core::explain::{self, Standing};
use hodman_core::ids::EnvName;
use hodman_core::state::{Environment, PipelineState};
use hodman_sandbox::github::{GitHub, MergeMethod, PullView};
use hodman_store::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A step that takes longer than this did not hold. Nothing in the story takes a second on an idle machine; shared ones
/// can be thirty times slower.
const PATIENCE: Duration = Duration::from_secs(150);

/// Everything the people of the story touch.
#[derive(Clone)]
pub struct Story {
    /// The forge.
    pub forge: Arc<GitHub>,
    /// A person in each workspace.
    pub people: BTreeMap<String, Cast>,
    /// The daemon's store: commands go in, states are read.
    pub store: Store,
    /// The pipeline's name.
    pub pipeline: String,
    /// The daemon's clock, when it can be moved on.
    pub clock: Option<DemoClock>,
    /// Where it is told.
    pub transcript: Transcript,
}

/// What later steps need of earlier ones.
#[derive(Debug, Default)]
pub(crate) struct Memo {
    pub first_package: Option<String>,
    pub bad_package: Option<String>,
}

impl Story {
    /// Plays all steps; the first that does not hold ends it.
    pub async fn play(&self) -> StoryReport {
        let mut memo = Memo::default();
        let mut report = StoryReport::default();
        macro_rules! step {
            ($name:literal, $title:literal, $run:expr) => {
                if report.held() {
                    self.transcript.step($title);
                    let began = Instant::now();
                    let result = $run.await;
                    report.add($name, began.elapsed(), result, &self.transcript);
                } else {
                    report.skip($name);
                }
            };
        }
        step!(
            "capture",
            "People change dev by hand; hodman proposes it as one pull request",
            capture::capture(self)
        );
        step!(
            "package",
            "A reviewer merges it; hodman packages main once",
            promote::package(self, &mut memo)
        );
        step!(
            "propose-qa",
            "hodman opens the pull request for qa, with the exact plan",
            promote::propose(self, "qa")
        );
        step!(
            "promote-qa",
            "Merged: the plan is taken again, applied and verified in qa",
            promote::promote(self, "qa")
        );
        step!(
            "promote-prod",
            "qa has passed its gates: the same bytes go to production",
            promote::promote(self, "prod")
        );
        step!(
            "drift",
            "Somebody edits production by hand; the schedule finds it",
            drift::drift(self)
        );
        step!(
            "binding",
            "The binding of qa changes: planned on its own pull request",
            promote::rebind(self)
        );
        step!(
            "bad-change",
            "A bad change reaches production",
            rollback::bad_change(self, &mut memo)
        );
        step!(
            "rollback",
            "It is rolled back: the former state, without an upload",
            rollback::rollback(self, &mut memo)
        );
        step!(
            "explain",
            "hodman explain prod",
            rollback::explain(self, &memo)
        );
        report.environments = self.environments().await;
        report
    }

    pub(crate) async fn state(&self) -> anyhow::Result<PipelineState> {
        match self.store.load_state(&self.pipeline).await? {
            Some(row) => serde_json::from_str(&row.json).context("the pipeline's state"),
            None => Ok(PipelineState::default()),
        }
    }

    /// Waits until the state says so.
    pub(crate) async fn until<T>(
        &self,
        what: &str,
        found: impl Fn(&PipelineState) -> Option<T>,
    ) -> anyhow::Result<T> {
        let began = Instant::now();
        loop {
            let state = self.state().await?;
            if let Some(found) = found(&state) {
                return Ok(found);
            }
            if began.elapsed() > PATIENCE {
                anyhow::bail!(
                    "{what}: not within {} s; {}",
                    PATIENCE.as_secs(),
                    self.told(&state)
                );
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// How every environment stands, for a failure's message.
    fn told(&self, state: &PipelineState) -> String {
        let now = self.now();
        let mut words = Vec::new();
        for name in state.environments.keys() {
            if let Some(told) = explain::explain(state, name, now) {
                let waits: Vec<String> = told.waits.iter().map(ToString::to_string).collect();
                words.push(format!(
                    "{name} is {} ({})",
                    told.standing,
                    waits.join("; ")
                ));
            }
        }
        if let Some(error) = &state.observing.error {
            words.push(format!("looking failed: {error}"));
        }
        if let Some(error) = state.build.as_ref().and_then(|build| build.error.as_ref()) {
            words.push(format!("building failed: {error}"));
        }
        words.extend(
            state
                .inputs_error
                .iter()
                .map(|error| format!("the bundle: {error}")),
        );
        words.join(" | ")
    }

    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock
            .as_ref()
            .map_or_else(chrono::Utc::now, DemoClock::now)
    }

    /// Waits until an environment is healthy with a package other than `not`, and says which.
    pub(crate) async fn healthy(&self, env: &str, not: Option<&str>) -> anyhow::Result<String> {
        self.until(&format!("{env} healthy with the new package"), |state| {
            let env = environment(state, env)?;
            let current = env.current.as_ref()?;
            let healthy = explain::standing(env) == Standing::Healthy || env.promotion.is_some();
            let settled = env.run.is_none() && current.healthy_since.is_some();
            (healthy && settled && Some(current.package.as_str()) != not)
                .then(|| current.package.to_string())
        })
        .await
    }

    /// Waits for an open pull request whose branch begins so.
    pub(crate) async fn open_pull(&self, branch: &str) -> anyhow::Result<PullView> {
        let began = Instant::now();
        loop {
            let pulls = self.forge.pulls(super::world::REPOSITORY);
            if let Some(pull) = pulls
                .into_iter()
                .find(|pull| pull.open && pull.head_ref.starts_with(branch))
            {
                return Ok(pull);
            }
            if began.elapsed() > PATIENCE {
                let state = self.state().await?;
                anyhow::bail!(
                    "no open pull request from `{branch}…` within {} s; {}",
                    PATIENCE.as_secs(),
                    self.told(&state)
                );
            }
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    /// Somebody reviews and merges.
    pub(crate) fn review_and_merge(
        &self,
        pull: &PullView,
        reviewer: &str,
        by: &str,
    ) -> anyhow::Result<()> {
        self.forge
            .review(super::world::REPOSITORY, pull.number, reviewer, true)
            .map_err(|error| anyhow::anyhow!("reviewing #{}: {}", pull.number, error.message))?;
        self.merge(pull, by)
    }

    /// Somebody merges.
    pub(crate) fn merge(&self, pull: &PullView, by: &str) -> anyhow::Result<()> {
        self.forge
            .merge(
                super::world::REPOSITORY,
                pull.number,
                by,
                MergeMethod::Merge,
            )
            .map_err(|error| anyhow::anyhow!("merging #{}: {}", pull.number, error.message))?;
        self.transcript
            .detail(&format!("{by} merges #{} “{}”", pull.number, pull.title));
        Ok(())
    }

    async fn environments(&self) -> BTreeMap<String, EnvironmentReport> {
        let Ok(state) = self.state().await else {
            return BTreeMap::new();
        };
        state
            .environments
            .iter()
            .map(|(name, env)| {
                let report = EnvironmentReport {
                    package: env
                        .current
                        .as_ref()
                        .map(|current| current.package.to_string()),
                    state: explain::standing(env),
                };
                (name.to_string(), report)
            })
            .collect()
    }
}

pub(crate) fn environment<'s>(state: &'s PipelineState, name: &str) -> Option<&'s Environment> {
    state.environments.get(&EnvName::from(name))
}
