//! Waits: until an object that was made can be used, and until one that is to be removed has nothing to do.

use super::super::{WorkError, live};
use super::site::Site;
use hodman_model::kinds::{Call, Kind, Readiness};
use hodman_model::plan::Row;
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// What is ready in seconds is asked for often, what takes minutes seldom.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Serving endpoints and apps take minutes; what takes longer than this has failed without saying so.
const READY_WITHIN: Duration = Duration::from_mins(30);

/// Not every part of the service knows at once what was made: "does not exist" is believed after this only.
const SHOWN_WITHIN: Duration = Duration::from_secs(30);

/// A run that ends within this is waited for at once. For any other the apply is put off, and then tried again with a fresh
/// plan, as often as it takes: what waits must not hold the lane, and is to be seen.
const IDLE_WITHIN: Duration = Duration::from_secs(5);

/// Waits until the object can be used. `answer` is what the create said.
pub(super) async fn until_ready(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    answer: Option<&Value>,
) -> Result<(), WorkError> {
    // Most kinds are ready as soon as they are there, and are not asked: ten thousand jobs would cost as many requests.
    let at_once = |answer: &Value| kind.readiness(answer) == Readiness::Ready;
    if at_once(&Value::Null) && answer.is_none_or(at_once) {
        return Ok(());
    }
    until_usable(site, kind, id).await
}

/// The same, whatever was said before.
pub(super) async fn until_usable(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
) -> Result<(), WorkError> {
    until_done(site, kind, id, &kind.get(id), "was made and does not work").await
}

/// Waits for the end of what `call` began, when `answer` was not the end of it.
pub(super) async fn until_taken(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    call: &Call,
    answer: &Value,
) -> Result<(), WorkError> {
    match kind.follow(id, call, answer) {
        Some(follow) => until_done(site, kind, id, &follow, "did not take the change").await,
        None => Ok(()),
    }
}

/// Asks `call` until its answer says that the object is ready, or that it failed: `failed` in words.
async fn until_done(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    call: &Call,
    failed: &str,
) -> Result<(), WorkError> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let asked = site.part.workspace.call(live::request(call)).await;
        let now = match asked {
            Ok(now) => now,
            Err(error) if error.is_not_found() && began.elapsed() < SHOWN_WITHIN => {
                site.job.fence.check().await?;
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let state = match kind.readiness(&now) {
            Readiness::Ready => return Ok(()),
            Readiness::Failed(words) => {
                let more = why(site, kind, &now).await;
                return Err(WorkError::lasting(format!(
                    "{} {id} {failed}: {words}{more}",
                    kind.singular()
                )));
            }
            Readiness::Pending(state) => state,
        };
        if began.elapsed() > READY_WITHIN {
            let minutes = READY_WITHIN.as_secs() / 60;
            return Err(WorkError::lasting(format!(
                "{} {id} is still {state} after {minutes} minutes",
                kind.singular()
            )));
        }
        site.job.fence.check().await?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What else is said about a failure, with a colon in front; nothing when nobody can be asked.
pub(super) async fn why(site: &Site<'_>, kind: &dyn Kind, answer: &Value) -> String {
    let Some(call) = kind.failure_call(answer) else {
        return String::new();
    };
    match site.part.workspace.call(live::request(&call)).await {
        Ok(answer) => match kind.failure_words(&answer) {
            words if words.is_empty() => words,
            words => format!(": {words}"),
        },
        Err(error) => {
            tracing::warn!("why it failed cannot be asked: {error}");
            String::new()
        }
    }
}

/// Waits until a removal cuts nothing off.
pub(super) async fn until_idle(
    site: &Site<'_>,
    kind: &dyn Kind,
    row: &Row,
    id: &str,
) -> Result<(), WorkError> {
    let Some(call) = kind.activity(id).filter(|_| row.busy_guard) else {
        return Ok(());
    };
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        let busy = match site.part.workspace.call(live::request(&call)).await {
            Ok(answer) => kind.busy(&answer),
            // What is gone does nothing.
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if busy.is_empty() {
            return Ok(());
        }
        let words = format!(
            "waits for {} of {}, which would be cut off (`allow_destroy: [{}]` in the environment's file lets it go on)",
            busy.join(", "),
            row.key,
            row.key
        );
        if began.elapsed() > IDLE_WITHIN {
            return Err(WorkError::waits(words));
        }
        tracing::info!(key = %row.key, "{words}");
        site.job.fence.check().await?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
