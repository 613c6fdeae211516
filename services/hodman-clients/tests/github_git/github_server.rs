//! A server that answers as a test says and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{Method, Response, header};
use hodman_clients::github::{Auth, GitHub, GitHubConfig};
use hodman_clients::retry::Backoff;
use serde_json::Value;

pub const TOKEN: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// One request.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: Method,
    /// Path and query, as sent.
    pub target: String,
    pub path: String,
    pub token: String,
    pub user_agent: String,
    /// The tag of what the client has already.
    pub has: String,
    pub body: Value,
}

/// One answer.
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    /// Never answers at all.
    silent: bool,
}

impl Answer {
    pub fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.to_string(),
            silent: false,
        }
    }

    pub fn ok(body: Value) -> Self {
        Self::json(200, body)
    }

    /// GitHub's shape of an error.
    pub fn error(status: u16, message: &str) -> Self {
        Self::json(
            status,
            serde_json::json!({"message": message, "documentation_url": "https://docs.github.com/rest"}),
        )
    }

    pub fn silence() -> Self {
        Self {
            silent: true,
            ..Self::error(200, "")
        }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// The server and what it was asked.
pub struct FakeGitHub {
    pub url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl FakeGitHub {
    /// Starts a server on the runtime of the test.
    pub async fn start(answer: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (log, answer) = (Arc::clone(&asked), Arc::new(answer));
        let app = Router::new().fallback(move |request: Request| {
            let (log, answer) = (Arc::clone(&log), Arc::clone(&answer));
            async move {
                let request = read(request).await;
                let answer = answer(&request);
                log.lock().unwrap().push(request);
                if answer.silent {
                    std::future::pending::<()>().await;
                }
                let mut response = Response::builder().status(answer.status);
                for (name, value) in answer.headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(answer.body)).unwrap()
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, asked }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// `METHOD path` of all requests.
    pub fn lines(&self) -> Vec<String> {
        self.asked()
            .iter()
            .map(|asked| format!("{} {}", asked.method, asked.path))
            .collect()
    }

    /// The bodies sent with this method.
    pub fn sent(&self, method: Method) -> Vec<Value> {
        self.asked()
            .into_iter()
            .filter(|asked| asked.method == method)
            .map(|asked| asked.body)
            .collect()
    }

    /// A client with a fixed token.
    pub fn client(&self) -> GitHub {
        self.client_as(Auth::Token(TOKEN.into()))
    }

    pub fn client_as(&self, auth: Auth) -> GitHub {
        GitHub::new(config(&self.url, auth)).unwrap()
    }
}

/// Quick, but with the same number of attempts as in earnest.
pub fn config(url: &str, auth: Auth) -> GitHubConfig {
    let mut config = GitHubConfig::new(url, auth);
    config.mutation_gap = Duration::ZERO;
    config.backoff = Backoff {
        first: Duration::from_millis(1),
        cap: Duration::from_millis(2),
        ..Backoff::default()
    };
    config
}

async fn read(request: Request) -> Asked {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    let header = |name| {
        let value = parts
            .headers
            .get(name)
            .map(|value: &axum::http::HeaderValue| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    Asked {
        target: parts.uri.to_string(),
        path: parts.uri.path().to_owned(),
        token: header(header::AUTHORIZATION)
            .trim_start_matches("Bearer ")
            .to_owned(),
        user_agent: header(header::USER_AGENT),
        has: header(header::IF_NONE_MATCH),
        method: parts.method,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    }
}
