//! Answers and refusals in GitHub's form.

use serde_json::{Value, json};

/// What a handler returns.
pub(crate) type Reply = Result<Answer, ApiError>;

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Payload {
    /// No body.
    Empty,
    /// One document.
    Json(Value),
    /// A list to be cut into pages.
    List(Vec<Value>),
    /// A list to be cut into pages inside `{total_count, <key>: […]}`.
    Counted(&'static str, Vec<Value>),
    /// Bytes with their content type.
    Bytes(&'static str, Vec<u8>),
}

/// A successful answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub status: u16,
    pub payload: Payload,
    pub location: Option<String>,
}

impl Answer {
    pub(crate) fn new(status: u16, payload: Payload) -> Self {
        Self {
            status,
            payload,
            location: None,
        }
    }

    pub(crate) fn ok(body: Value) -> Reply {
        Ok(Self::new(200, Payload::Json(body)))
    }

    pub(crate) fn created(body: Value) -> Reply {
        Ok(Self::new(201, Payload::Json(body)))
    }

    pub(crate) fn accepted(body: Value) -> Reply {
        Ok(Self::new(202, Payload::Json(body)))
    }

    pub(crate) fn empty() -> Reply {
        Ok(Self::new(204, Payload::Empty))
    }

    pub(crate) fn list(items: Vec<Value>) -> Reply {
        Ok(Self::new(200, Payload::List(items)))
    }

    pub(crate) fn counted(key: &'static str, items: Vec<Value>) -> Reply {
        Ok(Self::new(200, Payload::Counted(key, items)))
    }

    pub(crate) fn bytes(kind: &'static str, bytes: Vec<u8>) -> Reply {
        Ok(Self::new(200, Payload::Bytes(kind, bytes)))
    }
}

/// A refusal.
#[derive(Debug, thiserror::Error)]
#[error("{status} {message}")]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// GitHub's `message`.
    pub message: String,
    /// GitHub's `errors`, when it has some.
    pub errors: Option<Value>,
}

impl ApiError {
    pub(crate) fn new(status: u16, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
            errors: None,
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(404, "Not Found")
    }

    pub(crate) fn unprocessable(message: &str) -> Self {
        Self::new(422, message)
    }

    pub(crate) fn forbidden(message: &str) -> Self {
        Self::new(403, message)
    }

    pub(crate) fn conflict(message: &str) -> Self {
        Self::new(409, message)
    }

    /// 422 that names the field.
    pub(crate) fn validation(message: &str, resource: &str, field: &str, code: &str) -> Self {
        let errors = json!([{"resource": resource, "field": field, "code": code}]);
        Self {
            status: 422,
            message: message.to_owned(),
            errors: Some(errors),
        }
    }

    /// 422 with a sentence, as for duplicate pull requests.
    pub(crate) fn refused(resource: &str, sentence: &str) -> Self {
        let errors = json!([{"resource": resource, "code": "custom", "message": sentence}]);
        Self {
            status: 422,
            message: "Validation Failed".to_owned(),
            errors: Some(errors),
        }
    }

    /// 422 for a field that is absent or of the wrong type.
    pub(crate) fn missing(resource: &str, field: &str) -> Self {
        Self::validation("Validation Failed", resource, field, "missing_field")
    }

    pub(crate) fn body(&self) -> Value {
        let mut body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.to_string(),
        });
        if let Some(errors) = &self.errors {
            body["errors"] = errors.clone();
        }
        body
    }
}

impl From<git2::Error> for ApiError {
    fn from(error: git2::Error) -> Self {
        tracing::error!(%error, "git failed in the sandbox");
        Self::new(500, "Server Error")
    }
}

impl From<std::io::Error> for ApiError {
    fn from(error: std::io::Error) -> Self {
        tracing::error!(%error, "the sandbox could not use its files");
        Self::new(500, "Server Error")
    }
}
