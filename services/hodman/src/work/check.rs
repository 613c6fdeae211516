//! Looks through somebody's pull request: do its files parse, and what would its bindings do? Fork pull requests are
//! only read, never planned: planning speaks to workspaces with the daemon's credentials.

mod modules;
mod told;

use super::build::builds_refused;
use super::declared::declared;
use super::desired::undeclared;
use super::observe::environment_names;
use super::quiet::quiet;
use super::{Job, Repo, WorkError, code_commit, foundation, outside, taken};
use crate::environments;
use hodman_clients::git::EntryKind;
use hodman_core::event::Outcome;
use hodman_core::facts::PlanFacts;
use hodman_core::ids::{BindingDigest, CommitSha, EnvName, PackageDigest, PullNumber};
use hodman_model::bundle::{self, COMMIT_FILE, FOLDER_FILE, Options};
use hodman_model::capture;
use hodman_model::diagnostic::{Diagnostic, Diagnostics, Severity};
use hodman_model::files::{self, SourceBytes, Tree};
use hodman_model::modules::{Foundation, host_of};
use modules::Modules;
use std::collections::BTreeMap;

/// Several plans share one summary of 65,535 characters.
const PLAN_CHARS: usize = 20_000;

pub(super) async fn check(
    job: &Job<'_>,
    number: PullNumber,
    head: &CommitSha,
    fork: bool,
    pins: &[(EnvName, PackageDigest)],
) -> Result<Outcome, WorkError> {
    job.repo.fetch_pull(number.0).await?;
    let mut found = Diagnostics::default();
    let (at, pipeline) = (head.as_str().to_owned(), job.pipeline.to_owned());
    let (environments, modules, problems) = job
        .repo
        .blocking(move |repo| {
            let mut found = Diagnostics::default();
            let environments = read((repo, &pipeline), &at, &mut found)?;
            Ok((environments, Modules::read(repo, &at)?, found))
        })
        .await?;
    found.0.extend(problems.0);
    let files = environments.iter();
    let files = files.map(|(env, (environment, _))| (env, environment));
    found.0.extend(modules.problems(job, files).0);
    // What the settings name is nobody's business who may not even open a branch here.
    for (name, (environment, _)) in environments.iter().filter(|_| !fork) {
        found.0.extend(unreached(job, name, environment));
    }
    let mut plans = BTreeMap::new();
    let mut shown = Vec::new();
    if !fork && !found.has_errors() {
        for (env, package) in pins {
            let Some((environment, changed)) = environments.get(env) else {
                continue;
            };
            let other_modules = modules.changed_for(job, env, environment);
            if !*changed && !other_modules {
                continue;
            }
            let refused = terraform_refused(job, environment)?;
            if other_modules {
                let terraform = refused.is_none();
                let plan = modules.plan(job, env, environment, package, terraform);
                match Box::pin(plan).await {
                    Ok(markdown) => shown.push(markdown),
                    Err(error) if error.is_transient() => return Err(error),
                    Err(error) => found.push(Diagnostic::error(
                        format!("environments/{env}/environment.yaml"),
                        format!("no plan with these modules: {error}"),
                    )),
                }
                if !*changed {
                    continue;
                }
            }
            if let Some(why) = refused {
                shown.push(format!("### {env}\n\nNot planned here: {why}.\n"));
                continue;
            }
            match plan(job, env, environment, package).await {
                Ok((binding, facts, markdown)) => {
                    shown.push(format!(
                        "### {env}\n\nThis binding with the package in place: {}.\n\n{markdown}",
                        facts.counts()
                    ));
                    plans.insert(env.clone(), (binding, facts));
                }
                Err(error) if error.is_transient() => return Err(error),
                // A module and its first call come together, and so do a variable and its value: the package in place has not got them.
                Err(error)
                    if other_modules
                        || brings_variables(job, head, environment, package).await? =>
                {
                    shown.push(format!(
                        "### {env}\n\nThis binding does not fit the package in place, and arrives with the next one: {}.\n",
                        quiet(&error.to_string())
                    ));
                }
                Err(error) => found.push(Diagnostic::error(
                    format!("environments/{env}/environment.yaml"),
                    format!("no plan under this binding: {error}"),
                )),
            }
        }
    }
    told::say(job, head, &found, &shown, fork).await?;
    let problems = u32::try_from(told::errors(&found)).unwrap_or(u32::MAX);
    Ok(Outcome::Checked { problems, plans })
}

/// Why stacks of Terraform are not planned for a pull request; none when there are none, or both the policy on the promoted branch and
/// the daemon's settings allow it.
fn terraform_refused(
    job: &Job<'_>,
    environment: &files::Environment,
) -> Result<Option<String>, WorkError> {
    if environment.terraform.is_none() {
        return Ok(None);
    }
    let repo = job.repo;
    let main = repo.mirror.head(&repo.branch)?.unwrap_or_default();
    let policy = match text(repo, &main, files::POLICY_FILE)? {
        Some(text) => files::parse_policy(files::POLICY_FILE, &text).unwrap_or_default(),
        None => files::Policy::default(),
    };
    let why = if policy.terraform_plans == files::TerraformPolicy::Refused {
        format!(
            "Terraform runs for a pull request only if `terraform_plans: allowed` stands in `{}` on `{}`",
            files::POLICY_FILE,
            repo.branch
        )
    } else if let Some(why) = job.work.places.refuses_pulls(environment) {
        why
    } else {
        return Ok(None);
    };
    Ok(Some(format!(
        "{why}; it is planned, and asked for, when this is merged"
    )))
}

/// Every file that hodman reads, at this commit; environments with whether their binding differs from main's.
fn read(
    (repo, pipeline): (&Repo, &str),
    head: &str,
    found: &mut Diagnostics,
) -> Result<BTreeMap<EnvName, (files::Environment, bool)>, WorkError> {
    let main = repo.mirror.head(&repo.branch)?.unwrap_or_default();
    let mut texts = BTreeMap::new();
    for name in environment_names(repo, head)? {
        let path = format!("environments/{name}/environment.yaml");
        let text = text(repo, head, &path)?.unwrap_or_default();
        texts.insert(name, text);
    }
    let mut environments = BTreeMap::new();
    for (name, parsed) in environments::parse_all(texts) {
        match parsed {
            Ok(environment) => {
                let path = format!("environments/{name}/environment.yaml");
                let before = text_binding(repo, &main, &path)?;
                let changed = before.as_deref() != Some(environment.binding_digest().as_str());
                environments.insert(EnvName(name.clone()), (environment, changed));
            }
            Err(problems) => found.0.extend(problems.0),
        }
        let path = format!("environments/{name}/release.yaml");
        if let Some(text) = self::text(repo, head, &path)?
            && let Err(problems) = files::parse_release(&path, &text)
        {
            found.0.extend(problems.0);
        }
        // Without it the next capture stops: a merge left its marks in it, or somebody emptied it.
        let path = capture::lock_path(name.as_str());
        if let Some(text) = self::text(repo, head, &path)?
            && let Err(problems) = files::parse_captured_lock(&path, &text)
        {
            found.0.extend(problems.0);
        }
    }
    if let Some(text) = text(repo, head, files::POLICY_FILE)?
        && let Err(problems) = files::parse_policy(files::POLICY_FILE, &text)
    {
        found.0.extend(problems.0);
    }
    resolves((repo, pipeline), head, &environments, found)?;
    Ok(environments)
}

fn text(repo: &Repo, commit: &str, inner: &str) -> Result<Option<String>, WorkError> {
    let bytes = repo.mirror.read(commit, &repo.path(inner))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

fn text_binding(repo: &Repo, commit: &str, path: &str) -> Result<Option<String>, WorkError> {
    let Some(text) = text(repo, commit, path)? else {
        return Ok(None);
    };
    Ok(files::parse_environment(path, &text)
        .ok()
        .map(|environment| environment.binding_digest().to_string()))
}

/// The bundle must resolve for every environment that would get it, from its package alone: what a job runs outside of
/// the declared inputs would not be there.
fn resolves(
    (repo, pipeline): (&Repo, &str),
    head: &str,
    environments: &BTreeMap<EnvName, (files::Environment, bool)>,
    found: &mut Diagnostics,
) -> Result<(), WorkError> {
    let tree = match declared(repo, head)? {
        Ok(declared) => {
            let inputs = declared.entries.iter();
            some(
                repo,
                head,
                inputs.map(|input| (input.path.clone(), input.executable)),
            )?
        }
        Err(problems) => {
            found.0.extend(problems.0);
            tree(repo, head)?
        }
    };
    // By main's policy, not by the one that the pull request brings; and nothing is built for it.
    let main = repo.mirror.head(&repo.branch)?.unwrap_or_default();
    let allow_builds = builds_refused(repo, &main)?.is_none();
    for (name, (environment, _)) in environments {
        if environment.mode != files::Mode::Promoted || environment.state == files::Presence::Absent
        {
            continue;
        }
        let file = foundation::file(name);
        // Modules that do not fit are told beside this.
        let Ok(foundation) = Foundation::resolve(pipeline, &file, environment, &tree) else {
            continue;
        };
        let resolved = environment
            .options(name.as_str(), &tree, &foundation)
            .and_then(|options| {
                let options = Options {
                    branch: Some(repo.branch.clone()),
                    origin_url: Some(repo.origin_url().to_owned()),
                    allow_builds,
                    unbuilt: true,
                    ..options
                };
                bundle::resolve_strictly(&tree, environment.target_of(name.as_str()), &options)
            });
        let problems = match resolved {
            Ok(resolved) => {
                let unverified = environments::verifies(name.as_str(), environment, &resolved);
                unverified.into_iter().chain(resolved.warnings).collect()
            }
            Err(problems) => problems.0,
        };
        for problem in problems {
            if !found.0.contains(&problem) {
                found.push(problem);
            }
        }
    }
    Ok(())
}

/// All of the pipeline's files at a commit.
pub(super) fn tree_at(job: &Job<'_>, commit: &str) -> Result<Tree, WorkError> {
    tree(job.repo, commit)
}

/// All of the pipeline's files at a commit, links and submodules left out. Reads everything: off the async threads.
pub(super) fn tree(repo: &Repo, commit: &str) -> Result<Tree, WorkError> {
    let entries = repo.mirror.list(commit, &repo.path(""))?;
    let files = entries.iter().filter_map(|entry| {
        let inner = repo.inner(&entry.path)?.to_owned();
        match entry.kind {
            EntryKind::File => Some((inner, false)),
            EntryKind::Executable => Some((inner, true)),
            EntryKind::Symlink | EntryKind::Submodule => None,
        }
    });
    let mut tree = some(repo, commit, files)?;
    outside::add(repo, commit, &mut tree)?;
    if bundle::may_ask_for_commit(&tree) {
        bundle::note_commit(&mut tree, &code_commit::of(repo, commit)?);
    }
    Ok(tree)
}

/// These files at a commit, each with whether it may be run.
fn some(
    repo: &Repo,
    commit: &str,
    files: impl Iterator<Item = (String, bool)>,
) -> Result<Tree, WorkError> {
    let files: Vec<(String, bool, String)> = files
        .map(|(inner, executable)| {
            let path = repo.path(&inner);
            (inner, executable, path)
        })
        .collect();
    let mut contents = repo
        .mirror
        .read_many(commit, files.iter().map(|(.., path)| path.as_str()))?;
    let asks = files.iter().any(|(inner, ..)| inner == COMMIT_FILE);
    let noted = match asks {
        true => code_commit::of(repo, commit)?,
        false => String::new(),
    };
    Ok(files
        .into_iter()
        .filter_map(|(inner, executable, path)| {
            if inner == FOLDER_FILE {
                return Some((inner, repo.room().note()));
            }
            if inner == COMMIT_FILE {
                return Some((inner, SourceBytes::plain(noted.as_bytes())));
            }
            let bytes = contents.remove(&path)?.into();
            Some((inner, SourceBytes { bytes, executable }))
        })
        .collect())
}

/// Whether the environment sets variables that the package in place does not declare, and the bundle at `head` all of them.
async fn brings_variables(
    job: &Job<'_>,
    head: &CommitSha,
    environment: &files::Environment,
    package: &PackageDigest,
) -> Result<bool, WorkError> {
    let in_place = job.work.packages.tree(package).await?;
    let missing = undeclared(environment, &in_place)?;
    Ok(!missing.is_empty() && undeclared(environment, &tree_at(job, head.as_str())?)?.is_empty())
}

async fn plan(
    job: &Job<'_>,
    env: &EnvName,
    environment: &files::Environment,
    package: &PackageDigest,
) -> Result<(BindingDigest, PlanFacts, String), WorkError> {
    let tree = job.work.packages.tree(package).await?;
    // The files are those in place, but what they are told is not merged.
    let engines = taken::Engines::Unmerged {
        templates: true,
        terraform: true,
    };
    let environment = environment.clone();
    let taken = taken::take_tree_asking(job, env, environment, &tree, engines).await?;
    taken.keep(job).await?;
    let (mut markdown, short) = taken.plan.to_markdown(PLAN_CHARS);
    let page = format!("/plans/{}", taken.plan.digest());
    if let Some(url) = job.work.link(&page).filter(|_| short) {
        markdown.push_str(&format!("\n\nThe whole plan: {url}\n"));
    }
    Ok((taken.binding.clone(), taken.facts(), markdown))
}

/// Workspaces that the daemon's settings do not have, or have elsewhere: nothing reaches them after the merge.
fn unreached(job: &Job<'_>, name: &EnvName, environment: &files::Environment) -> Vec<Diagnostic> {
    let literal = |host: &str| host_of(host).is_none();
    let places = environment.workspaces.iter();
    places
        .filter(|place| literal(&place.host) && environment.state == files::Presence::Present)
        .filter_map(|place| {
            job.work
                .places
                .workspace(job.whose(name), &place.name, &place.host)
                .err()
        })
        .map(|error| Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(foundation::file(name), error.to_string())
        })
        .collect()
}
