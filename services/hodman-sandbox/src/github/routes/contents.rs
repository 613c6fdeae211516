//! `/contents`: files by path.

use std::path::Path;

use git2::{ObjectType, Oid, Repository};
use serde_json::{Value, json};

use super::gitdata::{decode, encode, person};
use crate::github::auth::Access;
use crate::github::git::{self, Change};
use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::{Repo, World};

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), rest) {
        ("GET", ["contents", path @ ..]) => get(world, call, repo, &path.join("/")),
        ("GET", ["readme"]) => get(world, call, repo, "README.md"),
        ("PUT", ["contents", path @ ..]) => put(world, call, repo, &path.join("/"), false),
        ("DELETE", ["contents", path @ ..]) => put(world, call, repo, &path.join("/"), true),
        _ => return None,
    })
}

fn get(world: &World, call: &Call, repo: u64, path: &str) -> Reply {
    world.allow(&call.caller, repo, "contents", Access::Read)?;
    let found = world.repo(repo)?;
    let git = found.open()?;
    let name = call.query("ref").unwrap_or(&found.default_branch);
    let commit = git::resolve(&git, name)
        .ok_or_else(|| ApiError::new(404, &format!("No commit found for the ref {name}")))?;
    let root = git.find_commit(commit)?.tree()?;
    if path.is_empty() {
        return list(world, found, &git, &root, "", name);
    }
    let entry = root
        .get_path(Path::new(path))
        .map_err(|_| ApiError::not_found())?;
    if entry.kind() == Some(ObjectType::Tree) {
        return list(world, found, &git, &git.find_tree(entry.id())?, path, name);
    }
    let blob = git.find_blob(entry.id())?;
    if call.accept.contains("raw") {
        return Answer::bytes(
            "application/vnd.github.raw; charset=utf-8",
            blob.content().to_vec(),
        );
    }
    let mut answer = entry_json(world, found, path, "file", entry.id(), blob.size(), name);
    // From 1 MB on GitHub leaves the content out; clients must ask for raw.
    let large = blob.size() > 1024 * 1024;
    answer["content"] = json!(if large {
        String::new()
    } else {
        encode(blob.content())
    });
    answer["encoding"] = json!(if large { "none" } else { "base64" });
    Answer::ok(answer)
}

fn list(
    world: &World,
    repo: &Repo,
    git: &Repository,
    tree: &git2::Tree<'_>,
    dir: &str,
    name: &str,
) -> Reply {
    let entry = |entry: git2::TreeEntry<'_>| {
        let base = String::from_utf8_lossy(entry.name_bytes()).into_owned();
        let path = if dir.is_empty() {
            base
        } else {
            format!("{dir}/{base}")
        };
        let kind = if entry.kind() == Some(ObjectType::Tree) {
            "dir"
        } else {
            "file"
        };
        let size = git
            .find_blob(entry.id())
            .map(|blob| blob.size())
            .unwrap_or_default();
        entry_json(world, repo, &path, kind, entry.id(), size, name)
    };
    // Directories are not paged on GitHub; 1,000 files at most.
    Answer::ok(Value::Array(tree.iter().take(1000).map(entry).collect()))
}

fn entry_json(
    world: &World,
    repo: &Repo,
    path: &str,
    kind: &str,
    sha: Oid,
    size: usize,
    name: &str,
) -> Value {
    let api = format!("{}/repos/{}", world.base_url, repo.full_name());
    let html = format!("{}/{}", world.base_url, repo.full_name());
    let url = format!("{api}/contents/{path}?ref={name}");
    let git_url = format!(
        "{api}/git/{}/{sha}",
        if kind == "dir" { "trees" } else { "blobs" }
    );
    let html_url = format!("{html}/blob/{name}/{path}");
    json!({
        "type": kind, "name": path.rsplit('/').next(), "path": path, "sha": sha.to_string(), "size": size, "url": url,
        "html_url": html_url, "git_url": git_url, "download_url": (kind == "file").then(|| format!("{html}/raw/{name}/{path}")),
        "_links": {"self": url, "git": git_url, "html": html_url},
    })
}

fn put(world: &mut World, call: &Call, repo: u64, path: &str, delete: bool) -> Reply {
    world.allow(&call.caller, repo, "contents", Access::Write)?;
    let by = world.login(&call.caller)?;
    let found = world.repo(repo)?;
    let git = found.open()?;
    let given = |name: &str| call.text(name).or_else(|| call.query(name));
    let branch = given("branch").unwrap_or(&found.default_branch).to_owned();
    let message = given("message")
        .ok_or_else(|| ApiError::missing("Content", "message"))?
        .to_owned();
    let content = if delete {
        None
    } else {
        Some(decode(call.need("Content", "content")?)?)
    };
    let tip = git::branch_tip(&git, &branch);
    if tip.is_none() && !found.known_refs.is_empty() {
        return Err(ApiError::new(404, &format!("Branch {branch} not found")));
    }
    let tree = tip.map(|oid| git.find_commit(oid)?.tree()).transpose()?;
    let current = tree.and_then(|tree| Some(tree.get_path(Path::new(path)).ok()?.id().to_string()));
    match (current, given("sha")) {
        (Some(_), None) => {
            return Err(ApiError::unprocessable(
                "Invalid request.\n\n\"sha\" wasn't supplied.",
            ));
        }
        (Some(current), Some(sha)) if current != sha => {
            return Err(ApiError::conflict(&format!("{path} does not match {sha}")));
        }
        (None, _) if delete => return Err(ApiError::not_found()),
        (None, Some(sha)) if !sha.is_empty() => {
            return Err(ApiError::conflict(&format!("{path} does not match {sha}")));
        }
        _ => {}
    }
    // No commit can be named yet whose checks are green, so required checks close the branch as well.
    world
        .may_push(repo, &branch, Some(Oid::ZERO_SHA1), &call.caller)
        .map_err(|error| ApiError::conflict(&error.message))?;
    let author = person(
        &call.body["author"],
        &person(&call.body["committer"], &world.author(&by)),
    );
    let change = Change {
        path: path.to_owned(),
        content,
    };
    let commit = git::commit_on_branch(&git, &branch, &[change], &message, &author)?;
    world.refs_changed(repo, &by)?;
    let found = world.repo(repo)?;
    let entry = git
        .find_commit(commit)?
        .tree()?
        .get_path(Path::new(path))
        .ok();
    let content = entry.map(|entry| {
        let size = git
            .find_blob(entry.id())
            .map(|blob| blob.size())
            .unwrap_or_default();
        entry_json(world, found, path, "file", entry.id(), size, &branch)
    });
    let created = !delete && given("sha").is_none();
    let answer = json!({"content": content, "commit": world.git_commit_json(found, &git, commit)?});
    if created {
        Answer::created(answer)
    } else {
        Answer::ok(answer)
    }
}
