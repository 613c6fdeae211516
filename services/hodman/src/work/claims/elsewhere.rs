//! What other environments claim of an account: the ledgers of all that this daemon knows, in the package store that they share.

use super::super::{Job, Repo, WorkError, observe};
use super::{Ledgers, foundation_file};
use hodman_clients::git::GitError;
use hodman_model::bundle::ResourceKey;
use hodman_model::claims::{Claims, Ledger, is_same_account};
use hodman_model::files::{Environment, parse_environment};

/// An environment of a pipeline, as its default branch says.
struct Neighbour {
    pipeline: String,
    env: String,
    account: Option<String>,
}

/// The claims of every other environment on objects of the same account, where any of `keys` is of a kind without tags. An
/// environment that names no account may have had one.
pub(in super::super) async fn elsewhere(
    job: &Job<'_>,
    env: &str,
    environment: &Environment,
    mut keys: impl Iterator<Item = &ResourceKey>,
) -> Result<Vec<Ledger>, WorkError> {
    if !keys.any(|key| super::is_untagged(&key.kind)) {
        return Ok(Vec::new());
    }
    let account = job.work.places.account_id(environment);
    let mut found = Vec::new();
    for one in neighbours(job)? {
        let is_this = one.pipeline == job.pipeline && one.env == env;
        let is_another = |theirs| !account.is_some_and(|ours| is_same_account(theirs, ours));
        let another = one.account.as_deref().is_some_and(is_another);
        if is_this || another {
            continue;
        }
        if let Some(claims) = kept(job, &one.pipeline, &one.env).await? {
            found.push(Ledger {
                pipeline: one.pipeline,
                env: one.env,
                claims,
            });
        }
    }
    Ok(found)
}

/// The environments of all pipelines. A repository of another pipeline that was never fetched says nothing.
fn neighbours(job: &Job<'_>) -> Result<Vec<Neighbour>, WorkError> {
    let mut all = Vec::new();
    for (pipeline, served) in &job.work.pipelines {
        let ours = pipeline == job.pipeline;
        let known = if ours {
            Some(job.repo.clone())
        } else {
            served.known()
        };
        let Some(repo) = known else {
            tracing::warn!(%pipeline, "its environments are not known: nor is its default branch");
            continue;
        };
        match of_pipeline(job, pipeline, &repo) {
            Ok(found) => all.extend(found),
            Err(error) if ours => return Err(error),
            Err(error) => tracing::warn!(%pipeline, "its environments are not known: {error}"),
        }
    }
    Ok(all)
}

fn of_pipeline(job: &Job<'_>, pipeline: &str, repo: &Repo) -> Result<Vec<Neighbour>, WorkError> {
    let Some(head) = repo.mirror.head(&repo.branch)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for env in observe::environment_names(repo, &head)? {
        let path = format!("environments/{env}/environment.yaml");
        let text = read(repo, &head, &path)?;
        // A file that cannot be used is told where its own plan is taken; what it claims it claims.
        let file = parse_environment(&path, &text).ok();
        let account = file.and_then(|file| Some(job.work.places.account_id(&file)?.to_owned()));
        found.push(Neighbour {
            pipeline: pipeline.to_owned(),
            env,
            account,
        });
    }
    Ok(found)
}

fn read(repo: &Repo, commit: &str, path: &str) -> Result<String, GitError> {
    let bytes = repo.mirror.read(commit, &repo.path(path))?;
    Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
}

/// The claims of an environment on what its workspaces stand on.
pub(super) async fn kept(
    job: &Job<'_>,
    pipeline: &str,
    env: &str,
) -> Result<Option<Claims>, WorkError> {
    let name = foundation_file(pipeline, env);
    let Some(bytes) = job.work.packages.kept(&name).await? else {
        return Ok(None);
    };
    let claims = Claims::parse(&name, &bytes);
    claims
        .map(Some)
        .map_err(|error| WorkError::lasting(format!("package store: {error}: {}", error.source)))
}

impl Ledgers {
    /// The same beside what others claim.
    #[must_use]
    pub fn beside(mut self, others: Vec<Ledger>) -> Self {
        self.all.extend(others);
        self
    }
}
