//! Jobs API 2.1 and 2.2: jobs, their settings with the service's defaults, and listing.

mod defaults;
mod merge;
mod routes;
pub(crate) mod runs;
mod validate;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::table::object;
use super::tokens::Caller;

pub(crate) use routes::{create, remove, reset, router, run_now};
pub(crate) use runs::Run;

/// A saved job.
#[derive(Debug, Clone)]
pub(crate) struct Job {
    pub(crate) id: u64,
    /// With the defaults filled in, as `jobs/get` answers them.
    pub(crate) settings: Map<String, Value>,
    pub(crate) creator: String,
    /// Milliseconds since 1970.
    pub(crate) created: i64,
    /// Login of whoever changed it last; the API does not show it, the sandbox's page does.
    pub(crate) changed_by: String,
    pub(crate) changed: i64,
    /// How many more calls of `jobs/list` leave it out.
    hidden: u32,
    runs: u64,
}

/// All jobs and runs of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    jobs: BTreeMap<u64, Job>,
    pub(crate) runs: BTreeMap<u64, Run>,
    /// Run by idempotency token.
    tokens: BTreeMap<String, u64>,
    deleted: BTreeSet<u64>,
    /// Whether calls on a deleted job are refused with 403, as callers without administration see it.
    pub(crate) deny_deleted: bool,
    /// Whether a create minds the permissions that it brings.
    pub(crate) ignore_access: bool,
    /// A new job appears in `jobs/list` only after this many calls of it.
    pub(crate) list_lag: u32,
    /// Jobs (by name or by tag `hodman_key`) whose next run fails, with the reason.
    pub(crate) failing: BTreeMap<String, String>,
}

impl Jobs {
    pub(crate) fn get(&self, id: u64) -> Result<&Job, ApiError> {
        self.jobs.get(&id).ok_or_else(|| self.absent(id))
    }

    fn get_mut(&mut self, id: u64) -> Result<&mut Job, ApiError> {
        let absent = self.absent(id);
        self.jobs.get_mut(&id).ok_or(absent)
    }

    /// What is said of a job that is not there. Of one that was, callers who are no administrators hear that they may not.
    fn absent(&self, id: u64) -> ApiError {
        if self.deny_deleted && self.deleted.contains(&id) {
            return ApiError::new(
                403,
                "PERMISSION_DENIED",
                format!(
                    "User does not have View or Admin or Manage Run or Owner or Manage permissions on job {id}"
                ),
            );
        }
        ApiError::invalid(format!("Job {id} does not exist."))
    }

    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Job> {
        self.jobs.values()
    }

    fn add(&mut self, id: u64, settings: Map<String, Value>, caller: &Caller, now: i64) {
        let creator = caller.login.clone();
        let hidden = self.list_lag;
        let job = Job {
            id,
            settings,
            changed_by: creator.clone(),
            creator,
            created: now,
            changed: now,
            hidden,
            runs: 0,
        };
        self.jobs.insert(id, job);
    }

    fn remove(&mut self, id: u64) -> Result<(), ApiError> {
        self.get(id)?;
        self.jobs.remove(&id);
        self.deleted.insert(id);
        Ok(())
    }

    /// Jobs a listing shows. A listing that begins (`counts`) brings every hidden job nearer to being shown.
    fn visible(&mut self, counts: bool) -> BTreeSet<u64> {
        let visible = self
            .jobs
            .values()
            .filter(|job| job.hidden == 0)
            .map(|job| job.id)
            .collect();
        if counts {
            for job in self.jobs.values_mut() {
                job.hidden = job.hidden.saturating_sub(1);
            }
        }
        visible
    }
}

impl Job {
    pub(crate) fn name(&self) -> &str {
        self.settings
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or("Untitled")
    }

    /// Login the runs act as.
    pub(crate) fn run_as(&self) -> &str {
        let run_as = self.settings.get("run_as");
        ["user_name", "service_principal_name"]
            .iter()
            .find_map(|key| run_as?.get(key)?.as_str())
            .unwrap_or(&self.creator)
    }

    /// What `jobs/get` answers.
    pub(crate) fn view(&self) -> Map<String, Value> {
        object(json!({
            "job_id": self.id,
            "creator_user_name": self.creator,
            "run_as_user_name": self.run_as(),
            "run_as_owner": self.run_as() == self.creator,
            "created_time": self.created,
            "settings": self.settings,
        }))
    }
}
