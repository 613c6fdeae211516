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
        print(&told(env, &view))?;
    }
    let in_step = knows(&view).is_some_and(|report| !report.is_drifted());
    Ok(code(check, in_step))
}

/// The report, if it is of how things are: one from before a comparison that failed says nothing of now.
fn knows(view: &DriftView) -> Option<&DriftReport> {
    view.report.as_ref().filter(|_| view.error.is_none())
}

fn told(env: &str, view: &DriftView) -> String {
    let compared = view
        .compared_at
        .map(|at| at.format("%Y-%m-%d %H:%M:%S UTC"));
    let mut text = match (&view.error, compared, &view.report) {
        (Some(error), Some(at), Some(_)) => {
            format!("The last comparison failed: {error}\nWhat the one of {at} found:\n")
        }
        (Some(error), ..) => format!("The last comparison failed: {error}\n"),
        (None, Some(at), Some(_)) => format!("Compared {at}.\n"),
        (None, ..) if view.plan.is_some() => {
            "It differs; what exactly was found before this version.\n".to_owned()
        }
        (None, Some(_), None) => {
            format!(
                "{env} was not compared since its last apply; `hodman reconcile {env}` asks for it.\n"
            )
        }
        (None, None, _) => {
            format!("{env} was not compared yet; `hodman reconcile {env}` asks for it.\n")
        }
    };
    if let Some(report) = &view.report {
        text.push_str(&table(report));
    }
    if let Some(note) = &view.note {
        text.push_str(&format!("{note}\n"));
    }
    match &view.heal_asked_by {
        Some(by) => text.push_str(&format!("{by} asked for it to be put back.\n")),
        None if view.plan.is_some() && view.note.is_none() => text.push_str(&format!(
            "`hodman reconcile {env} --heal` asks for it to be put back.\n"
        )),
        None => {}
    }
    text
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
    Ok(code(check, !report.is_drifted()))
}

/// Only what is known to be in step passes the check.
fn code(check: bool, in_step: bool) -> ExitCode {
    if check && !in_step {
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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use serde_json::{Value, json};

    fn view(more: Value) -> DriftView {
        let mut view = json!({
            "compared_at": null, "error": null, "since": null, "plan": null,
            "proposed_until": null, "note": null, "report": null
        });
        for (key, value) in more.as_object().unwrap() {
            view[key] = value.clone();
        }
        serde_json::from_value(view).unwrap()
    }

    #[test]
    fn only_a_comparison_that_found_nothing_is_in_step() {
        let at = json!(DateTime::UNIX_EPOCH);
        let nothing =
            json!({"env": "qa", "declared": null, "last_applied": null, "workspaces": []});
        let cases = [
            (
                json!({"compared_at": at, "report": nothing}),
                true,
                "Compared 1970-01-01 00:00:00 UTC.",
            ),
            (
                json!({}),
                false,
                "qa was not compared yet; `hodman reconcile qa` asks for it.",
            ),
            (
                json!({"error": "away"}),
                false,
                "The last comparison failed: away",
            ),
            (
                json!({"compared_at": at, "error": "away", "report": nothing}),
                false,
                "The last comparison failed: away\nWhat the one of 1970-01-01 00:00:00 UTC found:",
            ),
            (
                json!({"compared_at": at}),
                false,
                "qa was not compared since its last apply; `hodman reconcile qa` asks for it.",
            ),
            (
                json!({"compared_at": at, "plan": "sha256:1"}),
                false,
                "It differs; what exactly was found before this version.\n`hodman reconcile qa --heal` asks for it to be put back.",
            ),
            (
                json!({"compared_at": at, "plan": "sha256:1", "note": "held", "report": nothing}),
                true,
                "Compared 1970-01-01 00:00:00 UTC.\nheld",
            ),
            (
                json!({"compared_at": at, "plan": "sha256:1", "heal_asked_by": "ann", "report": nothing}),
                true,
                "Compared 1970-01-01 00:00:00 UTC.\nann asked for it to be put back.",
            ),
        ];
        for (more, in_step, words) in cases {
            let view = view(more.clone());
            let known = knows(&view).is_some_and(|report| !report.is_drifted());
            assert_eq!(known, in_step, "{more}");
            assert_eq!(told("qa", &view).trim_end(), words, "{more}");
        }
    }
}
