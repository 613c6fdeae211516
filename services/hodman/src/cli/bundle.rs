//! `hodman bundle`: the bundle of a folder, as hodman reads it. No daemon, no workspace.

mod bindings;
mod folder;
mod validate;

pub(super) use validate::validate;

use super::args::Bundle;
use super::failure::{Exit, Failure};
use super::output::{lines_of, plain, print, print_json, table};
use bindings::Bindings;
use folder::Around;
use hodman_clients::git::checkout;
use hodman_model::bundle::{
    self, CurrentUser, Finding, Form, Git, Options, ResolvedBundle, Room, Surroundings,
};
use hodman_model::diagnostic::Severity;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

pub(super) fn run(what: Bundle, json: bool) -> anyhow::Result<ExitCode> {
    match what {
        Bundle::Resolve {
            target,
            environment,
            var,
            user,
            path,
        } => resolve((target, environment), &var, user, &path, json),
        Bundle::Lint {
            target,
            var,
            user,
            path,
        } => lint(target.as_deref(), &var, user.as_deref(), &path, json),
    }
}

fn resolve(
    (target, environment): (Option<String>, Option<String>),
    var: &[String],
    user: Option<String>,
    path: &Path,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let (git, around) = git(path);
    let tree = folder::read(path, around.as_ref())?;
    let bindings = Bindings::read(&tree);
    if bindings.wrong.has_errors() {
        return Err(bindings.wrong.into());
    }
    let (target, environment) = match (target, environment) {
        (_, Some(name)) => (bindings.target(&name)?, Some(name)),
        (Some(target), None) => (target, None),
        (None, None) => (bundle::default_target(&tree)?, None),
    };
    let bound = match environment {
        Some(name) => bindings.options(&name, &tree)?,
        None => bindings.only(&target, &tree)?,
    };
    let user = user.as_deref().map(CurrentUser::named);
    let options = Options {
        variables: over(bound.variables, &variables(var)?),
        outside: bound.outside,
        current_user: user.clone(),
        origin_url: git.as_ref().and_then(|git| git.origin_url.clone()),
        form: match json {
            true => Form::Validated,
            false => Form::Planned,
        },
        // Whether they may run is asked where a package is made.
        allow_builds: true,
        unbuilt: true,
        ..Options::default()
    };
    let resolved = bundle::resolve_with(&tree, &target, &options)?;
    for warning in &resolved.warnings {
        eprintln!("warning: {warning}");
    }
    if json {
        print_json(&bundle::validated(&resolved, &Surroundings { user, git }))?;
    } else {
        print(&shown(&resolved))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What is checked out in `path`, and what the bundle may use beside its folder.
fn git(path: &Path) -> (Option<Git>, Option<Around>) {
    let Some((found, top, own)) = checkout(path).and_then(|found| {
        let top = found.root.canonicalize().ok()?;
        Some((found, top, path.canonicalize().ok()?))
    }) else {
        return (None, None);
    };
    let Ok(folder) = own.strip_prefix(&top) else {
        return (None, None);
    };
    let parts = folder.iter().map(|part| part.to_string_lossy());
    let folder = parts.collect::<Vec<_>>().join("/");
    let room = Room::at(&folder);
    let git = Git {
        branch: found.branch,
        commit: found.commit.clone(),
        origin_url: found.origin_url,
        folder,
    };
    let commit = found.commit;
    (Some(git), Some(Around { top, room, commit }))
}

fn shown(resolved: &ResolvedBundle) -> String {
    let mut resources = table(&["resource", "name", "defined in"]);
    for (key, resource) in &resolved.resources {
        let fields = [
            "name",
            "display_name",
            "cluster_name",
            "instance_pool_name",
            "path",
        ];
        let name = fields
            .iter()
            .find_map(|field| resource.config.get(field)?.as_str())
            .unwrap_or_default();
        let place = format!("{}:{}", bundle::written(&resource.file), resource.line);
        resources.add_row([key.to_string(), plain(name), place]);
    }
    let mode = resolved.mode.as_deref().map(|mode| format!(", {mode}"));
    format!(
        "{}, target {}{}\n{}{} files to upload\n",
        plain(&resolved.name),
        plain(&resolved.target),
        mode.unwrap_or_default(),
        lines_of(&resources),
        resolved.files.len()
    )
}

fn lint(
    target: Option<&str>,
    var: &[String],
    user: Option<&str>,
    path: &Path,
    json: bool,
) -> anyhow::Result<ExitCode> {
    let user = user.map(CurrentUser::named);
    let (git, around) = git(path);
    let origin_url = git.and_then(|git| git.origin_url);
    let tree = folder::read(path, around.as_ref())?;
    let (bindings, said) = (Bindings::read(&tree), variables(var)?);
    let mut found = bundle::lint_for(&tree, target, &|target| {
        let bound = bindings.all(target, &tree).into_iter();
        bound
            .map(|options| {
                options.map(|options| Options {
                    variables: over(options.variables, &said),
                    current_user: user.clone(),
                    origin_url: origin_url.clone(),
                    allow_builds: true,
                    unbuilt: true,
                    ..options
                })
            })
            .collect()
    });
    // First, for what these would have given is missing in what follows.
    let wrong = bindings.wrong.0.into_iter().map(|diagnostic| Finding {
        diagnostic,
        rule: "resolve",
    });
    found.splice(0..0, wrong);
    for finding in &mut found {
        let file = bundle::written(&finding.diagnostic.file).into_owned();
        finding.diagnostic.file = file;
    }
    let errors = found.iter().filter(|finding| is_error(finding)).count();
    if json {
        print_json(&found)?;
    } else {
        let mut lines: String = found
            .iter()
            .map(|finding| {
                let word = if is_error(finding) {
                    "error"
                } else {
                    "warning"
                };
                let text = plain(&finding.diagnostic.to_string());
                format!("{word}: {text} [{}]\n", finding.rule)
            })
            .collect();
        lines.push_str(&format!(
            "{errors} errors, {} warnings\n",
            found.len() - errors
        ));
        print(&lines)?;
    }
    Ok(match errors {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    })
}

fn is_error(finding: &Finding) -> bool {
    finding.diagnostic.severity == Severity::Error
}

/// The values of a binding, with those of the command line in their place.
fn over(
    mut bound: BTreeMap<String, Value>,
    said: &BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    bound.extend(
        said.iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    bound
}

/// `name=value`; a value that is JSON of a list or mapping is one.
fn variables(written: &[String]) -> anyhow::Result<BTreeMap<String, Value>> {
    let mut read = BTreeMap::new();
    for text in written {
        let (name, value) = text
            .split_once('=')
            .ok_or_else(|| Failure::new(Exit::Usage, format!("`{text}` is not `name=value`")))?;
        let structured = value
            .starts_with(['[', '{'])
            .then(|| serde_json::from_str(value).ok())
            .flatten();
        let value = structured.unwrap_or_else(|| json!(value));
        if read.insert(name.to_owned(), value).is_some() {
            let what = format!("`--var` gives `{name}` twice");
            return Err(Failure::new(Exit::Usage, what).into());
        }
    }
    Ok(read)
}
