//! `hodman environment`: a new environment from one that works, by pull request.

use super::args::{Environments, NewEnvironment};
use super::failure::{Exit, Failure};
use super::output::{print, print_json};
use crate::worked::{ENVIRONMENTS, MODULES};
use anyhow::Context as _;
use hodman_core::event::Ask;
use hodman_model::field_path::PathSegment;
use hodman_model::files::Template;
use hodman_model::yaml_edit;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

pub(super) async fn environment(what: Environments, json: bool) -> anyhow::Result<ExitCode> {
    match what {
        Environments::Templates => templates(json),
        Environments::New(args) => new(*args, json).await,
    }
}

fn templates(as_json: bool) -> anyhow::Result<ExitCode> {
    let mut all = Vec::new();
    for worked in ENVIRONMENTS {
        let template = Template::parse(worked.name, worked.template).map_err(refused)?;
        all.push(json!({"name": worked.name, "description": template.description, "parameters": template.parameters}));
        if as_json {
            continue;
        }
        print(&format!("{}: {}", worked.name, template.description))?;
        for parameter in &template.parameters {
            print(&format!(
                "  {}: {} (such as {})",
                parameter.name, parameter.description, parameter.of
            ))?;
        }
    }
    if as_json {
        print_json(&Value::from(all))?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn new(args: NewEnvironment, as_json: bool) -> anyhow::Result<ExitCode> {
    let source = Source::find(&args.from)?;
    let template = Template::parse(&source.path, &source.template).map_err(refused)?;
    let given = asked(&template, &args.set)?;
    let own = format!("environments/{}/environment.yaml", args.name);
    let text = template
        .fill(
            &own,
            &source.environment,
            (&source.name, &args.name),
            &given,
        )
        .map_err(refused)?;
    let text = with_settings(&own, &text, &args)?;
    let environment = crate::environments::parse(&own, &text).map_err(refused)?;
    let called: Vec<String> = environment
        .modules
        .values()
        .map(|call| format!("modules/{}/", call.module))
        .collect();
    let mut files = BTreeMap::from([(own, text)]);
    for (path, text) in source.modules {
        if called.iter().any(|folder| path.starts_with(folder)) {
            files.insert(path, text);
        }
    }
    if args.dry_run {
        if as_json {
            print_json(&json!(files))?;
        } else {
            for (path, text) in &files {
                print(&format!("--- {path}\n{}", text.trim_end()))?;
            }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let ask = Ask::NewEnvironment {
        env: args.name.into(),
        from: source.name,
        files,
    };
    super::ask::send(ask, &args.remote, !args.wait.no_wait, as_json).await
}

/// What is said beside the template's parameters.
fn with_settings(own: &str, text: &str, args: &NewEnvironment) -> anyhow::Result<String> {
    let mut text = text.to_owned();
    let after = (!args.after.is_empty()).then(|| json!(args.after));
    let one = |value: &Option<String>| value.as_ref().map(|value| json!(value));
    for (key, value) in [
        ("after", after),
        ("bundle_target", one(&args.bundle_target)),
        ("account", one(&args.account)),
        ("aws", one(&args.aws)),
    ] {
        let Some(value) = value else { continue };
        let at = [PathSegment::Key(key.to_owned())];
        text = yaml_edit::set(&text, &at, &value, &[])
            .with_context(|| format!("setting `{key}` in {own}"))?
            .text;
    }
    Ok(text)
}

/// Those that were given, and of the rest what a person answers at the terminal.
fn asked(template: &Template, set: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut given = BTreeMap::new();
    for pair in set {
        let (name, value) = pair.split_once('=').ok_or_else(|| {
            Failure::new(Exit::Usage, format!("`--set {pair}`: expected NAME=VALUE"))
        })?;
        given.insert(name.to_owned(), value.to_owned());
    }
    if !std::io::stdin().is_terminal() {
        return Ok(given);
    }
    let mut lines = std::io::stdin().lock().lines();
    for parameter in &template.parameters {
        if given.contains_key(&parameter.name) {
            continue;
        }
        let default = parameter.default.as_deref();
        let shown = default.map_or_else(String::new, |value| format!(" [{value}]"));
        eprint!(
            "{} ({}, such as {}){shown}: ",
            parameter.name, parameter.description, parameter.of
        );
        std::io::stderr().flush()?;
        let Some(line) = lines.next().transpose()? else {
            break;
        };
        let line = line.trim();
        if !line.is_empty() {
            given.insert(parameter.name.clone(), line.to_owned());
        }
    }
    Ok(given)
}

/// An environment that works.
struct Source {
    name: String,
    /// For errors.
    path: String,
    template: String,
    environment: String,
    modules: Vec<(String, String)>,
}

impl Source {
    /// One that hodman carries, or one in a folder: an environment with a `template.yaml` beside its file.
    fn find(from: &str) -> anyhow::Result<Self> {
        let own = |text: &str| text.to_owned();
        if let Some(worked) = ENVIRONMENTS.iter().find(|worked| worked.name == from) {
            let modules = MODULES.iter();
            return Ok(Self {
                name: own(worked.name),
                path: format!("{from}/template.yaml"),
                template: own(worked.template),
                environment: own(worked.environment),
                modules: modules.map(|(path, text)| (own(path), own(text))).collect(),
            });
        }
        let folder = Path::new(from);
        if !folder.is_dir() {
            let names: Vec<&str> = ENVIRONMENTS.iter().map(|worked| worked.name).collect();
            return Err(Failure::new(
                Exit::Usage,
                format!(
                    "`--from {from}`: neither a folder with environment.yaml and template.yaml, nor one of {}",
                    names.join(", ")
                ),
            )
            .into());
        }
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
        };
        let name = folder.canonicalize()?;
        let name = name.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            path: folder.join("template.yaml").display().to_string(),
            template: read("template.yaml")?,
            environment: read("environment.yaml")?,
            name: name.into_owned(),
            // Its modules are in the repository already.
            modules: vec![],
        })
    }
}

fn refused(problems: hodman_model::diagnostic::Diagnostics) -> anyhow::Error {
    Failure::new(Exit::Failed, problems.to_string()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hodman_model::files::{SourceBytes, Tree, parse_environment};
    use hodman_model::modules::Foundation;

    #[test]
    fn every_worked_environment_is_its_own_template() {
        for worked in ENVIRONMENTS {
            let source = Source::find(worked.name).expect("it is carried");
            let template = Template::parse(&source.path, &source.template).expect("a template");
            let same = template.parameters.iter().map(|parameter| {
                assert!(
                    source.environment.contains(&parameter.of),
                    "{}: {} stands nowhere",
                    worked.name,
                    parameter.of
                );
                (parameter.name.clone(), parameter.of.clone())
            });
            let names = (worked.name, worked.name);
            let made = template.fill("t", &source.environment, names, &same.collect());
            assert_eq!(made.expect("filled"), worked.environment, "{}", worked.name);

            // Of the same form, and another: each digit the next one.
            let other = |at: usize, of: &str| -> String {
                if !of.contains(|letter: char| letter.is_ascii_digit()) {
                    return format!("other-{at}");
                }
                let next = |letter: char| match letter.to_digit(10) {
                    Some(digit) => char::from_digit((digit + 1) % 10, 10).unwrap_or(letter),
                    None => letter,
                };
                of.chars().map(next).collect()
            };
            let others = template.parameters.iter().enumerate();
            let others: BTreeMap<String, String> = others
                .map(|(at, parameter)| (parameter.name.clone(), other(at, &parameter.of)))
                .collect();
            let made = template
                .fill("t", &source.environment, (worked.name, "eu"), &others)
                .expect("filled");
            for parameter in &template.parameters {
                // A role's ARN keeps its name here, which is that of the workspace.
                let told = others.values().any(|value| value.contains(&parameter.of));
                let left = made.contains(&parameter.of) && !told;
                assert!(
                    !left,
                    "{}: {} is left in\n{made}",
                    worked.name, parameter.of
                );
            }
            let own = "environments/eu/environment.yaml";
            let environment = parse_environment(own, &made).expect("an environment");
            let tree: Tree = source
                .modules
                .iter()
                .map(|(path, text)| (path.clone(), SourceBytes::plain(text.as_bytes())))
                .collect();
            Foundation::resolve("shop", own, &environment, &tree).expect("its modules fit");
        }
    }

    #[test]
    fn every_file_of_a_module_is_carried() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/foundation/modules");
        let mut there = 0;
        for module in std::fs::read_dir(folder).expect("modules") {
            let files = std::fs::read_dir(module.expect("a module").path()).expect("files");
            there += files.count();
        }
        assert_eq!(there, MODULES.len());
    }
}
