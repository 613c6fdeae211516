//! Blobs, trees, commits and tags as objects.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use git2::{ObjectType, Oid, Repository, TreeWalkMode, TreeWalkResult};
use serde_json::{Value, json};

use crate::github::auth::Access;
use crate::github::git::{self, Author};
use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Reply};
use crate::github::world::{Repo, World};

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    let writes = call.method == "POST" && matches!(rest, ["git", _]);
    if writes && let Err(error) = world.allow(&call.caller, repo, "contents", Access::Write) {
        return Some(Err(error));
    }
    Some(match (call.method.as_str(), rest) {
        ("POST", ["git", "blobs"]) => create_blob(world, call, repo),
        ("GET", ["git", "blobs", sha]) => blob(world, call, repo, sha),
        ("POST", ["git", "trees"]) => create_tree(world, call, repo),
        ("GET", ["git", "trees", name @ ..]) => tree(world, call, repo, &name.join("/")),
        ("POST", ["git", "commits"]) => create_commit(world, call, repo),
        ("GET", ["git", "commits", sha]) => commit(world, repo, sha),
        ("POST", ["git", "tags"]) => create_tag(world, call, repo),
        ("GET", ["git", "tags", sha]) => tag(world, repo, sha),
        _ => return None,
    })
}

fn api(world: &World, repo: &Repo) -> String {
    format!("{}/repos/{}/git", world.base_url, repo.full_name())
}

fn object(git: &Repository, sha: &str, kind: ObjectType) -> Result<Oid, ApiError> {
    let oid = Oid::from_str(sha).map_err(|_| ApiError::not_found())?;
    git.find_object(oid, Some(kind))
        .map(|object| object.id())
        .map_err(|_| ApiError::not_found())
}

fn create_blob(world: &World, call: &Call, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    let content = call.need("Blob", "content")?;
    let bytes = match call.text("encoding") {
        Some("base64") => decode(content)?,
        _ => content.as_bytes().to_vec(),
    };
    let sha = found.open()?.blob(&bytes)?.to_string();
    Answer::created(json!({"sha": sha, "url": format!("{}/blobs/{sha}", api(world, found))}))
}

/// Base64 as clients send it, with or without line breaks.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, ApiError> {
    let text: String = text.split_whitespace().collect();
    STANDARD
        .decode(text)
        .map_err(|_| ApiError::unprocessable("content is not valid Base64"))
}

/// Base64 in lines of 60, as GitHub sends it.
pub(super) fn encode(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    text.as_bytes()
        .chunks(60)
        .map(|line| String::from_utf8_lossy(line).into_owned() + "\n")
        .collect()
}

fn blob(world: &World, call: &Call, repo: u64, sha: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let blob = git.find_blob(object(&git, sha, ObjectType::Blob)?)?;
    if call.accept.contains("raw") {
        return Answer::bytes(
            "application/vnd.github.raw; charset=utf-8",
            blob.content().to_vec(),
        );
    }
    Answer::ok(json!({
        "sha": sha, "node_id": format!("B_{sha}"), "size": blob.size(), "url": format!("{}/blobs/{sha}", api(world, found)),
        "content": encode(blob.content()), "encoding": "base64",
    }))
}

fn create_tree(world: &World, call: &Call, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let base = match call.text("base_tree") {
        Some(sha) => {
            let oid = Oid::from_str(sha)
                .map_err(|_| ApiError::unprocessable("base_tree is not a valid tree sha"))?;
            let object = git
                .find_object(oid, None)
                .and_then(|object| object.peel_to_tree());
            object.map_err(|_| ApiError::unprocessable("base_tree is not a valid tree sha"))?
        }
        None => git.find_tree(git.treebuilder(None)?.write()?)?,
    };
    let mut builder = git2::build::TreeUpdateBuilder::new();
    for entry in call.body["tree"]
        .as_array()
        .ok_or_else(|| ApiError::missing("Tree", "tree"))?
    {
        let path = entry["path"]
            .as_str()
            .ok_or_else(|| ApiError::missing("Tree", "path"))?;
        if entry.get("sha").is_some_and(Value::is_null) {
            builder.remove(path);
            continue;
        }
        let mode = match entry["mode"].as_str() {
            Some("100755") => git2::FileMode::BlobExecutable,
            Some("120000") => git2::FileMode::Link,
            Some("040000") => git2::FileMode::Tree,
            Some("160000") => git2::FileMode::Commit,
            Some("100644") => git2::FileMode::Blob,
            _ => {
                return Err(ApiError::unprocessable(
                    "tree.mode must be one of 100644, 100755, 040000, 160000, 120000",
                ));
            }
        };
        let oid = match (entry["sha"].as_str(), entry["content"].as_str()) {
            (Some(sha), _) => Oid::from_str(sha)
                .ok()
                .filter(|oid| git.find_object(*oid, None).is_ok()),
            (None, Some(content)) => Some(git.blob(content.as_bytes())?),
            (None, None) => None,
        };
        let oid = oid.ok_or_else(|| ApiError::unprocessable("tree.sha is not a valid blob"))?;
        builder.upsert(path, oid, mode);
    }
    let oid = builder.create_updated(&git, &base)?;
    Answer::created(tree_json(world, found, &git, oid, false)?)
}

fn tree(world: &World, call: &Call, repo: u64, name: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let oid = match git::resolve(&git, name) {
        Some(commit) => git.find_commit(commit)?.tree_id(),
        None => object(&git, name, ObjectType::Tree)?,
    };
    Answer::ok(tree_json(
        world,
        found,
        &git,
        oid,
        call.query("recursive").is_some(),
    )?)
}

fn tree_json(
    world: &World,
    repo: &Repo,
    git: &Repository,
    oid: Oid,
    recursive: bool,
) -> Result<Value, ApiError> {
    let api = api(world, repo);
    let mut entries = Vec::new();
    git.find_tree(oid)?.walk(TreeWalkMode::PreOrder, |dir, entry| {
        let (sha, kind) = (entry.id(), git::kind_name(entry.kind()));
        let path = format!("{dir}{}", String::from_utf8_lossy(entry.name_bytes()));
        let mut item = json!({
            "path": path, "mode": format!("{:06o}", entry.filemode()), "type": kind, "sha": sha.to_string(),
            "url": format!("{api}/{kind}s/{sha}"),
        });
        if let Ok(blob) = git.find_blob(sha) {
            item["size"] = json!(blob.size());
        }
        entries.push(item);
        if recursive { TreeWalkResult::Ok } else { TreeWalkResult::Skip }
    })?;
    Ok(
        json!({"sha": oid.to_string(), "url": format!("{api}/trees/{oid}"), "tree": entries, "truncated": false}),
    )
}

fn create_commit(world: &World, call: &Call, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let tree = Oid::from_str(call.need("Commit", "tree")?)
        .ok()
        .filter(|oid| git.find_tree(*oid).is_ok());
    let tree = tree.ok_or_else(|| ApiError::unprocessable("Tree SHA does not exist"))?;
    let mut parents = Vec::new();
    for parent in call.body["parents"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
    {
        let oid = parent
            .as_str()
            .and_then(|sha| Oid::from_str(sha).ok())
            .filter(|oid| git.find_commit(*oid).is_ok());
        parents.push(oid.ok_or_else(|| {
            ApiError::unprocessable("Parent SHA does not exist or is not a commit object")
        })?);
    }
    let default = world.author(&world.login(&call.caller)?);
    let author = person(&call.body["author"], &default);
    let committer = person(&call.body["committer"], &author);
    let oid = git::write_commit(
        &git,
        tree,
        &parents,
        call.need("Commit", "message")?,
        &author,
        &committer,
    )?;
    Answer::created(world.git_commit_json(found, &git, oid)?)
}

/// An author given in a body, filled up from the caller.
pub(super) fn person(given: &Value, default: &Author) -> Author {
    let text = |key: &str| given[key].as_str();
    let at = text("date").and_then(|date| chrono::DateTime::parse_from_rfc3339(date).ok());
    Author {
        name: text("name").unwrap_or(&default.name).to_owned(),
        email: text("email").unwrap_or(&default.email).to_owned(),
        at: at.map_or(default.at, |at| at.with_timezone(&chrono::Utc)),
    }
}

fn commit(world: &World, repo: u64, sha: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let oid = object(&git, sha, ObjectType::Commit)?;
    Answer::ok(world.git_commit_json(found, &git, oid)?)
}

fn create_tag(world: &World, call: &Call, repo: u64) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let name = call.need("Tag", "tag")?;
    let sha = call.need("Tag", "object")?;
    let target = Oid::from_str(sha).and_then(|oid| git.find_object(oid, None));
    let target = target.map_err(|_| ApiError::unprocessable("object does not exist"))?;
    let default = world.author(&world.login(&call.caller)?);
    let tagger = person(&call.body["tagger"], &default);
    let signature = git2::Signature::new(
        &tagger.name,
        &tagger.email,
        &git2::Time::new(tagger.at.timestamp(), 0),
    )?;
    let oid = git.tag_annotation_create(name, &target, &signature, call.need("Tag", "message")?)?;
    Answer::created(tag_json(world, found, &git, oid)?)
}

fn tag(world: &World, repo: u64, sha: &str) -> Reply {
    let found = world.repo(repo)?;
    let git = found.open()?;
    let oid = object(&git, sha, ObjectType::Tag)?;
    Answer::ok(tag_json(world, found, &git, oid)?)
}

fn tag_json(world: &World, repo: &Repo, git: &Repository, oid: Oid) -> Result<Value, ApiError> {
    let tag = git.find_tag(oid)?;
    let (api, target) = (api(world, repo), tag.target_id());
    let kind = git::kind_name(tag.target_type());
    Ok(json!({
        "node_id": format!("TA_{oid}"), "tag": String::from_utf8_lossy(tag.name_bytes()), "sha": oid.to_string(),
        "url": format!("{api}/tags/{oid}"), "message": tag.message_bytes().map(String::from_utf8_lossy),
        "object": {"sha": target.to_string(), "type": kind, "url": format!("{api}/{kind}s/{target}")},
    }))
}
