//! The way back from an update that failed as well, and goes on without what cannot go back because a person says so.

use super::{Stacks, kind_of, wanted_tags};
use crate::places::error;
use hodman_clients::cloudformation::StackError;
use hodman_clients::databricks::{ApiError, ErrorKind, Request};
use hodman_model::digest::sha256;
use hodman_model::kinds::{TAG_ENV, TAG_KEY};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The state of a stack that is half-way back.
const HALF_BACK: &str = "UPDATE_ROLLBACK_FAILED";

/// The state of one that is back.
const BACK: &str = "UPDATE_ROLLBACK_COMPLETE";

impl Stacks {
    /// Goes on with the way back of a stack of ours, and leaves as it is what the request names. AWS refuses names of what did go back.
    pub(super) async fn go_back(&self, request: &Request, name: &str) -> Result<Value, ApiError> {
        let failed = |failure| super::refusal(request, failure);
        let body = request.body.clone().unwrap_or_default();
        let skip = body["skip"].as_array().into_iter().flatten();
        let skip: Vec<String> = skip
            .filter_map(|one| one.as_str().map(str::to_owned))
            .collect();
        let Some(info) = self.client.describe(name).await.map_err(failed)? else {
            let words = format!("Stack {name} does not exist");
            return Err(error(request, ErrorKind::NotFound, words));
        };
        let (marker, _) = wanted_tags(&body);
        info.must_be_ours(&marker).map_err(failed)?;
        let asked = json!(["go back", info.id, info.changed_at, skip]);
        let token = sha256(asked.to_string().as_bytes());
        let token = &token.hex()[..32];
        let back = if info.is_half_back() {
            self.client.continue_rollback(&info.id, &skip, token).await
        } else if info.is_busy() && info.status.starts_with("UPDATE_ROLLBACK_") {
            // Begun before a crash.
            self.client.gone_back(&info.id, token).await
        } else if info.status == BACK {
            // Ended before a crash, or by somebody else: it is where it was to go.
            return Ok(Value::Null);
        } else {
            let words = format!(
                "stack {name} is in {}: it has no way back to go on with; only one in {HALF_BACK} has",
                info.status
            );
            return Err(error(request, ErrorKind::Invalid, words));
        };
        back.map_err(|failure| refusal(request, &marker, failure))?;
        tracing::warn!(
            stack = name,
            ?skip,
            "a way back went on without what could not go back"
        );
        Ok(Value::Null)
    }
}

/// The same as for every failure; where the way back failed once more, with what helps then.
pub(super) fn refusal(
    request: &Request,
    marker: &BTreeMap<String, String>,
    failure: StackError,
) -> ApiError {
    let kind = kind_of(&failure);
    let words = failure.to_string();
    let hint = match &failure {
        StackError::Failed { status, .. } if status == HALF_BACK => {
            let of = |tag: &str| marker.get(tag).map_or("", String::as_str);
            format!(
                "; mend what cannot go back, or `hodman unlock {} {} --skip LOGICAL_ID` goes on and leaves just that as it is",
                of(TAG_ENV),
                of(TAG_KEY)
            )
        }
        _ => String::new(),
    };
    error(request, kind, words + &hint)
}
