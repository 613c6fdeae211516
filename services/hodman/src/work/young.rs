//! A workspace that a module made just now: its name may not be known everywhere, and nobody may answer there yet.

use super::{Job, WorkError, taken::Part};
use chrono::Duration;
use hodman_clients::databricks::Workspace;

/// A name that was asked for too early counts as unknown for as long as its zone says, minutes mostly.
const ANSWERS_WITHIN: Duration = Duration::minutes(20);

/// The failure to look at `workspace`. One that stands in `ground` and is that young is waited for: tries would be used up before.
pub(super) fn waited_for(
    job: &Job<'_>,
    ground: Option<&Part>,
    workspace: &Workspace,
    error: WorkError,
) -> WorkError {
    let now = job.work.clock.now();
    let mut objects = ground.into_iter().flat_map(|part| &part.observed.objects);
    let young = objects.any(|object| {
        let host = object.listed.outputs.get("host");
        let host = host.and_then(serde_json::Value::as_str);
        let is_it = host.is_some_and(|host| host.trim_end_matches('/') == workspace.host());
        let made = object.listed.created_at;
        is_it && made.is_some_and(|made| now.signed_duration_since(made) < ANSWERS_WITHIN)
    });
    match young && error.is_transient() && !error.is_waiting() {
        true => WorkError::waits(format!(
            "workspace `{}` was made just now and does not answer yet: {error}",
            workspace.name()
        )),
        false => error,
    }
}
