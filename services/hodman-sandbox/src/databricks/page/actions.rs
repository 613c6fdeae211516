//! What a person does with the page's forms.

use askama::Template;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Page, rendered};
use crate::databricks::error::ApiError;

#[derive(Template)]
#[template(path = "databricks_refused.html")]
struct Refused {
    workspace: String,
    reason: String,
}

/// Back to the page, or why not.
fn done<T>(page: &Page, result: Result<T, ApiError>) -> Response {
    match result {
        Ok(_) => Redirect::to("/").into_response(),
        Err(refused) => {
            let workspace = page.handle.name().to_owned();
            rendered(
                &Refused {
                    workspace,
                    reason: refused.message,
                },
                StatusCode::BAD_REQUEST,
            )
        }
    }
}

/// A schedule as the forms give it.
#[derive(Debug, Deserialize)]
pub(super) struct Schedule {
    by: String,
    #[serde(default)]
    cron: String,
    #[serde(default)]
    zone: String,
    #[serde(default)]
    paused: bool,
}

impl Schedule {
    /// An empty expression takes the schedule away.
    fn put(&self, settings: &mut Map<String, Value>) {
        if self.cron.trim().is_empty() {
            settings.remove("schedule");
            return;
        }
        let pause = if self.paused { "PAUSED" } else { "UNPAUSED" };
        let schedule = json!({
            "quartz_cron_expression": self.cron.trim(),
            "timezone_id": self.zone.trim(),
            "pause_status": pause,
        });
        settings.insert("schedule".into(), schedule);
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct NewJob {
    name: String,
    notebook: String,
    #[serde(flatten)]
    schedule: Schedule,
}

pub(super) async fn add_job(State(page): State<Page>, Form(new): Form<NewJob>) -> Response {
    let mut settings = json!({
        "name": new.name,
        "tasks": [{"task_key": "main", "notebook_task": {"notebook_path": new.notebook}}],
    });
    if let Some(settings) = settings.as_object_mut() {
        new.schedule.put(settings);
    }
    done(&page, page.handle.create_job(settings, &new.schedule.by))
}

pub(super) async fn schedule(
    State(page): State<Page>,
    Path(id): Path<u64>,
    Form(new): Form<Schedule>,
) -> Response {
    done(
        &page,
        page.handle
            .edit_job(id, &new.by, |settings| new.put(settings)),
    )
}

#[derive(Debug, Deserialize)]
pub(super) struct Who {
    by: String,
}

pub(super) async fn run(
    State(page): State<Page>,
    Path(id): Path<u64>,
    Form(who): Form<Who>,
) -> Response {
    done(&page, page.handle.run_job(id, &who.by))
}

pub(super) async fn delete(
    State(page): State<Page>,
    Path(id): Path<u64>,
    Form(who): Form<Who>,
) -> Response {
    done(&page, page.handle.delete_job(id, &who.by))
}

#[derive(Debug, Deserialize)]
pub(super) struct Source {
    path: String,
    source: String,
    by: String,
}

/// Browsers send lines that end with `\r\n`; notebooks keep `\n`.
pub(super) async fn save_notebook(State(page): State<Page>, Form(new): Form<Source>) -> Response {
    let source = new.source.replace("\r\n", "\n");
    done(&page, page.handle.put_notebook(&new.path, &source, &new.by))
}
