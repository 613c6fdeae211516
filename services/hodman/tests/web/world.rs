//! A store with a pipeline in it, and requests to the routes above it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use hodman::clock::Clock;
use hodman::config::Pipeline;
use hodman::web::{Access, ApiToken, WebParts, pages};
use hodman_core::ids::{CommitSha, EnvName, PackageDigest, PullNumber};
use hodman_core::policy::Mode;
use hodman_core::state::{Aside, Deployed, Environment, Package, PipelineState};
use hodman_store::{Ack, AckOutcome, Commit, CommitOutcome, NewEvent, NewHistory, Store, StoreUrl};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// Stands in everything that is a secret.
pub const CANARY: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// Text from outside that would be a script if it were not escaped.
pub const SCRIPT: &str = "<script>alert('hodman')</script>";

pub struct World {
    pub store: Store,
    router: Router,
    _dir: TempDir,
}

pub struct Answer {
    pub status: StatusCode,
    pub headers: axum::http::HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }
}

pub fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub fn package(digit: &str) -> PackageDigest {
    PackageDigest(format!("sha256:{}", digit.repeat(64)))
}

impl World {
    /// Bound to loopback.
    pub async fn local() -> Self {
        Self::with(Access::loopback(
            ApiToken::given(CANARY),
            Some("https://hodman.example.com"),
        ))
        .await
    }

    /// Bound to something else.
    pub async fn public() -> Self {
        Self::with(Access::read_only()).await
    }

    /// Bound to all addresses, with a socket of its own; gives its port.
    pub async fn everywhere() -> (Self, u16) {
        let world = Self::with(Access::everywhere(ApiToken::given(CANARY))).await;
        let listener = tokio::net::TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let service = world.router.clone();
        let service = service.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        (world, port)
    }

    async fn with(access: Access) -> Self {
        let dir = TempDir::new().unwrap();
        let store = Store::open(&StoreUrl::sqlite(dir.path().join("hodman.db")), now())
            .await
            .unwrap();
        seed(&store).await;
        let web = WebParts {
            store: store.clone(),
            clock: Clock::from_fn(now),
            pipelines: vec![Pipeline {
                name: "shop".to_owned(),
                repository: "acme/shop".to_owned(),
                path: String::new(),
                branch: None,
                builds: Default::default(),
            }],
            forge_url: "https://github.example".to_owned(),
            counters: Arc::default(),
            queues: Arc::default(),
            access,
        };
        Self {
            store,
            router: pages(web),
            _dir: dir,
        }
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if !headers.iter().any(|(name, _)| *name == "host") {
            request = request.header("host", "127.0.0.1:8080");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        Answer {
            status,
            headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    /// As the command line does.
    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.send("POST", path, &headers, &body.to_string()).await
    }

    /// As a browser does.
    pub async fn form(&self, path: &str, cookie: &str, origin: &str, body: &str) -> Answer {
        let headers = [
            ("cookie", cookie),
            ("origin", origin),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST", path, &headers, body).await
    }

    /// The events of people's requests, oldest first: kind and body.
    pub async fn asked(&self) -> Vec<(String, Value)> {
        let rows = self.store.pending_events(0, 100).await.unwrap();
        let commands = rows.into_iter().filter(|row| row.event.source == "command");
        commands
            .map(|row| {
                (
                    row.event.kind,
                    serde_json::from_slice(&row.event.body).unwrap(),
                )
            })
            .collect()
    }
}

fn deployed(digit: &str, healthy: bool) -> Deployed {
    Deployed {
        package: package(digit),
        source_commit: CommitSha("c".repeat(40)),
        binding: "sha256:0".into(),
        applied_at: now() - TimeDelta::hours(3),
        healthy_since: healthy.then(|| now() - TimeDelta::hours(2)),
        unhealthy: None,
        judged_by: None,
        replaced_at: None,
    }
}

fn state() -> PipelineState {
    let mut state = PipelineState {
        head: Some(CommitSha("d".repeat(40))),
        ..PipelineState::default()
    };
    state.observing.error = Some(format!("the forge said {SCRIPT}"));
    state.packages.push(Package {
        digest: package("a"),
        inputs: "i".into(),
        commit: CommitSha("c".repeat(40)),
        at: now() - TimeDelta::hours(4),
    });
    let mut dev = Environment::default();
    dev.policy.mode = Mode::FreeForm;
    dev.capture.pull = Some(PullNumber(7));
    dev.capture.conflicts = 2;
    dev.capture.conflicting = vec!["jobs.nightly".to_owned(), format!("src/{SCRIPT}.py")];
    let mut qa = Environment {
        current: Some(deployed("a", true)),
        ..Environment::default()
    };
    qa.policy.after = vec![EnvName::from("dev")];
    qa.before = vec![
        deployed("f", true),
        deployed("b", true),
        deployed("e", false),
    ];
    qa.put_aside.insert(package("f"), Aside::RolledBack);
    let mut prod = Environment::default();
    prod.policy.after = vec![EnvName::from("qa")];
    prod.broken = Some(format!(
        "environments/prod/environment.yaml:3:1: unknown key `{SCRIPT}`"
    ));
    for (name, env) in [("dev", dev), ("qa", qa), ("prod", prod)] {
        state.environments.insert(name.into(), env);
    }
    state
}

/// A webhook that could not be understood, as event 1, and a pipeline with history.
async fn seed(store: &Store) {
    let body =
        json!({"action": SCRIPT, "hook": {"config": {"secret": CANARY}}, "api_token": CANARY});
    let poison = NewEvent {
        source: "github".to_owned(),
        delivery: "7f0c".to_owned(),
        kind: "push".to_owned(),
        pipeline: None,
        meta: json!({"x-github-event": "push", "client_secret": CANARY}),
        body: body.to_string().into_bytes(),
        received_at: now(),
    };
    let seq = store.insert_events(vec![poison]).await.unwrap()[0].seq;
    let note = Some(format!("not understood: {SCRIPT}"));
    store
        .ack_events(
            &[Ack {
                seq,
                outcome: AckOutcome::Poison,
                note,
            }],
            now(),
        )
        .await
        .unwrap();
    let commit = Commit {
        pipeline: "shop".to_owned(),
        expected_version: 0,
        state: serde_json::to_string(&state()).unwrap(),
        wake_at: None,
        history: vec![NewHistory {
            env: Some("qa".to_owned()),
            kind: "applied".to_owned(),
            because: format!("package in place {SCRIPT}"),
            data: json!({"event": 1}),
        }],
        effects: vec![],
        cancel_ops: vec![],
        acks: vec![],
        now: now(),
    };
    assert!(matches!(
        store.commit(commit).await.unwrap(),
        CommitOutcome::Committed { .. }
    ));
    store
        .put_blob("plan", PLAN, plan().to_string().as_bytes(), now())
        .await
        .unwrap();
}

/// Name of the plan that is stored.
pub const PLAN: &str = "sha256:9999999999999999999999999999999999999999999999999999999999999999";

fn plan() -> Value {
    json!({"parts": [{"workspace": "qa", "unchanged": ["jobs.idle"], "rows": [{
        "key": "jobs.nightly",
        "action": "update",
        "changes": [{"path": format!("[{}]", json!(SCRIPT)), "before": "old", "after": SCRIPT, "redacted": true}],
        "reason": format!("differs {SCRIPT}"),
        "reversible": {"class": "irreversible", "loses": format!("runs {SCRIPT}")},
        "digest": format!("sha256:{}", "8".repeat(64)),
        "files": [{"path": format!("src/{SCRIPT}.py"), "what": "added"}],
    }]}]})
}
