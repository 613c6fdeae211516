//! One HTTP exchange with GitHub, by octocrab over our own reqwest client.
//!
//! octocrab's service stack is put together here instead of by its builder, which would send its
//! own name as user agent next to ours.

use std::time::Duration;

use chrono::Utc;
use octocrab::auth::{AppAuth, EncodingKey};
use octocrab::service::middleware::base_uri::BaseUriLayer;
use octocrab::service::middleware::reqwest_connector::ReqwestConnector;
use octocrab::{AuthState, Octocrab, OctocrabBuilder};
use reqwest::Url;
use reqwest::header::{ACCEPT, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION};
use secrecy::{ExposeSecret as _, SecretString};

use super::GitHubConfig;
use super::answer::{Answer, path_and_query};
use super::auth::Auth;
use super::error::GitHubError;
use super::kept::Kept;
use super::wire::{Call, Verb};

/// More redirects than this are a loop; a renamed repository is one.
const MAX_REDIRECTS: usize = 3;
/// Connecting takes milliseconds; a host that does not answer should not use up the whole limit.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The HTTP side of a client.
pub(super) struct Connection {
    /// Signs as the app; for a fixed token it sends none of its own.
    base: Octocrab,
    api: Url,
    timeout: Duration,
    kept: Kept,
}

impl Connection {
    pub(super) fn new(config: &GitHubConfig) -> Result<Self, GitHubError> {
        let bad_url = || GitHubError::Misconfigured(format!("'{}' is not a URL", config.api_url));
        let api = Url::parse(config.api_url.trim_end_matches('/')).map_err(|_| bad_url())?;
        let base_uri = api
            .as_str()
            .trim_end_matches('/')
            .parse()
            .map_err(|_| bad_url())?;
        let auth = match &config.auth {
            Auth::Token(_) => AuthState::None,
            Auth::App {
                app_id,
                private_key_pem,
                ..
            } => AuthState::App(AppAuth {
                app_id: (*app_id).into(),
                key: EncodingKey::from_rsa_pem(private_key_pem.expose_secret().as_bytes())
                    .map_err(setup)?,
            }),
        };
        // Infallible: the error type has no values.
        let Ok(base) = OctocrabBuilder::new_empty()
            .with_service(ReqwestConnector::new(http_client(config)?))
            .with_layer(&BaseUriLayer::new(base_uri))
            .with_auth(auth)
            .build();
        Ok(Self {
            base,
            api,
            timeout: config.timeout,
            kept: Kept::default(),
        })
    }

    /// The client that signs as the app.
    pub(super) fn as_app(&self) -> &Octocrab {
        &self.base
    }

    /// A client over the same connections with this token.
    pub(super) fn with_token(&self, token: &SecretString) -> Result<Octocrab, GitHubError> {
        self.base.user_access_token(token.clone()).map_err(setup)
    }

    /// Sends once, following redirects within GitHub; a status that is not 2xx is an error.
    pub(super) async fn send(&self, client: &Octocrab, call: &Call) -> Result<Answer, GitHubError> {
        let mut answer = self.exchange(client, call, &call.path).await?;
        for _ in 0..MAX_REDIRECTS {
            let Some(path) = self.redirected(call, &answer) else {
                break;
            };
            answer = self.exchange(client, call, &path).await?;
        }
        answer.checked(Utc::now())
    }

    async fn exchange(
        &self,
        client: &Octocrab,
        call: &Call,
        path: &str,
    ) -> Result<Answer, GitHubError> {
        let operation = call.operation;
        let known = match call.verb {
            Verb::Get => self.kept.known(path),
            _ => None,
        };
        // A path only: octocrab adds the token to nothing else.
        let exchange = async {
            let response = match &call.verb {
                Verb::Get => {
                    let tag = known
                        .as_ref()
                        .map(|known| (IF_NONE_MATCH, known.tag.clone()));
                    let headers = tag.map(|tag| HeaderMap::from_iter([tag]));
                    client._get_with_headers(path, headers).await
                }
                Verb::Post(body) => client._post(path, Some(body)).await,
                Verb::Patch(body) => client._patch(path, Some(body)).await,
                Verb::Put(body) => client._put(path, Some(body)).await,
            }?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let body = client.body_to_string(response).await?;
            Ok(Answer {
                operation,
                status,
                headers,
                body,
            })
        };
        let timed_out = || GitHubError::TimedOut {
            operation,
            after: self.timeout,
        };
        match tokio::time::timeout(self.timeout, exchange).await {
            Ok(Ok(answer)) => {
                tracing::debug!(operation, status = answer.status, "github answered");
                Ok(match known {
                    Some(known) if answer.status == 304 => known.again(operation),
                    _ => {
                        if matches!(call.verb, Verb::Get) {
                            self.kept.keep(path, &answer);
                        }
                        answer
                    }
                })
            }
            Ok(Err(source)) => {
                let is =
                    |what: fn(&reqwest::Error) -> bool| find_reqwest(&source).is_some_and(what);
                if is(reqwest::Error::is_timeout) && !is(reqwest::Error::is_connect) {
                    return Err(timed_out());
                }
                Err(GitHubError::Unreachable {
                    operation,
                    sent: !is(reqwest::Error::is_connect),
                    source: Box::new(source),
                })
            }
            Err(_elapsed) => Err(timed_out()),
        }
    }

    /// Where the answer points to: a renamed or moved repository. Mutations follow only the two
    /// codes that keep the method, and nothing follows to another host, so that the token stays.
    fn redirected(&self, call: &Call, answer: &Answer) -> Option<String> {
        let follows = match answer.status {
            307 | 308 => true,
            301 | 302 => matches!(call.verb, Verb::Get),
            _ => false,
        };
        let location = answer.headers.get(LOCATION)?.to_str().ok()?;
        let location = self.api.join(location).ok()?;
        (follows && location.origin() == self.api.origin()).then(|| path_and_query(&location))
    }
}

fn http_client(config: &GitHubConfig) -> Result<reqwest::Client, GitHubError> {
    let json = HeaderValue::from_static("application/vnd.github+json");
    let mut http = reqwest::Client::builder()
        .user_agent(&config.user_agent)
        .default_headers(HeaderMap::from_iter([(ACCEPT, json)]))
        .redirect(reqwest::redirect::Policy::none())
        .timeout(config.timeout)
        .connect_timeout(config.timeout.min(CONNECT_TIMEOUT));
    if let Some(pem) = &config.extra_ca_pem {
        let certificates = reqwest::Certificate::from_pem_bundle(pem).map_err(setup)?;
        http = http.tls_certs_merge(certificates);
    }
    http.build().map_err(setup)
}

fn setup(error: impl std::error::Error + Send + Sync + 'static) -> GitHubError {
    GitHubError::Setup(Box::new(error))
}

/// reqwest's error in octocrab's chain, which knows whether a connection was made.
fn find_reqwest(error: &octocrab::Error) -> Option<&reqwest::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
