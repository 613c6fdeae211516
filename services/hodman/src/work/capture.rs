//! Captures a free-form workspace into a pull request. The workspace is only read.

mod branch;
mod ended;
mod file;
mod file_access;
mod history;
mod known;
mod libraries;
mod propose;
mod snapshot;
mod table;

use super::{Job, Repo, WorkError, check, git, taken};
pub(super) use branch::is_of;
use ended::ended;
use history::History;
use hodman_clients::git::{Base, MergeResult};
use hodman_clients::github::Pull;
use hodman_core::event::Outcome;
use hodman_core::ids::{CommitSha, EnvName, PlanDigest, PullNumber};
use hodman_model::capture::{
    self, CaptureInput, CaptureRow, Captured, CapturedAs, LiveSnapshot, Overrides,
    capture as model_capture, holds, lock_path,
};
use hodman_model::digest::Digest;
use hodman_model::files::{
    CapturedLock, Environment, SourceBytes, Tree, parse_captured_lock, render_captured_lock,
};
use known::Known;
use propose::{nothing_left, propose};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Versions of one file that are looked through for the base of a merge: years of weekly captures.
const HISTORY: usize = 200;

pub(super) async fn capture(
    job: &Job<'_>,
    env: &EnvName,
    _base: &CommitSha,
) -> Result<Outcome, WorkError> {
    job.repo.fetch().await?;
    let mirror = &job.repo.mirror;
    let main = mirror
        .head(&job.repo.branch)?
        .ok_or_else(|| WorkError::transient("the default branch is gone"))?;
    let environment = taken::environment_at(job, env, &main)?;
    let rules = environment.capture.clone().unwrap_or_default();
    let place = branch::find(job, env, rules.branch).await?;
    let known = known_at(job, env, &main, place.open.as_ref()).await?;
    let (snapshot, unlike) = look(job, env, &environment, &known).await?;
    let name = snapshot.workspace.clone();
    // The whole difference from main: what the pull request is about, whoever pushed to it.
    let snapshot = Arc::new(snapshot);
    let mut whole = merge(job, env, &environment, &snapshot, &main).await?;
    whole.tell(&unlike);
    if whole.changes.is_empty() && place.open.is_none() {
        return Ok(ended(&whole, None, 0));
    }
    let digest = PlanDigest(whole.digest().to_string());
    if place.open.is_none() {
        if let Some(pull) = branch::proposed(&place, &digest) {
            let pull = (PullNumber(pull.number), CommitSha(pull.head_sha.clone()));
            return Ok(ended(&whole, Some(pull), 0));
        }
        // Somebody declined just this: it stays declined until there is something else to propose.
        if branch::declined(job, env, &place, &digest).await? {
            return Ok(ended(&whole, None, 0));
        }
    }
    let head = match &place.open {
        None => fresh(job, env, &place.branch, &main, &whole).await?,
        Some(pull) => go_on(job, env, &environment, &snapshot, pull, &main).await?,
    };
    let (before, after) = (main.clone(), head.clone());
    let changed = mirror
        .run(move |mirror| mirror.changed_paths(&before, &after))
        .await?;
    if changed.is_empty() {
        nothing_left(job, place.open).await?;
        return Ok(ended(&whole, None, 0));
    }
    let number = propose(job, env, &name, &whole, digest, place).await?;
    let pull = (PullNumber(number), CommitSha(head));
    let changed = u32::try_from(news(&whole).count()).unwrap_or(u32::MAX);
    Ok(ended(&whole, Some(pull), changed))
}

/// All of the environment's workspaces, and where they are not alike.
async fn look(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    known: &Known,
) -> Result<(LiveSnapshot, Vec<String>), WorkError> {
    let mut snapshots = Vec::new();
    for place in &environment.workspaces {
        let places = &job.work.places;
        let workspace = places.workspace(job.whose(env), &place.name, &place.host)?;
        let workspace = places.machine(workspace).await?;
        // What is known of files is known of the first: the others' ids are other ids.
        let elsewhere;
        let known = if snapshots.is_empty() {
            known
        } else {
            elsewhere = known.elsewhere();
            &elsewhere
        };
        snapshots.push(snapshot::take(&workspace, environment, known).await?);
    }
    if snapshots.is_empty() {
        return Err(WorkError::lasting(format!(
            "environments/{env}/environment.yaml names no workspace"
        )));
    }
    Ok(capture::join(snapshots))
}

/// What main and the branch under way hold of the workspace's files.
async fn known_at(
    job: &Job<'_>,
    env: &EnvName,
    main: &str,
    open: Option<&Pull>,
) -> Result<Known, WorkError> {
    let head = open
        .map(|pull| job.repo.mirror.head(&pull.head_ref))
        .transpose()?
        .flatten();
    let commits: Vec<String> = std::iter::once(main.to_owned()).chain(head).collect();
    let env = env.clone();
    job.repo
        .blocking(move |repo| {
            let mut known = Known::default();
            for commit in commits {
                let tree = check::tree(repo, &commit)?;
                known.learn(&tree, &lock_in(&tree, &env)?);
            }
            Ok(known)
        })
        .await
}

/// The last capture of an environment, as the files have it.
pub(super) fn lock_in(tree: &Tree, env: &EnvName) -> Result<CapturedLock, WorkError> {
    let path = lock_path(env.as_str());
    Ok(match tree.get(&path) {
        Some(SourceBytes { bytes, .. }) => {
            parse_captured_lock(&path, &String::from_utf8_lossy(bytes))?
        }
        None => CapturedLock::default(),
    })
}

/// The rows but for what earlier captures told.
fn news(captured: &Captured) -> impl Iterator<Item = &CaptureRow> {
    let rows = captured.rows.iter();
    rows.filter(|row| row.what != CapturedAs::Known)
}

/// The lock of a repository whose files already are what the workspace has: where a first capture begins from, so that
/// the next difference is known to have been made in the workspace.
///
/// # Errors
/// When the workspace cannot be read, or the files are no bundle.
pub async fn first_lock(
    workspace: &hodman_clients::databricks::Workspace,
    env: &str,
    environment: &Environment,
    tree: &Tree,
) -> Result<String, WorkError> {
    let snapshot = snapshot::take(workspace, environment, &Known::default()).await?;
    let (rules, lock) = (
        environment.capture.clone().unwrap_or_default(),
        CapturedLock::default(),
    );
    let captured = model_capture(&CaptureInput {
        env,
        target: environment.target_of(env),
        snapshot: &snapshot,
        rules: &rules,
        tree,
        lock: &lock,
        bundle: env,
        variables: &variables(env, environment, tree),
        base: &|_, _| None,
        had: &|_, _| false,
    })?;
    let mut lock = captured.lock;
    // Nobody was told anything yet.
    lock.entries.iter_mut().for_each(|entry| entry.told = None);
    Ok(render_captured_lock(&lock))
}

/// What the bundle's variables are in the free-form environment: a literal in the workspace that equals one is not a
/// change.
fn variables(
    env: &str,
    environment: &Environment,
    tree: &Tree,
) -> BTreeMap<String, serde_json::Value> {
    capture::variables(tree, environment.target_of(env), &environment.variables)
}

/// The three-way merge of last capture, the files at `commit`, and the workspace now.
async fn merge(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    snapshot: &Arc<LiveSnapshot>,
    commit: &str,
) -> Result<Captured, WorkError> {
    let (env, environment, commit) = (env.clone(), environment.clone(), commit.to_owned());
    let snapshot = Arc::clone(snapshot);
    job.repo
        .blocking(move |repo| {
            let tree = check::tree(repo, &commit)?;
            merge_tree(repo, &env, &environment, &snapshot, &commit, &tree)
        })
        .await
}

fn merge_tree(
    repo: &Repo,
    env: &EnvName,
    environment: &Environment,
    snapshot: &LiveSnapshot,
    commit: &str,
    tree: &Tree,
) -> Result<Captured, WorkError> {
    let lock = lock_in(tree, env)?;
    let variables = variables(env.as_str(), environment, tree);
    let overrides = Overrides::of(tree, environment.target_of(env.as_str()));
    // Earlier contents of a file, found in its history by digest: the base of a merge needs no database.
    let base = |path: &str, wanted: &Digest| -> Option<Vec<u8>> {
        let inside = repo.path(path);
        let versions = repo.mirror.history_of(&inside, commit, HISTORY).ok()?;
        versions.into_iter().find_map(|version| {
            let bytes = repo.mirror.read(&version.commit, &inside).ok()??;
            holds(path, &bytes, tree, &overrides, &variables, wanted).then_some(bytes)
        })
    };
    let history = History::of(repo, env, commit);
    let had = |from: &str, to: &str| history.had(from, to);
    let rules = environment.capture.clone().unwrap_or_default();
    let input = CaptureInput {
        env: env.as_str(),
        target: environment.target_of(env.as_str()),
        snapshot,
        rules: &rules,
        tree,
        lock: &lock,
        bundle: &repo.pipeline.name,
        variables: &variables,
        base: &base,
        had: &had,
    };
    Ok(model_capture(&input)?)
}

/// A new branch from main; a stale one that no pull request uses any more is replaced.
async fn fresh(
    job: &Job<'_>,
    env: &EnvName,
    branch: &str,
    main: &str,
    whole: &Captured,
) -> Result<String, WorkError> {
    let head = commit(
        job,
        env,
        vec![main.to_owned()],
        Base::Commit(main.to_owned()),
        whole,
    )
    .await?;
    git::push(job, branch, &head, job.repo.mirror.head(branch)?, true).await?;
    Ok(head)
}

/// On top of what is on the branch: commits that people pushed stay, and main is merged in when it moved.
async fn go_on(
    job: &Job<'_>,
    env: &EnvName,
    environment: &Environment,
    snapshot: &Arc<LiveSnapshot>,
    pull: &Pull,
    main: &str,
) -> Result<String, WorkError> {
    let mirror = &job.repo.mirror;
    let head = mirror
        .head(&pull.head_ref)?
        .ok_or_else(|| WorkError::transient(format!("branch {} is gone", pull.head_ref)))?;
    let (parents, base) = if mirror.is_ancestor(main, &head)? {
        (vec![head.clone()], Base::Commit(head.clone()))
    } else {
        let (ours, theirs) = (head.clone(), main.to_owned());
        match mirror
            .run(move |mirror| mirror.merge(&ours, &theirs))
            .await?
        {
            MergeResult::Clean { tree } => (vec![head.clone(), main.to_owned()], Base::Tree(tree)),
            // Left to the people on the pull request; the capture goes on without main meanwhile.
            MergeResult::Conflicts { .. } => (vec![head.clone()], Base::Commit(head.clone())),
        }
    };
    let merged = parents.len() > 1;
    let at = if merged {
        git::commit(
            job,
            parents,
            base,
            BTreeMap::new(),
            format!("{env}: merge {} in\n", job.repo.branch),
        )
        .await?
    } else {
        head.clone()
    };
    let captured = merge(job, env, environment, snapshot, &at).await?;
    let new = if captured.changes.is_empty() {
        at
    } else {
        commit(job, env, vec![at.clone()], Base::Commit(at), &captured).await?
    };
    if new != head {
        git::push(job, &pull.head_ref, &new, Some(head), false).await?;
    }
    Ok(new)
}

async fn commit(
    job: &Job<'_>,
    env: &EnvName,
    parents: Vec<String>,
    base: Base,
    captured: &Captured,
) -> Result<String, WorkError> {
    let changes = captured
        .changes
        .iter()
        .map(|(path, content)| (job.repo.path(path), content.clone()))
        .collect();
    let keys: Vec<&str> = news(captured)
        .map(|row| row.key.as_str())
        .take(10)
        .collect();
    git::commit(
        job,
        parents,
        base,
        changes,
        format!("{env}: capture {}\n", keys.join(", ")),
    )
    .await
}
