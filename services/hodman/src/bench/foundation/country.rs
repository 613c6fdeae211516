//! A forge with one repository of many environments, and accounts of AWS and Databricks in which nothing is yet.

use crate::bench::workspace::{Calls, SECRET, SECRET_VARIABLE};
use anyhow::Context as _;
use hodman_core::ids::EnvName;
use hodman_sandbox::aws::CountingAws;
use hodman_sandbox::databricks::{Databricks, DatabricksOptions, Principal};
use hodman_sandbox::github::{GitHub, GitHubOptions};
use secrecy::SecretString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The pipeline's name.
pub(super) const PIPELINE: &str = "ground";

/// What an environment has: a role, a bucket and a stack, four objects of the account, policy, cluster and job.
pub(super) const OBJECTS: u32 = 10;

/// The modules of the examples that each environment calls.
const MODULES: [(&str, &str); 6] = [
    (
        "cross-account-role",
        include_str!("../../../../../examples/foundation/modules/cross-account-role/module.yaml"),
    ),
    (
        "root-bucket",
        include_str!("../../../../../examples/foundation/modules/root-bucket/module.yaml"),
    ),
    (
        "network",
        include_str!("../../../../../examples/foundation/modules/network/module.yaml"),
    ),
    (
        "databricks-network",
        include_str!("../../../../../examples/foundation/modules/databricks-network/module.yaml"),
    ),
    (
        "workspace-own-network",
        include_str!(
            "../../../../../examples/foundation/modules/workspace-own-network/module.yaml"
        ),
    ),
    (
        "cluster",
        include_str!("../../../../../examples/foundation/modules/cluster/module.yaml"),
    ),
];

/// An environment of its own: its name and the account's id are filled in.
const ENVIRONMENT: &str = "\
mode: promoted
account: main
aws: main
bundle_target: all
modules:
  role: {module: cross-account-role, inputs: {name: NAME-databricks, account_id: ACCOUNT, variant: customer}}
  bucket: {module: root-bucket, inputs: {name: NAME-root, account_id: ACCOUNT}}
  vpc: {module: network, inputs: {zones: [eu-west-1a, eu-west-1b]}}
  network:
    module: databricks-network
    inputs:
      name: NAME
      vpc_id: ${modules.vpc.outputs.vpc_id}
      subnet_ids: ${modules.vpc.outputs.subnet_ids}
      security_group_ids: ${modules.vpc.outputs.security_group_ids}
  ground:
    module: workspace-own-network
    inputs:
      name: NAME
      region: eu-west-1
      role_arn: ${modules.role.outputs.role_arn}
      bucket: ${modules.bucket.outputs.name}
      network_id: ${modules.network.outputs.network_id}
  compute: {module: cluster, inputs: {name: NAME}}
variables: {compute: \"${modules.compute.outputs.cluster_id}\"}
workspaces:
  - {name: NAME, host: \"${modules.ground.outputs.host}\"}
";

const BUNDLE: &str = "\
bundle: {name: ground}
sync: {paths: [src]}
variables: {compute: {default: none}}
targets: {all: {}}
resources:
  jobs:
    nightly:
      name: nightly
      tasks:
        - task_key: load
          existing_cluster_id: ${var.compute}
          notebook_task: {notebook_path: ./src/load.py}
";

pub(super) struct Country {
    forge: GitHub,
    databricks: Databricks,
    aws: CountingAws,
    environments: Vec<EnvName>,
    config: PathBuf,
}

impl Country {
    pub async fn start(directory: &Path, environments: u32) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory).context("making a directory")?;
        let options = DatabricksOptions {
            principals: vec![Principal {
                client_id: "hodman".to_owned(),
                client_secret: SecretString::from(SECRET),
                display_name: "hodman".to_owned(),
            }],
            ..DatabricksOptions::default()
        };
        let databricks = Databricks::start(options)
            .await
            .context("starting the sandbox's account")?;
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let aws = CountingAws::start(anywhere, Arc::new(chrono::Utc::now))
            .await
            .context("starting the sandbox's AWS")?;
        let forge = GitHub::start(GitHubOptions {
            addr: anywhere,
            root_dir: directory.join("forge"),
            clock: Arc::new(chrono::Utc::now),
        })
        .await
        .context("starting the sandbox's GitHub")?;
        forge.add_user("hodman-bot", SECRET);
        forge.add_org("acme", &[("hodman-bot", "member")]);
        let country = Self {
            forge,
            databricks,
            aws,
            environments: (0..environments)
                .map(|number| EnvName::from(format!("e{number:03}").as_str()))
                .collect(),
            config: directory.join("hodman.yaml"),
        };
        let files = country.files();
        let files: Vec<(&str, &[u8])> = files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_bytes()))
            .collect();
        country
            .forge
            .create_repo("acme/ground", &files, "hodman-bot")
            .map_err(|error| anyhow::anyhow!("making a repository: {}", error.message))?;
        std::fs::write(&country.config, country.settings(directory))
            .context("writing the settings")?;
        Ok(country)
    }

    pub fn environments(&self) -> &[EnvName] {
        &self.environments
    }

    /// The settings' file.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Calls that Databricks' account and all workspaces answered since [`Country::forget_calls`].
    pub fn databricks_calls(&self) -> Calls {
        let workspaces = self.databricks.workspaces();
        let mut calls = self.databricks.account_faults().requests();
        calls.extend(workspaces.iter().flat_map(|one| one.requests()));
        Calls::count(&calls)
    }

    /// Those that AWS answered.
    pub fn aws_calls(&self) -> Calls {
        Calls::counted(self.aws.calls())
    }

    /// Begins to count anew.
    pub fn forget_calls(&self) {
        self.aws.forget_calls();
        self.databricks.account_faults().clear_requests();
        for workspace in self.databricks.workspaces() {
            workspace.faults().clear_requests();
        }
    }

    pub async fn stop(self) {
        self.forge.shutdown().await;
        self.databricks.shutdown().await;
        self.aws.shutdown().await;
    }

    fn files(&self) -> Vec<(String, String)> {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let mut files = vec![
            file("databricks.yml", BUNDLE),
            file(
                "src/load.py",
                "# Databricks notebook source\nprint('load')\n",
            ),
        ];
        let modules = MODULES.iter();
        files
            .extend(modules.map(|(name, text)| file(&format!("modules/{name}/module.yaml"), text)));
        for env in &self.environments {
            let text = ENVIRONMENT.replace("NAME", env.as_str());
            let text = text.replace("ACCOUNT", self.databricks.account_id());
            files.push((format!("environments/{env}/environment.yaml"), text));
        }
        files
    }

    fn settings(&self, directory: &Path) -> String {
        let names: Vec<&str> = self.environments.iter().map(EnvName::as_str).collect();
        let secret = format!("client_secret: {{env: {SECRET_VARIABLE}}}");
        let id = format!("client_id: {{env: {SECRET_VARIABLE}_ID}}");
        let mut text = format!(
            "listen: 127.0.0.1:1\n\
             data_dir: {data}\n\
             github:\n  api_url: {forge}\n  token: {{env: {SECRET_VARIABLE}}}\n  webhook_secrets: [{{env: {SECRET_VARIABLE}}}]\n\
             pipelines: [{{name: {PIPELINE}, repository: acme/ground, branch: main}}]\n\
             accounts:\n  main: {{account_id: {account}, host: \"{url}\", {id}, {secret}, environments: [{all}]}}\n\
             aws:\n  main: {{region: eu-west-1, endpoint: \"{aws}\", role_arn: \"arn:aws:iam::000000000000:role/hodman\", \
             access_key_id: {{env: {SECRET_VARIABLE}_ID}}, secret_access_key: {{env: {SECRET_VARIABLE}}}, environments: [{all}]}}\n\
             workspaces:\n",
            data = directory.join("data").display(),
            forge = self.forge.url(),
            account = self.databricks.account_id(),
            aws = self.aws.url(),
            url = self.databricks.account_url(),
            all = names.join(", "),
        );
        for name in names {
            text.push_str(&format!("  {name}: {{account: main, {id}, {secret}}}\n"));
        }
        text
    }
}
