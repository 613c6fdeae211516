//! Branch protection: what it asks for, and whether a pull request or a push satisfies it.

use git2::Oid;
use serde_json::{Value, json};

use super::git::history;
use super::pull::Pull;
use super::world::{Repo, World};

/// The rules of one branch.
#[derive(Debug, Clone, Default)]
pub(crate) struct Protection {
    /// Required checks, each from any App or from one.
    pub checks: Vec<(String, Option<u64>)>,
    /// Whether checks are required at all (possibly none by name).
    pub has_checks: bool,
    /// The head must contain the base's tip.
    pub strict: bool,
    /// Approvals required.
    pub approvals: Option<u64>,
    pub dismiss_stale: bool,
    pub code_owners: bool,
    pub last_push: bool,
    /// Administrators are bound as well.
    pub admins: bool,
    pub linear: bool,
    pub force: bool,
    pub deletions: bool,
    pub conversation: bool,
}

impl Protection {
    /// Reads the body of `PUT …/protection`.
    pub(crate) fn parse(body: &Value) -> Self {
        let flag = |value: &Value| value.as_bool().unwrap_or(false);
        let mut rules = Self {
            admins: flag(&body["enforce_admins"]),
            linear: flag(&body["required_linear_history"]),
            force: flag(&body["allow_force_pushes"]),
            deletions: flag(&body["allow_deletions"]),
            conversation: flag(&body["required_conversation_resolution"]),
            ..Self::default()
        };
        let reviews = &body["required_pull_request_reviews"];
        if reviews.is_object() {
            rules.approvals = Some(
                reviews["required_approving_review_count"]
                    .as_u64()
                    .unwrap_or(1),
            );
            rules.dismiss_stale = flag(&reviews["dismiss_stale_reviews"]);
            rules.code_owners = flag(&reviews["require_code_owner_reviews"]);
            rules.last_push = flag(&reviews["require_last_push_approval"]);
        }
        let checks = &body["required_status_checks"];
        if checks.is_object() {
            rules.has_checks = true;
            rules.strict = flag(&checks["strict"]);
            rules.set_checks(checks);
        }
        rules
    }

    fn set_checks(&mut self, checks: &Value) {
        let list = |key: &str| checks[key].as_array().cloned().unwrap_or_default();
        self.checks = list("checks")
            .iter()
            .filter_map(|check| {
                let app = check["app_id"]
                    .as_i64()
                    .and_then(|id| u64::try_from(id).ok());
                Some((check["context"].as_str()?.to_owned(), app))
            })
            .collect();
        for context in list("contexts") {
            let Some(context) = context.as_str() else {
                continue;
            };
            if !self.checks.iter().any(|(known, _)| known == context) {
                self.checks.push((context.to_owned(), None));
            }
        }
    }

    /// Whether commits may only come through pull requests or after green checks.
    pub(crate) fn closes_pushes(&self) -> bool {
        self.approvals.is_some() || !self.checks.is_empty()
    }

    pub(crate) fn json(&self, url: &str) -> Value {
        let enabled = |on: bool| json!({"enabled": on});
        let mut answer = json!({
            "url": url, "enforce_admins": {"url": format!("{url}/enforce_admins"), "enabled": self.admins},
            "required_linear_history": enabled(self.linear), "allow_force_pushes": enabled(self.force),
            "allow_deletions": enabled(self.deletions), "required_conversation_resolution": enabled(self.conversation),
            "block_creations": enabled(false), "lock_branch": enabled(false), "allow_fork_syncing": enabled(false),
        });
        if self.has_checks {
            answer["required_status_checks"] = self.checks_json(url);
        }
        if let Some(approvals) = self.approvals {
            answer["required_pull_request_reviews"] = json!({
                "url": format!("{url}/required_pull_request_reviews"), "required_approving_review_count": approvals,
                "dismiss_stale_reviews": self.dismiss_stale, "require_code_owner_reviews": self.code_owners,
                "require_last_push_approval": self.last_push,
            });
        }
        answer
    }

    pub(crate) fn checks_json(&self, url: &str) -> Value {
        let names: Vec<&String> = self.checks.iter().map(|(name, _)| name).collect();
        let checks: Vec<Value> = self
            .checks
            .iter()
            .map(|(name, app)| json!({"context": name, "app_id": app}))
            .collect();
        json!({
            "url": format!("{url}/required_status_checks"), "strict": self.strict, "contexts": names, "checks": checks,
            "contexts_url": format!("{url}/required_status_checks/contexts"),
        })
    }
}

/// What a required check says about a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    Missing,
    Pending,
    Failed,
    Passed,
}

impl Repo {
    /// The newest word of a check or status of this name on a commit.
    pub(crate) fn check(&self, sha: &str, name: &str, app: Option<u64>) -> Check {
        let run = self.runs.iter().rev().find(|run| {
            run.head_sha == sha && run.name == name && (app.is_none() || run.app == app)
        });
        if let Some(run) = run {
            return match run.conclusion.as_deref() {
                None => Check::Pending,
                Some("success" | "neutral" | "skipped") => Check::Passed,
                Some(_) => Check::Failed,
            };
        }
        let status = self
            .statuses
            .iter()
            .rev()
            .find(|status| status["sha"] == sha && status["context"] == name);
        match status
            .filter(|_| app.is_none())
            .and_then(|status| status["state"].as_str())
        {
            None => Check::Missing,
            Some("success") => Check::Passed,
            Some("pending") => Check::Pending,
            Some(_) => Check::Failed,
        }
    }
}

impl World {
    /// GitHub's sentence about what protection still misses for this pull request, if anything.
    pub(crate) fn blocker(
        &self,
        repo: &Repo,
        git: &git2::Repository,
        pull: &Pull,
    ) -> Option<String> {
        let Some(rules) = repo.protection.get(&pull.base_ref) else {
            return self.ruleset_blocker(repo, pull);
        };
        if let Some(needed) = rules.approvals {
            let may_write = |login: &str| self.role(login, repo.id) >= super::auth::Access::Write;
            let (approved, objected) = repo.verdict(pull, &may_write);
            if objected {
                return Some("Changes have been requested.".to_owned());
            }
            if (approved as u64) < needed {
                let plural = if needed == 1 {
                    "review is"
                } else {
                    "reviews are"
                };
                return Some(format!(
                    "At least {needed} approving {plural} required by reviewers with write access."
                ));
            }
        }
        let head = pull.head_sha.to_string();
        let mut waiting = rules
            .checks
            .iter()
            .map(|(name, app)| (name, repo.check(&head, name, *app)));
        if let Some((name, state)) = waiting.find(|(_, state)| *state != Check::Passed) {
            let word = match state {
                Check::Failed => "is failing",
                Check::Pending => "is pending",
                Check::Missing | Check::Passed => "is expected",
            };
            return Some(format!("Required status check \"{name}\" {word}."));
        }
        if rules.strict
            && rules.has_checks
            && !history::contains(git, pull.head_sha, pull.base_tip(git))
        {
            return Some("The head branch is not up to date with the base branch.".to_owned());
        }
        None
    }

    /// Rulesets of type `pull_request` ask for approvals like classic protection.
    fn ruleset_blocker(&self, repo: &Repo, pull: &Pull) -> Option<String> {
        let rules = active_rules(repo, &pull.base_ref);
        let rule = rules.iter().find(|rule| rule["type"] == "pull_request")?;
        let needed = rule["parameters"]["required_approving_review_count"]
            .as_u64()
            .unwrap_or(0);
        let may_write = |login: &str| self.role(login, repo.id) >= super::auth::Access::Write;
        let (approved, _) = repo.verdict(pull, &may_write);
        ((approved as u64) < needed).then(|| "Repository rule violations found".to_owned())
    }

    /// Why the branch cannot be moved to `target` directly; `None` when it can. `target` absent: deletion.
    pub(crate) fn push_blocker(
        &self,
        repo: &Repo,
        branch: &str,
        target: Option<Oid>,
        admin: bool,
    ) -> Option<String> {
        let refused = |what: &str| {
            Some(format!(
                "Protected branch update failed for refs/heads/{branch}. {what}"
            ))
        };
        let closed_by_rule = active_rules(repo, branch)
            .iter()
            .any(|rule| rule["type"] == "pull_request");
        if closed_by_rule {
            return Some(
                "Repository rule violations found. Changes must be made through a pull request."
                    .to_owned(),
            );
        }
        let rules = repo.protection.get(branch)?;
        if admin && !rules.admins {
            return None;
        }
        let Some(target) = target else {
            return if rules.deletions {
                None
            } else {
                refused("Cannot delete a protected branch.")
            };
        };
        if rules.approvals.is_some() {
            return refused("Changes must be made through a pull request.");
        }
        let sha = target.to_string();
        let red = rules
            .checks
            .iter()
            .find(|(name, app)| repo.check(&sha, name, *app) != Check::Passed);
        red.and_then(|(name, _)| refused(&format!("Required status check \"{name}\" is expected.")))
    }
}

/// The rules of all active rulesets that apply to a branch.
pub(crate) fn active_rules(repo: &Repo, branch: &str) -> Vec<Value> {
    let full = format!("refs/heads/{branch}");
    let hits = |pattern: &Value| match pattern.as_str().unwrap_or_default() {
        "~ALL" => true,
        "~DEFAULT_BRANCH" => branch == repo.default_branch,
        pattern => pattern
            .strip_suffix('*')
            .map_or(pattern == full, |prefix| full.starts_with(prefix)),
    };
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut rules = Vec::new();
    for set in repo
        .rulesets
        .iter()
        .filter(|set| set["enforcement"] == "active" && set["target"] == "branch")
    {
        let names = &set["conditions"]["ref_name"];
        if list(&names["include"]).iter().any(hits) && !list(&names["exclude"]).iter().any(hits) {
            for mut rule in list(&set["rules"]) {
                rule["ruleset_id"] = set["id"].clone();
                rule["ruleset_source_type"] = json!("Repository");
                rule["ruleset_source"] = json!(repo.full_name());
                rules.push(rule);
            }
        }
    }
    rules
}
