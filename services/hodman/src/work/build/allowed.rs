//! Whether build commands may run: the repository says so on the promoted branch, and the daemon's settings say so.

use crate::work::{Job, Repo, WorkError};
use hodman_core::ids::CommitSha;
use hodman_model::files::{BuildPolicy, POLICY_FILE, parse_policy};

/// Why they may not run, by the policy in `commit` and the settings; none when they may.
pub(in crate::work) fn builds_refused(
    repo: &Repo,
    commit: &str,
) -> Result<Option<String>, WorkError> {
    let policy = match repo.mirror.read(commit, &repo.path(POLICY_FILE))? {
        Some(bytes) => match parse_policy(POLICY_FILE, &String::from_utf8_lossy(&bytes)) {
            Ok(policy) => policy.builds,
            Err(problems) => return Ok(Some(problems.to_string())),
        },
        None => BuildPolicy::Refused,
    };
    let by_policy = policy == BuildPolicy::Allowed;
    let by_settings = repo.pipeline.builds.allow;
    let state = |allowed| {
        if allowed {
            "says so"
        } else {
            "does not say so"
        }
    };
    Ok((!by_policy || !by_settings).then(|| {
        format!(
            "build commands run only if `builds: allowed` stands in {POLICY_FILE} on {} (it {}) and the daemon's settings \
             have `builds: {{allow: true}}` for pipeline {} (it {})",
            repo.branch,
            if by_policy { "does" } else { "does not" },
            repo.pipeline.name,
            state(by_settings)
        )
    }))
}

/// The same for a build that is about to begin. Only what was merged is built, whoever asks: a commit that is not on the
/// branch is nobody's decision.
pub(super) async fn check(job: &Job<'_>, commit: &CommitSha) -> Result<(), WorkError> {
    let at = commit.as_str().to_owned();
    job.repo
        .blocking(move |repo| {
            let head = repo
                .mirror
                .head(&repo.branch)?
                .ok_or_else(|| WorkError::transient("the promoted branch is gone"))?;
            if !repo.mirror.is_ancestor(&at, &head)? {
                let words = format!("{at} is not on {}: nothing is built of it", repo.branch);
                return Err(WorkError::lasting(words));
            }
            match builds_refused(repo, &head)? {
                Some(why) => Err(WorkError::lasting(why)),
                None => Ok(()),
            }
        })
        .await
}
