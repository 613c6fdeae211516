//! The demo's world: a forge, an account with three workspaces, and the daemon, all on loopback.

use super::{Cast, DemoClock, Story, Transcript};
use crate::config::{Config, Purpose};
use crate::daemon::Daemon;
use crate::example;
use crate::web::ApiToken;
use crate::work::first_lock;
use anyhow::Context as _;
use hodman_core::settings::Settings;
use hodman_model::files::{SourceBytes, parse_environment};
use hodman_sandbox::databricks::{self, Databricks, DatabricksOptions, FixedToken, Principal};
use hodman_sandbox::github::{GitHub, GitHubOptions};
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tempfile::TempDir;

/// The repository of the story.
pub const REPOSITORY: &str = "acme/shop";
/// Everything made up for the demo that is a secret carries this, so that a test can look for it everywhere.
pub const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";
/// The environments of the story.
pub const ENVIRONMENTS: [&str; 3] = ["dev", "qa", "prod"];

/// How the world is started.
#[derive(Clone, Debug, Default)]
pub struct WorldOptions {
    /// The daemon's port; 0 picks one.
    pub port: u16,
}

/// A running world.
pub struct World {
    /// The forge.
    pub forge: Arc<GitHub>,
    /// The account and its workspaces.
    pub databricks: Databricks,
    /// The daemon.
    pub daemon: Daemon,
    /// Its clock.
    pub clock: DemoClock,
    people: BTreeMap<String, Cast>,
    config: Config,
    _directory: TempDir,
}

impl World {
    /// Starts everything and seeds the repository and dev.
    ///
    /// # Errors
    /// When a part cannot start; the message says which and why.
    pub async fn start(options: &WorldOptions) -> anyhow::Result<Self> {
        let directory =
            TempDir::with_prefix("hodman-demo-").context("making a directory for the demo")?;
        let clock = DemoClock::default();
        let databricks = start_databricks(&clock).await?;
        let hosts = hosts(&databricks);
        let people = people(&hosts)?;
        seed_dev(&people["dev"]).await.context("seeding dev")?;
        let files = seed_files(&people["dev"], &hosts)
            .await
            .context("seeding the repository")?;
        let forge = start_forge(&clock, &directory, &files).await?;
        let config = config(options, &directory, &forge, &hosts)?;
        let settings = Settings::default();
        let daemon = Daemon::start(config.clone(), clock.for_daemon(), settings).await?;
        let config = Config {
            listen: daemon.address,
            ..config
        };
        let hook = format!("http://{}/webhooks/github", daemon.address);
        forge
            .add_hook(REPOSITORY, &hook, &format!("hook-{CANARY}"), &["*"])
            .map_err(|error| anyhow::anyhow!("adding the webhook: {}", error.message))?;
        Ok(Self {
            forge: Arc::new(forge),
            databricks,
            daemon,
            clock,
            people,
            config,
            _directory: directory,
        })
    }

    /// Stops the daemon and starts it again at the same address, with or without its database.
    ///
    /// # Errors
    /// When the database cannot be removed, or the daemon does not start.
    pub async fn restart(self, forget: bool) -> anyhow::Result<Self> {
        let Self {
            forge,
            databricks,
            daemon,
            clock,
            people,
            config,
            _directory,
        } = self;
        daemon.stop().await;
        if forget {
            for end in ["", "-wal", "-shm"] {
                let path = config.data_dir.join(format!("hodman.db{end}"));
                if path.exists() {
                    std::fs::remove_file(&path)
                        .with_context(|| format!("removing {}", path.display()))?;
                }
            }
        }
        let daemon = Daemon::start(config.clone(), clock.for_daemon(), Settings::default()).await?;
        Ok(Self {
            forge,
            databricks,
            daemon,
            clock,
            people,
            config,
            _directory,
        })
    }

    /// Where the workspaces are.
    #[must_use]
    pub fn workspace_urls(&self) -> Vec<(String, String)> {
        hosts(&self.databricks)
    }

    /// The story in this world.
    #[must_use]
    pub fn story(&self, transcript: Transcript) -> Story {
        Story {
            forge: Arc::clone(&self.forge),
            people: self.people.clone(),
            store: self.daemon.parts().store.clone(),
            pipeline: "shop".to_owned(),
            clock: Some(self.clock.clone()),
            transcript,
        }
    }

    /// The web page with its buttons unlocked.
    ///
    /// # Errors
    /// When the token cannot be read.
    pub fn link(&self) -> anyhow::Result<String> {
        let token = ApiToken::load(&self.daemon.parts().config.data_dir)?;
        Ok(token.link(&format!("http://{}", self.daemon.address)))
    }

    /// Waits until a part of the daemon ends, which none should.
    ///
    /// # Errors
    /// Why it ended.
    pub async fn wait(&mut self) -> anyhow::Result<()> {
        self.daemon.ended().await
    }

    /// Stops the daemon, then the rest.
    pub async fn stop(self) {
        self.daemon.stop().await;
        self.databricks.shutdown().await;
    }
}

fn hosts(databricks: &Databricks) -> Vec<(String, String)> {
    databricks
        .workspaces()
        .iter()
        .map(|workspace| (workspace.name().to_owned(), workspace.url()))
        .collect()
}

async fn start_databricks(clock: &DemoClock) -> anyhow::Result<Databricks> {
    let own = clock.clone();
    let principals = ENVIRONMENTS
        .iter()
        .map(|env| Principal {
            client_id: format!("hodman-{env}"),
            client_secret: SecretString::from(format!("{env}-{CANARY}")),
            display_name: format!("hodman for {env}"),
        })
        .collect();
    let options = DatabricksOptions {
        workspaces: ENVIRONMENTS.iter().map(|env| (*env).to_owned()).collect(),
        principals,
        people: vec!["ana@acme.example".to_owned()],
        tokens: vec![FixedToken {
            value: SecretString::from(format!("ana-{CANARY}")),
            login: "ana@acme.example".to_owned(),
        }],
        clock: databricks::Clock::new(move || own.now()),
        ..DatabricksOptions::default()
    };
    Databricks::start(options)
        .await
        .context("starting the sandbox's workspaces")
}

/// The example, with a lock that says that dev was captured as it is.
///
/// # Errors
/// When dev cannot be read.
pub async fn seed_files(
    dev: &Cast,
    hosts: &[(String, String)],
) -> anyhow::Result<Vec<(String, String)>> {
    let pairs: Vec<(&str, String)> = hosts
        .iter()
        .map(|(name, url)| (name.as_str(), url.clone()))
        .collect();
    let mut files = example::files_at(&pairs);
    let tree = files
        .iter()
        .map(|(path, text)| (path.clone(), SourceBytes::plain(text.clone().into_bytes())))
        .collect();
    let path = "environments/dev/environment.yaml";
    let text = files
        .iter()
        .find(|(known, _)| known == path)
        .map(|(_, text)| text.clone())
        .unwrap_or_default();
    let environment = parse_environment(path, &text)?;
    let lock = first_lock(dev.workspace(), "dev", &environment, &tree).await?;
    files.push(("environments/dev/captured.lock".to_owned(), lock));
    Ok(files)
}

async fn start_forge(
    clock: &DemoClock,
    directory: &TempDir,
    files: &[(String, String)],
) -> anyhow::Result<GitHub> {
    let own = clock.clone();
    let forge = GitHub::start(GitHubOptions {
        addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        root_dir: directory.path().join("forge"),
        clock: Arc::new(move || own.now()),
    })
    .await
    .context("starting the sandbox's GitHub")?;
    for login in ["ana", "rita", "olga", "hodman-bot"] {
        forge.add_user(login, &format!("{login}-{CANARY}"));
    }
    forge.add_org(
        "acme",
        &[
            ("ana", "member"),
            ("rita", "member"),
            ("olga", "admin"),
            ("hodman-bot", "member"),
        ],
    );
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_bytes()))
        .collect();
    forge
        .create_repo(REPOSITORY, &files, "olga")
        .map_err(|error| anyhow::anyhow!("making the repository: {}", error.message))?;
    Ok(forge)
}

fn people(hosts: &[(String, String)]) -> anyhow::Result<BTreeMap<String, Cast>> {
    hosts
        .iter()
        .map(|(name, url)| {
            Ok((
                name.clone(),
                Cast::new(name, url, &format!("ana-{CANARY}"))?,
            ))
        })
        .collect()
}

/// dev as it was when the repository was last captured.
///
/// # Errors
/// When the workspace refuses.
pub async fn seed_dev(dev: &Cast) -> anyhow::Result<()> {
    for (name, source) in [("smoke", "src/smoke.py"), ("load", "src/load.py")] {
        let text = example::FILES
            .iter()
            .find(|(path, _)| *path == source)
            .map_or("", |(_, text)| *text);
        dev.notebook(&format!("/Shared/shop/{name}"), text).await?;
    }
    let task = |key: &str, path: &str| {
        serde_json::json!({
            "task_key": key,
            "notebook_task": { "notebook_path": path, "base_parameters": { "catalog": "shop_dev" } },
        })
    };
    dev.create_job(
        serde_json::json!({ "name": "smoke", "tasks": [task("check", "/Shared/shop/smoke")] }),
    )
    .await?;
    dev.create_job(serde_json::json!({
        "name": "nightly",
        "schedule": {
            "quartz_cron_expression": "0 0 2 * * ?", "timezone_id": "Europe/Berlin", "pause_status": "UNPAUSED",
        },
        "tasks": [task("load", "/Shared/shop/load")],
    }))
    .await?;
    Ok(())
}

fn config(
    options: &WorldOptions,
    directory: &TempDir,
    forge: &GitHub,
    hosts: &[(String, String)],
) -> anyhow::Result<Config> {
    let mut text = format!(
        "listen: 127.0.0.1:{port}\n\
         data_dir: {data}\n\
         github:\n  api_url: {forge}\n  token: {{value: hodman-bot-{CANARY}}}\n  webhook_secrets: [{{value: hook-{CANARY}}}]\n\
         pipelines: [{{name: shop, repository: {REPOSITORY}}}]\n\
         timers: {{observe: 60s, lease: 30s, shutdown: 3s}}\n\
         workspaces:\n",
        port = options.port,
        data = directory.path().join("daemon").display(),
        forge = forge.url(),
    );
    for (name, url) in hosts {
        text.push_str(&format!(
            "  {name}: {{host: \"{url}\", client_id: {{value: hodman-{name}}}, client_secret: {{value: {name}-{CANARY}}}}}\n"
        ));
    }
    Config::read("the demo's configuration", &text, Purpose::Demo, |_| None)
        .map_err(|found| anyhow::anyhow!("{found}"))
}
