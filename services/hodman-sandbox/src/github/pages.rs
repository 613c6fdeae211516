//! Plain pages for people: look at a repository and its pull requests, approve, merge, close. Whoever can reach the port may
//! act as anybody, which is what a demo on loopback needs.

mod html;
mod view;

use axum::body::Bytes;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::auth::Caller;
use super::git;
use super::http::{Shared, lock, parse_query};
use super::merging::{MergeMethod, MergeWish};
use super::reply::ApiError;
use super::world::World;

/// Answers everything that is neither REST nor git.
pub(crate) fn serve(world: &Shared, method: &str, segments: &[&str], body: &Bytes) -> Response {
    let mut world = lock(world);
    let answer = match (method, segments) {
        ("GET", [owner, name]) => find(&world, owner, name)
            .and_then(|repo| view::repository(&world, repo))
            .map(page),
        ("GET", [owner, name, "pull", number]) => match number.strip_suffix(".diff") {
            Some(number) => diff(&world, owner, name, number),
            None => pull_page(&world, owner, name, number),
        },
        ("GET", [owner, name, "blob" | "raw", branch, path @ ..]) => {
            file(&world, owner, name, branch, &path.join("/"))
        }
        ("POST", ["__sandbox", owner, name, "pull", number, action]) => {
            act(&mut world, owner, name, number, action, body)
        }
        _ => Err(ApiError::not_found()),
    };
    answer.unwrap_or_else(|error| {
        let status =
            StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, page(view::refusal(&error))).into_response()
    })
}

fn page(html: String) -> Response {
    Html(html).into_response()
}

fn find(world: &World, owner: &str, name: &str) -> Result<u64, ApiError> {
    world.find_repo(owner, name).ok_or_else(ApiError::not_found)
}

fn number(text: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| ApiError::not_found())
}

fn pull_page(world: &World, owner: &str, name: &str, n: &str) -> Result<Response, ApiError> {
    Ok(page(view::pull(
        world,
        find(world, owner, name)?,
        number(n)?,
    )?))
}

fn diff(world: &World, owner: &str, name: &str, n: &str) -> Result<Response, ApiError> {
    Ok(world
        .pull_diff(find(world, owner, name)?, number(n)?)?
        .into_response())
}

fn file(
    world: &World,
    owner: &str,
    name: &str,
    branch: &str,
    path: &str,
) -> Result<Response, ApiError> {
    let found = world.repo(find(world, owner, name)?)?;
    let git = found.open()?;
    let bytes = git::resolve(&git, branch).and_then(|commit| git::read_file(&git, commit, path));
    let bytes = bytes.ok_or_else(ApiError::not_found)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], bytes).into_response())
}

/// A button was pressed.
fn act(
    world: &mut World,
    owner: &str,
    name: &str,
    n: &str,
    action: &str,
    body: &[u8],
) -> Result<Response, ApiError> {
    let (repo, n) = (find(world, owner, name)?, number(n)?);
    let form = parse_query(&String::from_utf8_lossy(body));
    let by = form
        .get("by")
        .filter(|by| world.users.contains_key(&by.to_lowercase()));
    let by = by.cloned().ok_or_else(|| {
        ApiError::unprocessable("nobody acts: the field \"by\" names no known user")
    })?;
    let text = form.get("body").map(String::as_str).unwrap_or_default();
    match action {
        "approve" => drop(world.add_review(repo, n, "APPROVE", text, &by)?),
        "request-changes" => drop(world.add_review(repo, n, "REQUEST_CHANGES", text, &by)?),
        "comment" => drop(world.add_comment(repo, n, text, &by, None)?),
        "close" => world.close_pull(repo, n, &by)?,
        "reopen" => world.reopen_pull(repo, n, &by)?,
        "merge" | "squash" | "rebase" => {
            let method = match action {
                "squash" => MergeMethod::Squash,
                "rebase" => MergeMethod::Rebase,
                _ => MergeMethod::Merge,
            };
            world.merge_pull(
                repo,
                n,
                &MergeWish {
                    method,
                    ..MergeWish::default()
                },
                &Caller::User(by),
            )?;
        }
        _ => return Err(ApiError::not_found()),
    }
    let back = format!("/{owner}/{name}/pull/{n}");
    Ok((StatusCode::SEE_OTHER, [(header::LOCATION, back)]).into_response())
}
