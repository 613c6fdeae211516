//! A forge with two repositories, and their workspaces: one repository holds jobs that are to be made in the workspace
//! `qa`, the other one is to hold what people made in the workspace `dev`.

use anyhow::Context as _;
use hodman_sandbox::databricks::{Databricks, DatabricksOptions, FixedToken, WorkspaceHandle};
use hodman_sandbox::faults::RequestRecord;
use hodman_sandbox::github::{GitHub, GitHubOptions};
use secrecy::SecretString;
use serde_json::json;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The variable of the processes' environment that holds every secret.
pub(in crate::bench) const SECRET_VARIABLE: &str = "HODMAN_BENCH_SECRET";

/// What it holds.
pub(in crate::bench) const SECRET: &str = "a secret of the benchmark";

/// Notebooks that the jobs share.
pub(super) const NOTEBOOKS: u32 = 10;

/// Whose jobs they are in `dev`.
const PERSON: &str = "bench@acme.example";

/// Which of the two repositories.
#[derive(Clone, Copy, Debug)]
pub(super) enum Pipeline {
    /// Its jobs are made in `qa`.
    Made,
    /// It keeps the jobs of `dev`.
    Kept,
}

impl Pipeline {
    pub fn name(self) -> &'static str {
        match self {
            Self::Made => "made",
            Self::Kept => "kept",
        }
    }

    pub fn env(self) -> &'static str {
        match self {
            Self::Made => "qa",
            Self::Kept => "dev",
        }
    }
}

pub(super) struct Town {
    forge: GitHub,
    databricks: Databricks,
    config: PathBuf,
}

impl Town {
    /// `jobs` in the one repository, and as many in the other one's workspace.
    pub async fn start(directory: &Path, jobs: u32, permissions: bool) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory).context("making a directory")?;
        let options = DatabricksOptions {
            workspaces: ["qa", "dev"].map(str::to_owned).to_vec(),
            people: vec![PERSON.to_owned()],
            tokens: vec![FixedToken {
                value: SecretString::from(SECRET),
                login: PERSON.to_owned(),
            }],
            ..DatabricksOptions::default()
        };
        let databricks = Databricks::start(options)
            .await
            .context("starting the sandbox's workspaces")?;
        let forge = GitHub::start(GitHubOptions {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            root_dir: directory.join("forge"),
            clock: Arc::new(chrono::Utc::now),
        })
        .await
        .context("starting the sandbox's GitHub")?;
        forge.add_user("hodman-bot", SECRET);
        forge.add_org("acme", &[("hodman-bot", "member")]);
        let town = Self {
            forge,
            databricks,
            config: directory.join("hodman.yaml"),
        };
        town.repository(Pipeline::Made, &made(&town, jobs, permissions))?;
        town.repository(Pipeline::Kept, &kept(&town))?;
        town.seed(jobs)?;
        std::fs::write(&town.config, town.settings(directory)).context("writing the settings")?;
        Ok(town)
    }

    /// The settings' file.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// How many jobs are in `qa`.
    pub fn made(&self) -> usize {
        self.workspace(Pipeline::Made).list_jobs().len()
    }

    /// Calls that the workspace of a pipeline answered since [`Town::forget_calls`].
    pub fn calls(&self, pipeline: Pipeline) -> Vec<RequestRecord> {
        self.workspace(pipeline).requests()
    }

    /// Begins to count anew.
    pub fn forget_calls(&self, pipeline: Pipeline) {
        self.workspace(pipeline).faults().clear_requests();
    }

    pub async fn stop(self) {
        self.forge.shutdown().await;
        self.databricks.shutdown().await;
    }

    fn workspace(&self, pipeline: Pipeline) -> WorkspaceHandle {
        let mut all = self.databricks.workspaces();
        let at = match pipeline {
            Pipeline::Made => 0,
            Pipeline::Kept => 1,
        };
        // Started with two, which nothing takes away.
        all.swap_remove(at)
    }

    fn repository(&self, pipeline: Pipeline, files: &[(String, String)]) -> anyhow::Result<()> {
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_bytes()))
            .collect();
        self.forge
            .create_repo(&format!("acme/{}", pipeline.name()), &files, "hodman-bot")
            .map_err(|error| anyhow::anyhow!("making a repository: {}", error.message))
    }

    fn seed(&self, jobs: u32) -> anyhow::Result<()> {
        let dev = self.workspace(Pipeline::Kept);
        for number in 0..NOTEBOOKS {
            dev.put_notebook(
                &format!("/Shared/bench/step_{number}"),
                &notebook(number),
                PERSON,
            )
            .map_err(|error| anyhow::anyhow!("seeding dev: {error:?}"))?;
        }
        for number in 0..jobs {
            let task = |key: &str, notebook: u32| {
                json!({
                    "task_key": key,
                    "notebook_task": {
                        "notebook_path": format!("/Shared/bench/step_{}", notebook % NOTEBOOKS),
                        "base_parameters": { "table": format!("table_{number}") },
                    },
                    "max_retries": 1,
                })
            };
            let mut second = task("second", number + 1);
            second["depends_on"] = json!([{ "task_key": "first" }]);
            let job = json!({
                "name": format!("job {number:05}"),
                "tags": { "team": "bench" },
                "schedule": {
                    "quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "UTC", "pause_status": "PAUSED",
                },
                "tasks": [task("first", number), second],
            });
            dev.create_job(job, PERSON)
                .map_err(|error| anyhow::anyhow!("seeding dev: {error:?}"))?;
        }
        Ok(())
    }

    fn settings(&self, directory: &Path) -> String {
        let mut text = format!(
            "listen: 127.0.0.1:1\n\
             insecure: {{user_credentials: true}}\n\
             data_dir: {data}\n\
             github:\n  api_url: {forge}\n  token: {{env: {SECRET_VARIABLE}}}\n  webhook_secrets: [{{env: {SECRET_VARIABLE}}}]\n\
             pipelines: [{{name: made, repository: acme/made, branch: main}}, {{name: kept, repository: acme/kept, branch: main}}]\n\
             workspaces:\n",
            data = directory.join("data").display(),
            forge = self.forge.url(),
        );
        for one in self.databricks.workspaces() {
            text.push_str(&format!(
                "  {}: {{host: \"{}\", token: {{env: {SECRET_VARIABLE}}}}}\n",
                one.name(),
                one.url()
            ));
        }
        text
    }
}

fn notebook(number: u32) -> String {
    format!("# Databricks notebook source\nprint('step {number}')\n")
}

/// A bundle with a file for each job.
fn made(town: &Town, jobs: u32, permissions: bool) -> Vec<(String, String)> {
    let mut files = vec![
        (
            "databricks.yml".to_owned(),
            "bundle:\n  name: made\ninclude:\n  - resources/*.yml\nsync:\n  paths:\n    - src\ntargets:\n  qa: {}\n"
                .to_owned(),
        ),
        (
            "environments/qa/environment.yaml".to_owned(),
            format!(
                "mode: promoted\nworkspaces:\n  - name: qa\n    host: \"{}\"\nbundle_target: qa\n",
                town.workspace(Pipeline::Made).url()
            ),
        ),
    ];
    for number in 0..NOTEBOOKS {
        files.push((format!("src/step_{number}.py"), notebook(number)));
    }
    let permissions = match permissions {
        true => "      permissions:\n        - group_name: users\n          level: CAN_VIEW\n",
        false => "",
    };
    for number in 0..jobs {
        let (first, second) = (number % NOTEBOOKS, (number + 1) % NOTEBOOKS);
        let text = format!(
            "resources:\n  jobs:\n    job_{number:05}:\n      name: job {number:05}\n      tags:\n        team: bench\n\
             \x20     schedule:\n        quartz_cron_expression: 0 0 2 * * ?\n        timezone_id: UTC\n        pause_status: PAUSED\n\
             {permissions}\
             \x20     tasks:\n        - task_key: first\n          notebook_task:\n            notebook_path: ../src/step_{first}.py\n\
             \x20           base_parameters:\n              table: table_{number}\n          max_retries: 1\n\
             \x20       - task_key: second\n          depends_on:\n            - task_key: first\n          notebook_task:\n\
             \x20           notebook_path: ../src/step_{second}.py\n            base_parameters:\n              table: table_{number}\n\
             \x20         max_retries: 1\n"
        );
        files.push((format!("resources/job_{number:05}.job.yml"), text));
    }
    files
}

/// A bundle without anything yet.
fn kept(town: &Town) -> Vec<(String, String)> {
    vec![
        (
            "databricks.yml".to_owned(),
            "bundle:\n  name: kept\ninclude:\n  - resources/*.yml\nsync:\n  paths:\n    - src\ntargets:\n  dev:\n    default: true\n"
                .to_owned(),
        ),
        (
            "environments/dev/environment.yaml".to_owned(),
            format!(
                "mode: free-form\nworkspaces:\n  - name: dev\n    host: \"{}\"\nbundle_target: dev\n\
                 capture:\n  jobs:\n    include: [\"*\"]\n  paths:\n    - /Shared/bench\n",
                town.workspace(Pipeline::Kept).url()
            ),
        ),
    ]
}
