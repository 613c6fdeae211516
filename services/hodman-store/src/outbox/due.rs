//! When something becomes due, so that executors sleep exactly as long.

use chrono::{DateTime, Utc};

use super::Kinds;
use crate::db::{Value, sql};
use crate::error::Result;
use crate::store::Store;

impl Store {
    /// The earliest moment at which [`Store::claim_effects`] with the same `kinds` would find something, if
    /// nothing else is committed before; never before `now`. `None`: sleep until [`Store::outbox_signal`].
    ///
    /// Effects that wait behind a leased one of their lane do not count: its end or its lease's end comes first.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn next_due(
        &self,
        now: DateTime<Utc>,
        kinds: Kinds<'_>,
    ) -> Result<Option<DateTime<Utc>>> {
        let values: Vec<Value<'_>> = kinds.values().collect();
        let statement = format!(
            "SELECT MIN(CASE state WHEN 'leased' THEN lease_until ELSE run_at END) FROM outbox \
             WHERE (state = 'leased' OR state = 'queued' AND NOT EXISTS \
                (SELECT 1 FROM outbox holder WHERE holder.state = 'leased' AND holder.lane = outbox.lane)) {}",
            kinds.sql(1)
        );
        let row = self.db.first(sql(statement), &values).await?;
        let due = row.map_or(Ok(None), |row| row.maybe_time(0))?;
        Ok(due.map(|due| due.max(now)))
    }
}
