//! What became of the story, for people and for machines.

use super::super::Transcript;
use hodman_core::explain::Standing;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// The whole story.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StoryReport {
    /// Step by step.
    pub steps: Vec<StepReport>,
    /// How the environments stand at the end.
    pub environments: BTreeMap<String, EnvironmentReport>,
}

/// One step.
#[derive(Clone, Debug, Serialize)]
pub struct StepReport {
    /// Its name.
    pub name: String,
    /// It held.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub ms: u64,
    /// What was seen, or why it did not hold.
    pub detail: String,
}

/// One environment at the end.
#[derive(Clone, Debug, Serialize)]
pub struct EnvironmentReport {
    /// The package in place.
    pub package: Option<String>,
    /// In one word.
    pub state: Standing,
}

impl StoryReport {
    /// Every step so far held.
    #[must_use]
    pub fn held(&self) -> bool {
        self.steps.iter().all(|step| step.ok)
    }

    pub(super) fn add(
        &mut self,
        name: &str,
        took: Duration,
        result: anyhow::Result<String>,
        transcript: &Transcript,
    ) {
        let (ok, detail) = match result {
            Ok(detail) => (true, detail),
            Err(error) => (false, format!("{error:#}")),
        };
        transcript.detail(&format!("{} {detail}", if ok { "✓" } else { "✗" }));
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        self.steps.push(StepReport {
            name: name.to_owned(),
            ok,
            ms,
            detail,
        });
    }

    pub(super) fn skip(&mut self, name: &str) {
        let detail = "not played: an earlier step did not hold".to_owned();
        self.steps.push(StepReport {
            name: name.to_owned(),
            ok: false,
            ms: 0,
            detail,
        });
    }

    /// In one line.
    #[must_use]
    pub fn summary(&self) -> String {
        let held = self.steps.iter().filter(|step| step.ok).count();
        format!("{held} of {} steps held", self.steps.len())
    }
}
