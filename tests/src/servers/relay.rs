//! A relay in front of the server that imitates AWS: it tells what was sent, and does something right after chosen writes, before
//! their answers are given.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Uri};
use axum::response::Response;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// What is done after which writes, by their number from when it was said.
type Strike = Box<dyn FnMut(usize) + Send>;

/// The relay; it ends with the test.
pub struct Relay {
    /// Where it is.
    pub url: String,
    inside: Arc<Inside>,
}

struct Inside {
    client: reqwest::Client,
    target: String,
    sent: Mutex<Vec<Sent>>,
    strike: Mutex<(usize, Option<Strike>)>,
    refusals: Mutex<Vec<Refusal>>,
}

/// What the server would have done and the relay refuses in its place.
struct Refusal {
    action: &'static str,
    status: u16,
    body: &'static str,
    left: usize,
}

/// One request.
#[derive(Clone)]
pub struct Sent {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub uri: String,
    /// The body.
    pub body: String,
    /// Who signed it, for which day, region and service: `KEY/DAY/REGION/SERVICE/aws4_request`.
    pub credential: String,
    /// What its answer says.
    pub answer: String,
}

impl Sent {
    /// The fields of a form, in which IAM, STS and CloudFormation are asked.
    #[must_use]
    pub fn form(&self) -> BTreeMap<String, String> {
        let url = format!("http://form/?{}", self.body);
        let url = reqwest::Url::parse(&url).expect("a form");
        url.query_pairs().into_owned().collect()
    }

    /// What is asked for: the action of a form, or the method with what the query begins with.
    #[must_use]
    pub fn action(&self) -> String {
        match self.form().remove("Action") {
            Some(action) => action,
            None => {
                let query = self.uri.split_once('?').map_or("", |(_, query)| query);
                let query = query.split('&').next().unwrap_or_default();
                format!("{} {}", self.method, query.trim_end_matches('='))
            }
        }
    }

    fn is_write(&self) -> bool {
        let action = self.action();
        let reads = [
            "Get", "Describe", "List", "Assume", "Detect", "GET ", "HEAD ",
        ];
        !reads.iter().any(|read| action.starts_with(read))
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action(), self.uri)
    }
}

impl Relay {
    /// Starts it on a free port.
    ///
    /// # Panics
    /// When there is none.
    pub async fn start() -> Self {
        let inside = Arc::new(Inside {
            client: reqwest::Client::new(),
            target: super::aws_endpoint(),
            sent: Mutex::default(),
            strike: Mutex::new((0, None)),
            refusals: Mutex::default(),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let router = Router::new().fallback(pass).with_state(Arc::clone(&inside));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url: format!("http://{address}"),
            inside,
        }
    }

    /// Everything that was sent since somebody asked last.
    #[must_use]
    pub fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut *hold(&self.inside.sent))
    }

    /// From now on `strike` is called after the effect of every write, with its number from now on.
    pub fn strike(&self, strike: impl FnMut(usize) + Send + 'static) {
        *hold(&self.inside.strike) = (0, Some(Box::new(strike)));
    }

    /// The next `times` requests for `action` do not reach the server and are answered like this.
    pub fn refuse(&self, action: &'static str, times: usize, (status, body): (u16, &'static str)) {
        hold(&self.inside.refusals).push(Refusal {
            action,
            status,
            body,
            left: times,
        });
    }

    /// Nothing is refused any more.
    pub fn refuse_nothing(&self) {
        hold(&self.inside.refusals).clear();
    }

    /// How many requests are still to be refused.
    #[must_use]
    pub fn unrefused(&self) -> usize {
        hold(&self.inside.refusals).iter().map(|one| one.left).sum()
    }

    /// Nothing is done any more; how many writes there were since it was said.
    #[must_use]
    pub fn calm(&self) -> usize {
        std::mem::take(&mut *hold(&self.inside.strike)).0
    }
}

impl Inside {
    fn refused(&self, action: &str) -> Option<(u16, &'static str)> {
        let mut refusals = hold(&self.refusals);
        let mut fitting = refusals.iter_mut();
        let refusal = fitting.find(|one| one.left > 0 && one.action == action)?;
        refusal.left -= 1;
        Some((refusal.status, refusal.body))
    }
}

fn hold<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn pass(
    State(inside): State<Arc<Inside>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let credential = headers.get("authorization").and_then(|value| {
        let (_, rest) = value.to_str().ok()?.split_once("Credential=")?;
        Some(rest.split(',').next()?.to_owned())
    });
    let mut sent = Sent {
        method: method.clone(),
        uri: uri.to_string(),
        body: String::from_utf8_lossy(&body).into_owned(),
        credential: credential.unwrap_or_default(),
        answer: String::new(),
    };
    if let Some((status, body)) = inside.refused(&sent.action()) {
        let response = Response::builder().status(status);
        return response.body(body.into()).expect("a response");
    }
    let response = forward(
        &inside.client,
        &inside.target,
        (method, &uri),
        &headers,
        body,
    )
    .await;
    let (head, body) = response.into_parts();
    sent.answer = String::from_utf8_lossy(&body).into_owned();
    let is_write = sent.is_write();
    hold(&inside.sent).push(sent);
    if is_write {
        let mut held = hold(&inside.strike);
        let number = held.0;
        held.0 += 1;
        if let Some(strike) = &mut held.1 {
            // Who waits for a process to be gone holds up nobody else.
            tokio::task::block_in_place(|| strike(number));
        }
    }
    Response::from_parts(head, body.into())
}

/// Sends a request on to the server at `target` as it came; what that answers.
///
/// # Panics
/// When it does not answer.
pub async fn forward(
    client: &reqwest::Client,
    target: &str,
    (method, uri): (Method, &Uri),
    headers: &HeaderMap,
    body: Bytes,
) -> Response<Bytes> {
    let mut request = client.request(method, format!("{target}{uri}")).body(body);
    for (name, value) in headers.iter().filter(|(name, _)| *name != "host") {
        request = request.header(name, value);
    }
    let answer = request.send().await.expect("the server answers");
    let mut response = Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        let of_the_way = ["transfer-encoding", "connection", "content-length"];
        if !of_the_way.contains(&name.as_str()) {
            response = response.header(name, value);
        }
    }
    let body = answer.bytes().await.expect("a body");
    response.body(body).expect("a response")
}
