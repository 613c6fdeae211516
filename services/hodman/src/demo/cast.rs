//! The people of the story, and what they can do: they work through the same APIs as everybody.

use anyhow::Context as _;
use hodman_clients::databricks::{
    Auth, Connections, ImportFormat, Language, Workspace, WorkspaceConfig,
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A person in one workspace.
#[derive(Clone, Debug)]
pub struct Cast {
    workspace: Workspace,
}

impl Cast {
    /// Somebody with a token.
    ///
    /// # Errors
    /// When the host is none.
    pub fn new(name: &str, host: &str, token: &str) -> anyhow::Result<Self> {
        let config = WorkspaceConfig {
            name: name.to_owned(),
            host: host.to_owned(),
            auth: Auth::Token(SecretString::from(token)),
            timeout: Duration::from_secs(30),
            user_agent: "somebody".to_owned(),
        };
        let workspace =
            Workspace::new(config, &Connections::new()?).context("a person's client")?;
        Ok(Self { workspace })
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// All jobs: name, id, settings.
    ///
    /// # Errors
    /// When the workspace does not answer.
    pub async fn jobs(&self) -> anyhow::Result<Vec<(String, i64, Value)>> {
        let jobs = self.workspace.jobs().list_all().await?;
        Ok(jobs
            .into_iter()
            .map(|job| {
                let name = job.settings["name"].as_str().unwrap_or_default().to_owned();
                (name, job.job_id, job.settings)
            })
            .collect())
    }

    /// One job by name.
    ///
    /// # Errors
    /// When there is none.
    pub async fn job(&self, name: &str) -> anyhow::Result<(i64, Value)> {
        let found = self
            .jobs()
            .await?
            .into_iter()
            .find(|(known, ..)| known == name);
        found
            .map(|(_, id, settings)| (id, settings))
            .with_context(|| format!("there is no job `{name}`"))
    }

    /// Changes a job's settings by hand.
    ///
    /// # Errors
    /// When there is no such job, or the workspace refuses.
    pub async fn edit_job(
        &self,
        name: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> anyhow::Result<()> {
        let (id, mut settings) = self.job(name).await?;
        change(settings.as_object_mut().context("settings are an object")?);
        Ok(self.workspace.jobs().reset(id, settings).await?)
    }

    /// Makes a job as the workspace's page does, which queues the runs of a new one.
    ///
    /// # Errors
    /// When the workspace refuses.
    pub async fn create_job(&self, mut settings: Value) -> anyhow::Result<i64> {
        if let Some(settings) = settings.as_object_mut() {
            settings
                .entry("queue")
                .or_insert_with(|| serde_json::json!({ "enabled": true }));
        }
        Ok(self.workspace.jobs().create(settings).await?)
    }

    /// Deletes a job.
    ///
    /// # Errors
    /// When the workspace refuses.
    pub async fn delete_job(&self, id: i64) -> anyhow::Result<()> {
        self.workspace.jobs().delete(id).await?;
        Ok(())
    }

    /// Makes a cluster.
    ///
    /// # Errors
    /// When the workspace refuses.
    pub async fn create_cluster(&self, spec: Value) -> anyhow::Result<String> {
        Ok(self.workspace.clusters().create(spec).await?)
    }

    /// Names of all clusters.
    ///
    /// # Errors
    /// When the workspace does not answer.
    pub async fn clusters(&self) -> anyhow::Result<Vec<Value>> {
        Ok(self.workspace.clusters().list_all().await?)
    }

    /// Writes a Python notebook.
    ///
    /// # Errors
    /// When the workspace refuses.
    pub async fn notebook(&self, path: &str, source: &str) -> anyhow::Result<()> {
        let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
        self.workspace.files().mkdirs(folder).await?;
        let format = ImportFormat::SourceNotebook {
            language: Language::Python,
        };
        Ok(self
            .workspace
            .files()
            .import(path, source.as_bytes().to_vec(), format, true)
            .await?)
    }

    /// A notebook's or file's content.
    ///
    /// # Errors
    /// When there is none.
    pub async fn read(&self, path: &str) -> anyhow::Result<String> {
        Ok(String::from_utf8_lossy(&self.workspace.files().export(path).await?).into_owned())
    }

    /// Paths below a folder.
    ///
    /// # Errors
    /// When the workspace does not answer.
    pub async fn files(&self, folder: &str) -> anyhow::Result<Vec<String>> {
        let entries = self.workspace.files().list_recursive(folder).await?;
        Ok(entries.into_iter().map(|entry| entry.path).collect())
    }

    /// A task that runs a notebook.
    #[must_use]
    pub fn notebook_task(key: &str, path: &str, after: &[&str]) -> Value {
        let after: Vec<Value> = after.iter().map(|key| json!({ "task_key": key })).collect();
        let mut task = json!({ "task_key": key, "notebook_task": { "notebook_path": path } });
        if !after.is_empty() {
            task["depends_on"] = Value::Array(after);
        }
        task
    }
}
