//! The API: what the page shows, as JSON, and the two things that a program may ask for.

use super::WebParts;
use super::access::Visitor;
use super::ask;
use super::trouble::{ApiTrouble, Trouble};
use super::view::{
    self, DriftView, EnvironmentView, EventView, HistoryView, PipelineView, StatusView,
};
use crate::intake::CommandRequest;
use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use hodman_store::{EventFilter, EventState};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Web = State<Arc<WebParts>>;
type Answer<T> = Result<Json<T>, ApiTrouble>;
type Named<T> = Result<Path<T>, PathRejection>;

/// The most entries that one answer holds.
const MOST: usize = 500;

pub(super) fn router() -> Router<Arc<WebParts>> {
    Router::new()
        .route("/api/status", get(status))
        .route("/api/pipelines/{pipeline}", get(pipeline))
        .route("/api/pipelines/{pipeline}/history", get(history))
        .route(
            "/api/pipelines/{pipeline}/environments/{env}",
            get(environment),
        )
        .route(
            "/api/pipelines/{pipeline}/environments/{env}/history",
            get(environment_history),
        )
        .route(
            "/api/pipelines/{pipeline}/environments/{env}/plan",
            get(environment_plan),
        )
        .route(
            "/api/pipelines/{pipeline}/environments/{env}/drift",
            get(environment_drift),
        )
        .route("/api/plans/{digest}", get(plan))
        .route("/api/events", get(events))
        .route("/api/events/{seq}", get(event))
        .route("/api/events/{seq}/replay", post(replay))
        .route("/api/events/{seq}/dismiss", post(dismiss))
        .route("/api/commands", post(command))
        .route("/api/{*rest}", get(nothing_here).post(nothing_here))
}

async fn status(State(web): Web) -> Answer<StatusView> {
    Ok(Json(view::status(&web).await?))
}

async fn pipeline(State(web): Web, name: Named<String>) -> Answer<PipelineView> {
    Ok(Json(view::one_pipeline(&web, &named(name)?).await?))
}

async fn environment(State(web): Web, names: Named<(String, String)>) -> Answer<EnvironmentView> {
    let (pipeline, env) = named(names)?;
    Ok(Json(view::one_environment(&web, &pipeline, &env).await?))
}

/// How many.
#[derive(Debug, Deserialize)]
struct Limit {
    limit: Option<usize>,
}

impl Limit {
    fn or(&self, usual: usize) -> usize {
        self.limit.unwrap_or(usual).clamp(1, MOST)
    }
}

async fn history(
    State(web): Web,
    name: Named<String>,
    limit: Result<Query<Limit>, QueryRejection>,
) -> Answer<Vec<HistoryView>> {
    Ok(Json(
        view::history(&web, &named(name)?, None, asked(limit)?.or(50)).await?,
    ))
}

async fn environment_history(
    State(web): Web,
    names: Named<(String, String)>,
    limit: Result<Query<Limit>, QueryRejection>,
) -> Answer<Vec<HistoryView>> {
    let (pipeline, env) = named(names)?;
    view::one_environment(&web, &pipeline, &env).await?;
    Ok(Json(
        view::history(&web, &pipeline, Some(&env), asked(limit)?.or(50)).await?,
    ))
}

async fn environment_plan(State(web): Web, names: Named<(String, String)>) -> Answer<Value> {
    let (pipeline, env) = named(names)?;
    let shown = view::one_environment(&web, &pipeline, &env).await?;
    let digest = shown
        .plan
        .ok_or_else(|| Trouble::Missing(format!("no plan was taken for {env} yet")))?;
    Ok(Json(
        json!({"digest": digest, "plan": stored_plan(&web, digest.as_str()).await?}),
    ))
}

async fn environment_drift(State(web): Web, names: Named<(String, String)>) -> Answer<DriftView> {
    let (pipeline, env) = named(names)?;
    Ok(Json(view::drift::view(&web, &pipeline, &env).await?))
}

async fn plan(State(web): Web, digest: Named<String>) -> Answer<Value> {
    let digest = named(digest)?;
    Ok(Json(
        json!({"digest": digest, "plan": stored_plan(&web, &digest).await?}),
    ))
}

async fn stored_plan(web: &WebParts, digest: &str) -> Result<Value, Trouble> {
    let bytes = web.store.get_blob("plan", digest).await?;
    let bytes = bytes.ok_or_else(|| Trouble::Missing(format!("no plan {digest} is kept here")))?;
    Ok(serde_json::from_slice(&bytes)?)
}

/// Which events.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct EventQuery {
    /// Only in this state; empty for all.
    #[serde(default)]
    pub state: String,
    /// Only of this kind.
    #[serde(default)]
    pub kind: String,
    /// Only from this source.
    #[serde(default)]
    pub source: String,
    /// Only older ones.
    pub before: Option<i64>,
    /// At most so many.
    pub limit: Option<usize>,
}

impl EventQuery {
    /// The events, newest first.
    pub(super) async fn list(&self, web: &WebParts) -> Result<Vec<EventView>, Trouble> {
        let word = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let state = match self.state.as_str() {
            "" => None,
            text => Some(text.parse::<EventState>().map_err(|_| {
                let all: Vec<&str> = EventState::ALL.iter().map(|state| state.as_str()).collect();
                Trouble::Nonsense(format!("no state `{text}`; there are: {}", all.join(", ")))
            })?),
        };
        let filter = EventFilter {
            state,
            kind: word(&self.kind),
            source: word(&self.source),
            before_seq: self.before,
            limit: Some(self.limit.unwrap_or(50).clamp(1, MOST)),
        };
        Ok(web
            .store
            .list_events(&filter)
            .await?
            .iter()
            .map(EventView::listed)
            .collect())
    }
}

async fn events(
    State(web): Web,
    query: Result<Query<EventQuery>, QueryRejection>,
) -> Answer<Vec<EventView>> {
    Ok(Json(asked(query)?.list(&web).await?))
}

async fn event(State(web): Web, seq: Named<i64>) -> Answer<EventView> {
    Ok(Json(one_event(&web, named(seq)?).await?))
}

/// One event, whole.
pub(super) async fn one_event(web: &WebParts, seq: i64) -> Result<EventView, Trouble> {
    let row = web.store.get_event(seq).await?;
    let row = row.ok_or_else(|| {
        Trouble::Missing(format!("no event {seq}: never there, or forgotten by now"))
    })?;
    Ok(EventView::whole(&row))
}

async fn replay(
    State(web): Web,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    seq: Named<i64>,
) -> Result<(StatusCode, Json<Value>), ApiTrouble> {
    web.access.program(&visitor, &headers)?;
    let seq = web.store.replay_event(named(seq)?, web.clock.now()).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "seq": seq }))))
}

async fn dismiss(
    State(web): Web,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    seq: Named<i64>,
) -> Answer<Value> {
    web.access.program(&visitor, &headers)?;
    let seq = named(seq)?;
    if !web.store.dismiss_event(seq, web.clock.now()).await? {
        return Err(Trouble::Nonsense(format!(
            "event {seq} is no poison: there is nothing to dismiss"
        ))
        .into());
    }
    Ok(Json(json!({ "seq": seq })))
}

async fn command(
    State(web): Web,
    Extension(visitor): Extension<Visitor>,
    headers: HeaderMap,
    request: Result<Json<CommandRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<Value>), ApiTrouble> {
    web.access.program(&visitor, &headers)?;
    let Json(request) = request.map_err(|wrong| Trouble::Nonsense(wrong.body_text()))?;
    let seq = ask::ask(&web, request).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "seq": seq }))))
}

async fn nothing_here() -> ApiTrouble {
    Trouble::Missing("there is nothing at this address".to_owned()).into()
}

fn named<T>(path: Named<T>) -> Result<T, Trouble> {
    path.map(|Path(value)| value)
        .map_err(|wrong| Trouble::Missing(wrong.body_text()))
}

fn asked<T>(query: Result<Query<T>, QueryRejection>) -> Result<T, Trouble> {
    query
        .map(|Query(value)| value)
        .map_err(|wrong| Trouble::Nonsense(wrong.body_text()))
}
