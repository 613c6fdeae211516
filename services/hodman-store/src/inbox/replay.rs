//! Replaying an event: after the bug that made it poison was fixed.

use chrono::{DateTime, Utc};

use crate::db::{Lock, Tx};
use crate::error::{Result, StoreError};
use crate::signal::Topic;
use crate::store::Store;
use crate::time::to_ms;

impl Store {
    /// Inserts a copy of event `seq` as new: source `replay`, delivery `replay:<seq>:<n>` with `n` from 1. The original
    /// is left as it is. Returns the copy's number.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is no such event.
    pub async fn replay_event(&self, seq: i64, now: DateTime<Utc>) -> Result<i64> {
        let mut tx = self.db.begin().await?;
        tx.lock(Lock::Inbox).await?;
        let delivery = format!("replay:{seq}:{}", replays(&mut tx, seq).await? + 1);
        let sql = "INSERT INTO inbox (source, delivery, kind, pipeline, meta, body, received_at) \
                   SELECT 'replay', $1, kind, pipeline, meta, body, $2 FROM inbox WHERE seq = $3 RETURNING seq";
        let copy = tx
            .first(sql, &[(&delivery).into(), to_ms(now).into(), seq.into()])
            .await?;
        let copy = copy
            .ok_or(StoreError::NotFound {
                what: "event",
                id: seq,
            })?
            .int(0)?;
        tx.commit(&self.signals, &[Topic::Inbox]).await?;
        Ok(copy)
    }
}

/// The highest number that a replay of `seq` has. Counting them would be wrong once the first was pruned.
async fn replays(tx: &mut Tx, seq: i64) -> Result<u64> {
    let prefix = format!("replay:{seq}:");
    // ';' is the character after ':', so this is every delivery that starts with the prefix.
    let end = format!("replay:{seq};");
    let sql =
        "SELECT delivery FROM inbox WHERE source = 'replay' AND delivery >= $1 AND delivery < $2";
    let mut highest = 0;
    for row in tx.all(sql, &[(&prefix).into(), (&end).into()]).await? {
        let number = row
            .text(0)?
            .strip_prefix(&prefix)
            .and_then(|number| number.parse().ok());
        highest = highest.max(number.unwrap_or(0));
    }
    Ok(highest)
}
