//! What is shown, as data: the page, the API and the command line read the same.

pub(super) mod drift;
mod environment;
mod event;
pub(super) mod health;
mod pipeline;

pub use drift::DriftView;
pub use environment::{EnvironmentView, PullView};
pub use event::{EventView, HistoryView, body_text};
pub use health::{HealthView, QueueView};
pub use pipeline::{BuildView, PackageView, PipelineView};

use super::WebParts;
use super::trouble::Trouble;
use chrono::{DateTime, Utc};
use hodman_core::state::PipelineState;
use serde::{Deserialize, Serialize};

/// Everything at a glance.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StatusView {
    /// Of hodman.
    pub version: String,
    /// When this was read.
    pub now: DateTime<Utc>,
    /// Nobody can act through this address.
    pub read_only: bool,
    /// In the order of the configuration.
    pub pipelines: Vec<PipelineView>,
    /// Inbox, outbox, webhooks and queues.
    pub health: HealthView,
}

/// Reads everything.
pub(super) async fn status(web: &WebParts) -> Result<StatusView, Trouble> {
    let now = web.clock.now();
    let mut pipelines = Vec::new();
    for pipeline in &web.pipelines {
        pipelines.push(pipeline::view(web, pipeline, now).await?);
    }
    Ok(StatusView {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        now,
        read_only: web.access.is_read_only(),
        pipelines,
        health: health::view(web).await?,
    })
}

/// Reads one pipeline.
pub(super) async fn one_pipeline(web: &WebParts, name: &str) -> Result<PipelineView, Trouble> {
    pipeline::view(web, configured(web, name)?, web.clock.now()).await
}

/// Reads one environment.
pub(super) async fn one_environment(
    web: &WebParts,
    pipeline: &str,
    env: &str,
) -> Result<EnvironmentView, Trouble> {
    let settings = configured(web, pipeline)?;
    let state = state(web, pipeline).await?.unwrap_or_default();
    environment::view(web, settings, &state, &env.into(), web.clock.now())
        .await?
        .ok_or_else(|| no_environment(&state, env))
}

/// The last `limit` entries of a pipeline's history, or of one environment's.
pub(super) async fn history(
    web: &WebParts,
    pipeline: &str,
    env: Option<&str>,
    limit: usize,
) -> Result<Vec<HistoryView>, Trouble> {
    configured(web, pipeline)?;
    let rows = web.store.history(pipeline, env, limit).await?;
    Ok(rows.into_iter().map(HistoryView::of).collect())
}

/// A pipeline's settings.
pub(super) fn configured<'w>(
    web: &'w WebParts,
    name: &str,
) -> Result<&'w crate::config::Pipeline, Trouble> {
    web.pipelines
        .iter()
        .find(|known| known.name == name)
        .ok_or_else(|| {
            let known: Vec<&str> = web
                .pipelines
                .iter()
                .map(|known| known.name.as_str())
                .collect();
            Trouble::Missing(format!(
                "no pipeline `{name}`; there are: {}",
                known.join(", ")
            ))
        })
}

/// A pipeline's state; none before its repository was read for the first time.
pub(super) async fn state(web: &WebParts, name: &str) -> Result<Option<PipelineState>, Trouble> {
    let row = web.store.load_state(name).await?;
    row.map(|row| serde_json::from_str(&row.json))
        .transpose()
        .map_err(Trouble::from)
}

/// Names what there is instead.
pub(super) fn no_environment(state: &PipelineState, name: &str) -> Trouble {
    let known: Vec<&str> = state.environments.keys().map(|env| env.as_str()).collect();
    Trouble::Missing(match known.is_empty() {
        true => format!("no environment `{name}`: the repository has not been read yet"),
        false => format!("no environment `{name}`; there are: {}", known.join(", ")),
    })
}
