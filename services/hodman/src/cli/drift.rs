//! `hodman drift`: where an environment is not as it was left, and whose doing it is.

use super::args::Remote;
use super::client::Client;
use super::output::{print, print_json};
use super::plan;
use crate::web::view::DriftView;
use crate::work::DriftReport;
use hodman_core::ids::EnvName;
use std::process::ExitCode;

/// What the last comparison found, as the daemon keeps it.
pub(super) async fn drift(
    env: &str,
    check: bool,
    remote: &Remote,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let client = Client::new(remote)?;
    let pipeline = client.pipeline().await?;
    let view: DriftView = client
        .get(&["pipelines", &pipeline, "environments", env, "drift"], &[])
        .await?;
    if json {
        print_json(&view)?;
    } else {
        let mut text = match (view.compared_at, &view.error) {
            (_, Some(error)) => format!("The last comparison failed: {error}\n"),
            (Some(at), None) => format!("Compared {}.\n", at.format("%Y-%m-%d %H:%M:%S UTC")),
            (None, None) => {
                format!("{env} was not compared yet; `hodman reconcile {env}` asks for it.\n")
            }
        };
        match &view.report {
            Some(report) => text.push_str(&table(report)),
            None if view.plan.is_some() => {
                text.push_str("It differs; what exactly was found before this version.\n");
            }
            None if view.compared_at.is_some() => text.push_str("No difference.\n"),
            None => {}
        }
        if let Some(note) = &view.note {
            text.push_str(&format!("{note}\n"));
        }
        print(&text)?;
    }
    let drifted = view.report.as_ref().is_some_and(DriftReport::is_drifted);
    Ok(code(check, drifted))
}

/// The differences as they are now, taken by this process.
pub(super) async fn fresh(
    env: &str,
    check: bool,
    remote: &Remote,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let (pipeline, parts) = plan::parts(remote, "--fresh").await?;
    let report = parts
        .work
        .preview_drift(&pipeline, &EnvName::from(env))
        .await?;
    if json {
        print_json(&report)?;
    } else {
        print(&table(&report))?;
    }
    Ok(code(check, report.is_drifted()))
}

fn code(check: bool, drifted: bool) -> ExitCode {
    if check && drifted {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn table(report: &DriftReport) -> String {
    report
        .workspaces
        .iter()
        .map(|workspace| format!("{}\n", workspace.to_table().trim_end()))
        .collect()
}
