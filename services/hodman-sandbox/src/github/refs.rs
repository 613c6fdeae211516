//! What follows from refs that moved: push, create and delete events, pull requests that follow their branches. Every way
//! to move a ref (REST, git, a merge) ends here, so all of them look the same from outside.

use git2::Oid;
use serde_json::json;

use super::git::{self, history};
use super::reply::ApiError;
use super::world::World;

/// One ref that moved.
struct Move {
    name: String,
    old: Option<Oid>,
    new: Option<Oid>,
}

impl World {
    /// Compares the refs on disk with what was announced, and announces the difference in the name of `by`.
    pub(crate) fn refs_changed(&mut self, repo: u64, by: &str) -> Result<(), ApiError> {
        let found = self.repo(repo)?;
        let now = git::refs(&found.open()?)?;
        let mut moves = Vec::new();
        for (name, new) in &now {
            let old = found.known_refs.get(name).copied();
            if old != Some(*new) {
                moves.push(Move {
                    name: name.clone(),
                    old,
                    new: Some(*new),
                });
            }
        }
        for (name, old) in &found.known_refs {
            if !now.contains_key(name) {
                moves.push(Move {
                    name: name.clone(),
                    old: Some(*old),
                    new: None,
                });
            }
        }
        for change in &moves {
            let payload = self.push_payload(repo, &change.name, (change.old, change.new), by)?;
            let at = self.now();
            let found = self.repo_mut(repo)?;
            found.pushed_at = at;
            match change.new {
                Some(new) => found.known_refs.insert(change.name.clone(), new),
                None => found.known_refs.remove(&change.name),
            };
            self.announce_ref(repo, change, by);
            self.emit(repo, "push", None, payload, by);
        }
        for change in &moves {
            if let Some(branch) = change.name.strip_prefix("refs/heads/") {
                self.follow_branch(repo, branch, change.old, change.new, by)?;
            }
        }
        Ok(())
    }

    fn announce_ref(&mut self, repo: u64, change: &Move, by: &str) {
        let event = match (change.old, change.new) {
            (None, Some(_)) => "create",
            (Some(_), None) => "delete",
            _ => return,
        };
        let (kind, short) = match change.name.strip_prefix("refs/tags/") {
            Some(tag) => ("tag", tag),
            None => ("branch", change.name.trim_start_matches("refs/heads/")),
        };
        let mut payload = json!({"ref": short, "ref_type": kind, "pusher_type": "user"});
        if event == "create" {
            payload["master_branch"] = json!(
                self.repo(repo)
                    .map(|repo| repo.default_branch.clone())
                    .unwrap_or_default()
            );
            payload["description"] = json!(null);
        }
        self.emit(repo, event, None, payload, by);
    }

    /// Pull requests from and into a branch that moved.
    fn follow_branch(
        &mut self,
        repo: u64,
        branch: &str,
        old: Option<Oid>,
        new: Option<Oid>,
        by: &str,
    ) -> Result<(), ApiError> {
        let open =
            |world: &Self, side: fn(&super::pull::Pull) -> &String| -> Result<Vec<u64>, ApiError> {
                let pulls = world.repo(repo)?.pulls.iter();
                Ok(pulls
                    .filter(|pull| pull.is_open() && side(pull) == branch)
                    .map(|pull| pull.number)
                    .collect())
            };
        for number in open(self, |pull| &pull.head_ref)? {
            match new {
                Some(tip) => self.head_moved(repo, number, tip, by)?,
                None => self.close_pull(repo, number, by)?,
            }
        }
        let (Some(tip), Some(old)) = (new, old) else {
            return Ok(());
        };
        let git = self.repo(repo)?.open()?;
        for number in open(self, |pull| &pull.base_ref)? {
            let head = self.repo(repo)?.pull(number)?.head_sha;
            // Somebody merged by hand and pushed: GitHub marks the pull request as merged.
            if history::contains(&git, tip, head) && !history::contains(&git, old, head) {
                self.mark_merged(repo, number, tip, old, by)?;
            }
        }
        Ok(())
    }

    fn head_moved(&mut self, repo: u64, number: u64, tip: Oid, by: &str) -> Result<(), ApiError> {
        let now = self.now();
        let found = self.repo_mut(repo)?;
        let git = found.open()?;
        let pull = found.pull_mut(number)?;
        let before = std::mem::replace(&mut pull.head_sha, tip);
        if before == tip {
            return Ok(());
        }
        pull.updated_at = now;
        git::set_ref(&git, &format!("refs/pull/{number}/head"), tip)?;
        let base = pull.base_ref.clone();
        let stale = found
            .protection
            .get(&base)
            .is_some_and(|rules| rules.dismiss_stale);
        if let Some(base_tip) = git::branch_tip(&git, &base) {
            found.pull_mut(number)?.base_sha = base_tip;
        }
        if stale {
            found.pull_mut(number)?.dismiss_approvals();
        }
        let payload = json!({
            "number": number, "before": before.to_string(), "after": tip.to_string(),
            "pull_request": self.pull_json(repo, number)?,
        });
        self.emit(repo, "pull_request", Some("synchronize"), payload, by);
        Ok(())
    }
}
