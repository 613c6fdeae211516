//! A sandbox with two workspaces and a client for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::DateTime;
use hodman_sandbox::databricks::{
    Clock, Databricks, DatabricksOptions, FixedToken, Principal, WorkspaceHandle,
};
use reqwest::{Method, Response};
use serde_json::Value;

pub const ACCOUNT: &str = "0f0f0f0f-0000-0000-0000-000000000001";
pub const ANA: &str = "ana@example.com";
pub const SECRET: &str = "hodman-canary-5ecret-DO-NOT-LEAK";

/// The sandbox under test.
pub struct Bench {
    pub databricks: Databricks,
    pub dev: WorkspaceHandle,
    pub client: reqwest::Client,
    seconds: Arc<AtomicI64>,
}

/// Status and body of an answer.
pub type Answer = (u16, Value);

impl Bench {
    pub async fn start() -> Self {
        let seconds = Arc::new(AtomicI64::new(1_790_000_000));
        let read = Arc::clone(&seconds);
        let options = DatabricksOptions {
            account_id: ACCOUNT.to_owned(),
            workspaces: vec!["dev".to_owned(), "qa".to_owned()],
            principals: vec![Principal {
                client_id: "app-1".to_owned(),
                client_secret: SECRET.into(),
                display_name: "hodman".to_owned(),
            }],
            people: vec![ANA.to_owned()],
            tokens: vec![FixedToken {
                value: "dapi-ana".into(),
                login: ANA.to_owned(),
            }],
            clock: Clock::new(move || {
                DateTime::from_timestamp(read.load(Ordering::SeqCst), 0).unwrap()
            }),
            ..DatabricksOptions::default()
        };
        let databricks = Databricks::start(options).await.unwrap();
        let dev = databricks.workspace("dev").unwrap();
        Self {
            databricks,
            dev,
            client: reqwest::Client::new(),
            seconds,
        }
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    pub async fn get(&self, path: &str) -> Answer {
        answer(
            self.client
                .get(format!("{}{path}", self.dev.url()))
                .bearer_auth("dapi-ana")
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, &format!("{}{path}", self.dev.url()), body)
            .await
    }

    /// Any call, with Ana's token.
    pub async fn send(&self, method: Method, url: &str, body: Value) -> Answer {
        answer(
            self.client
                .request(method, url)
                .bearer_auth("dapi-ana")
                .json(&body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    /// An OAuth token of the service principal.
    pub async fn token(&self, url: &str, secret: &str) -> Answer {
        let form = [("grant_type", "client_credentials"), ("scope", "all-apis")];
        answer(
            self.client
                .post(url)
                .basic_auth("app-1", Some(secret))
                .form(&form)
                .send()
                .await
                .unwrap(),
        )
        .await
    }
}

pub async fn answer(response: Response) -> Answer {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (
        status,
        serde_json::from_str(&text).unwrap_or(Value::String(text)),
    )
}
