//! A GitHub with people and one repository, a git work tree, a webhook receiver.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use hodman_sandbox::github::{GitHub, GitHubOptions};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The repository every test uses; private.
pub const REPO: &str = "acme/data";
/// What a hook and its receiver share.
pub const SECRET: &str = "It's a Secret to Everybody";
/// Longest wait for anything.
const BOUND: Duration = Duration::from_secs(150);

pub struct Town {
    pub github: GitHub,
    pub dir: tempfile::TempDir,
    client: reqwest::Client,
}

impl Town {
    /// `ada` owns the organisation, `bob` is a member, `eve` is a stranger.
    pub async fn start() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let root_dir = dir.path().join("server");
        std::fs::create_dir(&root_dir).expect("a directory");
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = GitHubOptions {
            addr,
            root_dir,
            clock: Arc::new(chrono::Utc::now),
        };
        let github = GitHub::start(options).await.expect("started");
        for login in ["ada", "bob", "eve"] {
            github.add_user(login, &format!("tok-{login}"));
        }
        github.add_org("acme", &[("ada", "admin"), ("bob", "member")]);
        github
            .create_repo(REPO, &[("README.md", b"# data\n")], "ada")
            .expect("created");
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        Self {
            github,
            dir,
            client: client.build().expect("a client"),
        }
    }

    /// A REST call; status and body.
    pub async fn call(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
        let (status, text) = self
            .send(method, &format!("/repos/{REPO}{path}"), token, body)
            .await;
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// A call to any path.
    pub async fn send(&self, method: &str, path: &str, token: &str, body: &Value) -> (u16, String) {
        let request = self.client.request(
            method.parse().expect("a method"),
            format!("{}{path}", self.github.url()),
        );
        let request = if token.is_empty() {
            request
        } else {
            request.bearer_auth(token)
        };
        let request = if body.is_null() {
            request
        } else {
            request.json(body)
        };
        let answer = request.send().await.expect("an answer");
        (
            answer.status().as_u16(),
            answer.text().await.expect("a body"),
        )
    }

    /// Presses a button on a page.
    pub async fn press(&self, path: &str, form: &[(&str, &str)]) -> u16 {
        let request = self
            .client
            .post(format!("{}/__sandbox/{REPO}{path}", self.github.url()))
            .form(form);
        request.send().await.expect("an answer").status().as_u16()
    }

    /// The repository's URL with credentials in it.
    pub fn remote(&self, credentials: &str) -> String {
        self.github
            .url()
            .replace("http://", &format!("http://{credentials}@"))
            + "/"
            + REPO
            + ".git"
    }

    /// A clone by the real git.
    pub async fn clone(&self, name: &str, credentials: &str) -> WorkTree {
        let path = self.dir.path().join(name);
        let target = path.display().to_string();
        git(
            self.dir.path(),
            &["clone", "-q", &self.remote(credentials), &target],
        )
        .await
        .expect("cloned");
        WorkTree { path }
    }
}

pub struct WorkTree {
    pub path: PathBuf,
}

impl WorkTree {
    pub async fn git(&self, arguments: &[&str]) -> String {
        git(&self.path, arguments)
            .await
            .unwrap_or_else(|error| panic!("git {arguments:?}: {error}"))
    }

    /// Writes and commits a file; the commit.
    pub async fn commit(&self, file: &str, text: &str) -> String {
        std::fs::write(self.path.join(file), text).expect("written");
        self.git(&["add", "."]).await;
        self.git(&["commit", "-q", "-m", &format!("change {file}")])
            .await;
        self.git(&["rev-parse", "HEAD"]).await
    }
}

/// Runs git without anybody's settings; what it printed, or what it complained about.
pub async fn git(dir: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = tokio::process::Command::new("git");
    command.current_dir(dir).args(arguments);
    command
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_TERMINAL_PROMPT", "0");
    for (name, value) in [("NAME", "Ada"), ("EMAIL", "ada@users.noreply.github.com")] {
        command
            .env(format!("GIT_AUTHOR_{name}"), value)
            .env(format!("GIT_COMMITTER_{name}"), value);
    }
    let output = tokio::time::timeout(BOUND, command.output())
        .await
        .expect("in time")
        .expect("git runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim().to_owned();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

/// A webhook that arrived.
#[derive(Debug)]
pub struct Received {
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Received {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// Event and action, as in `pull_request.opened`.
    pub fn name(&self) -> String {
        let action = self.json()["action"]
            .as_str()
            .map(|action| format!(".{action}"));
        self.header("x-github-event").to_owned() + action.as_deref().unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

/// A server that takes webhooks.
pub struct Receiver {
    pub url: String,
    arrived: UnboundedReceiver<Received>,
    _task: tokio::task::JoinHandle<()>,
}

impl Receiver {
    pub async fn start() -> Self {
        async fn take(
            State(sender): State<UnboundedSender<Received>>,
            headers: HeaderMap,
            body: Bytes,
        ) -> StatusCode {
            sender
                .send(Received { headers, body })
                .expect("somebody waits");
            StatusCode::NO_CONTENT
        }
        let (sender, arrived) = unbounded_channel();
        let app = axum::Router::new()
            .route("/hook", post(take))
            .with_state(sender);
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("bound");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.expect("served") });
        Self {
            url,
            arrived,
            _task: task,
        }
    }

    pub async fn next(&mut self) -> Received {
        tokio::time::timeout(BOUND, self.arrived.recv())
            .await
            .expect("a webhook in time")
            .expect("the receiver runs")
    }
}
