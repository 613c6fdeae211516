//! A forge with one repository of many environments, and an account in which nothing is yet.

use crate::bench::workspace::{SECRET, SECRET_VARIABLE};
use anyhow::Context as _;
use hodman_core::ids::EnvName;
use hodman_sandbox::databricks::{Databricks, DatabricksOptions, Principal};
use hodman_sandbox::faults::RequestRecord;
use hodman_sandbox::github::{GitHub, GitHubOptions};
use secrecy::SecretString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The pipeline's name.
pub(super) const PIPELINE: &str = "ground";

/// What an environment has: three objects of the account, policy, cluster and job.
pub(super) const OBJECTS: u32 = 6;

const GROUND: &str = "\
engine: native
inputs: {name: {type: string}}
resources:
  account_credentials:
    main: {credentials_name: \"${inputs.name}\", aws_credentials: {sts_role: {role_arn: \"arn:aws:iam::123456789012:role/${inputs.name}\"}}}
  account_storage_configurations:
    root: {storage_configuration_name: \"${inputs.name}\", root_bucket_info: {bucket_name: \"${inputs.name}-root\"}}
  account_workspaces:
    main:
      workspace_name: ${inputs.name}
      aws_region: eu-west-1
      credentials_id: ${resources.account_credentials.main.id}
      storage_configuration_id: ${resources.account_storage_configurations.root.id}
outputs:
  host: {value: \"${resources.account_workspaces.main.host}\"}
";

const COMPUTE: &str =
    include_str!("../../../../../examples/foundation/modules/cluster/module.yaml");

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
        let forge = GitHub::start(GitHubOptions {
            addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
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

    /// Calls that the account and all workspaces answered since [`Country::forget_calls`].
    pub fn calls(&self) -> Vec<RequestRecord> {
        let workspaces = self.databricks.workspaces();
        let mut calls = self.databricks.account_faults().requests();
        calls.extend(workspaces.iter().flat_map(|one| one.requests()));
        calls
    }

    /// Begins to count anew.
    pub fn forget_calls(&self) {
        self.databricks.account_faults().clear_requests();
        for workspace in self.databricks.workspaces() {
            workspace.faults().clear_requests();
        }
    }

    pub async fn stop(self) {
        self.forge.shutdown().await;
        self.databricks.shutdown().await;
    }

    fn files(&self) -> Vec<(String, String)> {
        let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let mut files = vec![
            file("databricks.yml", BUNDLE),
            file(
                "src/load.py",
                "# Databricks notebook source\nprint('load')\n",
            ),
            file("modules/ground/module.yaml", GROUND),
            file("modules/cluster/module.yaml", COMPUTE),
        ];
        for env in &self.environments {
            let text = format!(
                "mode: promoted\naccount: main\nbundle_target: all\nmodules:\n  ground: {{module: ground, inputs: {{name: {env}}}}}\n  \
                 compute: {{module: cluster, inputs: {{name: {env}}}}}\nvariables: {{compute: \"${{modules.compute.outputs.cluster_id}}\"}}\n\
                 workspaces:\n  - {{name: {env}, host: \"${{modules.ground.outputs.host}}\"}}\n"
            );
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
             workspaces:\n",
            data = directory.join("data").display(),
            forge = self.forge.url(),
            account = self.databricks.account_id(),
            url = self.databricks.account_url(),
            all = names.join(", "),
        );
        for name in names {
            text.push_str(&format!("  {name}: {{account: main, {id}, {secret}}}\n"));
        }
        text
    }
}
