//! What is said on somebody's pull request: one check run, with a remark at each line that is wrong.

use crate::work::quiet::quiet;
use crate::work::{Job, WorkError};
use hodman_clients::github::{Annotation, AnnotationLevel, CheckRun, CheckStatus, Conclusion};
use hodman_core::ids::CommitSha;
use hodman_model::diagnostic::{Diagnostic, Diagnostics, Severity};

/// What keeps the files from being used; a warning does not.
pub(super) fn errors(found: &Diagnostics) -> usize {
    let errors = found.0.iter();
    errors
        .filter(|problem| problem.severity == Severity::Error)
        .count()
}

pub(super) async fn say(
    job: &Job<'_>,
    head: &CommitSha,
    found: &Diagnostics,
    plans: &[String],
    fork: bool,
) -> Result<(), WorkError> {
    let bad = found.has_errors();
    let mut summary = String::new();
    if !bad {
        summary.push_str("Every file that hodman reads is in order.\n");
    }
    for problem in &found.0 {
        let word = match problem.severity {
            Severity::Error => "",
            Severity::Warning => "warning: ",
        };
        summary.push_str(&format!("- {word}`{}`\n", quiet(&problem.to_string())));
    }
    if fork {
        summary.push_str(
            "\nThis pull request comes from a fork: it is read, but nothing is planned for it.\n",
        );
    }
    for plan in plans {
        summary.push('\n');
        summary.push_str(plan);
    }
    let run = CheckRun {
        name: "hodman/validate".to_owned(),
        head_sha: head.to_string(),
        external_id: format!("{}/validate", job.pipeline),
        status: CheckStatus::Completed,
        conclusion: Some(if bad {
            Conclusion::Failure
        } else {
            Conclusion::Success
        }),
        title: match errors(found) {
            0 => "in order".to_owned(),
            1 => "1 problem".to_owned(),
            more => format!("{more} problems"),
        },
        summary,
        text: None,
        details_url: None,
        annotations: found
            .0
            .iter()
            .map(|problem| annotation(job, problem))
            .collect(),
    };
    job.fence.check().await?;
    job.work
        .github
        .put_check_run(job.repo.repository(), &run)
        .await?;
    Ok(())
}

fn annotation(job: &Job<'_>, problem: &Diagnostic) -> Annotation {
    let line = problem.line.unwrap_or(1).max(1);
    let hint = problem
        .hint
        .as_ref()
        .map(|hint| format!("\nHint: {hint}"))
        .unwrap_or_default();
    let column = problem
        .column
        .map(|column| format!(" (column {column})"))
        .unwrap_or_default();
    Annotation {
        path: job.repo.path(&problem.file),
        start_line: line,
        end_line: line,
        level: match problem.severity {
            Severity::Error => AnnotationLevel::Failure,
            Severity::Warning => AnnotationLevel::Warning,
        },
        message: format!("{}{column}{hint}", problem.message),
        title: None,
    }
}
