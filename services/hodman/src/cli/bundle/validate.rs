//! `hodman validate`: what `hodman/validate` says on a pull request, as far as files alone tell it. For pre-commit and CI.

use super::bindings::Bindings;
use super::folder;
use crate::cli::output::{plain, print, print_json};
use hodman_model::bundle::{self, Options, written};
use hodman_model::diagnostic::{Diagnostic, Diagnostics, Severity};
use hodman_model::files::{self, Mode, Tree};
use std::path::Path;
use std::process::ExitCode;

pub(in crate::cli) fn validate(path: &Path, json: bool) -> anyhow::Result<ExitCode> {
    let (git, around) = super::git(path);
    let tree = folder::read(path, around.as_ref())?;
    let mut found = problems(&tree, git.and_then(|git| git.origin_url));
    for problem in &mut found {
        problem.file = written(&problem.file).into_owned();
    }
    let errors = found
        .iter()
        .filter(|problem| problem.severity == Severity::Error)
        .count();
    if json {
        print_json(&found)?;
    } else {
        let mut lines: String = found
            .iter()
            .map(|problem| {
                let word = match problem.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                };
                format!("{word}: {}\n", plain(&problem.to_string()))
            })
            .collect();
        lines.push_str(match errors {
            0 => "every file that hodman reads is in order",
            1 => "1 error",
            _ => "",
        });
        if errors > 1 {
            lines.push_str(&format!("{errors} errors"));
        }
        print(&lines)?;
    }
    Ok(match errors {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

/// Everything wrong in the files, each thing once.
fn problems(tree: &Tree, origin_url: Option<String>) -> Vec<Diagnostic> {
    let bindings = Bindings::read(tree);
    let mut found = bindings.wrong.0.clone();
    found.extend(own_files(tree));
    let mut package = tree.clone();
    match bundle::inputs(tree) {
        // What a job runs outside of the declared inputs is in no package.
        Ok(inputs) => {
            package.retain(|path, _| inputs.contains(path) || path == bundle::FOLDER_FILE)
        }
        Err(problems) => found.extend(problems.0),
    }
    for name in bindings.promoted() {
        let resolved = bindings
            .bound(name, &package)
            .and_then(|(target, options)| {
                let options = Options {
                    origin_url: origin_url.clone(),
                    allow_builds: true,
                    unbuilt: true,
                    ..options
                };
                bundle::resolve_strictly(&package, &target, &options)
            });
        match resolved {
            Ok(resolved) => {
                found.extend(bindings.unverified(name, &resolved));
                found.extend(resolved.warnings);
            }
            Err(problems) => found.extend(problems.0),
        }
    }
    let mut once: Vec<Diagnostic> = Vec::new();
    for problem in found {
        if !once.contains(&problem) {
            once.push(problem);
        }
    }
    once
}

/// The files beside the bundle that are read by themselves.
fn own_files(tree: &Tree) -> Vec<Diagnostic> {
    let mut found = Diagnostics::default();
    for (path, file) in tree {
        let text = || String::from_utf8_lossy(&file.bytes).into_owned();
        let inner = path.strip_prefix("environments/").unwrap_or_default();
        let wrong = if path == files::POLICY_FILE {
            files::parse_policy(path, &text()).err()
        } else if inner.ends_with("/release.yaml") {
            files::parse_release(path, &text()).err()
        } else if inner.ends_with("/captured.lock") {
            files::parse_captured_lock(path, &text()).err()
        } else {
            None
        };
        found.0.extend(wrong.into_iter().flat_map(|wrong| wrong.0));
    }
    found.0
}

/// Promoted environments get packages; others are only captured.
pub(super) fn is_promoted(environment: &files::Environment) -> bool {
    environment.mode == Mode::Promoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::files::SourceBytes;

    fn found(files: &[(&str, &str)]) -> Vec<String> {
        let tree = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), SourceBytes::plain(text.as_bytes())))
            .collect();
        let found = problems(&tree, None);
        found.iter().map(ToString::to_string).collect()
    }

    const BUNDLE: (&str, &str) = (
        "databricks.yml",
        "bundle: {name: shop}\ntargets: {qa: {}, prod: {}}\n",
    );

    fn promoted(more: &str) -> String {
        format!("mode: promoted\nworkspaces: [{{name: w, host: \"https://w\"}}]\n{more}")
    }

    #[test]
    fn what_is_in_order_is() {
        let qa = promoted("");
        assert_eq!(
            found(&[BUNDLE, ("environments/qa/environment.yaml", &qa)]),
            [""; 0]
        );
    }

    #[test]
    fn what_would_fail_after_the_merge_fails_here() {
        let qa = "environments/qa/environment.yaml";
        let cases = [
            (promoted("bundle_target: nowhere\n"), "nowhere"),
            (promoted("modules: {net: {module: netz}}\n"), "netz"),
            (
                promoted("verify: {run_job: smoke}\n"),
                "names the job `smoke`",
            ),
            (promoted("after: [staging]\n"), "no environment `staging`"),
            (
                promoted("schedules: {reconcile: {cron: \"61 * * * *\"}}\n"),
                ":3:31: ",
            ),
        ];
        for (text, words) in cases {
            let found = found(&[BUNDLE, (qa, &text)]);
            assert!(
                !found.is_empty() && found.iter().any(|one| one.contains(words)),
                "{words}: {found:?}"
            );
        }
        let release = found(&[BUNDLE, ("environments/qa/release.yaml", "package: 1\n")]);
        assert_eq!(release.len(), 4, "{release:?}");
        let lock = "environments/dev/captured.lock";
        for text in ["<<<<<<< ours\n", ""] {
            let found = found(&[BUNDLE, (lock, text)]);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0].starts_with(lock) && found[0].contains("or remove it"),
                "{found:?}"
            );
        }
    }
}
