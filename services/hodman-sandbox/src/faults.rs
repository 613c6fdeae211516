//! Fault switches and a request log, shared by every fake server of this crate.
//!
//! A [`FaultRule`] says which request goes wrong, how often and how. It is put in by the program ([`Faults::add`]) or over
//! HTTP (`PUT /__sandbox/faults` replaces all rules, `POST` adds one). With `after_effect` the handler runs first and only
//! its answer is lost, which is what a client sees when a proxy dies between the server's commit and the reply.

mod director;
mod rule;
mod serve;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

pub use director::{Direction, Director};
pub use rule::{FaultAction, FaultRule, PathMatch};
pub use serve::{Hangup, Server, serve, serve_on};

/// One request a server answered, in the order the answers were given.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct RequestRecord {
    /// HTTP method, upper case.
    pub method: String,
    /// Path with query, as the client sent it.
    pub path: String,
    /// Status of the answer; 0 when the connection was dropped instead.
    pub status: u16,
    /// Whether a fault rule changed the answer.
    pub faulted: bool,
}

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<FaultRule>,
    log: Vec<RequestRecord>,
    director: Option<Director>,
}

/// The switches and the log of one server; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
}

impl Faults {
    /// No rules, empty log.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule behind the existing ones; the first rule that matches a request is used.
    pub fn add(&self, rule: FaultRule) {
        self.lock().rules.push(rule);
    }

    /// Replaces all rules.
    pub fn set(&self, rules: Vec<FaultRule>) {
        self.lock().rules = rules;
    }

    /// Removes all rules.
    pub fn clear(&self) {
        self.set(Vec::new());
    }

    /// Asks `director` about every request from now on; it comes before the rules.
    pub fn direct(&self, director: Option<Director>) {
        self.lock().director = director;
    }

    /// The rules that still have something to do.
    #[must_use]
    pub fn rules(&self) -> Vec<FaultRule> {
        self.lock().rules.clone()
    }

    /// Every request answered so far.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.lock().log.clone()
    }

    /// Forgets the log.
    pub fn clear_requests(&self) {
        self.lock().log.clear();
    }

    /// Uses up one count of the first rule that matches.
    fn take(&self, method: &str, path: &str) -> Option<FaultRule> {
        let mut inner = self.lock();
        let index = inner
            .rules
            .iter()
            .position(|rule| rule.matches(method, path))?;
        if inner.rules[index].skip > 0 {
            inner.rules[index].skip -= 1;
            return None;
        }
        let rule = inner.rules[index].clone();
        match inner.rules[index].times {
            Some(1) => drop(inner.rules.remove(index)),
            Some(times) => inner.rules[index].times = Some(times.saturating_sub(1)),
            None => {}
        }
        Some(rule)
    }

    fn record(&self, method: &str, path: &str, status: u16, faulted: bool) {
        self.lock().log.push(RequestRecord {
            method: method.to_owned(),
            path: path.to_owned(),
            status,
            faulted,
        });
    }

    /// A panic while holding the lock leaves plain data, so the poison says nothing.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The routes below `/__sandbox/` that show and change the switches.
    pub(crate) fn router(&self) -> axum::Router {
        axum::Router::new()
            .route(
                "/__sandbox/faults",
                get(show_rules)
                    .put(put_rules)
                    .post(add_rule)
                    .delete(clear_rules),
            )
            .route("/__sandbox/requests", get(show_requests).delete(clear_log))
            .with_state(self.clone())
    }
}

async fn show_rules(State(faults): State<Faults>) -> Json<Vec<FaultRule>> {
    Json(faults.rules())
}

async fn put_rules(State(faults): State<Faults>, Json(rules): Json<Vec<FaultRule>>) -> StatusCode {
    faults.set(rules);
    StatusCode::NO_CONTENT
}

async fn add_rule(State(faults): State<Faults>, Json(rule): Json<FaultRule>) -> StatusCode {
    faults.add(rule);
    StatusCode::NO_CONTENT
}

async fn clear_rules(State(faults): State<Faults>) -> StatusCode {
    faults.clear();
    StatusCode::NO_CONTENT
}

async fn show_requests(State(faults): State<Faults>) -> Json<Vec<RequestRecord>> {
    Json(faults.requests())
}

async fn clear_log(State(faults): State<Faults>) -> StatusCode {
    faults.clear_requests();
    StatusCode::NO_CONTENT
}

/// Does what a director wants where nobody else is held up: who waits for a process to be gone may wait for its disk.
async fn aside(act: Box<dyn FnOnce() + Send>) {
    let done = tokio::task::spawn_blocking(act).await;
    if let Err(panic) = done {
        tracing::error!("what a director wanted was not done: {panic}");
    }
}

/// Applies the rules around every request and writes the log.
async fn middleware(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    let path = request
        .uri()
        .path_and_query()
        .map_or_else(|| "/".to_owned(), ToString::to_string);
    let hangup = request.extensions().get::<Hangup>().cloned();
    let director = faults.lock().director.clone();
    let (parts, body) = request.into_parts();
    let direction = director.map_or(Direction::Pass, |director| director.direct(&parts));
    let request = Request::from_parts(parts, body);
    let directed = match direction {
        Direction::Pass => None,
        Direction::Fault(rule) => Some(rule),
        Direction::Before(act) => {
            aside(act).await;
            return cut(&faults, &method, &path, hangup.as_ref());
        }
        Direction::After(act) => {
            drop(run_to_the_end(next, request).await);
            aside(act).await;
            return cut(&faults, &method, &path, hangup.as_ref());
        }
    };
    let Some(rule) = directed.or_else(|| faults.take(&method, &path)) else {
        let response = run_to_the_end(next, request).await;
        faults.record(&method, &path, response.status().as_u16(), false);
        return response;
    };
    if rule.after_effect {
        drop(run_to_the_end(next, request).await);
        let response = act(&rule.action, hangup.as_ref())
            .await
            .unwrap_or_else(|| gateway_timeout().into_response());
        log_fault(&faults, &method, &path, &rule, &response);
        return response;
    }
    let response = match act(&rule.action, hangup.as_ref()).await {
        Some(response) => response,
        None => run_to_the_end(next, request).await,
    };
    log_fault(&faults, &method, &path, &rule, &response);
    response
}

/// Closes the connection without an answer.
fn cut(faults: &Faults, method: &str, path: &str, hangup: Option<&Hangup>) -> Response {
    if let Some(hangup) = hangup {
        hangup.hang_up();
    }
    faults.record(method, path, 0, true);
    StatusCode::BAD_GATEWAY.into_response()
}

fn log_fault(faults: &Faults, method: &str, path: &str, rule: &FaultRule, response: &Response) {
    let dropped = matches!(rule.action, FaultAction::DropConnection);
    faults.record(
        method,
        path,
        if dropped {
            0
        } else {
            response.status().as_u16()
        },
        true,
    );
}

/// A real server finishes what it began although the client hung up; hyper would drop the handler's future.
async fn run_to_the_end(next: Next, request: Request) -> Response {
    match tokio::spawn(next.run(request)).await {
        Ok(response) => response,
        Err(error) => {
            tracing::error!(%error, "a sandbox handler panicked");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// `None`: the request goes on to its handler.
async fn act(action: &FaultAction, hangup: Option<&Hangup>) -> Option<Response> {
    match action {
        FaultAction::Delay { millis } => {
            tokio::time::sleep(std::time::Duration::from_millis(*millis)).await;
            None
        }
        FaultAction::DropConnection => {
            if let Some(hangup) = hangup {
                hangup.hang_up();
            }
            Some(StatusCode::BAD_GATEWAY.into_response())
        }
        FaultAction::Status {
            code,
            headers,
            body,
        } => {
            let code = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = Response::new(Body::from(body.clone()));
            *response.status_mut() = code;
            for (name, value) in headers {
                if let (Ok(name), Ok(value)) =
                    (name.parse::<HeaderName>(), value.parse::<HeaderValue>())
                {
                    response.headers_mut().append(name, value);
                }
            }
            Some(response)
        }
    }
}

/// What a proxy says that waited too long for an answer it then threw away.
fn gateway_timeout() -> (StatusCode, &'static str) {
    (StatusCode::GATEWAY_TIMEOUT, "upstream request timeout")
}

#[cfg(test)]
mod tests;
