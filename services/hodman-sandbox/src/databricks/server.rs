//! The HTTP side of a host: who calls, how often, and what is said of paths there are not.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::{HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};

use super::account::Account;
use super::call::{Context, Shared};
use super::clock::Clock;
use super::error::ApiError;
use super::oauth::OAuth;
use super::tokens::Tokens;
use super::world::World;

/// Largest body a host reads: a workspace file.
const BODY_LIMIT: usize = 500 * 1024 * 1024;

/// How many calls a host takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    /// Calls in each second of the sandbox's clock.
    pub per_second: u32,
    /// Seconds in the `Retry-After` header of a 429; `None`: no such header.
    pub retry_after: Option<u32>,
}

/// Calls of the current second.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    pub(crate) limit: Option<RateLimit>,
    second: i64,
    calls: u32,
}

/// What the gate in front of the handlers needs.
#[derive(Debug, Clone)]
pub(crate) struct Gate {
    pub(crate) host: String,
    pub(crate) clock: Clock,
    pub(crate) tokens: Shared<Tokens>,
    pub(crate) throttle: Shared<Throttle>,
    /// `None`: whoever has a token comes in.
    pub(crate) admission: Option<Admission>,
}

/// Who comes into a workspace that was made through the account: its members, and whom the account assigned to it.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    pub(crate) account: Shared<Account>,
    pub(crate) world: Shared<World>,
    pub(crate) workspace: u64,
}

impl Admission {
    /// Somebody whom an assigned group lets in becomes a member at the first call.
    fn admits(&self, login: &str) -> bool {
        let account = self.account.lock();
        let assigned = account.assigned(self.workspace, login);
        let of_account = account.member(login);
        drop(account);
        let mut world = self.world.lock();
        match (assigned, world.directory.login(login)) {
            (Some((member, admin)), None) => {
                world.admit(&member, admin);
                true
            }
            (Some(_), Some(_)) => true,
            // The workspace made somebody a member by itself.
            (None, here) => here.is_some() && here != of_account,
        }
    }
}

/// The gate of a host that lets in whoever has a token.
pub(crate) fn gate(oauth: &OAuth, host: &str) -> Gate {
    Gate {
        host: host.to_owned(),
        clock: oauth.clock.clone(),
        tokens: oauth.tokens.clone(),
        throttle: Shared::new(Throttle::default()),
        admission: None,
    }
}

/// Puts the gate in front of API routes and answers unknown ones as the service does.
pub(crate) fn guarded<W: Send + 'static>(
    routes: Router<Shared<W>>,
    world: Shared<W>,
    gate: Gate,
) -> Router {
    routes
        .method_not_allowed_fallback(no_such_endpoint)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(middleware::from_fn_with_state(gate, pass))
        .with_state(world)
}

async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let now = gate.clock.millis();
    if let Some(refused) = gate.throttle.lock().refuse(now) {
        return refused;
    }
    let authorization = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|header| header.to_str().ok());
    let caller = gate.tokens.lock().caller(authorization, &gate.host, now);
    match caller {
        Ok(caller)
            if gate
                .admission
                .as_ref()
                .is_some_and(|gate| !gate.admits(&caller.login)) =>
        {
            let message = format!("{} is not a member of this workspace.", caller.login);
            ApiError::new(403, "PERMISSION_DENIED", message).into_response()
        }
        Ok(caller) => {
            request.extensions_mut().insert(Context { caller, now });
            next.run(request).await
        }
        Err(refused) => refused.into_response(),
    }
}

impl Throttle {
    /// The 429, when this second has had all its calls.
    fn refuse(&mut self, now: i64) -> Option<Response> {
        let limit = self.limit?;
        let second = now.div_euclid(1000);
        if second != self.second {
            self.second = second;
            self.calls = 0;
        }
        self.calls += 1;
        if self.calls <= limit.per_second {
            return None;
        }
        let message = "Current request rate exceeds the limit of this workspace.";
        let mut response = ApiError::new(429, "REQUEST_LIMIT_EXCEEDED", message).into_response();
        if let Some(seconds) = limit.retry_after {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        Some(response)
    }
}

/// A path or a method there is not.
pub(crate) async fn no_such_endpoint(method: Method, request: Request) -> ApiError {
    let path = request.uri().path();
    let short = path
        .strip_prefix("/api/")
        .and_then(|rest| rest.split_once('/'))
        .map_or(path, |(_, rest)| rest);
    let message = format!(
        "No API found for '{method} /{}'.",
        short.trim_start_matches('/')
    );
    ApiError::new(404, "ENDPOINT_NOT_FOUND", message)
}
