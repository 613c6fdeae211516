//! What a daemon needs around it: a forge with the worked example, and its workspaces.

use crate::example;
use anyhow::Context as _;
use hodman_sandbox::databricks::{Databricks, DatabricksOptions, FixedToken};
use hodman_sandbox::github::{GitHub, GitHubOptions};
use secrecy::SecretString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

/// The repository.
pub(super) const REPOSITORY: &str = "acme/shop";

/// The variable of the daemon's environment that holds every secret.
pub(super) const SECRET_VARIABLE: &str = "HODMAN_BENCH_SECRET";

/// What it holds.
pub(super) const SECRET: &str = "a secret of the benchmark";

pub(super) struct Surroundings {
    forge: GitHub,
    databricks: Databricks,
    hosts: Vec<(String, String)>,
}

impl Surroundings {
    pub async fn start(directory: &Path) -> anyhow::Result<Self> {
        let person = "bench@acme.example".to_owned();
        let options = DatabricksOptions {
            workspaces: ["dev", "qa", "prod"].map(str::to_owned).to_vec(),
            people: vec![person.clone()],
            tokens: vec![FixedToken {
                value: SecretString::from(SECRET),
                login: person,
            }],
            ..DatabricksOptions::default()
        };
        let databricks = Databricks::start(options)
            .await
            .context("starting the sandbox's workspaces")?;
        let hosts: Vec<(String, String)> = databricks
            .workspaces()
            .iter()
            .map(|one| (one.name().to_owned(), one.url()))
            .collect();
        let forge = GitHub::start(GitHubOptions {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            root_dir: directory.join("forge"),
            clock: Arc::new(chrono::Utc::now),
        })
        .await
        .context("starting the sandbox's GitHub")?;
        forge.add_user("hodman-bot", SECRET);
        forge.add_org("acme", &[("hodman-bot", "member")]);
        let pairs: Vec<(&str, String)> = hosts
            .iter()
            .map(|(name, url)| (name.as_str(), url.clone()))
            .collect();
        let files = example::files_at(&pairs);
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_bytes()))
            .collect();
        forge
            .create_repo(REPOSITORY, &files, "hodman-bot")
            .map_err(|error| anyhow::anyhow!("making the repository: {}", error.message))?;
        Ok(Self {
            forge,
            databricks,
            hosts,
        })
    }

    /// A daemon's configuration. Without pipelines' branches the start would ask GitHub for the default one.
    pub fn config(&self, home: &Path, port: u16) -> String {
        let mut text = format!(
            "listen: 127.0.0.1:{port}\n\
             insecure: {{user_credentials: true}}\n\
             data_dir: {home}\n\
             github:\n  api_url: {forge}\n  token: {{env: {SECRET_VARIABLE}}}\n  webhook_secrets: [{{env: {SECRET_VARIABLE}}}]\n\
             pipelines: [{{name: shop, repository: {REPOSITORY}, branch: main}}]\n\
             workspaces:\n",
            home = home.display(),
            forge = self.forge.url(),
        );
        for (name, url) in &self.hosts {
            text.push_str(&format!(
                "  {name}: {{host: \"{url}\", token: {{env: {SECRET_VARIABLE}}}}}\n"
            ));
        }
        text
    }

    /// How many pull requests are open.
    pub fn open_pulls(&self) -> usize {
        self.forge
            .pulls(REPOSITORY)
            .iter()
            .filter(|pull| pull.open)
            .count()
    }

    pub async fn stop(self) {
        self.forge.shutdown().await;
        self.databricks.shutdown().await;
    }
}
