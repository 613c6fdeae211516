//! Wakes pipelines at the moment that their last decision named.

use crate::clock::Clock;
use hodman_store::{Store, enduring};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The longest sleep. Clocks are set and machines sleep: half a minute bounds what that can cost.
const LONGEST: Duration = Duration::from_secs(30);

/// How far ahead a moment may lie that a clock which ran ahead has noted. A day is more than a wrong time zone, the largest mistake that
/// is made by hand; who is woken too early only looks and sleeps again.
const AHEAD: chrono::TimeDelta = chrono::TimeDelta::days(1);

/// Fires due wakes until told to stop, and all of the next day once at the start: the clock may have been put right in between.
///
/// # Errors
/// When the store cannot be read or written, for minutes or for good.
pub async fn run_timers(
    store: &Store,
    clock: &Clock,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut signal = store.timer_signal();
    let mut moves = clock.moves();
    enduring(|| store.fire_wakes_until(clock.now(), clock.now() + AHEAD)).await?;
    loop {
        enduring(|| store.fire_wakes(clock.now())).await?;
        let next = enduring(|| store.next_wake()).await?;
        let until = next.map_or(LONGEST, |at| {
            (at - clock.now())
                .to_std()
                .unwrap_or(Duration::ZERO)
                .min(LONGEST)
        });
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = signal.changed() => {}
            () = moves.next() => {}
            // A millisecond more than asked for: stored moments are whole milliseconds.
            () = tokio::time::sleep(until + Duration::from_millis(1)) => {}
        }
    }
}
