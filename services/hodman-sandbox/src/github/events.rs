//! Who hears of what: repository hooks, organisation hooks and installed Apps, each with its own payload.

use git2::{Oid, Repository};
use serde_json::{Value, json};

use super::git::{diff, history};
use super::hook::HookTarget;
use super::json;
use super::reply::ApiError;
use super::world::World;

/// GitHub lists at most this many commits in a push.
const LISTED_COMMITS: usize = 2048;

impl World {
    /// Sends an event of a repository to everybody who listens.
    pub(crate) fn emit(
        &mut self,
        repo: u64,
        event: &str,
        action: Option<&str>,
        mut payload: Value,
        sender: &str,
    ) {
        let Ok(found) = self.repo(repo) else { return };
        let owner = found.owner.clone();
        if let Some(action) = action {
            payload["action"] = json!(action);
        }
        payload["repository"] = self.repo_json(repo).unwrap_or_default();
        if event == "push" {
            // In push events these two are seconds since 1970, everywhere else they are texts.
            if let Ok(found) = self.repo(repo) {
                payload["repository"]["pushed_at"] = json!(found.pushed_at.timestamp());
                payload["repository"]["created_at"] = json!(found.created_at.timestamp());
                payload["repository"]["master_branch"] = json!(found.default_branch);
            }
        }
        if self.orgs.contains_key(&owner) {
            payload["organization"] = self.org_json(&owner);
        }
        payload["sender"] = self.user_json(sender);
        let mut targets = Vec::new();
        for hook in self.hooks.values().filter(|hook| hook.hears(event)) {
            match &hook.target {
                HookTarget::Repository(id) if *id == repo => targets.push((hook.id, None)),
                HookTarget::App(app) => {
                    if let Some(installation) = self.installation_for(*app, repo) {
                        targets.push((hook.id, Some(installation)));
                    }
                }
                _ => {}
            }
        }
        for (hook, installation) in targets {
            let mut own = payload.clone();
            if let Some(id) = installation {
                own["installation"] =
                    json!({"id": id, "node_id": json::node_id("Integration", id)});
            }
            self.send(hook, event, action, &own, Some(repo), installation);
        }
    }

    /// Sends an event to one App's hook, whatever repository it is about.
    pub(crate) fn emit_to_app(
        &mut self,
        app: u64,
        event: &str,
        action: Option<&str>,
        mut payload: Value,
        sender: &str,
    ) {
        let Some(hook) = self.apps.get(&app).and_then(|app| app.hook) else {
            return;
        };
        if let Some(action) = action {
            payload["action"] = json!(action);
        }
        payload["sender"] = self.user_json(sender);
        let installation = payload["installation"]["id"].as_u64();
        self.send(hook, event, action, &payload, None, installation);
    }

    /// The `push` event of one ref; `None` as old or new means the ref was created or deleted.
    pub(crate) fn push_payload(
        &self,
        repo: u64,
        name: &str,
        (old, new): (Option<Oid>, Option<Oid>),
        pusher: &str,
    ) -> Result<Value, ApiError> {
        let found = self.repo(repo)?;
        let git = found.open()?;
        let peel = |oid: Oid| {
            git.find_object(oid, None)
                .and_then(|object| object.peel_to_commit())
                .map(|commit| commit.id())
        };
        let (old_commit, new_commit) = (
            old.and_then(|oid| peel(oid).ok()),
            new.and_then(|oid| peel(oid).ok()),
        );
        let mut commits = Vec::new();
        if let (Some(tip), true) = (new_commit, name.starts_with("refs/heads/")) {
            // A new branch brings only what no other ref has.
            let hidden: Vec<Oid> = match old_commit {
                Some(old) => vec![old],
                None => found
                    .known_refs
                    .iter()
                    .filter(|(other, _)| *other != name)
                    .map(|(_, oid)| *oid)
                    .collect(),
            };
            commits = log_hiding(&git, tip, &hidden)?;
            commits.truncate(LISTED_COMMITS);
            commits.reverse();
        }
        let commits = commits
            .iter()
            .map(|oid| self.push_commit(&git, repo, *oid))
            .collect::<Result<Vec<_>, _>>()?;
        let head = new_commit
            .map(|tip| self.push_commit(&git, repo, tip))
            .transpose()?;
        let forced = matches!((old_commit, new_commit), (Some(old), Some(new)) if !history::contains(&git, new, old));
        let sha = |oid: Option<Oid>| oid.unwrap_or(Oid::ZERO_SHA1).to_string();
        let short = |oid: Option<Oid>| sha(oid)[..12].to_owned();
        let html = format!("{}/{}", self.base_url, found.full_name());
        let user = self.user(pusher);
        Ok(json!({
            "ref": name, "before": sha(old), "after": sha(new), "created": old.is_none(), "deleted": new.is_none(),
            "forced": forced, "base_ref": null, "compare": format!("{html}/compare/{}...{}", short(old), short(new)),
            "commits": commits, "head_commit": head, "pusher": {"name": user.login, "email": user.email},
        }))
    }

    fn push_commit(&self, git: &Repository, repo: u64, oid: Oid) -> Result<Value, ApiError> {
        let commit = git.find_commit(oid)?;
        let names = diff::names(git, oid)?;
        let person = |who: &git2::Signature<'_>| {
            let email = String::from_utf8_lossy(who.email_bytes()).into_owned();
            let username = self
                .users
                .values()
                .find(|user| user.email == email)
                .map(|user| user.login.clone());
            json!({"name": String::from_utf8_lossy(who.name_bytes()), "email": email, "username": username})
        };
        let url = format!(
            "{}/{}/commit/{oid}",
            self.base_url,
            self.repo(repo)?.full_name()
        );
        Ok(json!({
            "id": oid.to_string(), "tree_id": commit.tree_id().to_string(), "distinct": true,
            "message": String::from_utf8_lossy(commit.message_bytes()), "timestamp": json::git_time(commit.time()), "url": url,
            "author": person(&commit.author()), "committer": person(&commit.committer()),
            "added": names.added, "removed": names.removed, "modified": names.modified,
        }))
    }
}

fn log_hiding(git: &Repository, tip: Oid, hidden: &[Oid]) -> Result<Vec<Oid>, git2::Error> {
    let mut walk = git.revwalk()?;
    walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::TIME)?;
    walk.push(tip)?;
    for oid in hidden {
        // A tag may point at something that is not a commit; it hides nothing then.
        let _not_a_commit = walk.hide(*oid);
    }
    walk.collect()
}
