//! `hodman doctor`: tries each thing that the settings name, and says what is wrong and what would make it right.
//!
//! Nothing is changed anywhere: databases are not made, nothing is sent but questions.

mod accounts;
mod aws;
mod forge;
mod identities;
mod local;
mod report;
mod sandbox;
mod terraform;
#[cfg(test)]
mod tests;
mod workspaces;

use std::path::Path;

pub use report::{Check, Report, Verdict};

use crate::{
    clock::Clock,
    config::{Config, Purpose},
};

/// Reads the settings and tries everything they name.
pub async fn examine_file(path: &Path, purpose: Purpose, clock: &Clock) -> Report {
    match Config::load(path, purpose) {
        Ok(config) => {
            let mut report = examine(&config, clock).await;
            let read = Check::fine("config", path.display().to_string());
            report.checks.insert(0, read);
            report
        }
        Err(found) => {
            let wrong = |found: &hodman_model::diagnostic::Diagnostic| {
                let check = Check::wrong(
                    "config",
                    hodman_model::diagnostic::Diagnostic {
                        hint: None,
                        ..found.clone()
                    }
                    .to_string(),
                );
                match &found.hint {
                    Some(hint) => check.hint(hint.clone()),
                    None => check,
                }
            };
            Report {
                checks: found.0.iter().map(wrong).collect(),
            }
        }
    }
}

/// Tries everything that the settings name. Things that do not depend on each other are tried at once.
pub async fn examine(config: &Config, clock: &Clock) -> Report {
    let (store, forge, packages, queues, roles, templates, workspaces, accounts) = tokio::join!(
        local::store(config),
        forge::check(config, clock),
        aws::packages(config),
        aws::queues(config),
        aws::roles(config),
        aws::templates(config),
        workspaces::check(config),
        accounts::check(config),
    );
    let mut checks = local::secrets(config);
    checks.push(local::data_dir(config));
    checks.extend(terraform::check(config));
    checks.extend(identities::check(config));
    checks.push(store);
    for more in [
        forge, packages, queues, roles, templates, workspaces, accounts,
    ] {
        checks.extend(more);
    }
    Report { checks }
}
