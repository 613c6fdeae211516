//! Forgets what is kept for a while only, also when nothing else happens any more, and what a death left: of the daemon before this one,
//! or of a program that outlived that one.

use super::Parts;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const EVERY: Duration = Duration::from_hours(1);

/// How long what was handled stays to be looked at, and known when it is delivered again: twice what SQS keeps a message.
const HANDLED_FOR: chrono::Duration = chrono::Duration::days(30);

/// How long what nobody understood waits for somebody to mend that: three months of releases and holidays. It is counted and
/// shown all the while, and whoever sends such events by mistake does not fill the disk for ever.
const POISON_FOR: chrono::Duration = chrono::Duration::days(90);

/// Forgets until told to stop. A failure is logged, never fatal: whoever would take something looks at its age, too.
pub(super) async fn run(parts: &Parts, stop: CancellationToken) -> anyhow::Result<()> {
    loop {
        let work = parts.work.clone();
        tokio::task::spawn_blocking(move || work.places.sweep()).await?;
        let now = parts.clock.now();
        if let Err(error) = parts.work.places.forget_old(now).await {
            tracing::warn!("what is old cannot be forgotten: {error:#}");
        }
        match parts.store.prune(now - HANDLED_FOR, now - POISON_FOR).await {
            Ok(pruned) => tracing::debug!(?pruned, "handled long ago"),
            Err(error) => tracing::warn!("what was handled long ago stays: {error}"),
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
