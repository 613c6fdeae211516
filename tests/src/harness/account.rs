//! The account as somebody else sees and changes it.

use super::{CANARY, Scene};
use crate::checkout::root;
use crate::servers::python;
use hodman_clients::databricks::{
    AccountConfig, ApiError, Auth, Connections, FoundationConfig, Request, Workspace,
};
use reqwest::Method;
use serde_json::Value;
use std::time::Duration;

/// In front of what an account has.
pub const ACCOUNT: &str = "/api/2.0/accounts/{account_id}";

/// Somebody with a key to the account.
pub struct Somebody(Workspace);

impl Scene {
    /// Somebody who is not hodman.
    ///
    /// # Panics
    /// When no client can be made.
    #[must_use]
    pub fn somebody(&self) -> Somebody {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .ok();
        let account = AccountConfig {
            account_id: self.databricks.account_id().to_owned(),
            host: self.databricks.account_url(),
            auth: Auth::OAuth {
                client_id: "hodman-prod".to_owned(),
                client_secret: format!("prod-{CANARY}").into(),
                token_url: None,
            },
            timeout: Duration::from_secs(60),
            user_agent: "somebody".to_owned(),
        };
        let config = FoundationConfig {
            name: "somebody".to_owned(),
            account: Some(account),
            elsewhere: None,
        };
        let connections = Connections::new().expect("TLS");
        Somebody(Workspace::foundation(config, &connections).expect("a client"))
    }
}

impl Scene {
    /// What the official client reads in the account (`tests/probes/account_readback.py`).
    ///
    /// # Panics
    /// When it cannot.
    pub async fn read_back(&self) -> Value {
        let script = root().join("tests/probes/account_readback.py");
        let (host, id) = (self.databricks.account_url(), self.databricks.account_id());
        let environment = [
            ("DATABRICKS_CLIENT_ID", "hodman-prod".to_owned()),
            ("DATABRICKS_CLIENT_SECRET", format!("prod-{CANARY}")),
        ];
        let outcome = python(&script, &[&host, id], &environment).await;
        assert!(outcome.ok, "{}", outcome.said);
        let line = outcome.said.lines().next().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {}", outcome.said))
    }
}

impl Somebody {
    /// Sends one request to `path` below the account; its query may stand there, too.
    ///
    /// # Errors
    /// What the account says.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, ApiError> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut request = Request {
            method,
            body,
            ..Request::get(format!("{ACCOUNT}/{path}"))
        };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            request = request.query(name, value);
        }
        self.0.call(request).await
    }

    /// Does something by hand.
    ///
    /// # Panics
    /// When the account refuses.
    pub async fn does(&self, method: Method, path: &str, body: Value) -> Value {
        let body = Some(body).filter(|body| !body.is_null());
        let answer = self.send(method, path, body).await;
        answer.unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Everything of one kind.
    ///
    /// # Panics
    /// When the account shows no list of it.
    pub async fn all(&self, what: &str) -> Vec<Value> {
        let answer = self.does(Method::GET, what, Value::Null).await;
        let items = match &answer {
            Value::Array(_) => Some(&answer),
            _ => [
                "items",
                "Resources",
                "policies",
                "metastores",
                "ip_access_lists",
                "log_delivery_configurations",
            ]
            .iter()
            .find_map(|field| answer.get(*field)),
        };
        let items = items.and_then(Value::as_array).cloned();
        items.unwrap_or_else(|| panic!("no list of {what}: {answer}"))
    }
}
