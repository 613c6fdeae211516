//! What workspaces stand on, asked like a workspace: objects of the account, and whatever else somebody answers for.
//!
//! Plans and applies speak to one kind of place. So a place may also be an account together with AWS and stacks: paths
//! below `/api/` go to the account, its id filled in for `{account_id}`; all others to [`Elsewhere`].

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use serde_json::{Map, Value};

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

/// Where workspaces are when the account has no name of its own, as on a test's machine.
const DOMAIN: &str = "cloud.databricks.com";

/// Says in the account's answers where workspaces are, where it does not: at its own address, the first part of which is the
/// workspace's deployment name. So it is in the clouds of governments, too.
pub(super) fn tell_hosts(console: &Url, answer: &mut Value) {
    let domain = match console.host_str().and_then(|host| host.split_once('.')) {
        Some((_, domain)) if console.domain().is_some() => domain,
        _ => DOMAIN,
    };
    let tell = |one: &mut Map<String, Value>| {
        let name = one.get("deployment_name").and_then(Value::as_str);
        let name = name.filter(|name| !name.is_empty());
        if let Some(url) = name.map(|name| format!("https://{name}.{domain}")) {
            one.entry("workspace_url").or_insert(Value::from(url));
        }
    };
    match answer {
        Value::Object(one) => tell(one),
        Value::Array(all) => {
            let all = all.iter_mut();
            all.filter_map(Value::as_object_mut).for_each(tell);
        }
        _ => {}
    }
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
        let auth = account.auth.for_account(&account.account_id);
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
        self.account_id().is_some()
    }

    /// The account that is asked through this.
    pub fn account_id(&self) -> Option<&str> {
        self.transport.foundation.as_ref()?.account_id.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(console: &str, mut answer: Value) -> Value {
        tell_hosts(&Url::parse(console).unwrap(), &mut answer);
        answer
    }

    #[test]
    fn a_workspace_is_where_its_account_is_under_the_name_that_it_was_given() {
        let acme = json!({"workspace_id": 7, "deployment_name": "acme-shop"});
        for (console, url) in [
            (
                "https://accounts.cloud.databricks.com",
                "https://acme-shop.cloud.databricks.com",
            ),
            (
                "https://accounts.cloud.databricks.us",
                "https://acme-shop.cloud.databricks.us",
            ),
            (
                "https://accounts-dod.cloud.databricks.mil/",
                "https://acme-shop.cloud.databricks.mil",
            ),
            (
                "http://127.0.0.1:8080",
                "https://acme-shop.cloud.databricks.com",
            ),
            (
                "http://localhost:8080",
                "https://acme-shop.cloud.databricks.com",
            ),
        ] {
            assert_eq!(
                told(console, acme.clone())["workspace_url"],
                url,
                "{console}"
            );
            assert_eq!(
                told(console, json!([acme]))[0]["workspace_url"],
                url,
                "{console}"
            );
        }
    }

    #[test]
    fn what_the_account_says_stays_and_what_is_no_workspace_has_no_address() {
        let console = "https://accounts.cloud.databricks.com";
        let said = json!({"deployment_name": "dbc-7", "workspace_url": "http://127.0.0.1:1"});
        for answer in [
            said,
            json!({"network_id": "n"}),
            json!([1, {"deployment_name": ""}]),
            Value::Null,
        ] {
            assert_eq!(told(console, answer.clone()), answer);
        }
    }
}
