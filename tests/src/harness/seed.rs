//! The forge and the account as they are before hodman comes: people, tokens, one repository.

use super::{CANARY, REPOSITORY};
use hodman::demo::{DemoClock, ENVIRONMENTS};
use hodman_sandbox::databricks::{self, Databricks, DatabricksOptions, FixedToken, Principal};
use hodman_sandbox::github::{AppSpec, GitHub, GitHubOptions};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tempfile::TempDir;

/// Id of the App that hodman may be.
pub(super) const APP: u64 = 4711;
/// Id of its installation.
pub(super) const INSTALLATION: u64 = 100;

pub(super) async fn start_databricks(clock: &DemoClock) -> Databricks {
    // The first thing of every scene; whichever comes first in a program is taken, and all are the same.
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let own = clock.clone();
    let principals = ENVIRONMENTS
        .iter()
        .map(|env| Principal {
            client_id: format!("hodman-{env}"),
            client_secret: format!("{env}-{CANARY}").into(),
            display_name: format!("hodman for {env}"),
        })
        .collect();
    Databricks::start(DatabricksOptions {
        workspaces: ENVIRONMENTS.iter().map(|env| (*env).to_owned()).collect(),
        principals,
        people: vec!["ana@acme.example".to_owned()],
        tokens: vec![FixedToken {
            value: format!("ana-{CANARY}").into(),
            login: "ana@acme.example".to_owned(),
        }],
        clock: databricks::Clock::new(move || own.now()),
        ..DatabricksOptions::default()
    })
    .await
    .expect("a Databricks account")
}

pub(super) async fn start_forge(
    clock: &DemoClock,
    folder: &TempDir,
    files: &[(String, String)],
    app_key: Option<&str>,
) -> GitHub {
    let own = clock.clone();
    let forge = GitHub::start(GitHubOptions {
        addr: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        root_dir: folder.path().join("forge"),
        clock: Arc::new(move || own.now()),
    })
    .await
    .expect("a GitHub");
    for login in ["ana", "rita", "olga", "hodman-bot"] {
        forge.add_user(login, &format!("{login}-{CANARY}"));
    }
    let members = [
        ("ana", "member"),
        ("rita", "member"),
        ("olga", "admin"),
        ("hodman-bot", "member"),
    ];
    forge.add_org("acme", &members);
    let files: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_bytes()))
        .collect();
    forge
        .create_repo(REPOSITORY, &files, "olga")
        .expect("a repository");
    if let Some(key) = app_key {
        std::fs::write(folder.path().join("app.pem"), key).expect("a file");
        let levels = [
            "contents",
            "pull_requests",
            "checks",
            "statuses",
            "issues",
            "administration",
        ];
        let spec = AppSpec {
            app_id: APP,
            slug: "hodman".to_owned(),
            private_key_pem: key.to_owned(),
            permissions: levels
                .map(|name| (name.to_owned(), "write".to_owned()))
                .into(),
            events: vec!["*".to_owned()],
            webhook: None,
            installation_id: INSTALLATION,
            account: "acme".to_owned(),
        };
        forge.add_app(&spec).expect("an App");
    }
    forge
}
