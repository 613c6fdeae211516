//! One object, asked for by itself.

use super::request;
use crate::work::WorkError;
use hodman_clients::databricks::{ApiError, Workspace};
use hodman_model::kinds::{Kind, Listing};
use serde_json::Value;

/// The answer to the request for one object; none when it is not there.
pub(super) async fn get(
    workspace: &Workspace,
    kind: &dyn Kind,
    id: &str,
) -> Result<Option<Value>, WorkError> {
    Ok(asked(workspace, kind, id).await?)
}

/// The same for whoever has to know what a refusal means.
pub(super) async fn asked(
    workspace: &Workspace,
    kind: &dyn Kind,
    id: &str,
) -> Result<Option<Value>, ApiError> {
    let paged = match kind.listing() {
        Listing::All(list) => list.paged_fields,
        Listing::Below { .. } | Listing::ByName => &[],
    };
    let mut call = kind.get(id);
    loop {
        let answer = match workspace.whole(&request(&call), paged).await {
            Err(error) if error.is_not_found() => return Ok(None),
            answer => kind.pick(id, answer?),
        };
        let Some(closer) = answer.as_ref().and_then(|answer| kind.look_up(answer)) else {
            return Ok(answer);
        };
        call = closer;
    }
}
