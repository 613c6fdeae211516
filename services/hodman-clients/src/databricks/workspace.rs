//! One workspace: the generic call and the doors to jobs, clusters and files.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::OnceCell;

use super::call;
use super::clusters::Clusters;
use super::connections::Connections;
use super::error::ApiError;
use super::files::Files;
use super::jobs::Jobs;
use super::limiter::{Limiter, Stats};
use super::paging::{self, Pages};
use super::request::{Deleted, Request, Retry};
use super::token::Auth;
use super::transport::{BadHost, TokenSource, Transport, parse_host};

/// Where a workspace is and who speaks to it.
#[derive(Debug, Clone)]
pub struct WorkspaceConfig {
    /// The name people use for it.
    pub name: String,
    /// Its URL, such as `https://dbc-a1b2c3d4-e5f6.cloud.databricks.com`.
    pub host: String,
    /// The principal.
    pub auth: Auth,
    /// The longest wait for one answer.
    pub timeout: Duration,
    /// Sent with every call.
    pub user_agent: String,
}

/// Who the principal is to the workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Me {
    /// The workspace's own id of the principal.
    pub id: String,
    /// The user's mail address, or the service principal's application id.
    #[serde(rename = "userName")]
    pub user_name: String,
    /// The name shown to people.
    #[serde(rename = "displayName")]
    pub display_name: Option<String>,
}

/// A client of one workspace. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Workspace {
    name: Arc<str>,
    principal: Arc<OnceCell<Me>>,
    pub(super) transport: Arc<Transport>,
}

impl Workspace {
    /// A client; nothing is sent yet. Fails when the host is not one.
    pub fn new(config: WorkspaceConfig, connections: &Connections) -> Result<Self, BadHost> {
        let transport = Transport {
            connections: connections.clone(),
            host: parse_host(&config.host)?,
            tokens: TokenSource::new(config.auth, None),
            limiter: Limiter::new(connections.limits),
            timeout: config.timeout,
            user_agent: config.user_agent,
            foundation: None,
        };
        Ok(Self::over(&config.name, transport))
    }

    pub(super) fn over(name: &str, transport: Transport) -> Self {
        Self {
            name: name.into(),
            principal: Arc::default(),
            transport: Arc::new(transport),
        }
    }

    /// The name people use for it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its URL, without a final slash.
    pub fn host(&self) -> &str {
        self.transport.host.as_str().trim_end_matches('/')
    }

    /// Any call. An empty answer is [`Value::Null`].
    pub async fn call(&self, request: Request) -> Result<Value, ApiError> {
        self.transport.json(&request).await
    }

    /// All items of a list that comes in pages by `page_token` and `next_page_token`.
    pub async fn list_all(
        &self,
        path: &str,
        query: &[(&str, &str)],
        items_field: &str,
    ) -> Result<Vec<Value>, ApiError> {
        paging::list_all(&self.transport, path, query, items_field).await
    }

    /// A list, page by page as the pages arrive: whoever keeps little of each item never holds all of them.
    pub async fn each_page(
        &self,
        list: &Request,
        items_field: &str,
        pages: Pages,
        mut take: impl FnMut(Vec<Value>) + Send,
    ) -> Result<(), ApiError> {
        paging::each_page(&self.transport, list, items_field, pages, &mut take).await
    }

    /// One answer whose lists `fields`, at its top or in its `settings`, come in parts: put together.
    pub async fn whole(&self, get: &Request, fields: &[&str]) -> Result<Value, ApiError> {
        paging::whole(&self.transport, get, fields).await
    }

    /// [`Workspace::me`], asked of the workspace once for as long as this client lives.
    pub async fn principal(&self) -> Result<&Me, ApiError> {
        self.principal.get_or_try_init(|| self.me()).await
    }

    /// The user whose personal token this speaks with; none for a service principal's. OAuth without a browser is for service
    /// principals only, so nothing is asked then; else once for as long as this client lives.
    pub async fn user(&self) -> Result<Option<&str>, ApiError> {
        if !matches!(self.transport.tokens, TokenSource::Fixed(_)) {
            return Ok(None);
        }
        // Users are known by their mail address, service principals by their application id.
        let name = self.principal().await?.user_name.as_str();
        Ok(name.contains('@').then_some(name))
    }

    /// Who we are: `GET /api/2.0/preview/scim/v2/Me`. The cheapest proof that host and credentials are right.
    pub async fn me(&self) -> Result<Me, ApiError> {
        self.read(Request::get("/api/2.0/preview/scim/v2/Me")).await
    }

    /// Jobs and their runs.
    pub fn jobs(&self) -> Jobs<'_> {
        Jobs { workspace: self }
    }

    /// Clusters.
    pub fn clusters(&self) -> Clusters<'_> {
        Clusters { workspace: self }
    }

    /// Notebooks, files and directories.
    pub fn files(&self) -> Files<'_> {
        Files { workspace: self }
    }

    /// What was sent so far.
    pub fn stats(&self) -> Stats {
        self.transport.stats()
    }

    /// A call whose answer has a shape.
    pub(super) async fn read<T: DeserializeOwned>(&self, request: Request) -> Result<T, ApiError> {
        let (method, path) = (request.method.clone(), request.path.clone());
        let answer = self.call(request).await?;
        parse(answer, &method, &path)
    }

    /// A POST that deletes, for which "no such thing" is as good.
    pub(super) async fn post_delete(&self, path: &str, body: Value) -> Result<Deleted, ApiError> {
        match self
            .call(Request::post(path, body, Retry::Idempotent))
            .await
        {
            Ok(_) => Ok(Deleted::Done),
            Err(error) if error.is_not_found() => Ok(Deleted::WasAbsent),
            Err(error) => Err(error),
        }
    }
}

/// Gives an answer its shape.
pub(super) fn parse<T: DeserializeOwned>(
    answer: Value,
    method: &reqwest::Method,
    path: &str,
) -> Result<T, ApiError> {
    serde_json::from_value(answer).map_err(|error| {
        let message = format!(
            "the answer has an unknown shape at line {}: a field is missing or odd",
            error.line()
        );
        call::unreadable(method, path, &message, reqwest::StatusCode::OK)
    })
}
