//! Putting our check on a commit: a check run, or a commit status where that is not allowed.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::checks::{CheckKind, CheckStatus, Conclusion, RunsPage};
use super::text::{CHECK_TEXT, STATUS_DESCRIPTION, fit, fit_line};
use super::wire::{Lane, Verb, with_query, write};
use super::{GitHub, GitHubError, commit_id, repo_path};
use crate::retry::Retry;

/// GitHub takes this many annotations in one request; later requests add to them.
const ANNOTATIONS_A_REQUEST: usize = 50;

/// How bad an annotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AnnotationLevel {
    /// Worth knowing.
    Notice,
    /// Worth a look.
    Warning,
    /// Must be changed.
    Failure,
}

/// A remark on lines of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Annotation {
    /// Path in the repository.
    pub path: String,
    /// First line, from 1.
    pub start_line: u32,
    /// Last line.
    pub end_line: u32,
    /// How bad.
    #[serde(rename = "annotation_level")]
    pub level: AnnotationLevel,
    /// What is said; GitHub takes up to 64 KB.
    pub message: String,
    /// A short heading.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A check as it should be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRun {
    /// The check's name, by which branch protection knows it.
    pub name: String,
    /// The commit.
    pub head_sha: String,
    /// Our own id for this run; with the name it says which run to update.
    pub external_id: String,
    /// How far it is.
    pub status: CheckStatus,
    /// How it ended; needed when completed.
    pub conclusion: Option<Conclusion>,
    /// The heading of the output.
    pub title: String,
    /// Markdown; longer than 65,535 bytes is cut with a note.
    pub summary: String,
    /// Markdown below the summary; cut likewise.
    pub text: Option<String>,
    /// Where "Details" leads.
    pub details_url: Option<String>,
    /// Remarks on lines. They can only be added to, so give the same ones again when updating.
    pub annotations: Vec<Annotation>,
}

/// What was put.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReceipt {
    /// Id of the check run; `None` for a commit status, which has none worth keeping.
    pub id: Option<u64>,
    /// Check run, or the commit status it fell back to.
    pub kind: CheckKind,
    /// Why it is a commit status: what GitHub said against a check run.
    pub fallback_reason: Option<String>,
}

#[derive(Deserialize)]
struct PresentRun {
    id: u64,
    #[serde(default)]
    name: String,
    external_id: Option<String>,
    #[serde(default)]
    output: PresentOutput,
}

#[derive(Default, Deserialize)]
struct PresentOutput {
    #[serde(default)]
    annotations_count: usize,
}

impl GitHub {
    /// Makes the check run with this name and external id on the commit look as given: found by
    /// `GET /repos/{repo}/commits/{sha}/check-runs`, then `PATCH /repos/{repo}/check-runs/{id}`,
    /// else `POST /repos/{repo}/check-runs`. Repeated after a lost answer, looking again first.
    ///
    /// A token that may not write check runs (403 or 404: only apps may) gets a commit status
    /// with the name as context instead, by `POST /repos/{repo}/statuses/{sha}`; the receipt says so.
    ///
    /// # Errors
    /// [`GitHubError::Validation`] for a commit that GitHub does not have;
    /// [`GitHubError::NotFound`] when the repository is not visible.
    pub async fn put_check_run(
        &self,
        repo: &str,
        run: &CheckRun,
    ) -> Result<CheckReceipt, GitHubError> {
        let mut lane = self.wire.lane().await;
        let mut attempt = 1;
        loop {
            let error = match self.try_check_run(&mut lane, repo, run).await {
                Ok(id) => {
                    return Ok(CheckReceipt {
                        id: Some(id),
                        kind: CheckKind::CheckRun,
                        fallback_reason: None,
                    });
                }
                Err(GitHubError::Forbidden(refusal) | GitHubError::NotFound(refusal)) => {
                    self.put_status(&mut lane, repo, run).await?;
                    return Ok(CheckReceipt {
                        id: None,
                        kind: CheckKind::Status,
                        fallback_reason: Some(refusal.to_string()),
                    });
                }
                Err(error) => error,
            };
            if !error.effect_unknown() || attempt >= self.wire.backoff.attempts {
                return Err(error);
            }
            tokio::time::sleep(self.wire.backoff.delay(attempt)).await;
            attempt += 1;
        }
    }

    /// One pass: look, then create or update, then add the annotations that are still missing.
    async fn try_check_run(
        &self,
        lane: &mut Lane<'_>,
        repo: &str,
        run: &CheckRun,
    ) -> Result<u64, GitHubError> {
        let repo = repo_path(repo)?;
        let runs = format!("{repo}/check-runs");
        let present = self.find_check_run(&repo, run).await?;
        // Annotations cannot be replaced and an update adds to them: send only the missing ones.
        let has = present
            .as_ref()
            .map_or(0, |run| run.output.annotations_count);
        let missing = run.annotations.get(has..).unwrap_or_default();
        let mut chunks = missing.chunks(ANNOTATIONS_A_REQUEST);
        let first = chunks.next().unwrap_or_default();
        let call = match present {
            Some(present) => write(
                "update check run",
                Verb::Patch(run_body(run, first)),
                format!("{runs}/{}", present.id),
                // With annotations a second time would add them twice.
                if first.is_empty() {
                    Retry::Idempotent
                } else {
                    Retry::WhenRefused
                },
            ),
            None => {
                let mut body = run_body(run, first);
                body["head_sha"] = commit_id(&run.head_sha)?.into();
                write(
                    "create check run",
                    Verb::Post(body),
                    runs.clone(),
                    Retry::WhenRefused,
                )
            }
        };
        let put: PresentRun = self.wire.mutate(lane, call).await?.json()?;
        for chunk in chunks {
            let path = format!("{runs}/{}", put.id);
            let call = write(
                "add annotations",
                Verb::Patch(run_body(run, chunk)),
                path,
                Retry::WhenRefused,
            );
            self.wire.mutate(lane, call).await?;
        }
        Ok(put.id)
    }

    async fn find_check_run(
        &self,
        repo: &str,
        run: &CheckRun,
    ) -> Result<Option<PresentRun>, GitHubError> {
        let path = format!("{repo}/commits/{}/check-runs", commit_id(&run.head_sha)?);
        let query = [
            ("check_name", run.name.as_str()),
            ("filter", "all"),
            ("per_page", "100"),
        ];
        let runs = self
            .wire
            .all(
                "find check run",
                with_query(&path, &query),
                |page: RunsPage<PresentRun>| page.check_runs,
            )
            .await?;
        Ok(runs.into_iter().find(|present| {
            present.name == run.name && present.external_id.as_deref() == Some(&run.external_id)
        }))
    }

    /// `POST /repos/{repo}/statuses/{sha}`, unless the context already says the same: a commit
    /// takes only 1,000 statuses of one context. Idempotent: the latest counts.
    async fn put_status(
        &self,
        lane: &mut Lane<'_>,
        repo: &str,
        run: &CheckRun,
    ) -> Result<(), GitHubError> {
        let repo = repo_path(repo)?;
        let sha = commit_id(&run.head_sha)?;
        let (state, description) = (status_state(run), fit_line(&run.title, STATUS_DESCRIPTION));
        let present = self.statuses(&format!("{repo}/commits/{sha}")).await?;
        let same = present.iter().any(|status| {
            status.context == run.name
                && status.state == state
                && status.description.as_deref() == Some(&description)
                && status.target_url == run.details_url
        });
        if same {
            return Ok(());
        }
        let mut body = json!({"state": state, "context": run.name, "description": description});
        if let Some(url) = &run.details_url {
            body["target_url"] = url.as_str().into();
        }
        let path = format!("{repo}/statuses/{sha}");
        let call = write(
            "create commit status",
            Verb::Post(body),
            path,
            Retry::Idempotent,
        );
        self.wire.mutate(lane, call).await?;
        Ok(())
    }
}

fn run_body(run: &CheckRun, annotations: &[Annotation]) -> Value {
    let mut output = json!({
        "title": run.title,
        "summary": fit(&run.summary, CHECK_TEXT),
        "annotations": annotations,
    });
    if let Some(text) = &run.text {
        output["text"] = fit(text, CHECK_TEXT).into();
    }
    let mut body = json!({
        "name": run.name,
        "external_id": run.external_id,
        "status": run.status,
        "output": output,
    });
    if let Some(conclusion) = &run.conclusion {
        body["conclusion"] = json!(conclusion);
    }
    if let Some(url) = &run.details_url {
        body["details_url"] = url.as_str().into();
    }
    body
}

/// A commit status has only four words; what is not a success and not a failure lets people go on,
/// as GitHub's branch protection does for check runs.
fn status_state(run: &CheckRun) -> &'static str {
    match (&run.status, &run.conclusion) {
        (
            CheckStatus::Completed,
            Some(Conclusion::Success | Conclusion::Neutral | Conclusion::Skipped),
        ) => "success",
        (CheckStatus::Completed, _) => "failure",
        _ => "pending",
    }
}
