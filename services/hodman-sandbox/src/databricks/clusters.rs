//! Clusters API 2.1, with 2.0 as an alias.

mod defaults;
mod libraries;
mod routes;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::clock::{Pace, Progress};
use super::error::ApiError;
use super::table::object;

pub(crate) use defaults::fill_new_cluster;
pub(crate) use routes::{create, edit, permanent_delete, router};

/// One cluster.
#[derive(Debug, Clone)]
pub(crate) struct Cluster {
    pub(crate) id: String,
    /// What the last create or edit said, as `spec` shows it.
    pub(crate) spec: Map<String, Value>,
    pub(crate) creator: String,
    /// `UI`, `API` or `JOB`.
    source: &'static str,
    pub(crate) state: State,
    message: String,
    progress: Progress,
    started: i64,
    terminated: Option<i64>,
    pinned: bool,
    /// What is installed on it, with the status of each.
    libraries: Vec<(Value, &'static str)>,
}

/// `state` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    Running,
    Restarting,
    Resizing,
    Terminating,
    Terminated,
}

impl State {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Restarting => "RESTARTING",
            Self::Resizing => "RESIZING",
            Self::Terminating => "TERMINATING",
            Self::Terminated => "TERMINATED",
        }
    }

    /// The state that follows by itself.
    fn next(self) -> Option<Self> {
        match self {
            Self::Pending | Self::Restarting | Self::Resizing => Some(Self::Running),
            Self::Terminating => Some(Self::Terminated),
            Self::Running | Self::Terminated => None,
        }
    }
}

/// All clusters of a workspace.
#[derive(Debug, Default)]
pub(crate) struct Clusters {
    clusters: BTreeMap<String, Cluster>,
    created: u64,
}

impl Clusters {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.clusters.contains_key(id)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Cluster> {
        self.clusters.values()
    }

    /// Id of one that is not terminated now.
    pub(crate) fn running(&mut self, pace: Pace, now: i64) -> Option<&str> {
        self.clusters
            .values_mut()
            .map(|cluster| {
                cluster.advance(pace, now);
                &*cluster
            })
            .find(|cluster| cluster.state != State::Terminated)
            .map(|cluster| cluster.id.as_str())
    }

    fn get_mut(&mut self, id: &str) -> Result<&mut Cluster, ApiError> {
        self.clusters
            .get_mut(id)
            .ok_or_else(|| ApiError::invalid(format!("Cluster {id} does not exist")))
    }

    fn add(
        &mut self,
        spec: Map<String, Value>,
        creator: &str,
        source: &'static str,
        now: i64,
    ) -> &mut Cluster {
        self.created += 1;
        let stamp = chrono::DateTime::from_timestamp_millis(now)
            .unwrap_or_default()
            .format("%m%d-%H%M%S");
        let id = format!("{stamp}-{:08x}", self.created);
        let cluster = Cluster {
            id: id.clone(),
            spec,
            creator: creator.to_owned(),
            source,
            state: State::Pending,
            message: "Finding instances for new nodes, acquiring more instances if necessary"
                .to_owned(),
            progress: Progress::start(now),
            started: now,
            terminated: None,
            pinned: false,
            libraries: Vec::new(),
        };
        self.clusters.entry(id).or_insert(cluster)
    }

    /// The cluster a run makes for itself: listed like the others, already gone when the run is seen.
    pub(crate) fn add_of_job(
        &mut self,
        name: &str,
        spec: &Map<String, Value>,
        creator: &str,
        now: i64,
    ) {
        let mut spec = spec.clone();
        spec.insert("cluster_name".into(), json!(name));
        let cluster = self.add(spec, creator, "JOB", now);
        cluster.state = State::Terminated;
        cluster.terminated = Some(now);
        cluster.message.clear();
    }
}

impl Cluster {
    fn advance(&mut self, pace: Pace, now: i64) {
        while let Some(next) = self.state.next() {
            if !self.progress.read(pace, now) {
                return;
            }
            self.enter(next, now);
        }
    }

    fn enter(&mut self, state: State, now: i64) {
        self.state = state;
        self.progress = Progress::start(now);
        self.message.clear();
        self.terminated = (state == State::Terminated).then_some(now);
    }

    pub(crate) fn name(&self) -> &str {
        self.spec
            .get("cluster_name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// What `clusters/get` answers: the spec, what the service added to it, and the state.
    pub(crate) fn view(&self) -> Map<String, Value> {
        let mut view = self.spec.clone();
        defaults::fill_cluster(&mut view);
        let more = object(json!({
            "cluster_id": self.id,
            "creator_user_name": self.creator,
            "cluster_source": self.source,
            "state": self.state.name(),
            "state_message": self.message,
            "start_time": self.started,
            "last_state_loss_time": 0,
            "default_tags": {
                "Vendor": "Databricks",
                "Creator": self.creator,
                "ClusterName": self.name(),
                "ClusterId": self.id,
            },
            "spec": self.spec,
        }));
        super::table::overlay(&mut view, &more);
        if let Some(terminated) = self.terminated {
            view.insert("terminated_time".into(), json!(terminated));
            view.insert(
                "termination_reason".into(),
                json!({"code": "USER_REQUEST", "type": "SUCCESS"}),
            );
        }
        if self.pinned {
            view.insert("pinned_by_user_name".into(), json!(self.creator));
        }
        view
    }
}
