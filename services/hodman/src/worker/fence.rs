//! Proof that an executor still holds its effect.

use crate::clock::Clock;
use chrono::TimeDelta;
use hodman_store::{OutboxRow, Renewal, Store, enduring};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;

/// The effect was cancelled or claimed by somebody else.
#[derive(Debug, thiserror::Error)]
#[error("the lease has passed on")]
pub struct LeaseLost;

/// A hold on one attempt of one effect. Whatever writes outside asks it before each step.
#[derive(Clone, Debug)]
pub struct Fence {
    store: Store,
    clock: Clock,
    id: i64,
    attempt: i64,
    lease: Duration,
    lost: Arc<AtomicBool>,
    by_hand: bool,
}

impl Fence {
    /// A hold on a claimed row.
    #[must_use]
    pub fn new(store: Store, clock: Clock, row: &OutboxRow, lease: Duration) -> Self {
        Self {
            store,
            clock,
            id: row.id,
            attempt: row.attempt,
            lease,
            lost: Arc::default(),
            by_hand: false,
        }
    }

    /// A hold on nothing: whoever asks it before writing is refused.
    #[must_use]
    pub fn for_reading(store: Store, clock: Clock) -> Self {
        let lost = Arc::new(AtomicBool::new(true));
        Self {
            store,
            clock,
            id: 0,
            attempt: 0,
            lease: Duration::ZERO,
            lost,
            by_hand: false,
        }
    }

    /// A hold that no lease gives: a person runs the work in the foreground, in a workspace and under an environment's
    /// name that no executor has. Nobody else can hold it.
    #[must_use]
    pub fn by_hand(store: Store, clock: Clock) -> Self {
        Self {
            lost: Arc::default(),
            by_hand: true,
            ..Self::for_reading(store, clock)
        }
    }

    /// Whether nothing may be written under it.
    #[must_use]
    pub fn is_for_reading(&self) -> bool {
        self.id == 0 && !self.by_hand
    }

    /// Which try this is, from 1.
    #[must_use]
    pub fn attempt(&self) -> i64 {
        self.attempt
    }

    /// Renews the lease, or says that it has passed on. Asked of the database each time: a memory of holding it is
    /// worth nothing after this machine was paused. One that is away for a moment is waited for, and then says who holds it.
    ///
    /// # Errors
    /// [`LeaseLost`], also when the database cannot be asked for minutes.
    pub async fn check(&self) -> Result<(), LeaseLost> {
        if self.by_hand {
            return Ok(());
        }
        if self.lost.load(Ordering::Acquire) {
            return Err(LeaseLost);
        }
        let lease = TimeDelta::from_std(self.lease).unwrap_or(TimeDelta::minutes(1));
        let renewed = enduring(|| {
            let now = self.clock.now();
            self.store
                .renew_effect(self.id, self.attempt, now + lease, now)
        });
        match renewed.await {
            Ok(Renewal::Held) => Ok(()),
            Ok(Renewal::Cancelled | Renewal::Lost) => {
                self.lost.store(true, Ordering::Release);
                Err(LeaseLost)
            }
            Err(error) => {
                tracing::warn!("the lease cannot be renewed: {error}");
                Err(LeaseLost)
            }
        }
    }

    /// Renews at a third of the lease, so that two lost renewals do no harm.
    pub(super) fn beat(&self) -> AbortOnDropHandle<()> {
        let fence = self.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                tokio::time::sleep(fence.lease / 3).await;
                if fence.check().await.is_err() && fence.lost.load(Ordering::Acquire) {
                    return;
                }
            }
        }))
    }
}
