//! Pull requests: which carry our marker, which touch what we read, and whether a person pushed to ours.

use super::{Job, WorkError, origin};
use hodman_clients::git::{
    Base, CommitInfo, CommitOutcome, CommitRequest, GitError, MergeResult, Mirror,
};
use hodman_clients::github::{Pull, PullState};
use hodman_core::facts::{self, ForeignPull, PullFact, PullKind};
use hodman_core::ids::{CommitSha, PullNumber};
use hodman_core::text::{Marker, marker_of};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

/// Whether a head touches files that hodman reads, by head commit.
pub type Touched = Mutex<BTreeMap<String, bool>>;

/// What our commits say their author is.
pub const AUTHOR: (&str, &str) = ("hodman", "hodman@users.noreply.github.com");

pub(super) struct Seen {
    pub ours: Vec<PullFact>,
    pub ended: BTreeSet<PullNumber>,
    pub foreign: Vec<ForeignPull>,
}

pub(super) async fn look(
    job: &Job<'_>,
    head: &str,
    interest: &BTreeSet<PullNumber>,
) -> Result<Seen, WorkError> {
    let github = &job.work.github;
    let mut open = github
        .open_pulls(job.repo.repository(), Some(&job.repo.branch))
        .await?;
    let numbers: BTreeSet<u64> = open.iter().map(|pull| pull.number).collect();
    for number in interest
        .iter()
        .filter(|number| !numbers.contains(&number.0))
    {
        open.push(github.pull(job.repo.repository(), number.0).await?);
    }
    let mut seen = Seen {
        ours: vec![],
        ended: BTreeSet::new(),
        foreign: vec![],
    };
    for pull in open {
        if pull.state != PullState::Open {
            seen.ended.insert(PullNumber(pull.number));
        }
        let marker = marker(job, &pull);
        let pinning = marker.as_ref().is_some_and(|marker| {
            matches!(
                marker.kind,
                PullKind::Promotion | PullKind::Rollback | PullKind::Replan
            )
        });
        if !pinning && pull.state == PullState::Open && touches(job, head, &pull).await? {
            seen.foreign.push(ForeignPull {
                number: PullNumber(pull.number),
                head: CommitSha(pull.head_sha.clone()),
                fork: pull.is_fork_of(job.repo.repository()),
            });
        }
        if let Some(marker) = marker {
            seen.ours.push(fact(job, &pull, marker).await?);
        }
    }
    Ok(seen)
}

/// Our marker, if the pull request is one of this pipeline's and comes from a branch of ours in this repository:
/// anybody can copy a marker into a body, nobody without write access can push our branches.
pub(super) fn marker(job: &Job<'_>, pull: &Pull) -> Option<Marker> {
    let marker = marker_of(&pull.body)?;
    let ours = marker.pipeline.as_str() == job.pipeline
        && pull.head_ref.starts_with("hodman/")
        && !pull.is_fork_of(job.repo.repository());
    ours.then_some(marker)
}

async fn fact(job: &Job<'_>, pull: &Pull, marker: Marker) -> Result<PullFact, WorkError> {
    let open = pull.state == PullState::Open;
    let reviews = if open {
        job.work
            .github
            .reviews(job.repo.repository(), pull.number)
            .await?
    } else {
        vec![]
    };
    Ok(PullFact {
        number: PullNumber(pull.number),
        head: CommitSha(pull.head_sha.clone()),
        state: match (pull.state, pull.merged) {
            (_, true) => facts::PullState::Merged,
            (PullState::Open, _) => facts::PullState::Open,
            _ => facts::PullState::Closed,
        },
        env: marker.env,
        kind: marker.kind,
        package: marker.package,
        plan: marker.plan,
        approvals: origin::approvals(&reviews, &pull.author, &pull.head_sha),
        person_pushed: open && person_pushed(job, pull).await?,
    })
}

/// Whether the branch holds a commit that is not ours and not on the default branch.
pub(super) async fn person_pushed(job: &Job<'_>, pull: &Pull) -> Result<bool, WorkError> {
    let mirror = &job.repo.mirror;
    if mirror.head(&pull.head_ref)?.as_deref() != Some(pull.head_sha.as_str()) {
        job.repo.fetch().await?;
    }
    let Some(head) = mirror.head(&pull.head_ref)? else {
        return Ok(false);
    };
    let Some(main) = mirror.head(&job.repo.branch)? else {
        return Ok(false);
    };
    Ok(mirror
        .run(move |mirror| others_commits(mirror, head, &main))
        .await?)
}

fn others_commits(mirror: &Mirror, head: String, main: &str) -> Result<bool, GitError> {
    let mut at = head;
    // Our branches are a handful of commits long; a hundred in a row that are not on main cannot be ours alone.
    for _ in 0..100 {
        if mirror.is_ancestor(&at, main)? {
            return Ok(false);
        }
        let commit = mirror.commit_info(&at)?;
        if commit.author_email != AUTHOR.1 && !brings_main(mirror, &commit, main)? {
            return Ok(true);
        }
        let Some(parent) = commit.parents.first() else {
            return Ok(false);
        };
        at.clone_from(parent);
    }
    Ok(true)
}

/// A press on the web page's "Update branch": a merge of main as git makes it, without a line of anybody's own.
fn brings_main(mirror: &Mirror, commit: &CommitInfo, main: &str) -> Result<bool, GitError> {
    let [ours, theirs] = commit.parents.as_slice() else {
        return Ok(false);
    };
    if !mirror.is_ancestor(theirs, main)? {
        return Ok(false);
    }
    let MergeResult::Clean { tree } = mirror.merge(ours, theirs)? else {
        return Ok(false);
    };
    // A commit on top of it that would change nothing: the same files.
    let same = mirror.commit(&CommitRequest {
        parents: vec![commit.id.clone()],
        base: Base::Tree(tree),
        changes: BTreeMap::new(),
        message: String::new(),
        author_name: AUTHOR.0.to_owned(),
        author_email: AUTHOR.1.to_owned(),
        time: commit.time,
    })?;
    Ok(matches!(same, CommitOutcome::Unchanged(_)))
}

/// Whether a pull request touches files that hodman reads.
async fn touches(job: &Job<'_>, head: &str, pull: &Pull) -> Result<bool, WorkError> {
    let key = format!("{}:{}", job.pipeline, pull.head_sha);
    if let Some(known) = lock(&job.work.touched).get(&key) {
        return Ok(*known);
    }
    let mirror = &job.repo.mirror;
    let changed = |main: &str| {
        let (main, tip) = (main.to_owned(), pull.head_sha.clone());
        mirror.run(move |mirror| {
            let base = mirror.merge_base(&main, &tip)?.unwrap_or(main);
            mirror.changed_paths(&base, &tip)
        })
    };
    // A branch of this repository is here already; a fork's head is not.
    let mut paths = changed(head).await;
    if let Err(GitError::Missing { .. }) = paths {
        job.repo.fetch_pull(pull.number).await?;
        paths = changed(head).await;
    }
    let paths = match paths {
        Ok(paths) => paths,
        // Pushed over between list and fetch: the next look sees it. One odd pull request must not blind the rest.
        Err(GitError::Missing { .. }) => {
            tracing::info!(
                pull = pull.number,
                "the head of #{} is not to be had",
                pull.number
            );
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    };
    let touched = paths
        .iter()
        .filter_map(|path| job.repo.inner(path))
        .any(|path| {
            path.starts_with("environments/") || path.starts_with("modules/") || is_yaml(path)
        });
    let mut known = lock(&job.work.touched);
    if known.len() > 1_000 {
        known.clear();
    }
    known.insert(key, touched);
    Ok(touched)
}

fn is_yaml(path: &str) -> bool {
    let path = std::path::Path::new(path);
    path.extension()
        .is_some_and(|extension| extension == "yml" || extension == "yaml")
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
