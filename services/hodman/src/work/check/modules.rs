//! What the modules of somebody's pull request come to: whether every call of them fits, and what a change of one would do in
//! each environment that calls it, before anybody merges it. Each environment is asked again, with its own plan, when the change
//! is promoted there; what is shown here approves nothing.

use super::{PLAN_CHARS, some};
use crate::work::foundation;
use crate::work::{Job, Repo, WorkError, taken};
use hodman_clients::git::EntryKind;
use hodman_core::ids::{EnvName, PackageDigest};
use hodman_model::diagnostic::{Diagnostic, Diagnostics};
use hodman_model::files::{Environment, Mode, Presence, Tree};
use hodman_model::modules::{Foundation, ModulesError};
use std::sync::Arc;

const FOLDER: &str = "modules/";

/// The modules of the pull request and of the promoted branch.
pub(super) struct Modules {
    main: Tree,
    head: Tree,
}

impl Modules {
    pub fn read(repo: &Repo, head: &str) -> Result<Self, WorkError> {
        let main = repo.mirror.head(&repo.branch)?.unwrap_or_default();
        Ok(Self {
            main: at(repo, &main)?,
            head: at(repo, head)?,
        })
    }

    /// Whether the calls of each environment fit the modules as the pull request has them.
    pub fn problems<'e>(
        &self,
        job: &Job<'_>,
        environments: impl Iterator<Item = (&'e EnvName, &'e Environment)>,
    ) -> Diagnostics {
        let mut found = Diagnostics::default();
        for (env, environment) in environments.filter(|(_, environment)| calls(environment)) {
            let problems = match resolve(job, env, environment, &self.head) {
                Ok(_) => continue,
                Err(ModulesError::Module(problems)) => problems.0,
                Err(ModulesError::Plan(error)) => {
                    vec![Diagnostic::error(foundation::file(env), error.to_string())]
                }
            };
            for problem in problems {
                // The same mistake in a module shows in every environment that calls it.
                if !found.0.contains(&problem) {
                    found.push(problem);
                }
            }
        }
        found
    }

    /// Whether the environment's calls come to something else than with the modules on the promoted branch.
    pub fn changed_for(&self, job: &Job<'_>, env: &EnvName, environment: &Environment) -> bool {
        if !calls(environment) || self.main == self.head {
            return false;
        }
        let main = resolve(job, env, environment, &self.main).ok();
        main != resolve(job, env, environment, &self.head).ok()
    }

    /// What the environment's plan would be, were nothing changed of the package in place but its modules.
    pub async fn plan(
        &self,
        job: &Job<'_>,
        env: &EnvName,
        environment: &Environment,
        package: &PackageDigest,
        terraform: bool,
    ) -> Result<String, WorkError> {
        let in_place = job.work.packages.tree(package).await?;
        let rest = in_place
            .iter()
            .filter(|(path, _)| !path.starts_with(FOLDER));
        let rest = rest.map(|(path, source)| (path.clone(), source.clone()));
        let tree: Tree = rest.chain(self.head.clone()).collect();
        let engines = taken::Engines::Unmerged {
            templates: false,
            terraform,
        };
        let tree = Arc::new(tree);
        let environment = environment.clone();
        let taken = taken::take_tree_asking(job, env, environment, &tree, engines).await?;
        taken.keep(job).await?;
        let (mut markdown, short) = taken.plan.to_markdown(PLAN_CHARS);
        let page = format!("/plans/{}", taken.plan.digest());
        if let Some(url) = job.work.link(&page).filter(|_| short) {
            markdown.push_str(&format!("\n\nThe whole plan: {url}\n"));
        }
        let counts = taken.facts().counts();
        Ok(format!(
            "### {env}\n\nThe modules of this pull request with the package in place: {counts}. Nothing is approved by this; \
             what stacks would do inside is asked when the change is promoted.\n\n{markdown}"
        ))
    }
}

fn at(repo: &Repo, commit: &str) -> Result<Tree, WorkError> {
    let entries = repo.mirror.list(commit, &repo.path(FOLDER))?;
    let files = entries.iter().filter_map(|entry| {
        let inner = repo.inner(&entry.path)?.to_owned();
        match entry.kind {
            EntryKind::File => Some((inner, false)),
            EntryKind::Executable => Some((inner, true)),
            EntryKind::Symlink | EntryKind::Submodule => None,
        }
    });
    some(repo, commit, files)
}

/// Whether modules are called that matter: those of an environment that goes are asked for no more.
fn calls(environment: &Environment) -> bool {
    !environment.modules.is_empty()
        && environment.mode == Mode::Promoted
        && environment.state == Presence::Present
}

fn resolve(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    modules: &Tree,
) -> Result<Foundation, ModulesError> {
    Foundation::resolve(job.pipeline, &foundation::file(env), environment, modules)
}
