//! Forgetting what nobody needs any more, so that the tables stay small.

use chrono::{DateTime, Utc};

use crate::error::Result;
use crate::store::Store;
use crate::time::to_ms;

/// How much was forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Handled and ignored events.
    pub events: u64,
    /// Events that nobody understood.
    pub poison: u64,
    /// Done and cancelled effects.
    pub effects: u64,
}

impl Store {
    /// Deletes events that were handled or ignored, and effects that were done or cancelled, before `before`, and poison
    /// from before `poison_before`. Pending and running rows, states, history and blobs stay.
    ///
    /// A deleted event's delivery is no longer known, so `before` must lie further back than any source redelivers
    /// (GitHub: 3 days by hand; SQS: 14 days at most). Replays and effects' outcomes carry ids that never return.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database); nothing is deleted then.
    pub async fn prune(
        &self,
        before: DateTime<Utc>,
        poison_before: DateTime<Utc>,
    ) -> Result<Pruned> {
        let before = [to_ms(before).into()];
        let mut tx = self.db.begin().await?;
        let events = "DELETE FROM inbox WHERE state IN ('handled', 'ignored') AND acked_at < $1";
        let poison = "DELETE FROM inbox WHERE state = 'poison' AND acked_at < $1";
        let effects = "DELETE FROM outbox WHERE state IN ('done', 'cancelled') AND updated_at < $1";
        let pruned = Pruned {
            events: tx.run(events, &before).await?,
            poison: tx.run(poison, &[to_ms(poison_before).into()]).await?,
            effects: tx.run(effects, &before).await?,
        };
        tx.commit(&self.signals, &[]).await?;
        Ok(pruned)
    }
}
