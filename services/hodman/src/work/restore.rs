//! Puts what a branch holds into another workspace: disaster recovery, a new region, a try.
//!
//! By the same planner and executor as a promotion, but for a person in the foreground: there is no environment whose
//! state could ask for it, and after a disaster perhaps no daemon. What it makes carries the name `restore` as its
//! environment, so that no promotion takes it for its own, and a second run goes on where the first one ended. Files go
//! back to where people had them, and to a capture all of it is people's own work again.

use super::{Job, Repo, Work, WorkError, apply, capture, check, taken};
use crate::worker::Fence;
use hodman_clients::git::GitError;
use hodman_core::ids::EnvName;
use hodman_model::files::{Environment, Mode, Tree, parse_environment};
use hodman_model::plan::Plan;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The environment's name in markers and folders.
const ENV: &str = hodman_model::kinds::RESTORED;
/// What a lock calls files and notebooks.
const FILES: &str = "files";

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Restore {
    /// A branch, tag or commit.
    pub branch: String,
    /// The workspace's name in the settings.
    pub workspace: String,
    /// The target in the bundle; the one of `like`, or of the captured environment, when absent.
    pub target: Option<String>,
    /// The environment of the branch whose variables and identity are taken.
    pub like: Option<String>,
    /// Also into a workspace of a free-form environment.
    pub force: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Actions.
    pub done: u32,
    /// Files that were uploaded.
    pub uploaded: u32,
}

impl Work {
    /// The plan of a restore. Only reads.
    ///
    /// # Errors
    /// When the branch or the workspace cannot be read, the bundle does not resolve, or people work there by hand.
    pub async fn plan_restore(
        self: &Arc<Self>,
        pipeline: &str,
        wanted: &Restore,
    ) -> Result<Plan, WorkError> {
        self.reading(pipeline, async |job, main| {
            Ok(take(&job, wanted, &main).await?.plan)
        })
        .await
    }

    /// Does what the plan says that was shown; another plan than that stops before its first step.
    ///
    /// # Errors
    /// As [`Work::plan_restore`]; when the plan changed since, would lose something for good, or a step failed. What was
    /// done until then stays, and the next run goes on from there.
    pub async fn apply_restore(
        self: &Arc<Self>,
        pipeline: &str,
        wanted: &Restore,
        shown: &Plan,
    ) -> Result<Restored, WorkError> {
        self.reading(pipeline, async |job, main| {
            let fence = Fence::by_hand(self.store.clone(), self.clock.clone());
            let job = Job {
                fence: &fence,
                ..job
            };
            let taken = take(&job, wanted, &main).await?;
            if taken.plan.digest() != shown.digest() {
                return Err(WorkError::lasting(
                    "the workspace or the branch changed since the plan was shown: look at it again",
                ));
            }
            let lost = taken.plan.irreversible();
            if let Some(key) = lost.first() {
                return Err(WorkError::lasting(format!(
                    "a restore never does what cannot be taken back: {key} and {} more",
                    lost.len() - 1
                )));
            }
            let env = EnvName::from(ENV);
            let (done, uploaded) = apply::all_workspaces(&job, &env, &taken).await?;
            Ok(Restored { done, uploaded })
        })
        .await
    }
}

async fn take(job: &Job<'_>, wanted: &Restore, main: &str) -> Result<taken::Taken, WorkError> {
    let (name, wanted_here, main) = (wanted.branch.clone(), wanted.clone(), main.to_owned());
    let host = job
        .work
        .places
        .host(&wanted.workspace)
        .ok_or_else(|| {
            WorkError::lasting(format!(
                "workspace `{}` is not in the settings (`workspaces:`)",
                wanted.workspace
            ))
        })?
        .to_owned();
    let (tree, environment) = job
        .repo
        .blocking(move |repo| {
            let commit = commit(repo, &name)?;
            let tree = check::tree(repo, &commit)?;
            if !wanted_here.force {
                refuse_free_form(repo, &wanted_here, &host, &[&main, &commit])?;
            }
            let (mut environment, by_hand) = environment(repo, &wanted_here, &host, &commit)?;
            if let Some(by_hand) = by_hand {
                environment.files.places = places(&tree, &by_hand)?;
            }
            Ok((Arc::new(tree), environment))
        })
        .await?;
    taken::take_tree(job, &EnvName::from(ENV), environment, &tree).await
}

/// The commit of a branch, a tag or an id, also a short one.
fn commit(repo: &Repo, name: &str) -> Result<String, WorkError> {
    if let Some(commit) = repo.mirror.commit_named(name)? {
        return Ok(commit);
    }
    // Tags are not in the mirror until somebody asks for one. What is no name of one is not asked for.
    let tag = format!("refs/tags/{name}");
    let fetched = match repo.mirror.fetch_ref(&tag) {
        Err(GitError::Invalid(_)) => None,
        found => found?,
    };
    let commit = match fetched {
        Some(_) => repo.mirror.commit_named(name)?,
        None => None,
    };
    commit.ok_or_else(|| {
        WorkError::lasting(format!(
            "`{name}` is no branch, tag or commit of {}",
            repo.repository()
        ))
    })
}

/// The environments of a commit that can be read.
fn environments(repo: &Repo, commit: &str) -> Result<Vec<(String, Environment)>, WorkError> {
    let mut found = Vec::new();
    for name in super::observe::environment_names(repo, commit)? {
        let path = format!("environments/{name}/environment.yaml");
        let Some(bytes) = repo.mirror.read(commit, &repo.path(&path))? else {
            continue;
        };
        found.push((
            name.to_string(),
            parse_environment(&path, &String::from_utf8_lossy(&bytes))?,
        ));
    }
    Ok(found)
}

/// People's own work is never written to, unless somebody says that this is what they want.
fn refuse_free_form(
    repo: &Repo,
    wanted: &Restore,
    host: &str,
    commits: &[&str],
) -> Result<(), WorkError> {
    let same = |other: &str| other.trim_end_matches('/') == host.trim_end_matches('/');
    for commit in commits {
        for (name, environment) in environments(repo, commit)? {
            let there = environment
                .workspaces
                .iter()
                .any(|place| place.name == wanted.workspace || same(&place.host));
            if environment.mode == Mode::FreeForm && there {
                return Err(WorkError::lasting(format!(
                    "people work by hand in workspace `{}` (environment {name}); --force writes there all the same",
                    wanted.workspace
                )));
            }
        }
    }
    Ok(())
}

/// Where people had the files that were captured, by path in the repository.
fn places(tree: &Tree, captured: &EnvName) -> Result<BTreeMap<String, String>, WorkError> {
    let lock = capture::lock_in(tree, captured)?;
    let files = lock.entries.into_iter();
    Ok(files
        .filter(|entry| entry.id.starts_with('/') && tree.contains_key(&entry.file))
        .filter(|entry| entry.kind == FILES)
        .map(|entry| (entry.file, format!("/Workspace{}", entry.id)))
        .collect())
}

/// The environment that was captured: the one whose captures are proposed on that branch, else the only one in which people
/// work by hand.
fn captured<'e>(
    all: &'e [(String, Environment)],
    branch: &str,
) -> Result<Option<&'e (String, Environment)>, WorkError> {
    let by_hand: Vec<&(String, Environment)> = all
        .iter()
        .filter(|(_, environment)| environment.mode == Mode::FreeForm)
        .collect();
    let own = by_hand
        .iter()
        .find(|(name, _)| capture::is_of(&name.as_str().into(), branch));
    match (own, by_hand.as_slice()) {
        (Some(own), _) => Ok(Some(own)),
        (None, []) => Ok(None),
        (None, [one]) => Ok(Some(one)),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|(name, _)| name.as_str()).collect();
            Err(WorkError::lasting(format!(
                "people work by hand in several environments of {branch} ({}); --like says whose values are taken",
                names.join(", ")
            )))
        }
    }
}

/// An environment of one workspace, like the one that was asked for or captured; the name of that one, when people work
/// there by hand.
fn environment(
    repo: &Repo,
    wanted: &Restore,
    host: &str,
    commit: &str,
) -> Result<(Environment, Option<EnvName>), WorkError> {
    let all = environments(repo, commit)?;
    let like = match &wanted.like {
        Some(like) => Some(all.iter().find(|(name, _)| name == like).ok_or_else(|| {
            WorkError::lasting(format!("{} has no environment {like}", wanted.branch))
        })?),
        None => captured(&all, &wanted.branch)?,
    };
    let target = wanted.target.clone().or_else(|| {
        let (name, environment) = like?;
        Some(environment.target_of(name).to_owned())
    });
    let text = json!({
        "mode": "promoted",
        "workspaces": [{ "name": wanted.workspace, "host": host }],
        "bundle_target": target.unwrap_or_else(|| ENV.to_owned()),
        "variables": like.map(|(_, environment)| &environment.variables),
        "identity": like.map(|(_, environment)| &environment.identity),
    });
    let mut text = text;
    if let Some(map) = text.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
    let environment =
        parse_environment("environments/restore/environment.yaml", &text.to_string())?;
    let by_hand = like.filter(|(_, environment)| environment.mode == Mode::FreeForm);
    Ok((environment, by_hand.map(|(name, _)| name.as_str().into())))
}
