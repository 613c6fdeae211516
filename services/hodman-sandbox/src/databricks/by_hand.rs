//! A person who does with a click what a call of the API does.

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::call::Context;
use super::error::ApiError;
use super::handle::WorkspaceHandle;
use super::table::object;
use super::tokens::Caller;
use super::workspace_routes;

impl WorkspaceHandle {
    /// Whether calls on a job that was deleted are answered with 403 instead of 400, as they are to callers that are no
    /// administrators.
    pub fn deny_deleted_jobs(&self, deny: bool) {
        self.world.lock().jobs.deny_deleted = deny;
    }

    /// Whether the permissions in a call that makes a job are passed over without a word, as by a workspace without access
    /// control and by some imitations of one.
    pub fn ignore_access_in_creates(&self, ignore: bool) {
        self.world.lock().jobs.ignore_access = ignore;
    }

    /// Gives the workspace a cluster policy of the sort that every workspace comes with and nobody made, such as
    /// `Personal Compute`; its id.
    pub fn add_built_in_policy(&self, name: &str, definition: &Value) -> String {
        let mut world = self.world.lock();
        let id = format!("{:016X}", world.next_id());
        let row = object(json!({
            "policy_id": id,
            "name": name,
            "definition": definition.to_string(),
            "is_default": true,
        }));
        world.policies.insert(&id, row);
        id
    }

    /// Does what a call of the workspace's API does, in the name of `by`: for every kind that has no method of its own
    /// here. `path` begins with `/api/` and may have a query; `Value::Null` is no body. The answer is the call's, or null
    /// when it has no JSON. No token is asked for, nothing is counted, limited or logged, no fault strikes.
    ///
    /// # Errors
    /// What the API refuses; a path or a method that there is not.
    pub async fn call(
        &self,
        by: &str,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<Value, ApiError> {
        let content = if body.is_null() {
            Body::empty()
        } else {
            Body::from(body.to_string())
        };
        let mut request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(CONTENT_TYPE, "application/json")
            .body(content)
            .map_err(|error| ApiError::malformed(error.to_string()))?;
        let now = self.world.lock().clock.millis();
        request.extensions_mut().insert(Context {
            caller: Caller::of(by),
            now,
        });
        let router = workspace_routes().with_state(self.world.clone());
        let response = match router.oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), usize::MAX)
            .await
            .map_err(|error| ApiError::malformed(error.to_string()))?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if (200..300).contains(&status) {
            return Ok(answer);
        }
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        Err(ApiError::new(
            status,
            text("error_code").unwrap_or("ENDPOINT_NOT_FOUND"),
            text("message").or_else(|| text("detail")).map_or_else(
                || format!("{method} {path} is refused: {}", json!(answer)),
                str::to_owned,
            ),
        ))
    }
}
