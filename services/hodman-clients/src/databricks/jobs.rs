//! Jobs and runs, API 2.2.

use futures::{StreamExt, TryStreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::request::{Deleted, Request, Retry};
use super::workspace::{Workspace, parse};

mod run;

pub use run::{Run, RunOutcome};

const GET: &str = "/api/2.2/jobs/get";
/// Settings that one answer cuts at a hundred elements.
const PAGED: &[&str] = &["tasks", "job_clusters", "parameters", "environments"];
/// Jobs read at once where the list leaves out some of their tasks; the limiter has the last word.
const READ_AT_ONCE: usize = 8;

/// A job as the API shows it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Job {
    /// Its id, unique in the workspace.
    pub job_id: i64,
    /// Who made it.
    pub creator_user_name: Option<String>,
    /// Whom its runs run as.
    pub run_as_user_name: Option<String>,
    /// When it was made, in milliseconds since 1970.
    pub created_time: Option<i64>,
    /// The settings, complete: the object that `create` and `reset` take.
    #[serde(default)]
    pub settings: Value,
}

/// The jobs of a workspace.
#[derive(Debug, Clone, Copy)]
pub struct Jobs<'a> {
    pub(super) workspace: &'a Workspace,
}

impl Jobs<'_> {
    /// All jobs with all their tasks. The list itself shows at most 100 tasks of a job; only jobs with more are read one
    /// by one. A job that disappears meanwhile is left out.
    pub async fn list_all(&self) -> Result<Vec<Job>, ApiError> {
        let query = [("expand_tasks", "true"), ("limit", "100")];
        let path = "/api/2.2/jobs/list";
        let entries = self.workspace.list_all(path, &query, "jobs").await?;
        let jobs: Vec<Option<Job>> = stream::iter(entries)
            .map(|entry| async move {
                let cut_short = entry
                    .get("has_more")
                    .and_then(Value::as_bool)
                    .unwrap_or(false);
                let job: Job = parse(entry, &reqwest::Method::GET, path)?;
                if !cut_short {
                    return Ok(Some(job));
                }
                match self.get(job.job_id).await {
                    Ok(job) => Ok(Some(job)),
                    Err(error) if error.is_not_found() => Ok(None),
                    Err(error) => Err(error),
                }
            })
            .buffered(READ_AT_ONCE)
            .try_collect()
            .await?;
        Ok(jobs.into_iter().flatten().collect())
    }

    /// One job, with all pages of its tasks, job clusters, parameters and environments.
    pub async fn get(&self, job_id: i64) -> Result<Job, ApiError> {
        let request = Request::get(GET).query("job_id", job_id.to_string());
        let answer = self.workspace.whole(&request, PAGED).await?;
        parse(answer, &reqwest::Method::GET, GET)
    }

    /// Makes a job; answers its id. Names are not unique: after [`ApiError::may_have_taken_effect`] look for it before
    /// making another.
    pub async fn create(&self, settings: Value) -> Result<i64, ApiError> {
        #[derive(Deserialize)]
        struct Created {
            job_id: i64,
        }
        let request = Request::post("/api/2.2/jobs/create", settings, Retry::NotIdempotent);
        Ok(self.workspace.read::<Created>(request).await?.job_id)
    }

    /// Overwrites all settings. Runs under way keep theirs, except for the time-out.
    pub async fn reset(&self, job_id: i64, settings: Value) -> Result<(), ApiError> {
        let body = json!({ "job_id": job_id, "new_settings": settings });
        self.workspace
            .call(Request::post(
                "/api/2.2/jobs/reset",
                body,
                Retry::Idempotent,
            ))
            .await
            .map(drop)
    }

    /// Deletes a job and cancels its runs.
    pub async fn delete(&self, job_id: i64) -> Result<Deleted, ApiError> {
        self.workspace
            .post_delete("/api/2.2/jobs/delete", json!({ "job_id": job_id }))
            .await
    }

    /// Starts a run; answers its id. The same `idempotency_token` (at most 64 characters) never starts a second one.
    pub async fn run_now(&self, job_id: i64, idempotency_token: &str) -> Result<i64, ApiError> {
        #[derive(Deserialize)]
        struct Started {
            run_id: i64,
        }
        let body = json!({ "job_id": job_id, "idempotency_token": idempotency_token });
        let request = Request::post("/api/2.2/jobs/run-now", body, Retry::Idempotent);
        Ok(self.workspace.read::<Started>(request).await?.run_id)
    }

    /// One run as it is now.
    pub async fn get_run(&self, run_id: i64) -> Result<Run, ApiError> {
        let request = Request::get("/api/2.2/jobs/runs/get").query("run_id", run_id.to_string());
        let answer = self.workspace.call(request).await?;
        parse::<run::Shown>(answer, &reqwest::Method::GET, "/api/2.2/jobs/runs/get").map(Run::from)
    }
}
