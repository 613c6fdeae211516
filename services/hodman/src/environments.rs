//! The files of environments, read as the daemon goes by them: every cron expression by the reader that runs it, and all files
//! together, since `after` names others. What is looked at before a merge and what is read from main come through here, so that
//! nothing is in order before it and broken after.

use chrono::DateTime;
use hodman_core::schedule::Schedule;
use hodman_model::bundle::ResolvedBundle;
use hodman_model::diagnostic::{Diagnostic, Diagnostics, did_you_mean};
use hodman_model::files::{Environment, check_order, parse_environment_by};
use std::collections::BTreeMap;

/// Reads one file.
///
/// # Errors
/// Everything wrong in it.
pub(crate) fn parse(path: &str, text: &str) -> Result<Environment, Diagnostics> {
    parse_environment_by(path, text, &runs)
}

/// Reads the files of all environments of a repository, by name.
pub(crate) fn parse_all(
    texts: BTreeMap<String, String>,
) -> BTreeMap<String, Result<Environment, Diagnostics>> {
    let mut read = BTreeMap::new();
    let mut together = BTreeMap::new();
    for (name, text) in texts {
        let one = parse(&file(&name), &text);
        together.insert(name.clone(), (text, one.as_ref().ok().cloned()));
        read.insert(name, one);
    }
    let found = check_order(&together).0;
    for (name, one) in &mut read {
        let file = file(name);
        let own: Vec<_> = found
            .iter()
            .filter(|problem| problem.file == file)
            .collect();
        if !own.is_empty() && one.is_ok() {
            *one = Err(Diagnostics(own.into_iter().cloned().collect()));
        }
    }
    read
}

fn file(name: &str) -> String {
    format!("environments/{name}/environment.yaml")
}

/// The job that says whether the environment is healthy has to be one of the bundle: else every package is in place first and found
/// wanting after.
pub(crate) fn verifies(
    name: &str,
    environment: &Environment,
    resolved: &ResolvedBundle,
) -> Option<Diagnostic> {
    let wanted = &environment.verify.as_ref()?.run_job;
    let jobs = resolved.resources.keys().filter(|key| key.kind == "jobs");
    let jobs: Vec<&str> = jobs.map(|key| key.key.as_str()).collect();
    if jobs.contains(&wanted.as_str()) {
        return None;
    }
    let message =
        format!("`verify.run_job` names the job `{wanted}`, which the bundle does not have");
    let hint = match did_you_mean(wanted, jobs.iter().copied()) {
        Some(hint) => hint,
        None if jobs.is_empty() => "it has no jobs: leave `verify` out".to_owned(),
        None => format!("it has: {}", jobs.join(", ")),
    };
    Some(Diagnostic::error(file(name), message).hint(hint))
}

/// Whether there is ever a moment that the expression names.
fn runs(cron: &str) -> Result<(), String> {
    let schedule = Schedule::parse(cron, "UTC").map_err(|error| error.to_string())?;
    match schedule.next_after(DateTime::UNIX_EPOCH) {
        Some(_) => Ok(()),
        None => Err(format!("{cron:?} names a date that never comes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn qa(more: &str) -> Result<Environment, Diagnostics> {
        let text =
            format!("mode: promoted\nworkspaces: [{{name: w, host: \"https://w\"}}]\n{more}\n");
        parse(&file("qa"), &text)
    }

    #[test]
    fn what_never_runs_is_an_error_with_its_place_in_schedules_and_windows() {
        let bad = [
            "61 * * * *",
            "99 99 * * *",
            "0 25 * * *",
            "*/0 * * * *",
            "-1 * * * *",
            "0 0 31 2 *",
            "0 0 * * 8",
            "@reboot",
            "* * * *",
            "0 0 L * *",
        ];
        for cron in bad {
            assert!(runs(cron).is_err(), "{cron}");
            let schedule = qa(&format!("schedules: {{reconcile: {{cron: \"{cron}\"}}}}"));
            let shown = schedule.unwrap_err().to_string();
            let start = "environments/qa/environment.yaml:3:31: ";
            assert!(shown.starts_with(start), "{shown}");
            let window = qa(&format!(
                "gates: {{windows: [{{kind: deny, cron: \"{cron}\", duration: 1h, zone: UTC}}]}}"
            ));
            let shown = window.unwrap_err().to_string();
            let start = "environments/qa/environment.yaml:3:38: ";
            assert!(shown.starts_with(start), "{shown}");
        }
        for cron in [
            "*/15 * * * *",
            "0 8 * * 1-5",
            "0 0 29 2 *",
            "@daily",
            "0 0 * * 7",
        ] {
            qa(&format!("schedules: {{reconcile: {{cron: \"{cron}\"}}}}")).unwrap();
        }
    }

    #[test]
    fn whoever_comes_after_nobody_is_broken_and_the_others_are_not() {
        let of = |after: &str| {
            format!(
                "mode: promoted\nworkspaces: [{{name: w, host: \"https://w\"}}]\nafter: [{after}]\n"
            )
        };
        let read = parse_all(BTreeMap::from([
            ("eu".to_owned(), of("prod")),
            ("prod".to_owned(), of("qs")),
            ("qa".to_owned(), of("")),
        ]));
        assert!(read["eu"].is_ok() && read["qa"].is_ok());
        assert_eq!(
            read["prod"].as_ref().unwrap_err().to_string(),
            "environments/prod/environment.yaml:3:9: there is no environment `qs` (hint: did you mean `qa`?)"
        );
    }
}
