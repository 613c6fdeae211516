//! git over HTTP: `git http-backend` does the protocol, this file does credentials, protection and what follows a push.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::IntoResponse;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::auth::{Access, Caller};
use super::http::{Shared, lock};
use super::protection::active_rules;
use super::reply::ApiError;

type HttpResponse = axum::response::Response;

/// Serves `/{owner}/{repo}.git/…`.
pub(crate) async fn serve(
    world: &Shared,
    method: &str,
    segments: &[String],
    query: String,
    headers: &HeaderMap,
    body: Bytes,
    caller: Result<Caller, ApiError>,
) -> HttpResponse {
    let name = segments[1].trim_end_matches(".git");
    let service = segments[2..].join("/");
    let pushes = service == "git-receive-pack" || query.contains("service=git-receive-pack");
    let Ok(caller) = caller else {
        return unauthorized();
    };
    let prepared = {
        let world = lock(world);
        let Some(repo) = world.find_repo(&segments[0], name) else {
            return unknown(&caller);
        };
        let access = if pushes { Access::Write } else { Access::Read };
        match world.allow(&caller, repo, "contents", access) {
            Ok(()) => {}
            Err(_) if matches!(caller, Caller::Anonymous) => return unauthorized(),
            Err(error) if error.status == 404 => return unknown(&caller),
            Err(error) => return (StatusCode::FORBIDDEN, error.message).into_response(),
        }
        let admin = world.is_admin(&caller, repo);
        world
            .repo(repo)
            .map(|found| (repo, found.path.clone(), refusals(found, admin)))
    };
    let Ok((repo, path, (closed, no_force))) = prepared else {
        return unknown(&caller);
    };
    let login = lock(world)
        .login(&caller)
        .unwrap_or_else(|_| "ghost".to_owned());
    let environment = BTreeMap::from([
        ("GIT_PROJECT_ROOT", path.display().to_string()),
        ("GIT_HTTP_EXPORT_ALL", "1".to_owned()),
        ("PATH_INFO", format!("/{service}")),
        ("QUERY_STRING", query),
        ("REQUEST_METHOD", method.to_owned()),
        ("CONTENT_TYPE", text(headers, "content-type")),
        ("CONTENT_LENGTH", body.len().to_string()),
        ("HTTP_CONTENT_ENCODING", text(headers, "content-encoding")),
        ("GIT_PROTOCOL", text(headers, "git-protocol")),
        ("REMOTE_USER", login.clone()),
        ("REMOTE_ADDR", "127.0.0.1".to_owned()),
        ("SANDBOX_CLOSED_REFS", closed),
        ("SANDBOX_NO_FORCE_REFS", no_force),
    ]);
    let output = match run(environment, body).await {
        Ok(output) => output,
        Err(error) => {
            tracing::error!(%error, "git http-backend could not be run");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    if service == "git-receive-pack" {
        let world = std::sync::Arc::clone(world);
        let announced =
            tokio::task::spawn_blocking(move || lock(&world).refs_changed(repo, &login)).await;
        if let Ok(Err(error)) = announced {
            tracing::error!(%error, "a push was stored but not announced");
        }
    }
    cgi_response(&output)
}

/// Refs this pusher may not move at all, and refs he may only move forward.
fn refusals(repo: &super::world::Repo, admin: bool) -> (String, String) {
    let (mut closed, mut no_force) = (Vec::new(), Vec::new());
    for (branch, rules) in repo
        .protection
        .iter()
        .filter(|(_, rules)| rules.admins || !admin)
    {
        if rules.closes_pushes() {
            closed.push(format!("refs/heads/{branch}"));
        } else if !rules.force {
            no_force.push(format!("refs/heads/{branch}"));
        }
    }
    for name in repo.known_refs.keys() {
        let branch = name.trim_start_matches("refs/heads/");
        if active_rules(repo, branch)
            .iter()
            .any(|rule| rule["type"] == "pull_request")
        {
            closed.push(name.clone());
        }
    }
    (closed.join(" "), no_force.join(" "))
}

async fn run(environment: BTreeMap<&str, String>, body: Bytes) -> std::io::Result<Vec<u8>> {
    let mut command = Command::new(backend()?);
    command.env_clear().envs(environment);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    // A person's own git settings must not change what the server does.
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("HOME", "/nonexistent")
        .env("GIT_CONFIG_GLOBAL", "/dev/null");
    command
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "safe.directory")
        .env("GIT_CONFIG_VALUE_0", "*");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn()?;
    let stdin = child.stdin.take();
    let feed = async move {
        if let Some(mut stdin) = stdin {
            // git stops reading when it refuses; what it says then is the answer.
            let _refused = stdin.write_all(&body).await;
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), feed);
    let output = output?;
    if !output.stderr.is_empty() {
        tracing::debug!(stderr = %String::from_utf8_lossy(&output.stderr), "git http-backend");
    }
    Ok(output.stdout)
}

/// Where git keeps `git-http-backend`; asked once.
fn backend() -> std::io::Result<&'static PathBuf> {
    static BACKEND: OnceLock<PathBuf> = OnceLock::new();
    if let Some(found) = BACKEND.get() {
        return Ok(found);
    }
    let output = std::process::Command::new("git")
        .arg("--exec-path")
        .output()?;
    let dir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(BACKEND.get_or_init(|| PathBuf::from(dir).join("git-http-backend")))
}

fn text(headers: &HeaderMap, name: &str) -> String {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned()
}

/// Splits what a CGI program printed into status, headers and body.
fn cgi_response(output: &[u8]) -> HttpResponse {
    let separator = output.windows(4).position(|window| window == b"\r\n\r\n");
    let Some(end) = separator else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut builder = Response::builder();
    for line in String::from_utf8_lossy(&output[..end]).lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.trim();
        builder = if name.eq_ignore_ascii_case("status") {
            builder.status(
                value
                    .split(' ')
                    .next()
                    .and_then(|code| code.parse::<u16>().ok())
                    .unwrap_or(500),
            )
        } else {
            builder.header(name, value)
        };
    }
    let body = Body::from(output[end + 4..].to_vec());
    builder
        .body(body)
        .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn unauthorized() -> HttpResponse {
    let challenge = [(header::WWW_AUTHENTICATE, "Basic realm=\"GitHub\"")];
    (StatusCode::UNAUTHORIZED, challenge, "Repository not found.").into_response()
}

/// git asks for credentials only after a 401, so strangers get one for everything they cannot see.
fn unknown(caller: &Caller) -> HttpResponse {
    if matches!(caller, Caller::Anonymous) {
        return unauthorized();
    }
    (StatusCode::NOT_FOUND, "Repository not found.").into_response()
}
