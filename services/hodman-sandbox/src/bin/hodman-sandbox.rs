//! Serves the fake GitHub and the fake Databricks until it is interrupted, with a small world in them: three people, an
//! organisation with one repository, an App, one workspace. For trying clients by hand and for conformance checks.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use hodman_sandbox::databricks::{Databricks, DatabricksOptions, FixedToken};
use hodman_sandbox::github::{AppSpec, GitHub, GitHubOptions};
use secrecy::SecretString;

/// Fake GitHub and Databricks on loopback.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// Port of GitHub; 0: any free one.
    #[arg(long, default_value_t = 4001)]
    github_port: u16,
    /// Port of the Databricks account; its workspace gets the next one. 0: any free ones.
    #[arg(long, default_value_t = 4101)]
    databricks_port: u16,
    /// RSA private key of the App 12345, PEM; without it there is no App.
    #[arg(long, env = "GITHUB_APP_KEY")]
    app_key: Option<PathBuf>,
    /// Where the App's webhooks go.
    #[arg(long, default_value = "http://127.0.0.1:4999/apphook")]
    app_webhook: String,
    /// Personal access token of the workspace's only person.
    #[arg(long, default_value = "dapi-test")]
    databricks_token: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let root = tempfile::tempdir()?;
    let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.github_port));
    let clock = Arc::new(chrono::Utc::now);
    let github = GitHub::start(GitHubOptions {
        addr,
        root_dir: root.path().to_owned(),
        clock,
    })
    .await?;
    people(&github)?;
    if let Some(path) = &arguments.app_key {
        github.add_app(&app(std::fs::read_to_string(path)?, &arguments.app_webhook))?;
    }
    let databricks = Databricks::start(DatabricksOptions {
        workspaces: vec!["dev".to_owned()],
        people: vec!["admin@x.io".to_owned()],
        tokens: vec![FixedToken {
            value: SecretString::from(arguments.databricks_token),
            login: "admin@x.io".to_owned(),
        }],
        first_port: arguments.databricks_port,
        ..DatabricksOptions::default()
    })
    .await?;
    println!("github     {}", github.url());
    println!("databricks account {}", databricks.account_url());
    tokio::signal::ctrl_c().await?;
    github.shutdown().await;
    Ok(())
}

fn people(github: &GitHub) -> Result<(), hodman_sandbox::github::ApiError> {
    for (login, name, email, token) in [
        ("admin", "Admin", "admin@x.io", "tok_admin"),
        ("octocat", "Octo", "octocat@github.com", "tok_octo"),
        ("reviewer", "Rev", "rev@x.io", "tok_rev"),
    ] {
        github.add_user(login, token);
        github.describe_user(login, name, email);
    }
    github.add_org(
        "my-org",
        &[
            ("octocat", "admin"),
            ("reviewer", "member"),
            ("admin", "admin"),
        ],
    );
    github.create_repo("my-org/seeded", &[("README.md", b"# seeded\n")], "admin")
}

fn app(private_key_pem: String, webhook: &str) -> AppSpec {
    let levels = [
        ("contents", "write"),
        ("pull_requests", "write"),
        ("checks", "write"),
        ("statuses", "write"),
        ("metadata", "read"),
    ];
    let permissions: BTreeMap<String, String> = levels
        .into_iter()
        .map(|(name, level)| (name.to_owned(), level.to_owned()))
        .collect();
    let events = [
        "push",
        "pull_request",
        "pull_request_review",
        "check_run",
        "check_suite",
        "status",
        "issue_comment",
        "installation",
    ];
    AppSpec {
        app_id: 12345,
        slug: "promo-bot".to_owned(),
        private_key_pem,
        permissions,
        events: events.map(ToOwned::to_owned).to_vec(),
        webhook: Some((webhook.to_owned(), "app-secret".to_owned())),
        installation_id: 100,
        account: "my-org".to_owned(),
    }
}
