//! Everything that the daemon's parts share, opened once from the configuration.

use crate::clock::Clock;
use crate::config::{Config, Pipeline};
use crate::intake::signature::Verifier;
use crate::intake::sqs::QueueStatus;
use crate::intake::webhook::Counters;
use crate::packages::Packages;
use crate::places::{Ground, Places};
use crate::secrets::Sources;
use crate::sign::Signer;
use crate::work::{Served, Work};
use anyhow::Context as _;
use hodman_clients::git::{CredentialSource, Credentials, Mirror, MirrorConfig};
use hodman_clients::github::GitHub;
use hodman_store::migrations::SchemaVersion;
use hodman_store::{Store, StoreUrl};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use tokio::sync::watch;

/// The shared parts.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The settings.
    pub config: Arc<Config>,
    /// The moment.
    pub clock: Clock,
    /// What is remembered.
    pub store: Store,
    /// What executors use.
    pub work: Arc<Work>,
    /// Where people reach the web page.
    pub public_url: String,
    /// Who may send webhooks.
    pub verifier: Verifier,
    /// What webhooks brought so far.
    pub counters: Arc<Counters>,
    /// How each queue does, by its label.
    pub queues: Arc<BTreeMap<String, watch::Sender<QueueStatus>>>,
}

/// Makes the data directory where there is none.
pub(super) fn make_data_dir(config: &Config) -> anyhow::Result<()> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("making the data directory {}", config.data_dir.display()))
}

/// What lies there is nobody else's to read: events, plans, the signing key, the token.
fn close_data_dir(config: &Config) -> anyhow::Result<()> {
    make_data_dir(config)?;
    let folder = &config.data_dir;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
        .with_context(|| format!("closing the data directory {} to others", folder.display()))
}

async fn store_beside(url: &StoreUrl, clock: &Clock) -> anyhow::Result<Store> {
    let is_there = match url {
        StoreUrl::Sqlite(path) => path.exists(),
        StoreUrl::SqliteMemory => false,
        StoreUrl::Postgres(_) => true,
    };
    if is_there {
        let (store, SchemaVersion { found, known }) =
            Store::look(url).await.context("opening the store")?;
        if found == known {
            return Ok(store);
        }
        store.close().await;
        anyhow::ensure!(
            found == 0,
            "{url} has schema version {found}, this hodman works with {known}: ask the hodman that serves with it, or stop that one \
             and run `hodman migrate` first"
        );
    }
    Store::open(url, clock.now())
        .await
        .context("opening the store")
}

impl Parts {
    /// Opens the store, the package store, the mirrors and the clients.
    ///
    /// # Errors
    /// When one of them cannot be opened; the message says which.
    pub async fn open(config: Config, clock: Clock, address: SocketAddr) -> anyhow::Result<Self> {
        close_data_dir(&config)?;
        let store = Store::open(&config.store_target()?, clock.now()).await;
        Self::over(store.context("opening the store")?, config, clock, address).await
    }

    /// The same beside a daemon that may be of another version: a database stays in the form that it has. One with nothing in it is
    /// nobody's yet.
    ///
    /// # Errors
    /// Also when the database is in the form of an older hodman.
    pub async fn open_beside(
        config: Config,
        clock: Clock,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        close_data_dir(&config)?;
        let store = store_beside(&config.store_target()?, &clock).await?;
        Self::over(store, config, clock, address).await
    }

    async fn over(
        store: Store,
        config: Config,
        clock: Clock,
        address: SocketAddr,
    ) -> anyhow::Result<Self> {
        let verifier = config.verifier()?;
        let github = Arc::new(
            config
                .github
                .client()
                .context("setting up the GitHub client")?,
        );
        let public_url = config
            .public_url
            .clone()
            .unwrap_or_else(|| format!("http://{address}"));
        let queues = config
            .sqs
            .iter()
            .map(|queue| {
                (
                    queue.label().to_owned(),
                    watch::Sender::new(QueueStatus::default()),
                )
            })
            .collect();
        let mut pipelines = BTreeMap::new();
        for pipeline in &config.pipelines {
            pipelines.insert(pipeline.name.clone(), served(&config, &github, pipeline)?);
        }
        let packages = Packages::open(&config.package_store())
            .await
            .context("opening the package store")?;
        let secrets = Sources::open(&config)
            .await
            .context("setting up the sources of secrets")?;
        let ground = Ground {
            packages: Arc::new(packages),
            secrets: Arc::new(secrets),
            store: store.clone(),
            clock: clock.clone(),
            folder: config.data_dir.clone(),
        };
        let work = Work {
            store: store.clone(),
            clock: clock.clone(),
            github,
            pipelines,
            packages: Arc::clone(&ground.packages),
            secrets: Arc::clone(&ground.secrets),
            places: Places::new(&config, ground).context("setting up HTTP clients")?,
            signer: Signer::load(config.signing_key.as_ref(), &config.data_dir)?,
            public_url: Some(public_url.clone()),
            origins: Default::default(),
            made: Default::default(),
            touched: Default::default(),
        };
        Ok(Self {
            config: Arc::new(config),
            clock,
            store,
            work: Arc::new(work),
            public_url,
            verifier,
            counters: Arc::default(),
            queues: Arc::new(queues),
        })
    }
}

fn served(config: &Config, github: &Arc<GitHub>, pipeline: &Pipeline) -> anyhow::Result<Served> {
    let remote = format!("{}/{}.git", config.github.git_base(), pipeline.repository);
    let folder = config.data_dir.join("mirrors");
    let path = folder.join(format!("{}.git", pipeline.name));
    let mirror = Mirror::open(MirrorConfig::new(path, remote, credentials(github)))
        .with_context(|| format!("opening the mirror of {}", pipeline.repository))?;
    let note = folder.join(format!("{}.branch", pipeline.name));
    Ok(Served::new(pipeline.clone(), mirror, note))
}

/// git's credentials are the API client's: the token never stands in a URL or a file.
fn credentials(github: &Arc<GitHub>) -> CredentialSource {
    let github = Arc::clone(github);
    let runtime = tokio::runtime::Handle::current();
    Arc::new(move || {
        let (user, password) = runtime.block_on(github.git_credentials())?;
        Ok(Some(Credentials { user, password }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_database_in_an_older_form_is_refused_and_stays_in_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let url = StoreUrl::sqlite(folder.path().join("hodman.db"));
        let clock = Clock::system();
        let older = Store::migrate(&url, 1, clock.now()).await;
        assert_eq!(older.expect("made"), 1);
        for _ in 0..2 {
            let refused = store_beside(&url, &clock).await.expect_err("refused");
            let words = refused.to_string();
            assert!(words.contains("has schema version 1, "), "{words}");
        }
        // One that is not there is nobody's.
        let url = StoreUrl::sqlite(folder.path().join("new.db"));
        for _ in 0..2 {
            let store = store_beside(&url, &clock).await.expect("opened");
            assert!(store.load_state("shop").await.expect("asked").is_none());
            store.close().await;
        }
    }
}
