//! The workspaces that environments name, and the clients that speak to them: one client, and so one token and one
//! limiter, for each.

mod at_work;
mod aws;
mod foundation;
mod terraform;

pub use foundation::Seen;

use crate::clock::Clock;
use crate::config::{self, Whose};
use crate::packages::Packages;
use crate::secrets::Sources;
use crate::work::WorkError;
use at_work::AtWork;
use hodman_clients::databricks::{
    ApiError, Connections, ErrorKind, Request, Workspace, WorkspaceConfig,
};
use hodman_store::Store;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use terraform::Turns;
use tokio::sync::watch;

/// More than the time that a program was given to end, for what is written down of its end.
const AFTERWORDS: Duration = Duration::from_secs(10);

/// What places use for themselves beside what they speak to.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Where what must outlive the database is kept.
    pub packages: Arc<Packages>,
    /// Whose key what must not be read is sealed with.
    pub secrets: Arc<Sources>,
    /// For what may be lost with it.
    pub store: Store,
    /// The moment.
    pub clock: Clock,
    /// The daemon's own folder.
    pub folder: PathBuf,
}

/// Workspaces by name. Credentials are taken only from the daemon's own configuration, under the name that the
/// environment gives: no pull request can name the daemon's keys or send them to another host.
#[derive(Debug)]
pub struct Places {
    configured: BTreeMap<String, config::Workspace>,
    accounts: BTreeMap<String, config::Account>,
    aws: BTreeMap<String, config::AwsPlace>,
    /// Whether users' tokens are taken.
    users: bool,
    /// With how many of its programs run at once, whichever environments they run for.
    terraform: BTreeMap<String, (config::TerraformPlace, Turns)>,
    ground: Ground,
    stop: watch::Sender<bool>,
    at_work: AtWork,
    connections: Connections,
    clients: Mutex<BTreeMap<(String, String), Workspace>>,
}

impl Places {
    /// Makes clients as they are needed.
    ///
    /// # Errors
    /// When the TLS stack cannot be set up.
    pub fn new(config: &config::Config, ground: Ground) -> anyhow::Result<Self> {
        let terraform = config.terraform.iter().map(|(name, place)| {
            let turns = Turns::new(place.at_once);
            (name.clone(), (place.clone(), turns))
        });
        Ok(Self {
            configured: config.workspaces.clone(),
            accounts: config.accounts.clone(),
            aws: config.aws.clone(),
            users: config.insecure.user_credentials,
            terraform: terraform.collect(),
            ground,
            stop: watch::Sender::new(false),
            at_work: AtWork::default(),
            connections: Connections::new()?,
            clients: Mutex::default(),
        })
    }

    /// Asks the programs at work to end. They finish what they are at, and store what they know of it.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Forgets what is kept for a while only and whose time is over at `now`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_old(&self, now: chrono::DateTime<chrono::Utc>) -> Result<(), WorkError> {
        let gone = terraform::forget_old(&self.ground.store, now).await?;
        if gone > 0 {
            tracing::debug!(
                plans = gone,
                "saved plans whose time was over are forgotten"
            );
        }
        Ok(())
    }

    /// Takes away what a death left in the folders of runs, where nobody is at work any more. Reads and removes many files: off the
    /// async threads.
    pub fn sweep(&self) {
        match terraform::sweep(&self.ground) {
            Ok(0) => {}
            Ok(folders) => tracing::debug!(folders, "folders of earlier runs are swept"),
            Err(error) => tracing::warn!("what earlier runs of Terraform left stays: {error:#}"),
        }
    }

    /// How long their end is worth waiting for: `otherwise` when none is at work.
    #[must_use]
    pub fn patience(&self, otherwise: Duration) -> Duration {
        if !self.at_work.any() {
            return otherwise;
        }
        let ends = self
            .terraform
            .values()
            .map(|(place, _)| place.longest_end());
        ends.max()
            .map_or(otherwise, |longest| otherwise.max(longest + AFTERWORDS))
    }

    /// The only host that the configuration allows for a workspace.
    #[must_use]
    pub fn host(&self, name: &str) -> Option<&str> {
        let host = &self.configured.get(name)?.host;
        (!host.is_empty()).then_some(host.as_str())
    }

    /// The client for a workspace that `environment.yaml` names with its host.
    ///
    /// # Errors
    /// When the configuration does not know it, gives it another host, or lacks its credentials.
    pub fn workspace(
        &self,
        whose: Whose<'_>,
        name: &str,
        host: &str,
    ) -> Result<Workspace, WorkError> {
        let known = self.configured.get(name).ok_or_else(|| {
            WorkError::lasting(format!(
                "workspace `{name}` is not in the daemon's configuration (`workspaces:`)"
            ))
        })?;
        self.lets_in(whose, name, known)?;
        if known.account.is_some() {
            return Err(WorkError::lasting(format!(
                "workspace `{name}`: the daemon's configuration allows only one that a module makes: `host: ${{modules.<call>.outputs.<name>}}`"
            )));
        }
        if trimmed(&known.host) != trimmed(host) {
            return Err(WorkError::lasting(format!(
                "workspace `{name}`: environment.yaml says {host}, the daemon's configuration allows {} only",
                known.host
            )));
        }
        self.client(name, host, known)
    }

    /// Whether the environment may use the workspace's credentials.
    fn lets_in(
        &self,
        whose: Whose<'_>,
        name: &str,
        known: &config::Workspace,
    ) -> Result<(), WorkError> {
        match &known.environments {
            Some(environments) => {
                foundation::allowed(whose, &format!("workspace `{name}`"), environments)
            }
            None => Ok(()),
        }
    }

    /// The client, if it speaks for a service principal. Asked once for each client, and only where a token could be a
    /// user's.
    ///
    /// # Errors
    /// When it speaks for a user, or nobody says for whom.
    pub async fn machine(&self, workspace: Workspace) -> Result<Workspace, WorkError> {
        if self.users {
            return Ok(workspace);
        }
        match workspace.user().await? {
            None => Ok(workspace),
            Some(user) => Err(WorkError::lasting(format!(
                "workspace `{}`: {}",
                workspace.name(),
                of_a_user(user)
            ))),
        }
    }

    fn known(&self, key: &(String, String)) -> Option<Workspace> {
        self.clients
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .get(key)
            .cloned()
    }

    fn keep(&self, key: (String, String), client: &Workspace) {
        self.clients
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(key, client.clone());
    }

    fn client(
        &self,
        name: &str,
        host: &str,
        known: &config::Workspace,
    ) -> Result<Workspace, WorkError> {
        let key = (name.to_owned(), host.to_owned());
        if let Some(client) = self.known(&key) {
            return Ok(client);
        }
        let config = WorkspaceConfig {
            name: name.to_owned(),
            host: host.to_owned(),
            auth: known
                .auth()
                .map_err(|error| WorkError::lasting(format!("workspace `{name}`: {error:#}")))?,
            timeout: Duration::from_secs(60),
            user_agent: concat!("hodman/", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        let client = Workspace::new(config, &self.connections)
            .map_err(|error| WorkError::lasting(format!("workspace `{name}`: {error}")))?;
        self.keep(key, &client);
        Ok(client)
    }
}

/// What is said of a token that is a user's.
pub(crate) fn of_a_user(user: &str) -> String {
    format!("the token is that of the user {user}, and hodman acts as a service principal only")
}

fn trimmed(host: &str) -> &str {
    host.trim_end_matches('/')
}

fn error(request: &Request, kind: ErrorKind, words: impl Into<String>) -> ApiError {
    let call = format!("{} {}", request.method, request.path);
    ApiError::of(kind, call, None, words, false)
}
