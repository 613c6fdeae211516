//! Where the moment comes from. Passed in, so that tests and the demo can own time.

use chrono::{DateTime, Duration, Utc};
use std::fmt;
use std::sync::Arc;
use tokio::sync::watch;

/// A source of moments.
#[derive(Clone)]
pub struct Clock {
    source: Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>,
    moved: Option<watch::Receiver<i64>>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::from_fn(Utc::now)
    }

    /// Any other source.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self {
            source: Arc::new(now),
            moved: None,
        }
    }

    /// The machine's clock, moved on by as many milliseconds as `by` says. Whoever sleeps until a moment hears of each move.
    #[must_use]
    pub fn moved_on(by: watch::Receiver<i64>) -> Self {
        let own = by.clone();
        let now = move || Utc::now() + Duration::milliseconds(*own.borrow());
        Self {
            source: Arc::new(now),
            moved: Some(by),
        }
    }

    /// To hear of moves from now on.
    #[must_use]
    pub fn moves(&self) -> Moves {
        Moves(self.moved.clone())
    }

    /// The moment.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        (self.source)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// Tells when a clock was moved. The machine's never is.
#[derive(Clone, Debug)]
pub struct Moves(Option<watch::Receiver<i64>>);

impl Moves {
    /// Waits for a move that was not heard of yet.
    pub async fn next(&mut self) {
        if let Some(moved) = &mut self.0
            && moved.changed().await.is_ok()
        {
            return;
        }
        // Nobody can move it, or nobody is there any more who could.
        std::future::pending().await
    }
}
