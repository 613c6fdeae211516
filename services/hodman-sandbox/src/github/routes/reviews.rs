//! Reviews, requested reviewers, comments on lines.

use serde_json::{Value, json};

use super::number;
use crate::github::auth::Access;
use crate::github::http::Call;
use crate::github::json::node_id;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    let ["pulls", n, rest @ ..] = rest else {
        return None;
    };
    let Ok(n) = number(n) else { return None };
    Some(match (call.method.as_str(), rest) {
        ("GET", ["reviews"]) => list(world, repo, n),
        ("POST", ["reviews"]) => create(world, call, repo, n),
        ("GET", ["reviews", id]) => number(id)
            .and_then(|id| world.review_json(repo, n, id))
            .and_then(Answer::ok),
        ("POST", ["reviews", id, "events"]) => {
            number(id).and_then(|id| submit(world, call, repo, n, id))
        }
        ("PUT", ["reviews", id, "dismissals"]) => {
            number(id).and_then(|id| dismiss(world, call, repo, n, id))
        }
        ("GET", ["requested_reviewers"]) => requested(world, repo, n),
        ("POST" | "DELETE", ["requested_reviewers"]) => request(world, call, repo, n),
        ("GET", ["comments"]) => world
            .repo(repo)
            .and_then(|found| Answer::list(found.pull(n)?.line_comments.clone())),
        ("POST", ["comments"]) => comment(world, call, repo, n),
        _ => return None,
    })
}

fn list(world: &World, repo: u64, n: u64) -> Reply {
    let ids: Vec<u64> = world
        .repo(repo)?
        .pull(n)?
        .reviews
        .iter()
        .map(|review| review.id)
        .collect();
    Answer::list(
        ids.into_iter()
            .map(|id| world.review_json(repo, n, id))
            .collect::<Result<_, _>>()?,
    )
}

fn create(world: &mut World, call: &Call, repo: u64, n: u64) -> Reply {
    world.allow(&call.caller, repo, "pull_requests", Access::Read)?;
    let by = world.login(&call.caller)?;
    let event = call.text("event").unwrap_or("PENDING");
    let body = call.text("body").unwrap_or_default();
    if body.is_empty() && matches!(event, "REQUEST_CHANGES" | "COMMENT") {
        return Err(ApiError::missing("PullRequestReview", "body"));
    }
    let id = world.add_review(repo, n, event, body, &by)?;
    Answer::ok(world.review_json(repo, n, id)?)
}

fn submit(world: &mut World, call: &Call, repo: u64, n: u64, id: u64) -> Reply {
    world.allow(&call.caller, repo, "pull_requests", Access::Read)?;
    let by = world.login(&call.caller)?;
    let pending = world.repo_mut(repo)?.pull_mut(n)?;
    let at = pending
        .reviews
        .iter()
        .position(|review| review.id == id && review.author == by && review.state == "PENDING");
    let old = pending.reviews.remove(at.ok_or_else(ApiError::not_found)?);
    let body = call.text("body").unwrap_or(&old.body).to_owned();
    let id = world.add_review(
        repo,
        n,
        call.need("PullRequestReview", "event")?,
        &body,
        &by,
    )?;
    Answer::ok(world.review_json(repo, n, id)?)
}

fn dismiss(world: &mut World, call: &Call, repo: u64, n: u64, id: u64) -> Reply {
    world.allow(&call.caller, repo, "pull_requests", Access::Write)?;
    let by = world.login(&call.caller)?;
    call.need("PullRequestReview", "message")?;
    let review = world
        .repo_mut(repo)?
        .pull_mut(n)?
        .reviews
        .iter_mut()
        .find(|review| review.id == id);
    let review = review.ok_or_else(ApiError::not_found)?;
    if !matches!(review.state.as_str(), "APPROVED" | "CHANGES_REQUESTED") {
        return Err(ApiError::unprocessable(
            "Can not dismiss a commented pull request review",
        ));
    }
    "DISMISSED".clone_into(&mut review.state);
    world.emit_review(repo, n, id, "dismissed", &by)?;
    Answer::ok(world.review_json(repo, n, id)?)
}

fn requested(world: &World, repo: u64, n: u64) -> Reply {
    let people = world.repo(repo)?.pull(n)?.requested_reviewers.iter();
    Answer::ok(
        json!({"users": people.map(|login| world.user_json(login)).collect::<Vec<Value>>(), "teams": []}),
    )
}

fn request(world: &mut World, call: &Call, repo: u64, n: u64) -> Reply {
    world.allow(&call.caller, repo, "pull_requests", Access::Write)?;
    let by = world.login(&call.caller)?;
    let remove = call.method == "DELETE";
    for login in call.body["reviewers"]
        .as_array()
        .cloned()
        .unwrap_or_default()
    {
        let login = login.as_str().unwrap_or_default().to_owned();
        let pull = world.repo_mut(repo)?.pull_mut(n)?;
        if pull.author == login {
            return Err(ApiError::unprocessable(
                "Review cannot be requested from pull request author.",
            ));
        }
        pull.requested_reviewers.retain(|known| *known != login);
        if !remove {
            pull.requested_reviewers.push(login.clone());
        }
        let action = if remove {
            "review_request_removed"
        } else {
            "review_requested"
        };
        let reviewer = world.user_json(&login);
        let payload = json!({"number": n, "pull_request": world.pull_json(repo, n)?, "requested_reviewer": reviewer});
        world.emit(repo, "pull_request", Some(action), payload, &by);
    }
    let answer = world.pull_json(repo, n)?;
    if remove {
        Answer::ok(answer)
    } else {
        Answer::created(answer)
    }
}

fn comment(world: &mut World, call: &Call, repo: u64, n: u64) -> Reply {
    world.allow(&call.caller, repo, "pull_requests", Access::Read)?;
    let by = world.login(&call.caller)?;
    let (id, now) = (world.next_id(), world.stamp());
    let found = world.repo(repo)?;
    let pull = found.pull(n)?;
    let html = format!(
        "{}/{}/pull/{n}#discussion_r{id}",
        world.base_url,
        found.full_name()
    );
    let api = format!("{}/repos/{}/pulls", world.base_url, found.full_name());
    let comment = json!({
        "id": id, "node_id": node_id("PullRequestReviewComment", id), "url": format!("{api}/comments/{id}"),
        "pull_request_review_id": null, "diff_hunk": "", "path": call.need("PullRequestReviewComment", "path")?,
        "commit_id": call.text("commit_id").unwrap_or(&pull.head_sha.to_string()), "original_commit_id": pull.head_sha.to_string(),
        "user": world.user_json(&by), "body": call.need("PullRequestReviewComment", "body")?, "created_at": now, "updated_at": now,
        "html_url": html, "pull_request_url": format!("{api}/{n}"), "author_association": "MEMBER",
        "line": call.body["line"], "original_line": call.body["line"], "side": call.text("side").unwrap_or("RIGHT"),
        "start_line": call.body["start_line"], "position": 1, "original_position": 1,
        "_links": {"self": {"href": api}, "html": {"href": html}, "pull_request": {"href": format!("{api}/{n}")}},
    });
    world
        .repo_mut(repo)?
        .pull_mut(n)?
        .line_comments
        .push(comment.clone());
    let payload = json!({"comment": comment, "pull_request": world.pull_json(repo, n)?});
    world.emit(
        repo,
        "pull_request_review_comment",
        Some("created"),
        payload,
        &by,
    );
    Answer::created(comment)
}
