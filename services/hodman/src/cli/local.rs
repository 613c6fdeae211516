//! Commands that need no running daemon.

use super::args::{Cli, SchemaName};
use super::failure::{Exit, Failure};
use super::output::{print, print_json};
use crate::clock::Clock;
use crate::config::{Config, Purpose};
use crate::daemon;
use crate::doctor;
use crate::schema;
use crate::web::ApiToken;
use anyhow::Context as _;
use clap::CommandFactory as _;
use hodman_store::{Store, StoreUrl};
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

pub(super) async fn doctor(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let report = doctor::examine_file(config, Purpose::Serve, &Clock::system()).await;
    if json {
        print_json(&report)?;
    } else {
        print(&report.to_string())?;
    }
    Ok(if report.is_healthy() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

pub(super) async fn backup(to: &Path, config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let target = Config::load(config, Purpose::Serve)?.store_target()?;
    if let StoreUrl::Sqlite(path) = &target
        && !path.exists()
    {
        return Err(Failure::new(
            Exit::Failed,
            format!("there is no database at {}", path.display()),
        )
        .into());
    }
    anyhow::ensure!(
        !to.exists(),
        "{} exists already: a backup never replaces a file",
        to.display()
    );
    let (store, _) = Store::look(&target).await.context("opening the database")?;
    let done = store.backup(to).await;
    store.close().await;
    done.with_context(|| format!("writing {}", to.display()))?;
    if json {
        print_json(&json!({ "backup": to }))?;
    } else {
        print(&format!("the database is copied to {}", to.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) async fn migrate(config: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let config = Config::load(config, Purpose::Serve)?;
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("making the data directory {}", config.data_dir.display()))?;
    let target = config.store_target()?;
    // Under an older daemon: its next start would find a database that is newer than itself.
    let _alone = daemon::alone(&target)?;
    let version = Store::migrate(&target, i64::MAX, Clock::system().now()).await;
    let version = version.context("migrating the database")?;
    if json {
        print_json(&json!({ "schema": version }))?;
    } else {
        print(&format!("the database has schema version {version}"))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn link(config: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::load(config, Purpose::Serve)?;
    anyhow::ensure!(
        config.is_loopback() || config.listen.ip().is_unspecified(),
        "this daemon does not listen on loopback: its page only shows"
    );
    let token = ApiToken::load(&config.data_dir)
        .context("there is no token; the daemon makes it when it starts")?;
    print(&token.link(&config.own_url()))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn schema(name: Option<SchemaName>, markdown: bool) -> anyhow::Result<ExitCode> {
    match name {
        None => print_json(&schema::schemas())?,
        Some(name) if markdown => print(schema::page(name).trim_end())?,
        Some(name) => print_json(&schema::schemas()[schema::key(name)])?,
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn completion(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hodman", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn version(json: bool) -> anyhow::Result<ExitCode> {
    let version = env!("CARGO_PKG_VERSION");
    if json {
        print_json(&json!({ "version": version }))?
    } else {
        print(&format!("hodman {version}"))?
    }
    Ok(ExitCode::SUCCESS)
}
