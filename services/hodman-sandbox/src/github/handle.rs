//! The handle: starting, stopping, and who and what is there.

mod luck;
mod people;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::app::AppSpec;
use super::auth::Token;
use super::courier::Courier;
use super::git::Change;
use super::http::{self, Shared, lock};
use super::reply::ApiError;
use super::world::{Clock, Org, World};
use crate::faults::{self, Faults, Server};
pub use luck::DeliveryRecord;
pub use people::PullView;

/// How to start.
pub struct GitHubOptions {
    /// Where to listen; port 0 takes any free port.
    pub addr: SocketAddr,
    /// Directory for the bare repositories; must exist.
    pub root_dir: PathBuf,
    /// The time of everything this GitHub does.
    pub clock: Clock,
}

/// Starting failed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not allowed.
    #[error("the sandbox GitHub cannot listen on {addr}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The client that sends webhooks cannot be built.
    #[error("the sandbox GitHub cannot send webhooks")]
    Client(#[source] reqwest::Error),
}

/// A running GitHub.
pub struct GitHub {
    world: Shared,
    server: Server,
    faults: Faults,
}

impl GitHub {
    /// Starts to serve; must be called in a tokio run time, which also carries the webhooks.
    ///
    /// # Errors
    /// The address cannot be bound, or no HTTP client can be built.
    pub async fn start(options: GitHubOptions) -> Result<Self, StartError> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(StartError::Client)?;
        let courier = Courier::new(tokio::runtime::Handle::current(), client);
        let world = Arc::new(Mutex::new(World::new(
            options.clock,
            options.root_dir,
            courier,
        )));
        lock(&world).courier.report_to(&world);
        let faults = Faults::new();
        let served = faults::serve(options.addr, http::router(Arc::clone(&world)), &faults).await;
        let server = served.map_err(|source| StartError::Bind {
            addr: options.addr,
            source,
        })?;
        lock(&world).base_url = server.url();
        Ok(Self {
            world,
            server,
            faults,
        })
    }

    /// `http://127.0.0.1:<port>`; the REST interface is at the root and below `/api/v3`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Fault switches and request log.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Stops serving; requests in work get two seconds.
    pub async fn shutdown(self) {
        self.server.shutdown(Duration::from_secs(2)).await;
    }

    /// Adds a person with a token.
    pub fn add_user(&self, login: &str, token: &str) {
        let mut world = lock(&self.world);
        world.put_user(
            login,
            login,
            &format!("{login}@users.noreply.github.com"),
            "User",
        );
        world
            .tokens
            .insert(token.to_owned(), Token::User(login.to_owned()));
    }

    /// Sets the name and address a person commits with.
    pub fn describe_user(&self, login: &str, name: &str, email: &str) {
        lock(&self.world).put_user(login, name, email, "User");
    }

    /// Adds an organisation; members are logins with `admin` or `member`.
    pub fn add_org(&self, login: &str, members: &[(&str, &str)]) {
        let mut world = lock(&self.world);
        world.put_user(login, login, "", "Organization");
        let members = members
            .iter()
            .map(|(login, role)| ((*login).to_owned(), (*role).to_owned()))
            .collect();
        world.orgs.insert(
            login.to_owned(),
            Org {
                members,
                ..Org::default()
            },
        );
    }

    /// Creates a private repository with files on `main`; the owner must exist.
    ///
    /// # Errors
    /// The name is taken or not `owner/name`, or git failed.
    pub fn create_repo(
        &self,
        full_name: &str,
        files: &[(&str, &[u8])],
        by: &str,
    ) -> Result<(), ApiError> {
        let (owner, name) = full_name.split_once('/').ok_or_else(ApiError::not_found)?;
        let mut world = lock(&self.world);
        let repo = world.create_repo(owner, name, true)?;
        let changes: Vec<Change> = files
            .iter()
            .map(|(path, content)| Change {
                path: (*path).to_owned(),
                content: Some(content.to_vec()),
            })
            .collect();
        if !changes.is_empty() {
            world.commit(repo, "main", &changes, "Initial commit", by)?;
        }
        Ok(())
    }

    /// Registers an App with one installation; the App hears of the installation.
    ///
    /// # Errors
    /// The private key is not an RSA key in PEM.
    pub fn add_app(&self, spec: &AppSpec) -> Result<(), ApiError> {
        lock(&self.world).add_app(spec)
    }

    /// Limits an installation to these repositories (names without owner); `None`: all of the account.
    pub fn select_repositories(&self, installation: u64, names: Option<&[&str]>) {
        let names = names.map(|names| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<_>>()
        });
        if let Some(found) = lock(&self.world).installations.get_mut(&installation) {
            found.repositories = names;
        }
    }

    /// Adds a webhook, which gets a `ping`; the hook's id.
    ///
    /// # Errors
    /// No such repository.
    pub fn add_hook(
        &self,
        repo: &str,
        url: &str,
        secret: &str,
        events: &[&str],
    ) -> Result<u64, ApiError> {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        self.with(repo, |world, repo| {
            Ok(world.add_hook(repo, url, Some(secret.to_owned()), events))
        })
    }

    /// Does something with a repository under the lock.
    fn with<T>(
        &self,
        repo: &str,
        act: impl FnOnce(&mut World, u64) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut world = lock(&self.world);
        let found = repo
            .split_once('/')
            .and_then(|(owner, name)| world.find_repo(owner, name));
        act(&mut world, found.ok_or_else(ApiError::not_found)?)
    }
}
