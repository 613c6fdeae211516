//! What workspaces stand on, asked like a workspace: objects of the account, and whatever else somebody answers for.
//!
//! Plans and applies speak to one kind of place. So a place may also be an account together with AWS and stacks: paths
//! below `/api/` go to the account, its id filled in for `{account_id}`; all others to [`Elsewhere`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::account::AccountConfig;
use super::connections::Connections;
use super::error::{ApiError, ErrorKind};
use super::limiter::Limiter;
use super::request::Request;
use super::token::Auth;
use super::transport::{BadHost, TokenSource, Transport, parse_host};
use super::workspace::Workspace;

/// Answers requests that no server of Databricks answers.
pub trait Elsewhere: Send + Sync + fmt::Debug {
    /// The answer to one request whose path is not below `/api/`.
    fn call<'a>(
        &'a self,
        request: &'a Request,
    ) -> Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>>;
}

/// What a foundation is made of.
#[derive(Debug, Clone)]
pub struct FoundationConfig {
    /// The name people use for it.
    pub name: String,
    /// The account, where objects of one are wanted.
    pub account: Option<AccountConfig>,
    /// Whoever answers for everything else.
    pub elsewhere: Option<Arc<dyn Elsewhere>>,
}

/// Where the requests of a foundation go.
#[derive(Debug)]
pub(super) struct Beyond {
    account_id: Option<String>,
    elsewhere: Option<Arc<dyn Elsewhere>>,
}

impl Beyond {
    /// The path on the account's server; none when the request is for somebody else.
    pub(super) fn path(&self, request: &Request) -> Result<Option<String>, ApiError> {
        if !request.path.starts_with("/api/") {
            return Ok(None);
        }
        match &self.account_id {
            Some(id) => Ok(Some(request.path.replace("{account_id}", id))),
            None => Err(unsupported(
                request,
                "no account is named for this environment",
            )),
        }
    }

    pub(super) async fn call(&self, request: &Request) -> Result<Value, ApiError> {
        match &self.elsewhere {
            Some(elsewhere) => elsewhere.call(request).await,
            None => Err(unsupported(
                request,
                "no AWS account is named for this environment",
            )),
        }
    }
}

fn unsupported(request: &Request, words: &str) -> ApiError {
    let call = format!("{} {}", request.method, request.path);
    ApiError::of(ErrorKind::Unsupported, call, None, words, false)
}

impl Workspace {
    /// A client for what workspaces stand on; nothing is sent yet. Files, jobs and principals are not to be asked of it.
    ///
    /// # Errors
    /// When the account's host is not one.
    pub fn foundation(
        config: FoundationConfig,
        connections: &Connections,
    ) -> Result<Self, BadHost> {
        let account = config.account.unwrap_or_else(|| AccountConfig {
            account_id: String::new(),
            // Never asked: a request for the account is refused before.
            host: "http://127.0.0.1".to_owned(),
            auth: Auth::Token(String::new().into()),
            timeout: Duration::from_secs(60),
            user_agent: String::new(),
        });
        let host = parse_host(&account.host)?;
        let mut token_url = host.clone();
        token_url.set_path(&format!("/oidc/accounts/{}/v1/token", account.account_id));
        let auth = account.auth.to_account(&account.account_id);
        let id = Some(account.account_id).filter(|id| !id.is_empty());
        let transport = Transport {
            connections: connections.clone(),
            host,
            tokens: TokenSource::new(auth, Some(token_url.into())),
            limiter: Limiter::new(connections.limits),
            timeout: account.timeout,
            user_agent: account.user_agent,
            foundation: Some(Beyond {
                account_id: id,
                elsewhere: config.elsewhere,
            }),
        };
        Ok(Self::over(&config.name, transport))
    }

    /// Whether this is no workspace but what workspaces stand on.
    pub fn is_foundation(&self) -> bool {
        self.transport.foundation.is_some()
    }

    /// Whether an account is asked through this.
    pub fn has_account(&self) -> bool {
        let beyond = self.transport.foundation.as_ref();
        beyond.is_some_and(|beyond| beyond.account_id.is_some())
    }
}
