//! The account console's API: `/api/2.0/accounts/{account_id}/…`.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::connections::Connections;
use super::error::ApiError;
use super::limiter::{Limiter, Stats};
use super::paging;
use super::request::Request;
use super::token::Auth;
use super::transport::{BadHost, TokenSource, Transport, parse_host};

/// Where an account is and who speaks to it.
#[derive(Debug, Clone)]
pub struct AccountConfig {
    /// The account's id, a UUID.
    pub account_id: String,
    /// The console's host, for AWS `https://accounts.cloud.databricks.com`.
    pub host: String,
    /// The service principal; without a token URL `{host}/oidc/accounts/{account_id}/v1/token` is used.
    pub auth: Auth,
    /// The longest wait for one answer.
    pub timeout: Duration,
    /// Sent with every call.
    pub user_agent: String,
}

/// A client of one account. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Account {
    account_id: Arc<str>,
    transport: Arc<Transport>,
}

impl Account {
    /// A client; nothing is sent yet. Fails when the host is not one.
    pub fn new(config: AccountConfig, connections: &Connections) -> Result<Self, BadHost> {
        let host = parse_host(&config.host)?;
        let mut token_url = host.clone();
        token_url.set_path(&format!("/oidc/accounts/{}/v1/token", config.account_id));
        let transport = Transport {
            connections: connections.clone(),
            host,
            tokens: TokenSource::new(
                config.auth.for_account(&config.account_id),
                Some(token_url.into()),
            ),
            limiter: Limiter::new(connections.limits),
            timeout: config.timeout,
            user_agent: config.user_agent,
            foundation: None,
        };
        Ok(Self {
            account_id: config.account_id.into(),
            transport: Arc::new(transport),
        })
    }

    /// The account's id.
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// The path of `rest` below the account, such as `path("credentials")`.
    pub fn path(&self, rest: &str) -> String {
        format!("/api/2.0/accounts/{}/{rest}", self.account_id)
    }

    /// Any call. An empty answer is [`Value::Null`].
    pub async fn call(&self, request: Request) -> Result<Value, ApiError> {
        self.transport.json(&request).await
    }

    /// All items of a list that comes in pages.
    pub async fn list_all(
        &self,
        path: &str,
        query: &[(&str, &str)],
        items_field: &str,
    ) -> Result<Vec<Value>, ApiError> {
        paging::list_all(&self.transport, path, query, items_field).await
    }

    /// What was sent so far.
    pub fn stats(&self) -> Stats {
        self.transport.stats()
    }
}
