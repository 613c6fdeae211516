//! The GitHub client against the documented shapes, and against everything that goes wrong.

mod checks;
mod comments;
mod deliveries;
mod identity;
mod pulls;
mod trouble;

use serde_json::{Value, json};

const SHA: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const OTHER_SHA: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// A pull request as GitHub shows it, shortened to what clients commonly read and a bit more.
fn pull(number: u64, branch: &str, head_repo: &str) -> Value {
    json!({
        "id": 1, "node_id": "PR_x", "number": number, "state": "open", "locked": false,
        "title": "Promote", "body": null, "draft": false,
        "user": {"login": "hodman[bot]", "id": 9, "type": "Bot"},
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T03:04:05Z",
        "closed_at": null, "merged_at": null, "merge_commit_sha": OTHER_SHA,
        "head": {"label": format!("acme:{branch}"), "ref": branch, "sha": SHA, "repo": {"id": 5, "full_name": head_repo}},
        "base": {"label": "acme:main", "ref": "main", "sha": OTHER_SHA, "repo": {"id": 5, "full_name": "acme/app"}},
        "html_url": format!("https://github.com/acme/app/pull/{number}"),
        "auto_merge": null, "labels": []
    })
}
