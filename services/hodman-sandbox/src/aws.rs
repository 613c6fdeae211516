//! Just enough of AWS for what workspaces stand on, and a count of what was asked: roles of IAM, settings of buckets, stacks.
//!
//! It is a counting stand-in, no imitation, and has only what is asked when such objects are made and then looked at. What it is told
//! it keeps and gives back in AWS's form. It checks no signature and no policy, makes nothing of what a stack describes, changes and
//! removes nothing, gives every list on one page, and is done with everything at once. Whether a client is right about AWS is seen on
//! servers that others wrote; that the answers here have AWS's form, by AWS's own client.

mod cloudformation;
mod form;
mod iam;
mod s3;
mod sts;
mod template;
mod xml;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::faults::{self, Faults, Server};
use crate::github::Clock;
use cloudformation::Stacks;
use form::Form;
use iam::Roles;
use s3::Buckets;
use xml::Refusal;

/// Largest body that is read: a template with its parameters, percent-encoded.
const BODY_LIMIT: usize = 8 * 1024 * 1024;

/// How long requests in work are given when it stops.
const PATIENCE: Duration = Duration::from_secs(1);

/// A running stand-in of one account and region.
pub struct CountingAws {
    server: Server,
    account: Arc<Mutex<Account>>,
}

struct Account {
    clock: Clock,
    roles: Roles,
    buckets: Buckets,
    stacks: Stacks,
    calls: BTreeMap<String, u32>,
}

impl CountingAws {
    /// Starts it with nothing in it; port 0 takes any free port.
    ///
    /// # Errors
    /// The address cannot be bound.
    pub async fn start(addr: SocketAddr, clock: Clock) -> io::Result<Self> {
        let account = Arc::new(Mutex::new(Account {
            clock,
            roles: Roles::default(),
            buckets: Buckets::default(),
            stacks: Stacks::default(),
            calls: BTreeMap::new(),
        }));
        let router = Router::new()
            .fallback(answer)
            .layer(DefaultBodyLimit::max(BODY_LIMIT))
            .with_state(Arc::clone(&account));
        let server = faults::serve(addr, router, &Faults::new()).await?;
        Ok(Self { server, account })
    }

    /// Where it is, for all services.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// How often each operation was asked for, refusals included, as `iam GetRole`.
    #[must_use]
    pub fn calls(&self) -> BTreeMap<String, u32> {
        hold(&self.account).calls.clone()
    }

    /// Begins to count anew.
    pub fn forget_calls(&self) {
        hold(&self.account).calls.clear();
    }

    /// Stops it.
    pub async fn shutdown(self) {
        self.server.shutdown(PATIENCE).await;
    }
}

/// A panic while holding the lock leaves plain data, so the poison says nothing.
fn hold(account: &Mutex<Account>) -> MutexGuard<'_, Account> {
    account.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer(
    State(account): State<Arc<Mutex<Account>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let service = service(&headers);
    let mut account = hold(&account);
    if service == "s3" {
        let (operation, answered) = account.buckets.ask(&method, &uri, &body);
        account.count(service, &operation);
        return s3::response(answered);
    }
    let form = Form::read(&body);
    let action = form.text("Action");
    account.count(service, action);
    let now = (account.clock)();
    let answered = match service {
        "iam" => account.roles.ask(&form, now),
        "sts" => sts::ask(&form, now),
        "cloudformation" => account.stacks.ask(&form, now),
        _ => Err(Refusal::unknown(action)),
    };
    let (status, text) = match answered {
        Ok(inner) => (StatusCode::OK, xml::answer(action, &inner)),
        Err(refusal) => (refusal.status, refusal.in_query()),
    };
    (status, [(CONTENT_TYPE, "text/xml")], text).into_response()
}

impl Account {
    fn count(&mut self, service: &str, operation: &str) {
        let asked = format!("{service} {operation}");
        *self.calls.entry(asked).or_default() += 1;
    }
}

/// Whose operation it is stands in what the request was signed for: `Credential=KEY/DAY/REGION/SERVICE/aws4_request`.
fn service(headers: &HeaderMap) -> &str {
    let signed = headers.get(AUTHORIZATION);
    let signed = signed.and_then(|value| value.to_str().ok());
    let scope = signed.and_then(|text| text.split_once("Credential="));
    let scope = scope.and_then(|(_, rest)| rest.split(',').next());
    scope
        .and_then(|scope| scope.split('/').nth(3))
        .unwrap_or_default()
}
