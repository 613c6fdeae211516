//! The repository itself: create, read, change, delete; collaborators; archives; dispatches.

use serde_json::{Value, json};

use crate::github::auth::{Access, Caller};
use crate::github::git::{self, Change};
use crate::github::http::Call;
use crate::github::reply::{Answer, ApiError, Payload, Reply};
use crate::github::world::World;

pub(super) fn route(world: &mut World, call: &Call, repo: u64, rest: &[&str]) -> Option<Reply> {
    Some(match (call.method.as_str(), rest) {
        ("GET", []) => world.repo_json_for(repo, &call.caller).and_then(Answer::ok),
        ("PATCH", []) => change(world, call, repo),
        ("DELETE", []) => delete(world, call, repo),
        ("GET", ["collaborators"]) => collaborators(world, call, repo),
        ("GET", ["collaborators", login]) => is_collaborator(world, repo, login),
        ("PUT", ["collaborators", login]) => invite(world, call, repo, login),
        ("DELETE", ["collaborators", login]) => remove(world, call, repo, login),
        ("GET", ["collaborators", login, "permission"]) => permission(world, repo, login),
        ("GET", ["tarball", name @ ..]) => archive(world, repo, &name.join("/"), "tar.gz"),
        ("GET", ["zipball", name @ ..]) => archive(world, repo, &name.join("/"), "zip"),
        ("POST", ["dispatches"]) => dispatch(world, call, repo),
        ("GET", ["languages"]) => Answer::ok(json!({})),
        ("GET", ["topics"]) => Answer::ok(json!({"names": []})),
        _ => return None,
    })
}

/// `POST /orgs/{org}/repos` and `POST /user/repos`.
pub(super) fn create(world: &mut World, call: &Call, owner: &str) -> Reply {
    let by = world.login(&call.caller)?;
    let allowed = owner == by
        || world
            .orgs
            .get(owner)
            .is_some_and(|org| org.members.contains_key(&by));
    if !allowed {
        return Err(ApiError::not_found());
    }
    let name = call.need("Repository", "name")?;
    let private = call.body["private"].as_bool().unwrap_or(false)
        || call.text("visibility") == Some("private");
    let id = world.create_repo(owner, name, private)?;
    apply_settings(world, call, id)?;
    if call.body["auto_init"] == true {
        let readme = Change {
            path: "README.md".to_owned(),
            content: Some(format!("# {name}\n").into_bytes()),
        };
        world.commit(id, "main", &[readme], "Initial commit", &by)?;
    }
    let kind = json!({});
    world.emit(id, "repository", Some("created"), kind, &by);
    world
        .repo_json_for(id, &call.caller)
        .and_then(Answer::created)
}

fn apply_settings(world: &mut World, call: &Call, repo: u64) -> Result<(), ApiError> {
    let found = world.repo_mut(repo)?;
    if let Some(text) = call.text("description") {
        found.description = Some(text.to_owned());
    }
    if let Some(private) = call.body["private"].as_bool() {
        found.private = private;
    }
    for key in [
        "allow_merge_commit",
        "allow_squash_merge",
        "allow_rebase_merge",
        "allow_auto_merge",
        "delete_branch_on_merge",
    ] {
        if let Some(on) = call.body[key].as_bool() {
            found.settings.insert(key, on);
        }
    }
    if let Some(branch) = call.text("default_branch") {
        let git = found.open()?;
        if git::branch_tip(&git, branch).is_none() {
            return Err(ApiError::validation(
                "Validation Failed",
                "Repository",
                "default_branch",
                "invalid",
            ));
        }
        git.set_head(&format!("refs/heads/{branch}"))?;
        branch.clone_into(&mut found.default_branch);
    }
    Ok(())
}

fn change(world: &mut World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "administration", Access::Admin)?;
    if let Some(name) = call.text("name") {
        let owner = world.repo(repo)?.owner.clone();
        if world
            .find_repo(&owner, name)
            .is_some_and(|other| other != repo)
        {
            return Err(ApiError::validation(
                "Validation Failed",
                "Repository",
                "name",
                "already_exists",
            ));
        }
        name.clone_into(&mut world.repo_mut(repo)?.name);
    }
    apply_settings(world, call, repo)?;
    world.repo_json_for(repo, &call.caller).and_then(Answer::ok)
}

fn delete(world: &mut World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "administration", Access::Admin)?;
    world.delete_repo(repo)?;
    Answer::empty()
}

fn role_name(access: Access) -> &'static str {
    match access {
        Access::Admin => "admin",
        Access::Write => "write",
        Access::Read => "read",
        Access::None => "none",
    }
}

fn collaborators(world: &World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "metadata", Access::Read)?;
    let people = world.users.values().filter(|user| user.kind == "User");
    let seen: Vec<Value> = people
        .filter(|user| world.role(&user.login, repo) >= Access::Write)
        .map(|user| {
            let mut answer = world.user_json(&user.login);
            answer["role_name"] = json!(role_name(world.role(&user.login, repo)));
            answer
        })
        .collect();
    Answer::list(seen)
}

fn is_collaborator(world: &World, repo: u64, login: &str) -> Reply {
    if world.role(login, repo) >= Access::Write {
        Answer::empty()
    } else {
        Err(ApiError::not_found())
    }
}

fn invite(world: &mut World, call: &Call, repo: u64, login: &str) -> Reply {
    world.allow(&call.caller, repo, "administration", Access::Admin)?;
    if !world.users.contains_key(&login.to_lowercase()) {
        return Err(ApiError::not_found());
    }
    let level = call.text("permission").unwrap_or("push").to_owned();
    world
        .repo_mut(repo)?
        .collaborators
        .insert(login.to_owned(), level);
    Answer::empty()
}

fn remove(world: &mut World, call: &Call, repo: u64, login: &str) -> Reply {
    world.allow(&call.caller, repo, "administration", Access::Admin)?;
    world.repo_mut(repo)?.collaborators.remove(login);
    Answer::empty()
}

fn permission(world: &World, repo: u64, login: &str) -> Reply {
    if !world.users.contains_key(&login.to_lowercase()) {
        return Err(ApiError::not_found());
    }
    let role = role_name(world.role(login, repo));
    Answer::ok(json!({"permission": role, "role_name": role, "user": world.user_json(login)}))
}

/// GitHub redirects to another host; here the archive comes at once.
fn archive(world: &World, repo: u64, name: &str, format: &str) -> Reply {
    let found = world.repo(repo)?;
    let name = if name.is_empty() {
        found.default_branch.as_str()
    } else {
        name
    };
    let commit = git::resolve(&found.open()?, name)
        .ok_or_else(ApiError::not_found)?
        .to_string();
    let output = std::process::Command::new("git")
        .arg("--git-dir")
        .arg(&found.path)
        .args(["archive", &format!("--format={format}")])
        .arg(format!(
            "--prefix={}-{}-{}/",
            found.owner,
            found.name,
            &commit[..7]
        ))
        .arg(&commit)
        .output()?;
    if !output.status.success() {
        return Err(ApiError::new(500, "Server Error"));
    }
    let kind = if format == "zip" {
        "application/zip"
    } else {
        "application/x-gzip"
    };
    Answer::bytes(kind, output.stdout)
}

fn dispatch(world: &mut World, call: &Call, repo: u64) -> Reply {
    world.allow(&call.caller, repo, "contents", Access::Write)?;
    let by = world.login(&call.caller)?;
    let kind = call.need("RepositoryDispatch", "event_type")?.to_owned();
    let branch = world.repo(repo)?.default_branch.clone();
    let payload = json!({"branch": branch, "client_payload": call.body["client_payload"]});
    world.emit(repo, "repository_dispatch", Some(&kind), payload, &by);
    Ok(Answer::new(204, Payload::Empty))
}

impl World {
    /// Commits changes on a branch and announces it; the new commit.
    pub(crate) fn commit(
        &mut self,
        repo: u64,
        branch: &str,
        changes: &[Change],
        message: &str,
        by: &str,
    ) -> Result<git2::Oid, ApiError> {
        let author = self.author(by);
        let oid =
            git::commit_on_branch(&self.repo(repo)?.open()?, branch, changes, message, &author)?;
        self.refs_changed(repo, by)?;
        Ok(oid)
    }

    /// Refuses a direct change of a branch that protection closes.
    pub(crate) fn may_push(
        &self,
        repo: u64,
        branch: &str,
        target: Option<git2::Oid>,
        caller: &Caller,
    ) -> Result<(), ApiError> {
        let blocker = self.push_blocker(
            self.repo(repo)?,
            branch,
            target,
            self.is_admin(caller, repo),
        );
        blocker.map_or(Ok(()), |reason| Err(ApiError::unprocessable(&reason)))
    }
}
