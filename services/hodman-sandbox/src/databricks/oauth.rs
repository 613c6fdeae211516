//! OAuth for machines: discovery, and access tokens against a client id and secret, or against a token of another issuer.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::account::Account;
use super::call::{Shared, form_pairs};
use super::clock::Clock;
use super::error::ApiError;
use super::options::Principal;
use super::tokens::{Caller, Token, Tokens};

/// The exchange of RFC 8693, and the kind of token that it takes.
const TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// What the token endpoint of one host knows.
#[derive(Debug, Clone)]
pub(crate) struct OAuth {
    /// Known when the port is bound.
    pub(crate) url: Shared<String>,
    /// Host the tokens are good for; `None` on the account's host.
    pub(crate) host: Option<String>,
    pub(crate) account_id: String,
    pub(crate) workspace_id: Option<u64>,
    pub(crate) principals: Shared<Vec<Principal>>,
    /// Knows the federation policies.
    pub(crate) account: Shared<Account>,
    pub(crate) tokens: Shared<Tokens>,
    pub(crate) clock: Clock,
    /// Life of a token in seconds.
    pub(crate) lifetime: i64,
}

/// Routes that need no token.
pub(crate) fn router(oauth: OAuth) -> Router {
    Router::new()
        .route("/.well-known/databricks-config", get(host_metadata))
        .route(
            "/oidc/.well-known/oauth-authorization-server",
            get(discovery),
        )
        .route("/oidc/v1/token", post(token))
        .route(
            "/oidc/accounts/{account}/.well-known/oauth-authorization-server",
            get(account_discovery),
        )
        .route("/oidc/accounts/{account}/v1/token", post(account_token))
        .with_state(oauth)
}

async fn host_metadata(State(oauth): State<OAuth>) -> Json<Value> {
    let mut metadata = json!({
        "oidc_endpoint": format!("{}/oidc", oauth.url.lock()),
        "account_id": oauth.account_id,
        "cloud": "aws",
    });
    match oauth.workspace_id {
        Some(id) => metadata["workspace_id"] = json!(id.to_string()),
        None => {
            metadata["oidc_endpoint"] =
                json!(format!("{}/oidc/accounts/{{account_id}}", oauth.url.lock()))
        }
    }
    Json(metadata)
}

fn endpoints(root: &str) -> Json<Value> {
    Json(json!({
        "issuer": root,
        "authorization_endpoint": format!("{root}/v1/authorize"),
        "token_endpoint": format!("{root}/v1/token"),
        "grant_types_supported": ["client_credentials", TOKEN_EXCHANGE],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": ["all-apis"],
    }))
}

async fn discovery(State(oauth): State<OAuth>) -> Json<Value> {
    endpoints(&format!("{}/oidc", oauth.url.lock()))
}

async fn account_discovery(State(oauth): State<OAuth>, Path(account): Path<String>) -> Json<Value> {
    endpoints(&format!("{}/oidc/accounts/{account}", oauth.url.lock()))
}

async fn token(
    State(oauth): State<OAuth>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    issue(&oauth, oauth.host.clone(), &headers, &body)
}

/// A token of the account is good for the account and all its workspaces.
async fn account_token(
    State(oauth): State<OAuth>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    if account != oauth.account_id {
        return Err(ApiError::oauth(
            404,
            "invalid_request",
            "The account does not exist.",
        ));
    }
    issue(&oauth, None, &headers, &body)
}

fn issue(
    oauth: &OAuth,
    host: Option<String>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Json<Value>, ApiError> {
    let form = form_pairs(&String::from_utf8_lossy(body));
    let field = |name: &str| {
        form.iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.clone())
    };
    let login = match field("grant_type").as_deref() {
        Some("client_credentials") => {
            let (id, secret) = basic(headers)
                .or_else(|| Some((field("client_id")?, field("client_secret")?)))
                .ok_or_else(refused)?;
            let known = oauth.principals.lock().iter().any(|principal| {
                principal.client_id == id && principal.client_secret.expose_secret() == secret
            });
            if !known {
                return Err(refused());
            }
            id
        }
        Some(TOKEN_EXCHANGE) => exchange(oauth, &field)?,
        _ => {
            return Err(ApiError::oauth(
                400,
                "unsupported_grant_type",
                "Only client_credentials and token exchange are served.",
            ));
        }
    };
    let now = oauth.clock.millis();
    let token = Token {
        id: String::new(),
        caller: Caller {
            service_principal: !login.contains('@'),
            login,
        },
        host,
        created: now,
        expires: Some(now + oauth.lifetime * 1000),
        comment: String::new(),
        personal: false,
    };
    let value = oauth.tokens.lock().issue("eyJsandbox.", token);
    Ok(Json(
        json!({"access_token": value, "scope": "all-apis", "token_type": "Bearer", "expires_in": oauth.lifetime}),
    ))
}

/// Whom the bearer of another issuer's token is taken for.
fn exchange(oauth: &OAuth, field: &impl Fn(&str) -> Option<String>) -> Result<String, ApiError> {
    let wrong = |words: &str| ApiError::oauth(400, "invalid_request", words);
    if field("subject_token_type").as_deref() != Some(JWT) {
        return Err(wrong("subject_token_type is not that of a JWT."));
    }
    let token = field("subject_token").ok_or_else(|| wrong("subject_token is missing."))?;
    let client_id = field("client_id").filter(|id| !id.is_empty());
    let account = oauth.account.lock();
    account
        .federated(client_id.as_deref(), &token, oauth.clock.millis())
        .map_err(|words| ApiError::oauth(401, "invalid_client", words))
}

fn refused() -> ApiError {
    ApiError::oauth(401, "invalid_client", "Client authentication failed")
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers
        .get(AUTHORIZATION)?
        .to_str()
        .ok()?
        .strip_prefix("Basic ")?;
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    // RFC 6749 section 2.3.1: both are form-encoded before they are joined.
    let decode = |text: &str| {
        form_pairs(&format!("x={text}"))
            .pop()
            .map_or_else(String::new, |(_, value)| value)
    };
    Some((decode(id), decode(secret)))
}
