//! Clusters, API 2.1.

use serde_json::{Map, Value, json};

use super::error::ApiError;
use super::request::{Deleted, Request, Retry};
use super::workspace::Workspace;

/// The clusters of a workspace. A cluster's settings stay JSON: this crate does not know which of them matter.
#[derive(Debug, Clone, Copy)]
pub struct Clusters<'a> {
    pub(super) workspace: &'a Workspace,
}

impl Clusters<'_> {
    /// All clusters, with those that jobs start for themselves (`cluster_source` tells them apart).
    pub async fn list_all(&self) -> Result<Vec<Value>, ApiError> {
        self.workspace
            .list_all(
                "/api/2.1/clusters/list",
                &[("page_size", "100")],
                "clusters",
            )
            .await
    }

    /// One cluster.
    pub async fn get(&self, cluster_id: &str) -> Result<Value, ApiError> {
        self.workspace
            .call(Request::get("/api/2.1/clusters/get").query("cluster_id", cluster_id))
            .await
    }

    /// Makes and starts a cluster; answers its id. Names are not unique: after [`ApiError::may_have_taken_effect`] look
    /// for it before making another.
    pub async fn create(&self, settings: Value) -> Result<String, ApiError> {
        #[derive(serde::Deserialize)]
        struct Created {
            cluster_id: String,
        }
        let request = Request::post("/api/2.1/clusters/create", settings, Retry::NotIdempotent);
        Ok(self.workspace.read::<Created>(request).await?.cluster_id)
    }

    /// Overwrites all settings. A running cluster restarts; one that is neither running nor terminated is a
    /// [`super::ErrorKind::Conflict`].
    pub async fn edit(&self, cluster_id: &str, settings: Value) -> Result<(), ApiError> {
        let mut body: Map<String, Value> = match settings {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        body.insert("cluster_id".to_owned(), cluster_id.into());
        let request = Request::post(
            "/api/2.1/clusters/edit",
            Value::Object(body),
            Retry::Idempotent,
        );
        self.workspace.call(request).await.map(drop)
    }

    /// Removes a cluster for good, terminating it if it runs.
    pub async fn permanent_delete(&self, cluster_id: &str) -> Result<Deleted, ApiError> {
        self.workspace
            .post_delete(
                "/api/2.1/clusters/permanent-delete",
                json!({ "cluster_id": cluster_id }),
            )
            .await
    }
}
