//! The daemon's own settings: one YAML file, some of it overridden by the environment.
//!
//! Secrets are never in the file: it says where they are (`{env: NAME}` or `{file: PATH}`), and they are read when
//! they are needed. Unknown keys, and settings that contradict each other, are errors with file, line and column.

mod builds;
mod check;
mod clients;
mod foundation;
mod github;
mod listen;
mod oidc;
mod packages;
mod pipeline;
mod queue;
mod role_session;
mod secret;
mod sources;
mod terraform;
#[cfg(test)]
mod tests;
mod timers;
mod variables;
mod whose;
mod workspace;
mod yaml;

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
};

use hodman_model::diagnostic::{Diagnostic, Diagnostics};
use schemars::JsonSchema;
use serde::Deserialize;

pub use builds::Builds;
pub use clients::{aws_objects, aws_place, aws_queue, aws_session, aws_values};
pub use foundation::{Account, AwsPlace, TemplateBucket};
pub use github::{Github, GithubApp};
pub use listen::Insecure;
pub use oidc::Oidc;
pub use packages::{PackageStore, S3Packages};
pub use pipeline::Pipeline;
pub use queue::Queue;
pub use role_session::{RoleSession, TerraformAs};
pub use secret::{SecretProblem, SecretRef};
pub use sources::{AwsSource, Sources};
pub use terraform::{
    AwsRole, BackendValue, TerraformIdentity, TerraformPlace, TerraformPulls, backend_secrets,
};
pub use timers::{Log, LogFormat, Timers};
pub use variables::{VARIABLES, Variable};
pub use whose::{Whose, env_in};
pub use workspace::Workspace;

/// Everything that `hodman serve` is told.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port of the web page and the webhooks. On loopback, and on all addresses for whoever is on this machine,
    /// actions are taken with the local token; on one other address the page only shows.
    #[serde(default = "listen::default")]
    pub listen: SocketAddr,
    /// How people and GitHub reach this daemon, for links in pull requests; without it links are left out.
    #[serde(default)]
    pub public_url: Option<String>,
    /// Named exceptions to what is safe; each works on loopback only.
    #[serde(default)]
    pub insecure: Insecure,
    /// Where the database, git mirrors and the local package store live.
    pub data_dir: PathBuf,
    /// The database: `sqlite:PATH` or `postgres://…`. `hodman.db` in `data_dir` when absent.
    #[serde(default)]
    pub store: Option<StoreUrl>,
    /// The Ed25519 key (PKCS#8, hexadecimal) that signs the attestations of packages. Made in `data_dir` on first start when absent.
    #[serde(default)]
    pub signing_key: Option<SecretRef>,
    /// Where packages are kept. The folder `packages` in `data_dir` when absent.
    #[serde(default)]
    pub packages: Option<PackageStore>,
    /// The forge.
    pub github: Github,
    /// The repositories that this daemon serves.
    pub pipelines: Vec<Pipeline>,
    /// SQS queues that are read besides the webhooks.
    #[serde(default)]
    pub sqs: Vec<Queue>,
    /// Credentials for workspaces, by the name that `environment.yaml` uses.
    #[serde(default)]
    pub workspaces: BTreeMap<String, Workspace>,
    /// Databricks accounts, by the name that `environment.yaml` uses.
    #[serde(default)]
    pub accounts: BTreeMap<String, Account>,
    /// AWS accounts and regions, by the name that `environment.yaml` uses.
    #[serde(default)]
    pub aws: BTreeMap<String, AwsPlace>,
    /// How Terraform is run, and as whom, by the name that `environment.yaml` uses.
    #[serde(default)]
    pub terraform: BTreeMap<String, TerraformPlace>,
    /// Where secrets that packages name may come from, by environment, or by pipeline and environment: `shop/qa`, as it must be where
    /// there are several pipelines. An environment that is not here gets none.
    #[serde(default)]
    pub secrets: BTreeMap<String, Sources>,
    /// The key under which versions of secrets are told apart, at least 16 bytes. Made in `data_dir` on first start when absent; never in
    /// the database. With another key every secret counts as having a new value.
    #[serde(default)]
    pub secrets_key: Option<SecretRef>,
    /// How often and how long.
    #[serde(default)]
    pub timers: Timers,
    /// What is logged, and how.
    #[serde(default)]
    pub log: Log,
}

/// Where the database is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StoreUrl {
    /// `sqlite:PATH` or `postgres://user@host/database`, without a password.
    pub url: String,
    /// The password for PostgreSQL.
    #[serde(default)]
    pub password: Option<SecretRef>,
}

/// Who reads the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The real thing: secrets by reference only.
    Serve,
    /// The demo: everything is on loopback and made up, so secrets may stand in the file.
    Demo,
}

impl Config {
    /// Reads and checks a file, with the overrides of this process's environment.
    ///
    /// # Errors
    /// When the file cannot be read, is not understood, or contradicts itself.
    pub fn load(path: &Path, purpose: Purpose) -> Result<Self, Diagnostics> {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path)
            .map_err(|error| Diagnostic::error(&shown, format!("cannot be read: {error}")))?;
        Self::read(&shown, &text, purpose, |name| std::env::var(name).ok())
    }

    /// Reads and checks the text of a file; `variable` looks up a variable of the environment.
    ///
    /// # Errors
    /// When it is not understood, or contradicts itself.
    pub fn read(
        file: &str,
        text: &str,
        purpose: Purpose,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Diagnostics> {
        let mut config: Self = yaml::read(file, text)?;
        let mut found = Diagnostics::default();
        config.override_from(&variable, &mut found);
        config.check(purpose, |key, message| {
            found.push(yaml::at_key(file, text, key, message))
        });
        found.into_result(config)
    }

    /// The JSON Schema of the file.
    #[must_use]
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(Config)
    }

    /// The database's URL without a password.
    #[must_use]
    pub fn store_url(&self) -> String {
        self.store.as_ref().map_or_else(
            || format!("sqlite:{}", self.data_dir.join("hodman.db").display()),
            |store| store.url.clone(),
        )
    }

    /// Where packages are kept.
    #[must_use]
    pub fn package_store(&self) -> PackageStore {
        self.packages
            .clone()
            .unwrap_or_else(|| PackageStore::Directory(self.data_dir.join("packages")))
    }

    /// Where the daemon is found from its own machine.
    #[must_use]
    pub fn own_url(&self) -> String {
        let mut own = self.listen;
        if own.ip().is_unspecified() {
            own.set_ip(match own.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("http://{own}")
    }

    /// Whether nobody but this machine reaches the daemon.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.listen.ip().is_loopback()
    }
}
