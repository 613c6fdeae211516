//! A relay before the server that refuses one request, once: whoever made the one before it is cut off there. It remembers what was
//! asked to go back.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use hodman_tests::servers::{aws_endpoint, forward};
use std::sync::{Arc, Mutex};

/// Once a request for `after` was answered, the next one for `refuse` is refused.
struct Rule {
    after: &'static str,
    refuse: &'static str,
    came: bool,
}

/// The relay.
#[derive(Clone)]
pub struct Relay {
    client: reqwest::Client,
    rule: Arc<Mutex<Option<Rule>>>,
    ways_back: Arc<Mutex<Vec<String>>>,
    /// Its address.
    pub endpoint: String,
}

impl Relay {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .ok();
        let relay = Self {
            client: reqwest::Client::new(),
            rule: Arc::default(),
            ways_back: Arc::default(),
            endpoint,
        };
        let router = Router::new().fallback(pass).with_state(relay.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        relay
    }

    pub fn refuse_after(&self, after: &'static str, refuse: &'static str) {
        let rule = Rule {
            after,
            refuse,
            came: false,
        };
        *self.rule.lock().expect("a lock") = Some(rule);
    }

    /// The resources that each request for a way back is to leave as they are, as it was sent.
    pub fn skipped(&self) -> Vec<Vec<String>> {
        let asked = self.ways_back.lock().expect("a lock").clone();
        let skipped = |body: &String| {
            let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
            pairs
                .filter(|(name, _)| name.starts_with("ResourcesToSkip."))
                .map(|(_, value)| value.to_owned())
                .collect()
        };
        asked.iter().map(skipped).collect()
    }

    /// Whether the request is the one that is refused; from then on none is.
    fn refuses(&self, action: &str) -> bool {
        let mut rule = self.rule.lock().expect("a lock");
        let Some(waiting) = rule.as_mut() else {
            return false;
        };
        if waiting.came && action == waiting.refuse {
            *rule = None;
            return true;
        }
        waiting.came |= action == waiting.after;
        false
    }
}

async fn pass(
    State(relay): State<Relay>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = std::str::from_utf8(&body).unwrap_or_default();
    let mut pairs = text.split('&');
    let action = pairs.find_map(|pair| pair.strip_prefix("Action="));
    if relay.refuses(action.unwrap_or_default()) {
        let words = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>cut off by the test</Message></Error></ErrorResponse>";
        return (StatusCode::FORBIDDEN, [("content-type", "text/xml")], words).into_response();
    }
    if action == Some("ContinueUpdateRollback") {
        let mut asked = relay.ways_back.lock().expect("a lock");
        asked.push(text.to_owned());
    }
    let asked = (method, &uri);
    let answer = forward(&relay.client, &aws_endpoint(), asked, &headers, body).await;
    answer.map(Into::into)
}
