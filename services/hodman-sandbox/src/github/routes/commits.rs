//! `/commits` and `/compare`.

use serde_json::json;

use crate::github::auth::Access;
use crate::github::git::{self, history};
use crate::github::http::Call;
use crate::github::json::node_id;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    let reads = call.method == "GET" && matches!(rest, ["commits" | "compare", ..]);
    if reads && let Err(error) = world.allow(&call.caller, repo, "contents", Access::Read) {
        return Some(Err(error));
    }
    Some(match (call.method.as_str(), rest) {
        ("GET", ["commits"]) => list(world, call, repo),
        ("GET", ["commits", name @ .., "pulls"]) if !name.is_empty() => {
            pulls(world, repo, &name.join("/"))
        }
        ("GET", ["commits", sha, "comments"]) => comments(world, repo, sha),
        ("POST", ["commits", sha, "comments"]) => comment(world, call, repo, sha),
        (
            "GET",
            [
                "commits",
                ..,
                "status" | "statuses" | "check-runs" | "check-suites",
            ],
        ) => return None,
        ("GET", ["commits", name @ ..]) => get(world, call, repo, &name.join("/")),
        ("GET", ["compare", range @ ..]) => compare(world, repo, &range.join("/")),
        _ => return None,
    })
}

fn list(world: &World, call: &Call, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let name = call.query("sha").unwrap_or(&found.default_branch);
    let Some(tip) = git::resolve(&git, name) else {
        return Err(if found.known_refs.is_empty() {
            ApiError::conflict("Git Repository is empty.")
        } else {
            ApiError::not_found()
        });
    };
    let mut commits = match call.query("path").filter(|path| !path.is_empty()) {
        Some(path) => history::log_of_path(&git, tip, path)?,
        None => history::log(&git, tip, None)?,
    };
    let time = |name: &str| {
        call.query(name)
            .and_then(|text| chrono::DateTime::parse_from_rfc3339(text).ok())
    };
    let (since, until) = (time("since"), time("until"));
    commits.retain(|oid| {
        let at = git
            .find_commit(*oid)
            .map(|commit| commit.time().seconds())
            .unwrap_or_default();
        since.is_none_or(|since| at >= since.timestamp())
            && until.is_none_or(|until| at <= until.timestamp())
    });
    Answer::list(
        commits
            .into_iter()
            .map(|oid| world.commit_json(found, &git, oid))
            .collect::<Result<_, _>>()?,
    )
}

fn get(world: &World, call: &Call, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let oid = found.commit(name)?;
    if call.accept.contains("sha") {
        return Answer::bytes(
            "application/vnd.github.sha; charset=utf-8",
            oid.to_string().into_bytes(),
        );
    }
    Answer::ok(world.full_commit_json(found, &git, oid)?)
}

fn compare(world: &World, repo: u64, range: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let (base, head) = range
        .split_once("...")
        .or_else(|| range.split_once(".."))
        .ok_or_else(ApiError::not_found)?;
    let side = |name: &str| {
        let name = name.split_once(':').map_or(name, |(_, branch)| branch);
        git::resolve(&git, name).ok_or_else(ApiError::not_found)
    };
    Answer::ok(world.compare_json(found, &git, side(base)?, side(head)?)?)
}

/// Open pull requests that contain the commit, and the merged one that brought it.
fn pulls(world: &World, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let oid = found.commit(name)?;
    let has = |pull: &&crate::github::pull::Pull| {
        let own = history::contains(&git, pull.head_sha, oid)
            && !history::contains(&git, pull.base_tip(&git), oid);
        own || pull.merged.as_ref().is_some_and(|merged| merged.sha == oid)
    };
    Answer::list(
        found
            .pulls
            .iter()
            .filter(has)
            .map(|pull| world.pull_list_json(found, pull))
            .collect::<Result<_, _>>()?,
    )
}

fn comments(world: &World, repo: u64, sha: &str) -> Reply {
    let found = world.repo(repo)?;
    let sha = found.commit(sha)?.to_string();
    Answer::list(
        found
            .commit_comments
            .iter()
            .filter(|comment| comment["commit_id"] == sha.as_str())
            .cloned()
            .collect(),
    )
}

fn comment(world: &mut World, call: &Call, repo: u64, sha: &str) -> Reply {
    world.allow(&call.caller, repo, "contents", Access::Read)?;
    let by = world.login(&call.caller)?;
    let (id, now) = (world.next_id(), world.stamp());
    let found = world.repo(repo)?;
    let sha = found.commit(sha)?.to_string();
    let html = format!(
        "{}/{}/commit/{sha}#commitcomment-{id}",
        world.base_url,
        found.full_name()
    );
    let url = format!(
        "{}/repos/{}/comments/{id}",
        world.base_url,
        found.full_name()
    );
    let comment = json!({
        "id": id, "node_id": node_id("CommitComment", id), "html_url": html, "url": url, "commit_id": sha,
        "body": call.need("CommitComment", "body")?, "user": world.user_json(&by), "created_at": now, "updated_at": now,
        "path": call.body["path"], "position": call.body["position"], "line": call.body["line"], "author_association": "MEMBER",
    });
    world.repo_mut(repo)?.commit_comments.push(comment.clone());
    world.emit(
        repo,
        "commit_comment",
        Some("created"),
        json!({ "comment": comment }),
        &by,
    );
    Answer::created(comment)
}
