//! Dismissing poison: somebody looked at it, and it is of no use.

use chrono::{DateTime, Utc};

use crate::error::{Result, StoreError};
use crate::store::Store;
use crate::time::to_ms;

impl Store {
    /// Poison that somebody dismisses is ignored from now on, and forgotten like all that is ignored. False when the event
    /// is no poison; it is left as it is then.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such event.
    pub async fn dismiss_event(&self, seq: i64, now: DateTime<Utc>) -> Result<bool> {
        if self.get_event(seq).await?.is_none() {
            return Err(StoreError::NotFound {
                what: "event",
                id: seq,
            });
        }
        // What was wrong with it stays readable.
        let sql = "UPDATE inbox SET state = 'ignored', note = COALESCE('dismissed: ' || note, 'dismissed'), acked_at = $1 \
                   WHERE seq = $2 AND state = 'poison'";
        let mut tx = self.db.begin().await?;
        let changed = tx.run(sql, &[to_ms(now).into(), seq.into()]).await?;
        tx.commit(&self.signals, &[]).await?;
        Ok(changed == 1)
    }
}
