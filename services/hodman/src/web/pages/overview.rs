//! `/`: every pipeline with its environments as a row of cards, and how the daemon does.

use super::{Frame, ago, environment_path, pipeline_path, rendered, spaced, stamp};
use crate::web::WebParts;
use crate::web::access::Visitor;
use crate::web::trouble::PageTrouble;
use crate::web::view::{self, HealthView, PipelineView};
use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Html;
use chrono::{DateTime, Utc};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    at: DateTime<Utc>,
    pipelines: Vec<PipelineView>,
    health: HealthView,
}

pub(super) async fn show(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, PageTrouble> {
    let status = view::status(&web).await?;
    page(&web, &visitor, status.pipelines, status.health)
}

pub(super) async fn one(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Path(name): Path<String>,
) -> Result<Html<String>, PageTrouble> {
    let pipeline = view::one_pipeline(&web, &name).await?;
    page(
        &web,
        &visitor,
        vec![pipeline],
        view::health::view(&web).await?,
    )
}

fn page(
    web: &WebParts,
    visitor: &Visitor,
    pipelines: Vec<PipelineView>,
    health: HealthView,
) -> Result<Html<String>, PageTrouble> {
    // Its buttons ask nothing, so nothing half-written is lost when it is read again.
    rendered(&Overview {
        frame: Frame::of(web, visitor, 10),
        at: web.clock.now(),
        pipelines,
        health,
    })
}
