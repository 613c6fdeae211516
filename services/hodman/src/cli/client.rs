//! Speaks to a running daemon.

use super::args::Remote;
use super::failure::{Exit, Failure};
use crate::config::{Config, Purpose};
use crate::web::ApiToken;
use anyhow::Context as _;
use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// Where a daemon listens that was not told otherwise.
const USUAL: &str = "http://127.0.0.1:8080";

/// A daemon.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    base: Url,
    token: Option<ApiToken>,
    pipeline: Option<String>,
}

impl Client {
    /// Finds the daemon: as told, else as its settings say, else where it usually is.
    pub(super) fn new(remote: &Remote) -> anyhow::Result<Self> {
        let config = remote
            .config
            .as_deref()
            .map(|path| Config::load(path, Purpose::Serve))
            .transpose()?;
        let server = match (&remote.server, &config) {
            (Some(server), _) => server.clone(),
            (None, Some(config)) => config.own_url(),
            (None, None) => USUAL.to_owned(),
        };
        let base: Url = server
            .parse()
            .with_context(|| format!("--server {server} is not a URL"))?;
        let token = match (&remote.token, &config) {
            (Some(token), _) => Some(ApiToken::given(token)),
            // Reading needs none; what needs one says that it is missing.
            (None, Some(config)) => ApiToken::load(&config.data_dir).ok(),
            (None, None) => None,
        };
        // No proxy stands between a person and their own machine.
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build();
        Ok(Self {
            http: http.context("setting up HTTP")?,
            base,
            token,
            pipeline: remote.pipeline.clone(),
        })
    }

    /// Reads.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, String)],
    ) -> anyhow::Result<T> {
        self.call::<(), T>(Method::GET, path, query, None).await
    }

    /// Asks for something.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &[&str],
        body: &impl Serialize,
    ) -> anyhow::Result<T> {
        self.call(Method::POST, path, &[], Some(body)).await
    }

    /// The pipeline that was meant: the one named, or the only one there is.
    pub(super) async fn pipeline(&self) -> anyhow::Result<String> {
        if let Some(name) = &self.pipeline {
            return Ok(name.clone());
        }
        let status: Value = self.get(&["status"], &[]).await?;
        let names: Vec<&str> = status["pipelines"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|one| one["name"].as_str())
            .collect();
        match names.as_slice() {
            [only] => Ok((*only).to_owned()),
            [] => Err(Failure::new(Exit::Failed, "the daemon serves no pipeline").into()),
            several => Err(
                Failure::new(Exit::Usage, "the daemon serves several pipelines")
                    .hint(format!("--pipeline NAME: one of {}", several.join(", ")))
                    .into(),
            ),
        }
    }

    async fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<&B>,
    ) -> anyhow::Result<T> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| {
                Failure::new(
                    Exit::Usage,
                    format!("--server {} is not a URL of a server", self.base),
                )
            })?
            .pop_if_empty()
            .push("api")
            .extend(path);
        let mut request = self.http.request(method.clone(), url).query(query);
        if method == Method::POST
            && let Some(token) = &self.token
        {
            request = request.bearer_auth(token.reveal());
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| self.away(error))?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(|error| self.away(error))?;
        if !status.is_success() {
            return Err(refused(status, &bytes).into());
        }
        serde_json::from_slice(&bytes)
            .context("the daemon's answer is not understood: is it of the same version?")
    }

    /// Where the daemon is not; the URL of a request may not be shown whole, so only the base is.
    fn away(&self, error: reqwest::Error) -> anyhow::Error {
        let failure = Failure::new(Exit::Away, format!("no daemon answers on {}", self.base)).hint(
            "`hodman serve --config FILE` starts it; --server or HODMAN_SERVER says where it is",
        );
        anyhow::Error::new(error.without_url()).context(failure)
    }
}

fn refused(status: StatusCode, body: &[u8]) -> Failure {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    let exit = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::NotAllowed,
        StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND => Exit::Usage,
        _ => Exit::Failed,
    };
    let what = json["error"]
        .as_str()
        .map_or_else(|| format!("the daemon answered {status}"), str::to_owned);
    let failure = Failure::new(exit, what);
    match (exit, json["hint"].as_str()) {
        (Exit::NotAllowed, _) if status == StatusCode::UNAUTHORIZED => {
            failure.hint("give --token, HODMAN_TOKEN, or --config FILE of a daemon on this machine")
        }
        (_, Some(hint)) => failure.hint(hint),
        (_, None) => failure,
    }
}
