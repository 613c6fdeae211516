//! Merging a pull request: refused when GitHub would refuse, done by real git otherwise.

use git2::Oid;

use super::auth::Caller;
use super::git::merge::{self, MergeError};
use super::git::{self, history};
use super::reply::ApiError;
use super::world::World;

/// `merge_method` of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MergeMethod {
    /// A merge commit with two parents.
    #[default]
    Merge,
    /// One new commit with the whole change.
    Squash,
    /// Each commit replayed.
    Rebase,
}

/// What the caller asked for.
#[derive(Debug, Default)]
pub(crate) struct MergeWish {
    pub method: MergeMethod,
    /// The head the caller looked at.
    pub sha: Option<String>,
    pub title: Option<String>,
    pub message: Option<String>,
}

impl World {
    /// Merges; the sha of the new tip of the base branch.
    pub(crate) fn merge_pull(
        &mut self,
        repo: u64,
        number: u64,
        wish: &MergeWish,
        caller: &Caller,
    ) -> Result<Oid, ApiError> {
        let by = self.login(caller)?;
        let author = self.author(&by);
        let admin = self.is_admin(caller, repo);
        let found = self.repo(repo)?;
        let git = found.open()?;
        let pull = found.pull(number)?;
        let refuse = |message: &str| Err(ApiError::new(405, message));
        if !pull.open {
            return refuse("Pull Request is not mergeable");
        }
        if wish
            .sha
            .as_ref()
            .is_some_and(|sha| *sha != pull.head_sha.to_string())
        {
            return Err(ApiError::conflict(
                "Head branch was modified. Review and try the merge again.",
            ));
        }
        if pull.draft {
            return refuse("Pull Request is still a draft");
        }
        let (setting, name) = match wish.method {
            MergeMethod::Merge => ("allow_merge_commit", "Merge commits are"),
            MergeMethod::Squash => ("allow_squash_merge", "Squash merges are"),
            MergeMethod::Rebase => ("allow_rebase_merge", "Rebase merges are"),
        };
        if !found.setting(setting) {
            return refuse(&format!("{name} not allowed on this repository."));
        }
        let binding = found
            .protection
            .get(&pull.base_ref)
            .is_none_or(|rules| rules.admins)
            || !admin;
        if binding && let Some(reason) = self.blocker(found, &git, pull) {
            return refuse(&reason);
        }
        let base = git::branch_tip(&git, &pull.base_ref)
            .ok_or_else(|| ApiError::new(405, "Base branch does not exist"))?;
        let (head, base_ref, head_ref) =
            (pull.head_sha, pull.base_ref.clone(), pull.head_ref.clone());
        let joined = match wish.method {
            MergeMethod::Rebase => merge::rebase(&git, base, head, &author),
            MergeMethod::Merge | MergeMethod::Squash => {
                let squash = wish.method == MergeMethod::Squash;
                let (default_title, default_text) = if squash {
                    (
                        format!("{} (#{number})", pull.title),
                        squash_text(&git, base, head)?,
                    )
                } else {
                    (
                        format!(
                            "Merge pull request #{number} from {}/{head_ref}",
                            found.owner
                        ),
                        pull.title.clone(),
                    )
                };
                let title = wish.title.clone().unwrap_or(default_title);
                let text = wish.message.clone().unwrap_or(default_text);
                let message = if text.is_empty() {
                    title
                } else {
                    format!("{title}\n\n{text}")
                };
                let parents = if squash { vec![base] } else { vec![base, head] };
                merge::merged_tree(&git, base, head).and_then(|tree| {
                    Ok(git::write_commit(
                        &git, tree, &parents, &message, &author, &author,
                    )?)
                })
            }
        };
        let tip = match joined {
            Ok(tip) => tip,
            Err(MergeError::Conflict) => return refuse("Pull Request is not mergeable"),
            Err(MergeError::Git(error)) => return Err(error.into()),
        };
        git::set_ref(&git, &format!("refs/heads/{base_ref}"), tip)?;
        let tidy = found
            .settings
            .get("delete_branch_on_merge")
            .copied()
            .unwrap_or(false);
        self.set_merged(repo, number, tip, base, &by)?;
        self.refs_changed(repo, &by)?;
        self.emit_pull(repo, number, "closed", &by)?;
        if tidy {
            if let Ok(mut branch) = git.find_reference(&format!("refs/heads/{head_ref}")) {
                branch.delete()?;
            }
            self.refs_changed(repo, &by)?;
        }
        Ok(tip)
    }

    /// Merges the base into the head branch, as the button "Update branch" does.
    pub(crate) fn update_branch(
        &mut self,
        repo: u64,
        number: u64,
        by: &str,
    ) -> Result<Oid, ApiError> {
        let author = self.author(by);
        let found = self.repo(repo)?;
        let git = found.open()?;
        let pull = found.pull(number)?;
        let base = pull.base_tip(&git);
        if history::contains(&git, pull.head_sha, base) {
            return Err(ApiError::unprocessable(
                "There are no new commits on the base branch.",
            ));
        }
        let tree = match merge::merged_tree(&git, pull.head_sha, base) {
            Ok(tree) => tree,
            Err(MergeError::Conflict) => {
                return Err(ApiError::unprocessable(
                    "merge conflict between base and head",
                ));
            }
            Err(MergeError::Git(error)) => return Err(error.into()),
        };
        let message = format!("Merge branch '{}' into {}", pull.base_ref, pull.head_ref);
        let tip = git::write_commit(
            &git,
            tree,
            &[pull.head_sha, base],
            &message,
            &author,
            &author,
        )?;
        git::set_ref(&git, &format!("refs/heads/{}", pull.head_ref), tip)?;
        self.refs_changed(repo, by)?;
        Ok(tip)
    }
}

/// The messages of the squashed commits, as GitHub lists them; nothing for a single commit.
fn squash_text(git: &git2::Repository, base: Oid, head: Oid) -> Result<String, git2::Error> {
    let mut commits = history::log(git, head, Some(base))?;
    commits.reverse();
    if commits.len() < 2 {
        return Ok(String::new());
    }
    let mut lines = Vec::new();
    for oid in commits {
        let commit = git.find_commit(oid)?;
        lines.push(format!(
            "* {}",
            String::from_utf8_lossy(commit.message_bytes()).trim_end()
        ));
    }
    Ok(lines.join("\n\n"))
}
