//! Time and chance, handed in so that a test of a five-minute retry takes no time.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;

/// The clock, the sleeper and the source of jitter of all Databricks clients that share a [`super::Connections`].
#[derive(Clone)]
pub struct Timing {
    now: Arc<dyn Fn() -> Instant + Send + Sync>,
    sleep: Arc<dyn Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync>,
    jitter: Arc<dyn Fn() -> f64 + Send + Sync>,
}

impl Timing {
    /// The machine's monotonic clock, tokio's sleep and a random jitter.
    pub fn real() -> Self {
        Self::new(
            Instant::now,
            |wait| Box::pin(tokio::time::sleep(wait)),
            rand::random::<f64>,
        )
    }

    /// A clock of the caller's making. `jitter` answers a number in `0.0..1.0`.
    pub fn new(
        now: impl Fn() -> Instant + Send + Sync + 'static,
        sleep: impl Fn(Duration) -> BoxFuture<'static, ()> + Send + Sync + 'static,
        jitter: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Self {
        Self {
            now: Arc::new(now),
            sleep: Arc::new(sleep),
            jitter: Arc::new(jitter),
        }
    }

    pub(super) fn now(&self) -> Instant {
        (self.now)()
    }

    pub(super) async fn sleep(&self, wait: Duration) {
        (self.sleep)(wait).await;
    }

    pub(super) fn jitter(&self) -> f64 {
        (self.jitter)().clamp(0.0, 1.0)
    }
}

impl fmt::Debug for Timing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Timing")
    }
}
