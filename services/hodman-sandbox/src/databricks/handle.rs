//! A person at work in a workspace's own pages, and the switches a test or the demo turns.

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::call::Shared;
use super::error::ApiError;
use super::files::{self, Import, import};
use super::server::{RateLimit, Throttle};
use super::table::object;
use super::world::World;
use super::{clusters, jobs};
use crate::faults::{Faults, RequestRecord};

/// One workspace; clones speak of the same.
#[derive(Debug, Clone)]
pub struct WorkspaceHandle {
    name: String,
    /// Known when the port is bound.
    url: Shared<String>,
    id: u64,
    pub(super) world: Shared<World>,
    faults: Faults,
    throttle: Shared<Throttle>,
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct JobView {
    /// `job_id`.
    pub id: u64,
    /// Login of its creator.
    pub creator: String,
    /// Login of whoever changed it last.
    pub changed_by: String,
    /// Settings with the service's defaults.
    pub settings: Value,
}

/// A cluster as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterView {
    /// `cluster_id`.
    pub id: String,
    /// Login of its creator.
    pub creator: String,
    /// `state`, for example `RUNNING`.
    pub state: String,
    /// What its last create or edit said, without the service's defaults.
    pub spec: Value,
}

impl WorkspaceHandle {
    pub(super) fn new(
        name: &str,
        url: Shared<String>,
        id: u64,
        world: Shared<World>,
        faults: Faults,
        throttle: Shared<Throttle>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            url,
            id,
            world,
            faults,
            throttle,
        }
    }

    /// Name it was started with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// URL of its host, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.lock().clone()
    }

    /// Id in the account.
    #[must_use]
    pub fn workspace_id(&self) -> u64 {
        self.id
    }

    /// Fault switches of its host.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Every request its host answered.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.faults.requests()
    }

    /// Bounds the calls its host takes; `None`: no bound.
    pub fn limit_rate(&self, limit: Option<RateLimit>) {
        self.throttle.lock().limit = limit;
    }

    /// Whether apps that were deleted are still shown, on their way out.
    pub fn show_deleted_apps(&self, show: bool) {
        self.world.lock().apps.deleted_stay = show;
    }

    /// Jobs made from now on appear in `jobs/list` only after this many listings.
    pub fn lag_listing(&self, listings: u32) {
        self.world.lock().jobs.list_lag = listings;
    }

    /// The next run of the job with this name, or with this value of its tag `hodman_key`, fails for this reason; so does
    /// the next update of the pipeline, deployment of the app, config of the serving endpoint or vector search index with this
    /// name.
    pub fn fail_next_run(&self, job: &str, reason: &str) {
        self.world
            .lock()
            .jobs
            .failing
            .insert(job.to_owned(), reason.to_owned());
    }

    /// Makes a job and answers its id.
    ///
    /// # Errors
    /// What the API refuses.
    pub fn create_job(&self, settings: Value, by: &str) -> Result<u64, ApiError> {
        let answer = self.act(by, object(settings), jobs::create)?;
        Ok(answer["job_id"].as_u64().unwrap_or_default())
    }

    /// Changes a job's settings in place, as its page does.
    ///
    /// # Errors
    /// There is no such job, or the API refuses the new settings.
    pub fn edit_job(
        &self,
        id: u64,
        by: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), ApiError> {
        let mut settings = self.world.lock().jobs.get(id)?.settings.clone();
        change(&mut settings);
        let body = object(json!({"job_id": id, "new_settings": settings}));
        self.act(by, body, jobs::reset).map(drop)
    }

    /// Deletes a job.
    ///
    /// # Errors
    /// There is no such job.
    pub fn delete_job(&self, id: u64, by: &str) -> Result<(), ApiError> {
        self.act(by, object(json!({"job_id": id})), jobs::remove)
            .map(drop)
    }

    /// Starts a run and answers its id.
    ///
    /// # Errors
    /// There is no such job.
    pub fn run_job(&self, id: u64, by: &str) -> Result<u64, ApiError> {
        let answer = self.act(by, object(json!({"job_id": id})), jobs::run_now)?;
        Ok(answer["run_id"].as_u64().unwrap_or_default())
    }

    /// All jobs in the order they were made, also those a lagging listing hides.
    #[must_use]
    pub fn list_jobs(&self) -> Vec<JobView> {
        self.world.lock().jobs.all().map(JobView::of).collect()
    }

    /// The oldest job of this name.
    #[must_use]
    pub fn job_by_name(&self, name: &str) -> Option<JobView> {
        self.world
            .lock()
            .jobs
            .all()
            .find(|job| job.name() == name)
            .map(JobView::of)
    }

    /// How many runs were started, of all jobs.
    #[must_use]
    pub fn run_count(&self) -> usize {
        self.world.lock().jobs.runs.len()
    }

    /// Makes a cluster and answers its id.
    ///
    /// # Errors
    /// What the API refuses.
    pub fn create_cluster(&self, spec: Value, by: &str) -> Result<String, ApiError> {
        let answer = self.act(by, object(spec), clusters::create)?;
        Ok(answer["cluster_id"].as_str().unwrap_or_default().to_owned())
    }

    /// Replaces the configuration of a cluster.
    ///
    /// # Errors
    /// There is no such cluster, it is neither running nor terminated, or the API refuses the configuration.
    pub fn edit_cluster(&self, id: &str, spec: Value, by: &str) -> Result<(), ApiError> {
        let mut body = object(spec);
        body.insert("cluster_id".into(), json!(id));
        self.act(by, body, clusters::edit).map(drop)
    }

    /// Deletes a cluster for good.
    ///
    /// # Errors
    /// There is no such cluster, or it is pinned.
    pub fn delete_cluster(&self, id: &str, by: &str) -> Result<(), ApiError> {
        self.act(
            by,
            object(json!({"cluster_id": id})),
            clusters::permanent_delete,
        )
        .map(drop)
    }

    /// All clusters, also those of runs.
    #[must_use]
    pub fn list_clusters(&self) -> Vec<ClusterView> {
        self.world
            .lock()
            .clusters
            .all()
            .map(ClusterView::of)
            .collect()
    }

    /// Writes a notebook and the folders above it. The source begins with its header
    /// (`# Databricks notebook source`, in the language's comment); `path` has no extension.
    ///
    /// # Errors
    /// The path is not absolute, or something that is no notebook is there.
    pub fn put_notebook(&self, path: &str, source: &str, by: &str) -> Result<(), ApiError> {
        let language = match source.split_whitespace().next() {
            Some("--") => "SQL",
            Some("//") => "SCALA",
            _ => "PYTHON",
        };
        self.put(path, source.as_bytes(), "SOURCE", Some(language), by)
    }

    /// Writes a notebook that was made as an `.ipynb`, and the folders above it; `path` has no extension.
    ///
    /// # Errors
    /// The path is not absolute, it is not Jupyter's JSON, or something that is no notebook is there.
    pub fn put_jupyter(&self, path: &str, json: &str, by: &str) -> Result<(), ApiError> {
        self.put(path, json.as_bytes(), "JUPYTER", None, by)
    }

    /// Writes a file as Lakeflow Designer does, and the folders above it, whatever it is called.
    ///
    /// # Errors
    /// The path is not absolute, or something else than a folder is above it.
    pub fn put_designer(&self, path: &str, json: &str, by: &str) -> Result<(), ApiError> {
        let mut world = self.world.lock();
        let now = world.clock.millis();
        world.files.put_designer(path, json, by, now)
    }

    /// From now on Lakeflow Designer is turned off here: what is written becomes notebooks.
    pub fn without_designer(&self) {
        self.world.lock().files.designer = false;
    }

    /// Writes a file and the folders above it.
    ///
    /// # Errors
    /// The path is not absolute, or something that is no file is there.
    pub fn put_file(&self, path: &str, bytes: &[u8], by: &str) -> Result<(), ApiError> {
        self.put(path, bytes, "RAW", None, by)
    }

    /// Deletes a notebook, a file or a folder with what is in it.
    ///
    /// # Errors
    /// There is nothing at this path.
    pub fn delete_path(&self, path: &str, by: &str) -> Result<(), ApiError> {
        self.act(
            by,
            object(json!({"path": path, "recursive": true})),
            files::remove,
        )
        .map(drop)
    }

    /// Bytes of a file, or of a notebook's source with its header.
    #[must_use]
    pub fn read_file(&self, path: &str) -> Option<Vec<u8>> {
        self.world.lock().files.content(path)
    }

    /// Paths of all notebooks and files below a folder, without `/Workspace` in front.
    #[must_use]
    pub fn list_files(&self, folder: &str) -> Vec<String> {
        let world = self.world.lock();
        let Ok(folder) = files::normal(folder) else {
            return Vec::new();
        };
        let below = world.files.below(&folder);
        below
            .filter(|(_, node)| node.kind() != "DIRECTORY")
            .map(|(path, _)| path.to_owned())
            .collect()
    }

    /// Value of a secret, which no call of the API answers.
    #[must_use]
    pub fn secret(&self, scope: &str, key: &str) -> Option<SecretString> {
        self.world.lock().secrets.value(scope, key)
    }

    fn put(
        &self,
        path: &str,
        bytes: &[u8],
        format: &str,
        language: Option<&str>,
        by: &str,
    ) -> Result<(), ApiError> {
        let mut world = self.world.lock();
        let now = world.clock.millis();
        if let Some((folder, _)) = files::normal(path)?
            .rsplit_once('/')
            .filter(|(folder, _)| !folder.is_empty())
        {
            world.files.mkdirs(folder, by, now)?;
        }
        let what = Import {
            path,
            bytes,
            format,
            language,
            overwrite: true,
        };
        import(&mut world.files, &what, by, now).map(drop)
    }

    /// Does what a call of the API does, in the name of a person.
    fn act(
        &self,
        by: &str,
        body: Map<String, Value>,
        handler: fn(&mut World, &super::call::Call) -> Result<Value, ApiError>,
    ) -> Result<Value, ApiError> {
        let mut world = self.world.lock();
        let call = world.call_by(by, body);
        handler(&mut world, &call)
    }
}

impl JobView {
    fn of(job: &jobs::Job) -> Self {
        Self {
            id: job.id,
            creator: job.creator.clone(),
            changed_by: job.changed_by.clone(),
            settings: Value::Object(job.settings.clone()),
        }
    }
}

impl ClusterView {
    fn of(cluster: &clusters::Cluster) -> Self {
        Self {
            id: cluster.id.clone(),
            creator: cluster.creator.clone(),
            state: cluster.state.name().to_owned(),
            spec: Value::Object(cluster.spec.clone()),
        }
    }
}
