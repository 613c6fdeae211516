//! Roles and buckets that workspaces stand on, asked in the form in which Databricks is asked: a path, a method, JSON.
//!
//! `/aws/iam/roles[/NAME]` and `/aws/s3/buckets[/NAME]`; `POST` makes, `GET` shows, `PUT` makes it be what the body says, `DELETE`
//! removes, with `only` only what still has these tags and this id. An object is shown as the body of its `PUT`, with what only AWS
//! knows beside it.

mod buckets;
mod roles;

use std::time::Duration;

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
                "DELETE" => self.roles.remove(&name, &body["only"]).await,
                _ => return Err(unknown(request)),
            }
        } else if let Some(name) = named("/aws/s3/buckets") {
            match method {
                "GET" => self.buckets.show(&name).await,
                "POST" => self.buckets.make(&body).await,
                "PUT" => self.buckets.bring(&name, &body).await,
                "DELETE" => {
                    let empty = body["empty"] == true;
                    self.buckets.remove(&name, empty, &body["only"]).await
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
        code if is_missing(code) => ErrorKind::NotFound,
        Some("EntityAlreadyExists" | "BucketAlreadyOwnedByYou" | "BucketAlreadyExists") => {
            ErrorKind::AlreadyExists
        }
        Some("DeleteConflict" | "BucketNotEmpty") => ErrorKind::Conflict,
        // Looked at anew, it is not in the plan any more.
        Some(ANOTHER) => ErrorKind::Temporary,
        _ => match error.kind {
            AwsErrorKind::AccessDenied => ErrorKind::PermissionDenied,
            AwsErrorKind::BadCredentials => ErrorKind::Unauthenticated,
            _ if error.is_transient() => ErrorKind::Temporary,
            _ => ErrorKind::Invalid,
        },
    };
    let call = format!("{} {}", request.method, request.path);
    // "There is one already" comes as a conflict, too, and leaves no doubt: taken for one, somebody else's is taken for ours.
    let sent = request.method != reqwest::Method::GET && error.code() != Some(ANOTHER);
    let doubt = kind == ErrorKind::Temporary && sent;
    let code = error.code().map(str::to_owned);
    ApiError::of(kind, call, code, error.to_string(), doubt)
}

/// How often, and how long in all, what was made a moment ago is asked for again: IAM says that a new role "can take several
/// seconds" to be seen everywhere.
const TRIES: u32 = 6;

/// The first pause; each one is twice the one before, so all of them take 12.4 seconds.
const FIRST_PAUSE: Duration = Duration::from_millis(400);

/// How long an object is waited for that was made a moment ago: "does not exist" then means "is not known everywhere yet".
struct New {
    pause: Duration,
    tries: u32,
}

impl New {
    const fn made() -> Self {
        Self {
            pause: FIRST_PAUSE,
            tries: TRIES,
        }
    }

    /// Whether what was refused like this is worth sending again by now.
    async fn again(&mut self, error: &AwsError) -> bool {
        self.tries -= 1;
        if !is_missing(error.code()) || self.tries == 0 {
            return false;
        }
        tokio::time::sleep(self.pause).await;
        self.pause *= 2;
        true
    }
}

/// The code of our own refusal to remove what is not the object that was looked at.
const ANOTHER: &str = "NotTheSameObject";

/// Refuses to remove an object, shown as `there`, that has not the tags and the id of `only`: what somebody made anew under its name
/// is theirs.
fn must_be(
    only: &Value,
    there: &Value,
    operation: &'static str,
    name: &str,
) -> Result<(), AwsError> {
    let same = |field: &String, wanted: &Value| match wanted.as_object() {
        Some(wanted) => wanted
            .iter()
            .all(|(key, value)| there[field.as_str()].get(key) == Some(value)),
        None => there[field.as_str()] == *wanted,
    };
    let wanted = only.as_object().into_iter().flatten();
    match wanted
        .into_iter()
        .find(|(field, wanted)| !same(field, wanted))
    {
        None => Ok(()),
        Some((field, _)) => Err(AwsError::answered(
            operation,
            name,
            409,
            Some(ANOTHER.to_owned()),
            Some(format!(
                "its {field} are not those of the one that was looked at: somebody made another one of that name, which stays"
            )),
        )),
    }
}

fn is_missing(code: Option<&str>) -> bool {
    matches!(code, Some("NoSuchEntity" | "NoSuchBucket" | "NotFound"))
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

/// A list of texts in a body.
fn list(body: &Value, field: &str) -> Vec<String> {
    let list = body.get(field).and_then(Value::as_array);
    let items = list.into_iter().flatten();
    items
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str) -> AwsError {
        AwsError::answered("GetRole", "nodes", 404, Some(code.to_owned()), None)
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_made_a_moment_ago_is_waited_for_but_not_for_ever() {
        for (code, times) in [
            ("NoSuchEntity", TRIES),
            ("NoSuchBucket", TRIES),
            ("MalformedPolicyDocument", 1),
        ] {
            let began = tokio::time::Instant::now();
            let (mut new, mut sent) = (New::made(), 1);
            while new.again(&refused(code)).await {
                sent += 1;
            }
            assert_eq!(sent, times, "{code}");
            let waited = began.elapsed();
            assert_eq!(
                waited > Duration::from_secs(12),
                times > 1,
                "{code}: {waited:?}"
            );
            assert!(waited < Duration::from_secs(13), "{code}: {waited:?}");
        }
    }

    #[test]
    fn an_operation_that_meets_another_is_tried_again() {
        let request = Request::get("/aws/s3/buckets/root");
        let met = AwsError::answered(
            "PutBucketPolicy",
            "root",
            409,
            Some("OperationAborted".to_owned()),
            None,
        );
        assert_eq!(refusal(&request, &met).kind, ErrorKind::Temporary);
        let full = AwsError::answered(
            "DeleteBucket",
            "root",
            409,
            Some("BucketNotEmpty".to_owned()),
            None,
        );
        assert_eq!(refusal(&request, &full).kind, ErrorKind::Conflict);
        let mut create = Request::get("/aws/s3/buckets");
        create.method = reqwest::Method::POST;
        let owned = Some("BucketAlreadyOwnedByYou".to_owned());
        let owned = AwsError::answered("CreateBucket", "root", 409, owned, None);
        let owned = refusal(&create, &owned);
        assert_eq!(owned.kind, ErrorKind::AlreadyExists);
        assert!(!owned.may_have_taken_effect());
        assert!(refusal(&create, &met).may_have_taken_effect());
    }
}
