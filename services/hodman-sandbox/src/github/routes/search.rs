//! Search of pull requests, and the one GraphQL question clients ask to see whether they are logged in.

use serde_json::{Value, json};

use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, segments: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), segments) {
        ("GET", ["search", "issues"]) => issues(world, call),
        ("POST", ["graphql"]) => graphql(world, call),
        _ => return None,
    })
}

/// Understands `repo:`, `org:`, `is:`, `state:`, `author:`, `head:`, `base:`, `label:`; other words must be in the title or body.
fn issues(world: &World, call: &Call) -> Reply {
    let query = call
        .query("q")
        .ok_or_else(|| ApiError::missing("Search", "q"))?;
    let mut found = Vec::new();
    for repo in world
        .repos
        .values()
        .filter(|repo| world.sees(&call.caller, repo.id))
    {
        for pull in &repo.pulls {
            let hit = query
                .split_whitespace()
                .all(|word| match word.split_once(':') {
                    Some(("repo", name)) => repo.full_name() == name,
                    Some(("org" | "user", name)) => repo.owner == name,
                    Some(("is" | "type", "pr" | "pull-request")) => true,
                    Some(("is", "merged")) => pull.merged.is_some(),
                    Some(("is", "draft")) => pull.draft,
                    Some(("is" | "state", state)) => pull.state() == state,
                    Some(("author", login)) => pull.author == login,
                    Some(("head", branch)) => pull.head_ref == branch,
                    Some(("base", branch)) => pull.base_ref == branch,
                    Some(("label", label)) => pull
                        .labels
                        .iter()
                        .any(|known| known == label.trim_matches('"')),
                    Some(("sha", sha)) => pull.head_sha.to_string().starts_with(sha),
                    _ => {
                        pull.title.contains(word)
                            || pull.body.as_deref().is_some_and(|body| body.contains(word))
                    }
                });
            if hit {
                let mut item = world.issue_json(repo.id, pull.number)?;
                item["score"] = json!(1.0);
                found.push(item);
            }
        }
    }
    let total = found.len();
    let size = call
        .query("per_page")
        .and_then(|text| text.parse().ok())
        .unwrap_or(30_usize)
        .clamp(1, 100);
    let page = call
        .query("page")
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_usize)
        .max(1);
    let items: Vec<Value> = found
        .into_iter()
        .skip((page - 1) * size)
        .take(size)
        .collect();
    Answer::ok(json!({"total_count": total, "incomplete_results": false, "items": items}))
}

fn graphql(world: &World, call: &Call) -> Reply {
    let login = world.login(&call.caller)?;
    let query = call.text("query").unwrap_or_default();
    if !query.contains("viewer") {
        let error = json!({"type": "NOT_IMPLEMENTED", "message": "the sandbox answers the field `viewer` only"});
        return Answer::ok(json!({"errors": [error]}));
    }
    Answer::ok(json!({"data": {"viewer": {"login": login}}}))
}
