//! How things look in answers and webhooks. One rendering for both, as on GitHub.

pub(crate) mod commits;
pub(crate) mod pulls;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};

use super::auth::{Access, Caller};
use super::reply::ApiError;
use super::world::{World, stamp};

/// GitHub's opaque second id.
pub(crate) fn node_id(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// A git time as GitHub's push events write it, with its offset.
pub(crate) fn git_time(time: git2::Time) -> String {
    let at = DateTime::from_timestamp(time.seconds(), 0).unwrap_or_default();
    let offset = FixedOffset::east_opt(time.offset_minutes() * 60);
    offset.map_or_else(
        || at.to_rfc3339(),
        |offset| at.with_timezone(&offset).to_rfc3339(),
    )
}

impl World {
    /// A "simple user".
    pub(crate) fn user_json(&self, login: &str) -> Value {
        let user = self.user(login);
        let api = format!("{}/users/{}", self.base_url, user.login);
        json!({
            "login": user.login, "id": user.id, "node_id": node_id(user.kind, user.id),
            "avatar_url": format!("{}/avatars/{}", self.base_url, user.id), "gravatar_id": "", "url": api,
            "html_url": format!("{}/{}", self.base_url, user.login), "followers_url": format!("{api}/followers"),
            "following_url": format!("{api}/following{{/other_user}}"), "gists_url": format!("{api}/gists{{/gist_id}}"),
            "starred_url": format!("{api}/starred{{/owner}}{{/repo}}"), "subscriptions_url": format!("{api}/subscriptions"),
            "organizations_url": format!("{api}/orgs"), "repos_url": format!("{api}/repos"),
            "events_url": format!("{api}/events{{/privacy}}"), "received_events_url": format!("{api}/received_events"),
            "type": user.kind, "site_admin": false,
        })
    }

    pub(crate) fn org_json(&self, login: &str) -> Value {
        let user = self.user(login);
        let api = format!("{}/orgs/{}", self.base_url, user.login);
        json!({
            "login": user.login, "id": user.id, "node_id": node_id("Organization", user.id), "url": api,
            "repos_url": format!("{api}/repos"), "events_url": format!("{api}/events"), "hooks_url": format!("{api}/hooks"),
            "issues_url": format!("{api}/issues"), "members_url": format!("{api}/members{{/member}}"),
            "public_members_url": format!("{api}/public_members{{/member}}"),
            "avatar_url": format!("{}/avatars/{}", self.base_url, user.id), "description": "", "name": user.name,
        })
    }

    pub(crate) fn repo_json(&self, id: u64) -> Result<Value, ApiError> {
        let repo = self.repo(id)?;
        let full = repo.full_name();
        let (api, html) = (
            format!("{}/repos/{full}", self.base_url),
            format!("{}/{full}", self.base_url),
        );
        let open = repo.pulls.iter().filter(|pull| pull.open).count();
        let mut answer = json!({
            "id": id, "node_id": node_id("Repository", id), "name": repo.name, "full_name": full, "private": repo.private,
            "owner": self.user_json(&repo.owner), "html_url": html, "description": repo.description, "fork": false, "url": api,
            "default_branch": repo.default_branch, "visibility": if repo.private { "private" } else { "public" },
            "created_at": stamp(repo.created_at), "updated_at": stamp(repo.pushed_at), "pushed_at": stamp(repo.pushed_at),
            "clone_url": format!("{html}.git"), "git_url": format!("{html}.git"), "ssh_url": format!("{html}.git"), "svn_url": html,
            "homepage": null, "size": 1, "stargazers_count": 0, "watchers_count": 0, "language": null, "has_issues": true,
            "has_projects": false, "has_downloads": false, "has_wiki": false, "has_pages": false, "has_discussions": false,
            "forks_count": 0, "mirror_url": null, "archived": false, "disabled": false, "open_issues_count": open,
            "license": null, "allow_forking": true, "is_template": false, "web_commit_signoff_required": false, "topics": [],
            "forks": 0, "open_issues": open, "watchers": 0, "network_count": 0, "subscribers_count": 0,
        });
        for setting in [
            "allow_merge_commit",
            "allow_squash_merge",
            "allow_rebase_merge",
            "allow_auto_merge",
            "delete_branch_on_merge",
        ] {
            answer[setting] = json!(repo.setting(setting));
        }
        for (key, path) in URLS {
            answer[key] = json!(format!("{api}{path}"));
        }
        Ok(answer)
    }

    /// A repository with what the caller may do in it.
    pub(crate) fn repo_json_for(&self, id: u64, caller: &Caller) -> Result<Value, ApiError> {
        let mut answer = self.repo_json(id)?;
        let role = match caller {
            Caller::User(login) => self.role(login, id),
            Caller::Installation { .. }
                if self.allow(caller, id, "contents", Access::Write).is_ok() =>
            {
                Access::Write
            }
            _ => Access::Read,
        };
        let has = |access: Access| role >= access;
        answer["permissions"] = json!({
            "admin": has(Access::Admin), "maintain": has(Access::Admin), "push": has(Access::Write),
            "triage": has(Access::Write), "pull": has(Access::Read),
        });
        Ok(answer)
    }
}

/// Templates GitHub gives with every repository; clients parse them although few use them.
const URLS: [(&str, &str); 36] = [
    ("archive_url", "/{archive_format}{/ref}"),
    ("assignees_url", "/assignees{/user}"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("branches_url", "/branches{/branch}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("comments_url", "/comments{/number}"),
    ("commits_url", "/commits{/sha}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("contents_url", "/contents/{+path}"),
    ("contributors_url", "/contributors"),
    ("deployments_url", "/deployments"),
    ("downloads_url", "/downloads"),
    ("events_url", "/events"),
    ("forks_url", "/forks"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("hooks_url", "/hooks"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("issue_events_url", "/issues/events{/number}"),
    ("issues_url", "/issues{/number}"),
    ("keys_url", "/keys{/key_id}"),
    ("labels_url", "/labels{/name}"),
    ("languages_url", "/languages"),
    ("merges_url", "/merges"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("pulls_url", "/pulls{/number}"),
    ("releases_url", "/releases{/id}"),
    ("stargazers_url", "/stargazers"),
    ("statuses_url", "/statuses/{sha}"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("tags_url", "/tags"),
    ("teams_url", "/teams"),
    ("trees_url", "/git/trees{/sha}"),
];
