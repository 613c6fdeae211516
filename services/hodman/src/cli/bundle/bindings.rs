//! The environments beside a bundle: what they give to its variables.

use crate::cli::failure::{Exit, Failure};
use hodman_model::bundle::{Options, ResolvedBundle};
use hodman_model::diagnostic::{Diagnostic, Diagnostics};
use hodman_model::files::{Environment, Presence, Tree};
use hodman_model::modules::{Foundation, ModulesError};
use std::collections::BTreeMap;

/// Environments by name, but those that are to go.
pub(super) struct Bindings {
    environments: BTreeMap<String, Environment>,
    /// What is wrong with the files of others.
    pub wrong: Diagnostics,
}

impl Bindings {
    /// Reads the files of all environments.
    pub fn read(tree: &Tree) -> Self {
        let mut texts = BTreeMap::new();
        for (path, file) in tree {
            let name = path
                .strip_prefix("environments/")
                .and_then(|rest| rest.strip_suffix("/environment.yaml"));
            let Some(name) = name.filter(|name| !name.contains('/')) else {
                continue;
            };
            let text = String::from_utf8_lossy(&file.bytes).into_owned();
            texts.insert(name.to_owned(), text);
        }
        let (mut environments, mut wrong) = (BTreeMap::new(), Diagnostics::default());
        for (name, read) in crate::environments::parse_all(texts) {
            match read {
                Ok(environment) if environment.state != Presence::Absent => {
                    environments.insert(name, environment);
                }
                Ok(_) => {}
                Err(problems) => wrong.0.extend(problems.0),
            }
        }
        Self {
            environments,
            wrong,
        }
    }

    fn get(&self, name: &str) -> Result<&Environment, Failure> {
        self.environments.get(name).ok_or_else(|| {
            let what = format!("environments/{name}/environment.yaml is not there");
            Failure::new(Exit::Usage, what)
        })
    }

    /// Those that packages come into.
    pub fn promoted(&self) -> impl Iterator<Item = &str> {
        let all = self.environments.iter();
        all.filter(|(_, environment)| super::validate::is_promoted(environment))
            .map(|(name, _)| name.as_str())
    }

    /// The target of one environment, and what it gives.
    ///
    /// # Errors
    /// What it does not give, or no module does.
    pub fn bound(&self, name: &str, tree: &Tree) -> Result<(String, Options), Diagnostics> {
        let Some(environment) = self.environments.get(name) else {
            return Ok((name.to_owned(), Options::default()));
        };
        let target = environment.target_of(name).to_owned();
        Ok((target, options(name, environment, tree)?))
    }

    /// Why an environment would never be healthy with this bundle.
    pub fn unverified(&self, name: &str, resolved: &ResolvedBundle) -> Option<Diagnostic> {
        let environment = self.environments.get(name)?;
        crate::environments::verifies(name, environment, resolved)
    }

    /// The target that an environment gets.
    ///
    /// # Errors
    /// When there is no such environment.
    pub fn target(&self, name: &str) -> Result<String, Failure> {
        Ok(self.get(name)?.target_of(name).to_owned())
    }

    /// What one environment gives.
    ///
    /// # Errors
    /// What it does not give, or no module does.
    pub fn options(&self, name: &str, tree: &Tree) -> anyhow::Result<Options> {
        Ok(options(name, self.get(name)?, tree)?)
    }

    /// What the one environment of this target gives; nothing where there is none.
    ///
    /// # Errors
    /// As [`Bindings::options`], and when there are several and none is called as the target is.
    pub fn only(&self, target: &str, tree: &Tree) -> anyhow::Result<Options> {
        let names: Vec<&str> = self.of(target).map(|(name, _)| name).collect();
        let name = match names[..] {
            [] => return Ok(Options::default()),
            [one] => one,
            _ if names.contains(&target) => target,
            _ => {
                let what = format!(
                    "several environments get the target `{target}`: {}",
                    names.join(", ")
                );
                let failure = Failure::new(Exit::Usage, what);
                return Err(failure.hint("say which with --environment").into());
            }
        };
        self.options(name, tree)
    }

    /// What each environment of this target gives; one that gives nothing where there is none.
    pub fn all(&self, target: &str, tree: &Tree) -> Vec<Result<Options, Diagnostics>> {
        let mut all: Vec<_> = self
            .of(target)
            .map(|(name, environment)| options(name, environment, tree))
            .collect();
        if all.is_empty() {
            all.push(Ok(Options::default()));
        }
        all
    }

    fn of<'b>(&'b self, target: &'b str) -> impl Iterator<Item = (&'b str, &'b Environment)> {
        let all = self
            .environments
            .iter()
            .map(|(name, environment)| (name.as_str(), environment));
        all.filter(move |(name, environment)| environment.target_of(name) == target)
    }
}

fn options(name: &str, environment: &Environment, tree: &Tree) -> Result<Options, Diagnostics> {
    let file = format!("environments/{name}/environment.yaml");
    // The pipeline's name stands in nothing that a bundle refers to.
    let foundation = Foundation::resolve("bundle", &file, environment, tree);
    let foundation = foundation.map_err(|error| match error {
        ModulesError::Module(problems) => problems,
        ModulesError::Plan(error) => Diagnostic::error(&file, error.to_string()).into(),
    })?;
    environment.options(name, tree, &foundation)
}
