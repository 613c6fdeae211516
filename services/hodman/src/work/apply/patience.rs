//! Refusals that pass by themselves: what was made a moment ago is not known everywhere, and what uses an object lets go of it
//! a while after it went. Told by their words, sent again with growing pauses, for some minutes and no longer.

use super::super::{WorkError, live};
use super::site::Site;
use hodman_clients::databricks::{ApiError, ErrorKind};
use hodman_model::kinds::{Call, Kind};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// A new role is known everywhere after some ten seconds, seldom after minutes; a network is free some seconds after its
/// workspace went, and others wait a minute for that.
const PASSES_WITHIN: Duration = Duration::from_mins(5);
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How long one refusal has been waited out.
pub(super) struct Patience {
    began: Instant,
    pause: Duration,
}

impl Patience {
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            pause: FIRST_PAUSE,
        }
    }

    /// Waits, when the refusal is one that passes and there is time left; whether it is worth another try.
    pub async fn after(&mut self, kind: &dyn Kind, error: &ApiError) -> bool {
        if !kind.passing(error.message()) || self.began.elapsed() >= PASSES_WITHIN {
            return false;
        }
        tracing::info!(kind = kind.name(), "not yet: {}", error.message());
        tokio::time::sleep(self.pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        true
    }
}

/// One request, each time after a question for the lease, until it is taken or refused for good.
pub(super) async fn send(
    site: &Site<'_>,
    kind: &dyn Kind,
    call: &Call,
) -> Result<Result<Value, ApiError>, WorkError> {
    let mut patience = Patience::new();
    loop {
        site.job.fence.check().await?;
        match site.part.workspace.call(live::request(call)).await {
            Ok(answer) => return Ok(Ok(answer)),
            Err(error) if patience.after(kind, &error).await => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// What a refusal that did not pass in time means: an object that is busy is changed later, with a fresh plan, and everything
/// else is told as it was refused.
pub(super) fn put_off(site: &Site<'_>, kind: &dyn Kind, id: &str, error: ApiError) -> WorkError {
    let busy = error.kind == ErrorKind::Conflict && kind.passing(error.message());
    if busy && !site.part.is_foundation() {
        return WorkError::waits(format!("waits for {} {id}: {error}", kind.singular()));
    }
    error.into()
}
