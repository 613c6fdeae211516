//! What the page's buttons send. Each form carries the word of its session; what it asks for enters the inbox.

use super::environment_path;
use crate::intake::CommandRequest;
use crate::web::WebParts;
use crate::web::access::Visitor;
use crate::web::ask;
use crate::web::trouble::{PageTrouble, Trouble};
use axum::Extension;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use hodman_core::event::Ask;
use hodman_core::ids::EnvName;
use serde::Deserialize;
use std::sync::Arc;

/// Who asks, as far as the page knows: whoever has the token.
const BY: &str = "the web page";

/// A form; what a button does not ask stays empty.
#[derive(Debug, Deserialize)]
pub(super) struct Asked {
    csrf: String,
    #[serde(default)]
    ask: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    now: String,
}

type Sent = Result<Form<Asked>, FormRejection>;

fn checked(
    web: &WebParts,
    visitor: &Visitor,
    headers: &HeaderMap,
    sent: Sent,
) -> Result<Asked, Trouble> {
    let Form(form) = sent.map_err(|wrong| Trouble::Nonsense(wrong.body_text()))?;
    web.access.form(visitor, headers, &form.csrf)?;
    Ok(form)
}

async fn enter_inbox(web: &WebParts, pipeline: String, ask: Ask) -> Result<i64, Trouble> {
    let id = uuid::Uuid::new_v4().to_string();
    ask::ask(web, CommandRequest::new(id, Some(pipeline), BY, ask)).await
}

pub(super) async fn ask_environment(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Path((pipeline, name)): Path<(String, String)>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Redirect, PageTrouble> {
    let form = checked(&web, &visitor, &headers, sent)?;
    let env = EnvName::from(name.as_str());
    let ask = match form.ask.as_str() {
        "capture" => Ask::Capture { env },
        "hold" => Ask::Hold {
            env,
            reason: form.reason,
        },
        "resume" => Ask::Resume { env },
        "reconcile" => Ask::Reconcile { env },
        "heal" => Ask::Heal { env },
        "retry" => Ask::Retry { env },
        "rollback" => Ask::Rollback {
            env,
            to: (!form.to.is_empty()).then(|| form.to.into()),
            now: form.now == "yes",
            reason: form.reason,
        },
        other => return Err(Trouble::Nonsense(format!("`{other}` cannot be asked for")).into()),
    };
    let seq = enter_inbox(&web, pipeline.clone(), ask).await?;
    Ok(Redirect::to(&format!(
        "{}?asked={seq}",
        environment_path(&pipeline, &name)
    )))
}

pub(super) async fn ask_pipeline(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Path(pipeline): Path<String>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Redirect, PageTrouble> {
    checked(&web, &visitor, &headers, sent)?;
    enter_inbox(&web, pipeline, Ask::Observe).await?;
    Ok(Redirect::to("/"))
}

pub(super) async fn replay(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Path(seq): Path<i64>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Redirect, PageTrouble> {
    checked(&web, &visitor, &headers, sent)?;
    let copy = web.store.replay_event(seq, web.clock.now()).await?;
    Ok(Redirect::to(&format!("/events/{copy}")))
}

pub(super) async fn dismiss(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Path(seq): Path<i64>,
    headers: HeaderMap,
    sent: Sent,
) -> Result<Redirect, PageTrouble> {
    checked(&web, &visitor, &headers, sent)?;
    // Dismissed by somebody else meanwhile is as good.
    web.store.dismiss_event(seq, web.clock.now()).await?;
    Ok(Redirect::to(&format!("/events/{seq}")))
}

/// The token, by link or by form.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    token: String,
}

pub(super) async fn enter_by_link(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Query(shown): Query<Shown>,
) -> Result<Response, PageTrouble> {
    enter(&web, &visitor, &shown)
}

pub(super) async fn enter_by_form(
    State(web): State<Arc<WebParts>>,
    Extension(visitor): Extension<Visitor>,
    Form(shown): Form<Shown>,
) -> Result<Response, PageTrouble> {
    enter(&web, &visitor, &shown)
}

fn enter(web: &WebParts, visitor: &Visitor, shown: &Shown) -> Result<Response, PageTrouble> {
    let cookie = web.access.enter(visitor, &shown.token)?;
    Ok((
        StatusCode::SEE_OTHER,
        [
            (header::SET_COOKIE, cookie),
            (header::LOCATION, "/".to_owned()),
        ],
    )
        .into_response())
}
