//! A server that answers as a test says and remembers what it was asked, and a clock that never makes anyone wait.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use hodman_clients::databricks::{
    Auth, Connections, Limits, RetryPolicy, Timing, Workspace, WorkspaceConfig,
};
use secrecy::SecretString;
use serde_json::{Value, json};

pub const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Seen {
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn is_token(&self) -> bool {
        self.path.ends_with("/v1/token")
    }
}

/// What the server does.
pub enum Reply {
    Json(u16, Value),
    Headed(u16, Vec<(&'static str, String)>, String),
    /// Sends the head and half of the body, then breaks the connection.
    Broken,
    /// Never answers.
    Silence,
}

pub fn ok(value: Value) -> Reply {
    Reply::Json(200, value)
}

pub fn refuse(status: u16, code: &str, message: &str) -> Reply {
    Reply::Json(status, json!({ "error_code": code, "message": message }))
}

pub fn throttle(retry_after: Option<u64>) -> Reply {
    let headers = retry_after
        .map(|seconds| ("retry-after", seconds.to_string()))
        .into_iter()
        .collect();
    Reply::Headed(429, headers, "{}".to_owned())
}

type Script = Arc<dyn Fn(&Seen) -> Reply + Send + Sync>;

pub struct Server {
    pub address: SocketAddr,
    log: Arc<Mutex<Vec<Seen>>>,
    pub most_at_once: Arc<AtomicUsize>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script: Script = Arc::new(script);
        let log: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (at_once, most_at_once) =
            (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (kept_log, kept_most) = (Arc::clone(&log), Arc::clone(&most_at_once));
        let app = axum::Router::new().fallback(move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let (script, log) = (Arc::clone(&script), Arc::clone(&log));
            let (at_once, most) = (Arc::clone(&at_once), Arc::clone(&most_at_once));
            async move {
                most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let (path, query) = (
                    uri.path().to_owned(),
                    uri.query().unwrap_or_default().to_owned(),
                );
                let seen = Seen {
                    path,
                    query,
                    headers,
                    body,
                };
                log.lock().unwrap().push(seen.clone());
                let reply = script(&seen);
                // Lets parallel requests meet here.
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                at_once.fetch_sub(1, Ordering::SeqCst);
                respond(reply).await
            }
        });
        let app = app.layer(axum::extract::DefaultBodyLimit::disable());
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            address,
            log: kept_log,
            most_at_once: kept_most,
            task,
        }
    }

    pub fn host(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.log.lock().unwrap().clone()
    }

    /// How many requests went to paths ending in `path`.
    pub fn count(&self, path: &str) -> usize {
        self.seen()
            .iter()
            .filter(|seen| seen.path.ends_with(path))
            .count()
    }

    /// A workspace with a fixed token.
    pub fn workspace(&self, time: &TestTime) -> Workspace {
        self.workspace_as(&time.connections(), Auth::Token(SecretString::from(CANARY)))
    }

    /// A workspace with client credentials; tokens come from `/oidc/v1/token`.
    pub fn oauth_workspace(&self, connections: &Connections) -> Workspace {
        self.workspace_as(connections, oauth(None))
    }

    pub fn workspace_as(&self, connections: &Connections, auth: Auth) -> Workspace {
        let config = WorkspaceConfig {
            name: "dev".to_owned(),
            host: self.host(),
            auth,
            timeout: Duration::from_secs(5),
            user_agent: "test/1".to_owned(),
        };
        Workspace::new(config, connections).unwrap()
    }
}

pub fn oauth(token_url: Option<String>) -> Auth {
    Auth::OAuth {
        client_id: "robot".to_owned(),
        client_secret: SecretString::from(CANARY),
        token_url,
    }
}

async fn respond(reply: Reply) -> Response {
    let (status, headers, body) = match reply {
        Reply::Json(status, value) => (
            status,
            vec![("content-type", "application/json".to_owned())],
            value.to_string().into(),
        ),
        Reply::Headed(status, headers, body) => (status, headers, body.into()),
        Reply::Broken => {
            let chunks = [
                Ok(Bytes::from_static(b"{\"job_")),
                Err(std::io::Error::other("the line is cut")),
            ];
            (
                200,
                Vec::new(),
                Body::from_stream(futures::stream::iter(chunks)),
            )
        }
        Reply::Silence => std::future::pending().await,
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    for (name, value) in headers {
        response.headers_mut().insert(name, value.parse().unwrap());
    }
    response
}

/// A clock that moves when someone sleeps, and writes down how long.
#[derive(Clone)]
pub struct TestTime {
    start: Instant,
    passed: Arc<Mutex<Duration>>,
    slept: Arc<Mutex<Vec<Duration>>>,
}

impl TestTime {
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
            passed: Arc::default(),
            slept: Arc::default(),
        }
    }

    pub fn advance(&self, by: Duration) {
        *self.passed.lock().unwrap() += by;
    }

    /// The sleeps in whole seconds, in order.
    pub fn slept(&self) -> Vec<u64> {
        self.slept
            .lock()
            .unwrap()
            .iter()
            .map(Duration::as_secs)
            .collect()
    }

    pub fn connections(&self) -> Connections {
        let (now, sleeper) = (self.clone(), self.clone());
        let timing = Timing::new(
            move || now.start + *now.passed.lock().unwrap(),
            move |wait| {
                sleeper.slept.lock().unwrap().push(wait);
                sleeper.advance(wait);
                Box::pin(tokio::task::yield_now())
            },
            || 0.0,
        );
        Connections::new().unwrap().with_timing(timing)
    }

    pub fn few_attempts(&self, attempts: u32) -> Connections {
        self.connections().with_retry_policy(RetryPolicy {
            attempts,
            ..RetryPolicy::default()
        })
    }

    pub fn at_most(&self, initial_in_flight: u32, max_in_flight: u32) -> Connections {
        self.connections().with_limits(Limits {
            initial_in_flight,
            max_in_flight,
        })
    }
}
