//! Everything around hodman.
//!
//! Long because a scene is one thing: forge, workspaces, daemon and people are started, changed and stopped together.

use super::seed::{APP, INSTALLATION, start_databricks, start_forge};
use super::{CANARY, REPOSITORY};
use crate::servers::{free_port, private_key};
use anyhow::Context as _;
use chrono::Duration;
use hodman::config::{Config, Purpose};
use hodman::daemon::Daemon;
use hodman::demo::{Cast, DemoClock, Story, Transcript, seed_dev, seed_files};
use hodman_core::settings::Settings;
use hodman_sandbox::databricks::{Databricks, WorkspaceHandle};
use hodman_sandbox::faults::Director;
use hodman_sandbox::github::GitHub;
use hodman_store::Store;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;

/// What is different from the demo's world.
#[derive(Clone, Debug)]
pub struct Options {
    /// Replacements in the repository's first commit: file, text, other text.
    pub edits: Vec<(&'static str, &'static str, &'static str)>,
    /// More files in the repository's first commit.
    pub files: Vec<(&'static str, &'static str)>,
    /// More lines of the daemon's settings.
    pub settings: String,
    /// Workspaces that modules make: their credentials are for wherever the account says that they are.
    pub made: Vec<&'static str>,
    /// In place of secrets for qa and for the account: where hodman's token of another issuer is.
    pub oidc: Option<String>,
    /// Workspaces to which hodman comes with a person's token.
    pub users: Vec<&'static str>,
    /// Seconds between looks without being told to.
    pub observe: i64,
    /// hodman is a GitHub App, not a user with a token.
    pub app: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            edits: vec![],
            files: vec![],
            settings: String::new(),
            made: vec![],
            oidc: None,
            users: vec![],
            observe: 60,
            app: false,
        }
    }
}

impl Options {
    /// Nothing waits for a moment and nothing comes by a schedule: what happens depends on what is done only.
    #[must_use]
    pub fn short() -> Self {
        Self {
            edits: vec![
                (
                    "environments/dev/environment.yaml",
                    "0 8-18 * * 1-5",
                    "0 3 1 1 *",
                ),
                (
                    "environments/qa/environment.yaml",
                    "*/30 * * * *",
                    "0 3 1 1 *",
                ),
                (
                    "environments/prod/environment.yaml",
                    "*/15 * * * *",
                    "0 3 1 1 *",
                ),
                ("environments/prod/environment.yaml", "  soak: 2s\n", ""),
            ],
            ..Self::default()
        }
    }

    /// With one more replacement.
    #[must_use]
    pub fn edit(mut self, path: &'static str, from: &'static str, to: &'static str) -> Self {
        self.edits.push((path, from, to));
        self
    }

    /// With one more file.
    #[must_use]
    pub fn file(mut self, path: &'static str, text: &'static str) -> Self {
        self.files.push((path, text));
        self
    }

    /// With another time between looks.
    #[must_use]
    pub fn observing_every(mut self, seconds: i64) -> Self {
        self.observe = seconds;
        self
    }
}

/// How secrets get into the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secrets {
    /// Written in it, which only the demo may.
    Inline,
    /// Named; the process gets them in its environment.
    Environment,
}

/// A GitHub with one repository, an account with three workspaces, and the people in them.
pub struct Scene {
    /// The time of all of them.
    pub clock: DemoClock,
    /// The forge.
    pub forge: Arc<GitHub>,
    /// The account.
    pub databricks: Databricks,
    /// Where each workspace is.
    pub hosts: Vec<(String, String)>,
    /// A person in each workspace.
    pub people: BTreeMap<String, Cast>,
    /// Everything on disk.
    pub folder: TempDir,
    /// The port of a hodman in a process of its own.
    pub port: u16,
    options: Options,
    app_key: Option<String>,
    /// The token that workspaces at other addresses take from everybody, hodman too.
    token: Option<String>,
}

impl Scene {
    /// Starts it all; hodman is not there yet.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn start(options: Options) -> Self {
        let clock = DemoClock::default();
        let databricks = start_databricks(&clock).await;
        let hosts = databricks
            .workspaces()
            .iter()
            .map(|workspace| (workspace.name().to_owned(), workspace.url()))
            .collect();
        let person = format!("ana-{CANARY}");
        Self::around(options, clock, databricks, hosts, &person).await
    }

    /// The same with workspaces at other addresses, whose people have this token.
    ///
    /// # Panics
    /// When a part does not start.
    pub async fn with_workspaces(
        options: Options,
        hosts: Vec<(String, String)>,
        token: &str,
    ) -> Self {
        let clock = DemoClock::default();
        let databricks = start_databricks(&clock).await;
        let mut scene = Self::around(options, clock, databricks, hosts, token).await;
        scene.token = Some(token.to_owned());
        scene
    }

    async fn around(
        options: Options,
        clock: DemoClock,
        databricks: Databricks,
        hosts: Vec<(String, String)>,
        token: &str,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let people: BTreeMap<String, Cast> = hosts
            .iter()
            .map(|(name, url)| (name.clone(), Cast::new(name, url, token).expect("a person")))
            .collect();
        seed_dev(&people["dev"]).await.expect("dev as it was");
        let mut files = seed_files(&people["dev"], &hosts)
            .await
            .expect("a repository's files");
        for (path, from, to) in &options.edits {
            let (_, text) = files
                .iter_mut()
                .find(|(known, _)| known == path)
                .unwrap_or_else(|| panic!("the example has no {path}"));
            assert!(text.contains(from), "{path} has no {from:?}");
            *text = text.replace(from, to);
        }
        for name in &options.made {
            let (_, host) = hosts
                .iter()
                .find(|(known, _)| known == name)
                .expect("a workspace");
            let path = format!("environments/{name}/environment.yaml");
            let (_, text) = files
                .iter_mut()
                .find(|(known, _)| *known == path)
                .expect("its file");
            *text = text.replace(host.as_str(), "${modules.workspace.outputs.host}");
        }
        for (path, text) in &options.files {
            files.push(((*path).to_owned(), (*text).to_owned()));
        }
        let app_key = options.app.then(private_key);
        let forge = start_forge(&clock, &folder, &files, app_key.as_deref()).await;
        Self {
            clock,
            forge: Arc::new(forge),
            databricks,
            hosts,
            people,
            folder,
            port: free_port(),
            options,
            app_key,
            token: None,
        }
    }

    /// One of the sandbox's workspaces.
    ///
    /// # Panics
    /// When there is none of this name.
    #[must_use]
    pub fn workspace(&self, name: &str) -> WorkspaceHandle {
        self.databricks
            .workspace(name)
            .expect("a workspace of this name")
    }

    /// Asks `director` about every request to the forge and the workspaces.
    pub fn direct(&self, director: &Director) {
        self.forge.faults().direct(Some(director.clone()));
        for workspace in self.databricks.workspaces() {
            workspace.faults().direct(Some(director.clone()));
        }
    }

    /// Where hodman keeps everything.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The daemon's settings without credentials for workspaces and without lists that a test adds to.
    #[must_use]
    pub fn base_config(&self, secrets: Secrets, port: u16) -> String {
        let auth = match &self.app_key {
            None => format!(
                "token: {}",
                secret(
                    secrets,
                    "HODMAN_TEST_TOKEN",
                    &format!("hodman-bot-{CANARY}")
                )
            ),
            Some(_) => {
                let path = self.folder.path().join("app.pem");
                format!(
                    "app: {{id: {APP}, installation: {INSTALLATION}, private_key: {{file: {}}}}}",
                    path.display()
                )
            }
        };
        format!(
            "listen: 127.0.0.1:{port}\ndata_dir: {data}\n\
             github:\n  api_url: {forge}\n  {auth}\n  webhook_secrets: [{hook}]\n\
             pipelines: [{{name: shop, repository: {REPOSITORY}, branch: main}}]\n\
             timers: {{observe: {observe}s, lease: 5s, shutdown: 3s}}\n\
             log: {{filter: \"info,hodman=debug\"}}\n",
            data = self.data().display(),
            forge = self.forge.url(),
            hook = secret(secrets, "HODMAN_TEST_HOOK", &format!("hook-{CANARY}")),
            observe = self.options.observe,
        )
    }

    /// The daemon's settings.
    #[must_use]
    pub fn config(&self, secrets: Secrets, port: u16) -> String {
        let mut text = self.base_config(secrets, port);
        // Every environment but the free-form one may use the account.
        let _ = writeln!(
            text,
            "accounts:\n  main: {{account_id: {id}, host: \"{host}\", client_id: {client}, {proof}, environments: [qa, prod]}}\n{more}",
            id = self.databricks.account_id(),
            host = self.databricks.account_url(),
            client = secret(secrets, "HODMAN_TEST_ID_qa", "hodman-qa"),
            proof = self.proof(secrets, "qa"),
            more = self.options.settings,
        );
        text += "workspaces:\n";
        for (name, url) in &self.hosts {
            if let Some(token) = &self.token {
                let token = secret(secrets, "HODMAN_TEST_PAT", token);
                // Writing into a string cannot fail.
                let _ = writeln!(text, "  {name}: {{host: \"{url}\", token: {token}}}");
                continue;
            }
            let id = secret(
                secrets,
                &format!("HODMAN_TEST_ID_{name}"),
                &format!("hodman-{name}"),
            );
            let who = match self.options.users.contains(&name.as_str()) {
                true => format!("token: {{value: ana-{CANARY}}}"),
                false => format!("client_id: {id}, {}", self.proof(secrets, name)),
            };
            let place = match self.options.made.contains(&name.as_str()) {
                true => "account: main".to_owned(),
                false => format!("host: \"{url}\""),
            };
            // Writing into a string cannot fail.
            let _ = writeln!(text, "  {name}: {{{place}, {who}}}");
        }
        text
    }

    /// What shows that hodman is its service principal for a workspace.
    fn proof(&self, secrets: Secrets, name: &str) -> String {
        match &self.options.oidc {
            Some(oidc) if name == "qa" => format!("oidc: {oidc}"),
            _ => {
                let variable = format!("HODMAN_TEST_SECRET_{name}");
                let value = format!("{name}-{CANARY}");
                format!("client_secret: {}", secret(secrets, &variable, &value))
            }
        }
    }

    /// The variables that the settings name.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let mut variables = vec![
            (
                "HODMAN_TEST_TOKEN".to_owned(),
                format!("hodman-bot-{CANARY}"),
            ),
            ("HODMAN_TEST_HOOK".to_owned(), format!("hook-{CANARY}")),
        ];
        for (name, _) in &self.hosts {
            variables.push((format!("HODMAN_TEST_ID_{name}"), format!("hodman-{name}")));
            variables.push((
                format!("HODMAN_TEST_SECRET_{name}"),
                format!("{name}-{CANARY}"),
            ));
        }
        variables
    }

    /// hodman in this process, with the scene's clock.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn daemon(&self) -> Daemon {
        let text = self.config(Secrets::Inline, 0);
        let config = Config::read("the test's settings", &text, Purpose::Demo, |_| None)
            .unwrap_or_else(|found| panic!("{found}\n{text}"));
        let settings = Settings {
            observe_every: Duration::seconds(self.options.observe),
            ..Settings::default()
        };
        let daemon = Daemon::start(config, self.clock.for_daemon(), settings)
            .await
            .expect("hodman starts");
        self.hook(&format!("http://{}/webhooks/github", daemon.address));
        daemon
    }

    /// Sends the repository's webhooks there.
    ///
    /// # Panics
    /// When the repository is not there.
    pub fn hook(&self, url: &str) {
        self.forge
            .add_hook(REPOSITORY, url, &format!("hook-{CANARY}"), &["*"])
            .expect("a webhook");
    }

    /// The demo's story, told against this scene; `clock` when hodman's clock is the scene's.
    #[must_use]
    pub fn story(&self, store: Store, clock: bool) -> Story {
        Story {
            forge: Arc::clone(&self.forge),
            people: self.people.clone(),
            store,
            pipeline: "shop".to_owned(),
            clock: clock.then(|| self.clock.clone()),
            transcript: Transcript::quiet(),
        }
    }

    /// What GitHub's API says, as hodman sees it.
    ///
    /// # Errors
    /// When it does not answer with JSON.
    pub async fn github(&self, path: &str) -> anyhow::Result<serde_json::Value> {
        let answer = reqwest::Client::new()
            .get(format!("{}{path}", self.forge.url()))
            .header("authorization", format!("Bearer rita-{CANARY}"))
            .header("user-agent", "a test")
            .send()
            .await
            .context("asking GitHub")?;
        answer
            .error_for_status()?
            .json()
            .await
            .context("GitHub's answer")
    }
}

fn secret(secrets: Secrets, variable: &str, value: &str) -> String {
    match secrets {
        Secrets::Inline => format!("{{value: {value}}}"),
        Secrets::Environment => format!("{{env: {variable}}}"),
    }
}
