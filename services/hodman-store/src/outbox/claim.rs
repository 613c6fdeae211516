//! Claiming effects by lease.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::list::{outbox_row, returning_columns};
use super::{Kinds, OutboxRow};
use crate::db::{Lock, sql};
use crate::error::Result;
use crate::inbox::limit_value;
use crate::store::Store;
use crate::time::to_ms;

impl Store {
    /// Leases due effects to `worker` for `lease`: at most `limit`, at most one per lane, oldest first.
    ///
    /// Due is what is queued with `run_at` not after `now` in a lane where nothing is leased, and what is leased but
    /// whose lease has ended. Each claim raises `attempt`, which the worker must show to renew, complete or retry.
    /// What is of other `kinds` is passed over, also where it is older in its lane.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database); nothing is leased then.
    pub async fn claim_effects(
        &self,
        worker: &str,
        now: DateTime<Utc>,
        lease: Duration,
        limit: usize,
        kinds: Kinds<'_>,
    ) -> Result<Vec<OutboxRow>> {
        let until = now + TimeDelta::from_std(lease).unwrap_or(TimeDelta::MAX);
        let mut values = vec![
            to_ms(now).into(),
            to_ms(until).into(),
            worker.into(),
            limit_value(limit),
        ];
        values.extend(kinds.values());
        // The outer conditions look again after a wait for the row: a worker may have finished it meanwhile.
        let statement = format!(
            "UPDATE outbox SET state = 'leased', attempt = attempt + 1, worker = $3, lease_until = $2, updated_at = $1 \
             WHERE id IN (SELECT MIN(id) FROM outbox WHERE {due} {wanted} GROUP BY lane ORDER BY 1 LIMIT $4) \
             AND (state = 'queued' AND run_at <= $1 OR state = 'leased' AND lease_until <= $1) RETURNING {columns}",
            due = "(state = 'queued' AND run_at <= $1 \
                     AND NOT EXISTS (SELECT 1 FROM outbox holder WHERE holder.state = 'leased' AND holder.lane = outbox.lane) \
                    OR state = 'leased' AND lease_until <= $1)",
            wanted = kinds.sql(5),
            columns = returning_columns(),
        );
        let mut tx = self.db.begin().await?;
        tx.lock(Lock::Lanes).await?;
        let claimed = tx.all(sql(statement), &values).await?;
        tx.commit(&self.signals, &[]).await?;
        let mut claimed = claimed.iter().map(outbox_row).collect::<Result<Vec<_>>>()?;
        claimed.sort_by_key(|row| row.id);
        Ok(claimed)
    }
}
