//! What the holder of a lease may do: renew it, complete the effect, or put it off. All fenced by the attempt.

use chrono::{DateTime, Utc};

use super::{Completion, Renewal, Retry};
use crate::db::Lock;
use crate::error::Result;
use crate::inbox::{NewEvent, insert};
use crate::signal::Topic;
use crate::store::Store;
use crate::time::to_ms;

impl Store {
    /// Prolongs the lease of effect `id` until `until`. A lease that has ended but was not taken by another is prolonged
    /// too. Renew at a third of the lease, so that two lost renewals do no harm.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database); the lease runs on as it was.
    pub async fn renew_effect(
        &self,
        id: i64,
        attempt: i64,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Renewal> {
        let sql = "UPDATE outbox SET lease_until = $1, updated_at = $2 \
                   WHERE id = $3 AND attempt = $4 AND state = 'leased' RETURNING cancel_requested";
        let mut tx = self.db.begin().await?;
        let row = tx
            .first(
                sql,
                &[
                    to_ms(until).into(),
                    to_ms(now).into(),
                    id.into(),
                    attempt.into(),
                ],
            )
            .await?;
        tx.commit(&self.signals, &[]).await?;
        Ok(match row.map(|row| row.int(0)).transpose()? {
            None => Renewal::Lost,
            Some(0) => Renewal::Held,
            Some(_) => Renewal::Cancelled,
        })
    }

    /// Ends effect `id` and inserts its outcome as an event, in one transaction. An outcome whose (source, delivery)
    /// is known already is not inserted again. A cancelled effect that was running is completed like any other.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database); neither was written then, and the call may be repeated.
    pub async fn complete_effect(
        &self,
        id: i64,
        attempt: i64,
        outcome: NewEvent,
        now: DateTime<Utc>,
    ) -> Result<Completion> {
        let sql = "UPDATE outbox SET state = 'done', lease_until = NULL, updated_at = $1 \
                   WHERE id = $2 AND attempt = $3 AND state = 'leased'";
        let mut tx = self.db.begin().await?;
        tx.lock(Lock::Inbox).await?;
        if tx
            .run(sql, &[to_ms(now).into(), id.into(), attempt.into()])
            .await?
            == 0
        {
            tx.rollback().await?;
            return Ok(Completion::Fenced);
        }
        let seq = insert(&mut tx, &[&outcome]).await?[0].seq;
        tx.commit(&self.signals, &[Topic::Inbox, Topic::Outbox])
            .await?;
        Ok(Completion::Done { seq })
    }

    /// Puts effect `id` off until `run_at` after an attempt that failed, and frees its lane. An effect that is no longer
    /// wanted becomes cancelled instead.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn retry_effect(
        &self,
        id: i64,
        attempt: i64,
        run_at: DateTime<Utc>,
        error: &str,
        now: DateTime<Utc>,
    ) -> Result<Retry> {
        let sql = "UPDATE outbox SET state = CASE cancel_requested WHEN 1 THEN 'cancelled' ELSE 'queued' END, \
                   lease_until = NULL, run_at = $1, last_error = $2, updated_at = $3 \
                   WHERE id = $4 AND attempt = $5 AND state = 'leased' RETURNING cancel_requested";
        let values = [
            to_ms(run_at).into(),
            error.into(),
            to_ms(now).into(),
            id.into(),
            attempt.into(),
        ];
        let mut tx = self.db.begin().await?;
        let row = tx.first(sql, &values).await?;
        tx.commit(
            &self.signals,
            if row.is_some() { &[Topic::Outbox] } else { &[] },
        )
        .await?;
        Ok(match row.map(|row| row.int(0)).transpose()? {
            None => Retry::Fenced,
            Some(0) => Retry::Queued,
            Some(_) => Retry::Cancelled,
        })
    }
}
