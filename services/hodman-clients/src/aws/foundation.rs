//! Roles and buckets that workspaces stand on, asked in the form in which Databricks is asked: a path, a method, JSON.
//!
//! `/aws/iam/roles[/NAME]` and `/aws/s3/buckets[/NAME]`; `POST` makes, `GET` shows, `PUT` makes it be what the body says, `DELETE`
//! removes. An object is shown as the body of its `PUT`, with what only AWS knows beside it.

mod buckets;
mod roles;

use serde_json::Value;

use super::Aws;
use super::error::{AwsError, AwsErrorKind};
use crate::databricks::{ApiError, ErrorKind, Request};
use buckets::Buckets;
use roles::Roles;

/// Roles and buckets of one account and region.
#[derive(Debug, Clone)]
pub struct Foundation {
    roles: Roles,
    buckets: Buckets,
}

impl Aws {
    /// Roles and buckets; nothing is sent yet.
    #[must_use]
    pub fn foundation(&self) -> Foundation {
        Foundation {
            roles: Roles::new(self),
            buckets: Buckets::new(self),
        }
    }
}

impl Foundation {
    /// Answers one request.
    ///
    /// # Errors
    /// In AWS's own words.
    pub async fn call(&self, request: &Request) -> Result<Value, ApiError> {
        let body = request.body.clone().unwrap_or_default();
        let named = |base: &str| {
            let rest = request.path.strip_prefix(base)?;
            Some(rest.trim_start_matches('/').to_owned())
        };
        let method = request.method.as_str();
        let answer = if let Some(name) = named("/aws/iam/roles") {
            match method {
                "GET" => self.roles.show(&name).await,
                "POST" => self.roles.make(&body).await,
                "PUT" => self.roles.bring(&name, &body).await,
                "DELETE" => self.roles.remove(&name).await,
                _ => return Err(unknown(request)),
            }
        } else if let Some(name) = named("/aws/s3/buckets") {
            match method {
                "GET" => self.buckets.show(&name).await,
                "POST" => self.buckets.make(&body).await,
                "PUT" => self.buckets.bring(&name, &body).await,
                "DELETE" => {
                    let body = request.body.as_ref();
                    let empty = body.and_then(|body| body["empty"].as_bool());
                    self.buckets.remove(&name, empty.unwrap_or_default()).await
                }
                _ => return Err(unknown(request)),
            }
        } else {
            return Err(unknown(request));
        };
        answer.map_err(|error| refusal(request, &error))
    }
}

fn unknown(request: &Request) -> ApiError {
    let call = format!("{} {}", request.method, request.path);
    ApiError::of(ErrorKind::Unsupported, call, None, "no such request", false)
}

fn refusal(request: &Request, error: &AwsError) -> ApiError {
    let kind = match error.code() {
        Some("NoSuchEntity" | "NoSuchBucket" | "NotFound") => ErrorKind::NotFound,
        Some("EntityAlreadyExists" | "BucketAlreadyOwnedByYou" | "BucketAlreadyExists") => {
            ErrorKind::AlreadyExists
        }
        Some("DeleteConflict" | "BucketNotEmpty" | "OperationAborted") => ErrorKind::Conflict,
        _ => match error.kind {
            AwsErrorKind::AccessDenied => ErrorKind::PermissionDenied,
            AwsErrorKind::BadCredentials => ErrorKind::Unauthenticated,
            _ if error.is_transient() => ErrorKind::Temporary,
            _ => ErrorKind::Invalid,
        },
    };
    let call = format!("{} {}", request.method, request.path);
    // Every write here is looked for again by name, so a doubt costs a look and nothing else.
    let doubt = error.is_transient() && request.method != reqwest::Method::GET;
    let code = error.code().map(str::to_owned);
    ApiError::of(kind, call, code, error.to_string(), doubt)
}

/// A text field of a body.
fn text<'b>(body: &'b Value, field: &str) -> Option<&'b str> {
    body.get(field)?.as_str().filter(|text| !text.is_empty())
}

/// A mapping of texts in a body.
fn texts<'b>(body: &'b Value, field: &str) -> impl Iterator<Item = (&'b String, &'b str)> {
    let map = body.get(field).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((key, value.as_str()?)))
}
