//! The world of the stories: a GitHub and a Databricks account in the test's own process, and hodman, either in the same
//! process or as the real binary. What happened is looked at from outside: pull requests, jobs, runs, files, packages.

mod account;
mod ending;
mod process;
mod scene;
mod seed;
mod short;
mod takeover;

pub use account::{ACCOUNT, Somebody};
pub use ending::{Ending, PullEnding, WorkspaceEnding, checks};
pub use process::{Hodman, Killer, binary};
pub use scene::{Options, Scene, Secrets};
pub use short::{Short, environment};
pub use takeover::takeover;

pub use hodman::demo::{CANARY, REPOSITORY};

use std::time::{Duration, Instant};

/// No single wait of a story takes a second on an idle machine; leases, back-offs and busy machines are what this is for. The
/// longest one covers four kills with a lease, a start and a plan after each.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Looks until something is there.
///
/// # Errors
/// When it is not there in time; `told` says how things stand then.
pub async fn until<T>(
    what: &str,
    mut found: impl AsyncFnMut() -> Option<T>,
    told: impl AsyncFnOnce() -> String,
) -> anyhow::Result<T> {
    let began = Instant::now();
    loop {
        // One look that never ends is as late as one that never finds it.
        let left = PATIENCE.saturating_sub(began.elapsed());
        if let Ok(Some(found)) = tokio::time::timeout(left, found()).await {
            return Ok(found);
        }
        if began.elapsed() >= PATIENCE {
            anyhow::bail!(
                "{what}: not within {} s; {}",
                PATIENCE.as_secs(),
                told().await
            );
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
