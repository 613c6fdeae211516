//! Forgets what is kept for a while only, also when nothing else happens any more.

use super::Parts;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_hours(1);

/// Forgets until told to stop. A failure is logged, never fatal: whoever would take something looks at its age, too.
pub(super) async fn run(parts: &Parts, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        if let Err(error) = parts.work.places.forget_old(parts.clock.now()).await {
            tracing::warn!("what is old cannot be forgotten: {error:#}");
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
