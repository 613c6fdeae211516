//! Check runs and the suites they make up.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::reply::ApiError;
use super::world::World;

/// One check of one commit.
#[derive(Debug, Clone)]
pub(crate) struct CheckRun {
    pub id: u64,
    pub suite: u64,
    pub name: String,
    pub head_sha: String,
    /// `queued`, `in_progress` or `completed`.
    pub status: String,
    pub conclusion: Option<String>,
    pub app: Option<u64>,
    pub external_id: Option<String>,
    pub details_url: Option<String>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    pub title: Option<String>,
    pub summary: Option<String>,
    pub text: Option<String>,
    pub annotations: Vec<Value>,
}

/// The checks of one App on one commit.
#[derive(Debug, Clone)]
pub(crate) struct CheckSuite {
    pub id: u64,
    pub head_sha: String,
    pub app: Option<u64>,
    pub created_at: String,
}

const CONCLUSIONS: [&str; 8] = [
    "action_required",
    "cancelled",
    "failure",
    "neutral",
    "success",
    "skipped",
    "stale",
    "timed_out",
];

impl CheckRun {
    /// Takes over what the body says; refuses values GitHub does not know.
    fn take(&mut self, body: &Value, now: &str) -> Result<(), ApiError> {
        let invalid =
            |field: &str| ApiError::validation("Invalid request.", "CheckRun", field, "invalid");
        let text = |key: &str| body[key].as_str().map(ToOwned::to_owned);
        if let Some(name) = text("name") {
            self.name = name;
        }
        if let Some(status) = text("status") {
            if !matches!(
                status.as_str(),
                "queued" | "in_progress" | "completed" | "waiting" | "requested" | "pending"
            ) {
                return Err(invalid("status"));
            }
            if status != "completed" {
                (self.conclusion, self.completed_at) = (None, None);
            }
            self.status = status;
        }
        if let Some(conclusion) = text("conclusion") {
            if !CONCLUSIONS.contains(&conclusion.as_str()) {
                return Err(invalid("conclusion"));
            }
            self.conclusion = Some(conclusion);
            "completed".clone_into(&mut self.status);
        }
        if self.status == "completed" && self.conclusion.is_none() {
            return Err(invalid("conclusion"));
        }
        self.external_id = text("external_id").or(self.external_id.take());
        self.details_url = text("details_url").or(self.details_url.take());
        self.started_at = text("started_at")
            .or(self.started_at.take())
            .or_else(|| Some(now.to_owned()));
        if self.status == "completed" {
            self.completed_at = text("completed_at")
                .or(self.completed_at.take())
                .or_else(|| Some(now.to_owned()));
        }
        let output = &body["output"];
        if output.is_object() {
            let annotations = output["annotations"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let summary = output["summary"]
                .as_str()
                .ok_or_else(|| invalid("output.summary"))?;
            // GitHub's limits: 50 annotations a request, 65535 characters a text.
            if annotations.len() > 50 || summary.len() > 65_535 {
                return Err(invalid("output"));
            }
            self.title = output["title"].as_str().map(ToOwned::to_owned);
            self.summary = Some(summary.to_owned());
            self.text = output["text"].as_str().map(ToOwned::to_owned);
            self.annotations.extend(annotations);
        }
        Ok(())
    }
}

impl World {
    pub(crate) fn create_run(
        &mut self,
        repo: u64,
        body: &Value,
        app: Option<u64>,
        by: &str,
    ) -> Result<u64, ApiError> {
        let missing = |field: &str| ApiError::missing("CheckRun", field);
        let name = body["name"]
            .as_str()
            .ok_or_else(|| missing("name"))?
            .to_owned();
        let sha = body["head_sha"]
            .as_str()
            .ok_or_else(|| missing("head_sha"))?;
        let head_sha = self.repo(repo)?.commit(sha)?.to_string();
        let (id, suite_id, now) = (self.next_id(), self.next_id(), self.stamp());
        let mut run = CheckRun {
            id,
            suite: suite_id,
            name,
            head_sha,
            status: "queued".to_owned(),
            conclusion: None,
            app,
            external_id: None,
            details_url: None,
            started_at: None,
            completed_at: None,
            title: None,
            summary: None,
            text: None,
            annotations: Vec::new(),
        };
        run.take(body, &now)?;
        let found = self.repo_mut(repo)?;
        let same = |suite: &&CheckSuite| suite.app == app && suite.head_sha == run.head_sha;
        match found.suites.iter().find(same) {
            Some(suite) => run.suite = suite.id,
            None => found.suites.push(CheckSuite {
                id: suite_id,
                head_sha: run.head_sha.clone(),
                app,
                created_at: now,
            }),
        }
        let suite = run.suite;
        let completed = run.status == "completed";
        found.runs.push(run);
        self.emit_run(repo, id, "created", by)?;
        if completed {
            self.run_completed(repo, id, suite, by)?;
        }
        Ok(id)
    }

    pub(crate) fn update_run(
        &mut self,
        repo: u64,
        id: u64,
        body: &Value,
        by: &str,
    ) -> Result<(), ApiError> {
        let now = self.stamp();
        let run = self
            .repo_mut(repo)?
            .runs
            .iter_mut()
            .find(|run| run.id == id)
            .ok_or_else(ApiError::not_found)?;
        let was_complete = run.status == "completed";
        let mut changed = run.clone();
        changed.take(body, &now)?;
        *run = changed;
        let (suite, completed) = (run.suite, run.status == "completed");
        if completed && !was_complete {
            self.run_completed(repo, id, suite, by)?;
        }
        Ok(())
    }

    fn run_completed(&mut self, repo: u64, id: u64, suite: u64, by: &str) -> Result<(), ApiError> {
        self.emit_run(repo, id, "completed", by)?;
        let suite_json = self.suite_json(repo, suite)?;
        if suite_json["status"] == "completed" {
            self.emit(
                repo,
                "check_suite",
                Some("completed"),
                json!({ "check_suite": suite_json }),
                by,
            );
        }
        Ok(())
    }

    pub(crate) fn emit_run(
        &mut self,
        repo: u64,
        id: u64,
        action: &str,
        by: &str,
    ) -> Result<(), ApiError> {
        let mut run = self.run_json(repo, id)?;
        let suite = run["check_suite"]["id"].as_u64().unwrap_or_default();
        run["check_suite"] = self.suite_json(repo, suite)?;
        self.emit(
            repo,
            "check_run",
            Some(action),
            json!({ "check_run": run }),
            by,
        );
        Ok(())
    }

    pub(crate) fn run_json(&self, repo: u64, id: u64) -> Result<Value, ApiError> {
        let found = self.repo(repo)?;
        let run = found
            .runs
            .iter()
            .find(|run| run.id == id)
            .ok_or_else(ApiError::not_found)?;
        let api = format!(
            "{}/repos/{}/check-runs/{id}",
            self.base_url,
            found.full_name()
        );
        let html = format!("{}/{}/runs/{id}", self.base_url, found.full_name());
        Ok(json!({
            "id": id, "node_id": super::json::node_id("CheckRun", id), "name": run.name, "head_sha": run.head_sha,
            "external_id": run.external_id.clone().unwrap_or_default(), "url": api, "html_url": html,
            "details_url": run.details_url.clone().unwrap_or_else(|| html.clone()), "status": run.status,
            "conclusion": run.conclusion, "started_at": run.started_at, "completed_at": run.completed_at,
            "output": {
                "title": run.title, "summary": run.summary, "text": run.text, "annotations_count": run.annotations.len(),
                "annotations_url": format!("{api}/annotations"),
            },
            "check_suite": {"id": run.suite}, "app": run.app.map(|app| self.app_json(app)),
            "pull_requests": self.short_pulls(found, &run.head_sha),
        }))
    }

    pub(crate) fn suite_json(&self, repo: u64, id: u64) -> Result<Value, ApiError> {
        let found = self.repo(repo)?;
        let suite = found
            .suites
            .iter()
            .find(|suite| suite.id == id)
            .ok_or_else(ApiError::not_found)?;
        // Only the newest run of each name counts.
        let mut newest = BTreeMap::new();
        for run in found.runs.iter().filter(|run| run.suite == id) {
            newest.insert(run.name.as_str(), run);
        }
        let done = newest.values().all(|run| run.status == "completed");
        let bad = |word: &str| {
            newest
                .values()
                .any(|run| run.conclusion.as_deref() == Some(word))
        };
        let worst = ["failure", "timed_out", "cancelled", "action_required"]
            .into_iter()
            .find(|word| bad(word));
        let status = if done { "completed" } else { "in_progress" };
        let api = format!(
            "{}/repos/{}/check-suites/{id}",
            self.base_url,
            found.full_name()
        );
        let head = found
            .pulls
            .iter()
            .find(|pull| pull.head_sha.to_string() == suite.head_sha);
        let branch = found
            .known_refs
            .iter()
            .find(|(_, oid)| oid.to_string() == suite.head_sha);
        let branch = branch.map(|(name, _)| name.trim_start_matches("refs/heads/").to_owned());
        let branch = head.map(|pull| pull.head_ref.clone()).or(branch);
        Ok(json!({
            "id": id, "node_id": super::json::node_id("CheckSuite", id), "head_branch": branch, "head_sha": suite.head_sha,
            "status": status, "conclusion": done.then(|| worst.unwrap_or("success")), "url": api, "before": null,
            "after": suite.head_sha, "pull_requests": self.short_pulls(found, &suite.head_sha),
            "app": suite.app.map(|app| self.app_json(app)), "created_at": suite.created_at, "updated_at": self.stamp(),
            "latest_check_runs_count": newest.len(), "check_runs_url": format!("{api}/check-runs"),
        }))
    }
}
