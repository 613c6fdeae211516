//! Refusals in the shapes the service uses: JSON with `error_code`, and SCIM's own.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// A refusal: what the API answers instead of doing the work.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// HTTP status of the answer.
    pub status: u16,
    /// Value of `error_code`, for example `INVALID_PARAMETER_VALUE`.
    pub code: String,
    /// Text for people.
    pub message: String,
    /// Value of `details`, where the service says more than a text.
    details: Option<Value>,
    shape: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Standard,
    Scim,
    OAuth,
}

impl ApiError {
    pub(crate) fn new(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            details: None,
            shape: Shape::Standard,
        }
    }

    /// 400: also what `jobs/get`, `jobs/runs/get` and `clusters/get` say of a missing object.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_PARAMETER_VALUE", message)
    }

    /// 404.
    pub(crate) fn missing(message: impl Into<String>) -> Self {
        Self::new(404, "RESOURCE_DOES_NOT_EXIST", message)
    }

    /// 400 with the code that the SDKs map to a conflict.
    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Self::new(400, "RESOURCE_ALREADY_EXISTS", message)
    }

    /// 409 with the code that newer calls say of an object that is in the way.
    pub(crate) fn conflict(message: impl Into<String>) -> Self {
        Self::new(409, "RESOURCE_CONFLICT", message)
    }

    /// The same refusal with an `ErrorInfo` of this reason and metadata in its `details`.
    pub(crate) fn with_info(mut self, reason: &str, metadata: &Value) -> Self {
        self.details = Some(json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "settings.databricks.com",
            "metadata": metadata,
        }]));
        self
    }

    /// 400: the object is in a state that does not allow the call.
    pub(crate) fn state(message: impl Into<String>) -> Self {
        Self::new(400, "INVALID_STATE", message)
    }

    /// 400: a body that is not what the call takes.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, "MALFORMED_REQUEST", message)
    }

    /// 401: no usable token.
    pub(crate) fn unauthenticated(message: impl Into<String>) -> Self {
        Self::new(401, "401", message)
    }

    /// SCIM refusal: `detail`, `status` and, where it has one, `scimType`.
    pub(crate) fn scim(status: u16, scim_type: &str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code: scim_type.to_owned(),
            message: detail.into(),
            details: None,
            shape: Shape::Scim,
        }
    }

    /// RFC 6749 section 5.2, with Databricks' extra `error_code`.
    pub(crate) fn oauth(status: u16, error: &str, description: &str) -> Self {
        Self {
            status,
            code: error.to_owned(),
            message: description.to_owned(),
            details: None,
            shape: Shape::OAuth,
        }
    }

    fn body(&self) -> Value {
        match self.shape {
            Shape::Standard => match &self.details {
                None => json!({"error_code": self.code, "message": self.message}),
                Some(details) => {
                    json!({"error_code": self.code, "message": self.message, "details": details})
                }
            },
            Shape::OAuth => json!({"error": self.code, "error_description": self.message}),
            Shape::Scim => {
                let mut body = json!({
                    "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
                    "detail": self.message,
                    "status": self.status.to_string(),
                });
                if !self.code.is_empty() {
                    body["scimType"] = json!(self.code);
                }
                body
            }
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, Json(self.body())).into_response()
    }
}
