//! Pull requests: open, list, change, merge.

use serde_json::{Value, json};

use super::number;
use crate::github::auth::Access;
use crate::github::git::{self, diff, history};
use crate::github::http::Call;
use crate::github::merging::{MergeMethod, MergeWish};
use crate::github::pull::NewPull;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    let (["pulls"] | ["pulls", _] | ["pulls", _, "files" | "commits" | "merge" | "update-branch"]) =
        rest
    else {
        return None;
    };
    let write = call.method != "GET";
    // Merging writes contents; GitHub asks an App for that permission.
    let permission = if matches!(rest, ["pulls", _, "merge"]) && write {
        "contents"
    } else {
        "pull_requests"
    };
    if let Err(error) = world.allow(
        &call.caller,
        repo,
        permission,
        if write { Access::Write } else { Access::Read },
    ) {
        return Some(Err(error));
    }
    Some(match (call.method.as_str(), rest) {
        ("GET", ["pulls"]) => list(world, call, repo),
        ("POST", ["pulls"]) => create(world, call, repo),
        ("GET", ["pulls", n]) => number(n).and_then(|n| get(world, call, repo, n)),
        ("PATCH", ["pulls", n]) => number(n).and_then(|n| change(world, call, repo, n)),
        ("GET", ["pulls", n, "files"]) => number(n).and_then(|n| files(world, repo, n)),
        ("GET", ["pulls", n, "commits"]) => number(n).and_then(|n| commits(world, repo, n)),
        ("GET", ["pulls", n, "merge"]) => number(n).and_then(|n| is_merged(world, repo, n)),
        ("PUT", ["pulls", n, "merge"]) => number(n).and_then(|n| merge(world, call, repo, n)),
        ("PUT", ["pulls", n, "update-branch"]) => {
            number(n).and_then(|n| update_branch(world, call, repo, n))
        }
        _ => return None,
    })
}

fn list(world: &World, call: &Call, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    let state = call.query("state").unwrap_or("open");
    let head = call
        .query("head")
        .map(|head| head.split_once(':').map_or(head, |(_, branch)| branch));
    let mut pulls: Vec<_> = found
        .pulls
        .iter()
        .filter(|pull| state == "all" || pull.state() == state)
        .filter(|pull| call.query("base").is_none_or(|base| pull.base_ref == base))
        .filter(|pull| head.is_none_or(|head| pull.head_ref == head))
        .collect();
    if call.query("sort") == Some("updated") {
        pulls.sort_by_key(|pull| (pull.updated_at, pull.number));
    }
    let ascending = call.query("direction").map_or(
        call.query("sort").is_some_and(|sort| sort != "created"),
        |word| word == "asc",
    );
    // Newest first is what GitHub does when nobody says a direction and the sort is by creation.
    if !ascending || call.query("direction").is_none() {
        pulls.reverse();
    }
    Answer::list(
        pulls
            .into_iter()
            .map(|pull| world.pull_list_json(found, pull))
            .collect::<Result<_, _>>()?,
    )
}

fn create(world: &mut World, call: &Call, repo: u64) -> Reply {
    let by = world.login(&call.caller)?;
    let new = NewPull {
        title: call.need("PullRequest", "title")?.to_owned(),
        body: call.text("body").map(ToOwned::to_owned),
        head: call.need("PullRequest", "head")?.to_owned(),
        base: call.need("PullRequest", "base")?.to_owned(),
        draft: call.body["draft"] == true,
    };
    let n = world.open_pull(repo, new, &by)?;
    Answer::created(world.pull_json(repo, n)?)
}

fn get(world: &World, call: &Call, repo: u64, n: u64) -> Reply {
    if call.accept.contains("diff") || call.accept.contains("patch") {
        return Answer::bytes(
            "application/vnd.github.diff; charset=utf-8",
            world.pull_diff(repo, n)?.into_bytes(),
        );
    }
    Answer::ok(world.pull_json(repo, n)?)
}

fn change(world: &mut World, call: &Call, repo: u64, n: u64) -> Reply {
    let by = world.login(&call.caller)?;
    let now = world.now();
    let found = world.repo_mut(repo)?;
    let git = found.open()?;
    let pull = found.pull_mut(n)?;
    let mut changes = serde_json::Map::new();
    if let Some(title) = call.text("title").filter(|title| *title != pull.title) {
        changes.insert("title".into(), json!({"from": pull.title}));
        title.clone_into(&mut pull.title);
    }
    if let Some(body) = call
        .text("body")
        .filter(|body| pull.body.as_deref() != Some(*body))
    {
        changes.insert("body".into(), json!({"from": pull.body}));
        pull.body = Some(body.to_owned());
    }
    if let Some(base) = call.text("base").filter(|base| *base != pull.base_ref) {
        let tip = git::branch_tip(&git, base);
        let tip = tip.ok_or_else(|| {
            ApiError::validation("Validation Failed", "PullRequest", "base", "invalid")
        })?;
        changes.insert(
            "base".into(),
            json!({"ref": {"from": pull.base_ref}, "sha": {"from": pull.base_sha.to_string()}}),
        );
        (pull.base_ref, pull.base_sha) = (base.to_owned(), tip);
    }
    pull.updated_at = now;
    if !changes.is_empty() {
        let payload =
            json!({"number": n, "changes": changes, "pull_request": world.pull_json(repo, n)?});
        world.emit(repo, "pull_request", Some("edited"), payload, &by);
    }
    match call.text("state") {
        Some("closed") => world.close_pull(repo, n, &by)?,
        Some("open") => world.reopen_pull(repo, n, &by)?,
        None => {}
        Some(_) => {
            return Err(ApiError::validation(
                "Validation Failed",
                "PullRequest",
                "state",
                "invalid",
            ));
        }
    }
    Answer::ok(world.pull_json(repo, n)?)
}

fn files(world: &World, repo: u64, n: u64) -> Reply {
    let found = world.repo(repo)?;
    let (git, pull) = (found.open()?, found.pull(n)?);
    let files = diff::between(
        &git,
        history::merge_base(&git, pull.base_tip(&git), pull.head_sha),
        pull.head_sha,
    )?;
    Answer::list(
        files
            .iter()
            .map(|file| world.file_json(found, pull.head_sha, file))
            .collect(),
    )
}

fn commits(world: &World, repo: u64, n: u64) -> Reply {
    let found = world.repo(repo)?;
    let (git, pull) = (found.open()?, found.pull(n)?);
    let mut commits = history::log(&git, pull.head_sha, Some(pull.base_tip(&git)))?;
    commits.reverse();
    Answer::list(
        commits
            .into_iter()
            .map(|oid| world.commit_json(found, &git, oid))
            .collect::<Result<_, _>>()?,
    )
}

fn is_merged(world: &World, repo: u64, n: u64) -> Reply {
    if world.repo(repo)?.pull(n)?.merged.is_some() {
        Answer::empty()
    } else {
        Err(ApiError::not_found())
    }
}

fn merge(world: &mut World, call: &Call, repo: u64, n: u64) -> Reply {
    let method = match call.text("merge_method") {
        None | Some("merge") => MergeMethod::Merge,
        Some("squash") => MergeMethod::Squash,
        Some("rebase") => MergeMethod::Rebase,
        Some(_) => return Err(ApiError::unprocessable("Invalid merge method")),
    };
    let text = |name: &str| call.text(name).map(ToOwned::to_owned);
    let wish = MergeWish {
        method,
        sha: text("sha"),
        title: text("commit_title"),
        message: text("commit_message"),
    };
    let sha = world.merge_pull(repo, n, &wish, &call.caller)?.to_string();
    Answer::ok(json!({"sha": sha, "merged": true, "message": "Pull Request successfully merged"}))
}

fn update_branch(world: &mut World, call: &Call, repo: u64, n: u64) -> Reply {
    let by = world.login(&call.caller)?;
    let head = world.repo(repo)?.pull(n)?.head_sha.to_string();
    if call
        .text("expected_head_sha")
        .is_some_and(|expected| expected != head)
    {
        return Err(ApiError::unprocessable(
            "expected head sha didn't match current head ref.",
        ));
    }
    world.update_branch(repo, n, &by)?;
    let url = format!(
        "{}/repos/{}/pulls/{n}",
        world.base_url,
        world.repo(repo)?.full_name()
    );
    Answer::accepted(json!({"message": "Updating pull request branch.", "url": Value::String(url)}))
}

impl World {
    /// The unified diff of a pull request.
    pub(crate) fn pull_diff(&self, repo: u64, n: u64) -> Result<String, ApiError> {
        let found = self.repo(repo)?;
        let (git, pull) = (found.open()?, found.pull(n)?);
        let base = history::merge_base(&git, pull.base_tip(&git), pull.head_sha);
        let mut text = String::new();
        for file in diff::between(&git, base, pull.head_sha)? {
            let old = file.previous.as_deref().unwrap_or(&file.filename);
            let (before, after) = match file.status {
                "added" => ("/dev/null".to_owned(), format!("b/{}", file.filename)),
                "removed" => (format!("a/{old}"), "/dev/null".to_owned()),
                _ => (format!("a/{old}"), format!("b/{}", file.filename)),
            };
            text += &format!(
                "diff --git a/{old} b/{}\n--- {before}\n+++ {after}\n",
                file.filename
            );
            text += file.patch.as_deref().unwrap_or("Binary files differ");
            text.push('\n');
        }
        Ok(text)
    }
}
