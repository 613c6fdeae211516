//! What the page shows.

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::{Page, rendered};
use crate::databricks::call::Shared;
use crate::databricks::clusters::Cluster;
use crate::databricks::files::{Content, Node};
use crate::databricks::jobs::Job;
use crate::databricks::world::World;

/// Runs shown, the newest first.
const RUNS: usize = 20;

#[derive(Template)]
#[template(path = "databricks_home.html")]
struct Home {
    workspace: String,
    people: Vec<String>,
    jobs: Vec<JobRow>,
    runs: Vec<RunRow>,
    clusters: Vec<ClusterRow>,
    files: Vec<FileRow>,
}

struct JobRow {
    id: u64,
    name: String,
    cron: String,
    zone: String,
    paused: bool,
    tasks: String,
    changed_by: String,
}

struct RunRow {
    id: u64,
    job: String,
    state: String,
}

struct ClusterRow {
    id: String,
    name: String,
    state: &'static str,
    runtime: String,
    size: String,
}

struct FileRow {
    path: String,
    kind: &'static str,
    changed_by: String,
    editable: bool,
}

pub(super) async fn home(State(page): State<Page>) -> Response {
    let world = page.world.lock();
    let name_of = |id: u64| {
        world
            .jobs
            .get(id)
            .map_or_else(|_| id.to_string(), |job| job.name().to_owned())
    };
    let home = Home {
        workspace: world.host.clone(),
        people: world.directory.people(),
        jobs: world.jobs.all().map(JobRow::of).collect(),
        runs: world
            .jobs
            .runs
            .values()
            .rev()
            .take(RUNS)
            .map(|run| RunRow {
                id: run.id,
                job: name_of(run.job_id),
                state: run.summary(),
            })
            .collect(),
        clusters: world.clusters.all().map(ClusterRow::of).collect(),
        files: world
            .files
            .below("/")
            .filter(|(_, node)| !node.is_folder())
            .map(|(path, node)| FileRow::of(path, node))
            .collect(),
    };
    drop(world);
    rendered(&home, StatusCode::OK)
}

impl JobRow {
    fn of(job: &Job) -> Self {
        let schedule = |key: &str| {
            let value = job
                .settings
                .get("schedule")
                .and_then(|schedule| schedule.get(key))
                .and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        let tasks = job
            .settings
            .get("tasks")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let tasks: Vec<&str> = tasks
            .filter_map(|task| task.get("task_key")?.as_str())
            .collect();
        let zone = schedule("timezone_id");
        Self {
            id: job.id,
            name: job.name().to_owned(),
            cron: schedule("quartz_cron_expression"),
            zone: if zone.is_empty() {
                "UTC".to_owned()
            } else {
                zone
            },
            paused: schedule("pause_status") == "PAUSED",
            tasks: tasks.join(", "),
            changed_by: job.changed_by.clone(),
        }
    }
}

impl ClusterRow {
    fn of(cluster: &Cluster) -> Self {
        let spec = |key: &str| cluster.spec.get(key);
        Self {
            id: cluster.id.clone(),
            name: cluster.name().to_owned(),
            state: cluster.state.name(),
            runtime: spec("spark_version")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned(),
            size: match (spec("num_workers"), spec("autoscale")) {
                (Some(workers), _) => format!("{workers} workers"),
                (None, Some(range)) => format!("autoscale {range}"),
                (None, None) => String::new(),
            },
        }
    }
}

impl FileRow {
    fn of(path: &str, node: &Node) -> Self {
        Self {
            path: path.to_owned(),
            kind: node.kind(),
            changed_by: node.modified_by.clone(),
            editable: matches!(node.content, Content::Notebook { .. }),
        }
    }
}

#[derive(Template)]
#[template(path = "databricks_notebook.html")]
struct Notebook {
    workspace: String,
    people: Vec<String>,
    path: String,
    source: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Which {
    path: String,
}

/// The editor, with an empty Python notebook when there is none at the path.
pub(super) async fn notebook(State(page): State<Page>, Query(which): Query<Which>) -> Response {
    let source = page.handle.read_file(&which.path);
    let source = source.map_or_else(
        || "# Databricks notebook source\n".to_owned(),
        |bytes| String::from_utf8_lossy(&bytes).into_owned(),
    );
    let (workspace, people) = heading(&page.world);
    rendered(
        &Notebook {
            workspace,
            people,
            path: which.path,
            source,
        },
        StatusCode::OK,
    )
}

/// Name of the workspace and who may act.
fn heading(world: &Shared<World>) -> (String, Vec<String>) {
    let world = world.lock();
    (world.host.clone(), world.directory.people())
}
