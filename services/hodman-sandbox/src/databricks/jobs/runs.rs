//! Runs of jobs: QUEUED or PENDING, RUNNING, TERMINATED, each state as long as the workspace's pace says.
//!
//! Nothing is executed. What a task does follows from what it names: see [`outcome`].

mod outcome;
mod routes;
mod view;

use serde_json::{Map, Value};

use super::validate::list as elements;
use super::validate::text;
use crate::databricks::clock::Progress;
use crate::databricks::world::World;
pub(crate) use routes::run_now;
pub(super) use routes::{cancel, cancel_all, list, output, remove, show};

use outcome::Outcome;

/// One run of a job.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) id: u64,
    pub(crate) job_id: u64,
    number: u64,
    creator: String,
    run_as: String,
    /// Settings when the run began: a later change of the job does not touch it.
    settings: Map<String, Value>,
    parameters: Value,
    life: Life,
    progress: Progress,
    started: i64,
    ended: Option<i64>,
    tasks: Vec<TaskRun>,
    /// Reason given by the program that wants this run to fail.
    failure: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Queued,
    Pending,
    Running,
    Ended,
    Cancelled,
    /// `max_concurrent_runs` was reached and the job does not queue.
    Skipped,
}

#[derive(Debug, Clone)]
struct TaskRun {
    id: u64,
    key: String,
    /// Decided when the run starts to run, shown when it ended.
    outcome: Option<Outcome>,
}

impl Run {
    /// Whether it still holds one of the job's places.
    fn active(&self) -> bool {
        matches!(self.life, Life::Pending | Life::Running)
    }

    fn over(&self) -> bool {
        matches!(self.life, Life::Ended | Life::Cancelled | Life::Skipped)
    }

    fn task_settings(&self, key: &str) -> Option<&Value> {
        elements(&self.settings, "tasks")
            .iter()
            .find(|task| text(task, "task_key") == Some(key))
    }
}

/// Takes a run as far as the pace allows. Reading a run calls it.
fn advance(world: &mut World, id: u64, now: i64) {
    let Some(mut run) = world.jobs.runs.remove(&id) else {
        return;
    };
    while !run.over() {
        if run.life == Life::Queued {
            let active = world
                .jobs
                .runs
                .values()
                .filter(|other| other.job_id == run.job_id && other.active())
                .count();
            if active >= places(&run.settings) {
                break;
            }
            run.life = Life::Pending;
            run.progress = Progress::start(now);
        }
        if !run.progress.read(world.pace, now) {
            break;
        }
        match run.life {
            Life::Pending => begin(world, &mut run),
            Life::Running => {
                run.life = Life::Ended;
                run.ended = Some(run.progress.since());
            }
            Life::Queued | Life::Ended | Life::Cancelled | Life::Skipped => {}
        }
    }
    world.jobs.runs.insert(id, run);
}

/// The moment in which the service reads notebooks and makes clusters.
fn begin(world: &mut World, run: &mut Run) {
    run.life = Life::Running;
    outcome::decide(world, run);
    for cluster in elements(&run.settings, "job_clusters") {
        if let (Some(key), Some(spec)) = (
            text(cluster, "job_cluster_key"),
            cluster.get("new_cluster").and_then(Value::as_object),
        ) {
            let name = format!("job-{}-run-{}-{key}", run.job_id, run.id);
            world
                .clusters
                .add_of_job(&name, spec, &run.run_as, run.progress.since());
        }
    }
}

/// How many runs of the job may be active at once.
fn places(settings: &Map<String, Value>) -> usize {
    settings
        .get("max_concurrent_runs")
        .and_then(Value::as_u64)
        .and_then(|places| usize::try_from(places).ok())
        .unwrap_or(1)
}
