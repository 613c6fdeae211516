//! Replaying an event: after the bug that made it poison was fixed.

use chrono::{DateTime, Utc};

use super::{Ack, EventState};
use crate::db::{Lock, Tx};
use crate::error::{Result, StoreError};
use crate::signal::Topic;
use crate::store::Store;
use crate::time::to_ms;

/// The source of copies.
pub(super) const REPLAY: &str = "replay";

impl Store {
    /// Inserts a copy of event `seq` as new: source `replay`, delivery `replay:<seq>:<n>` with `n` from 1. The original
    /// is left as it is until the copy is understood: poison becomes what the copy is then. Returns the copy's number.
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

/// What `ack` says of the copy `delivery` is said of what it is a copy of, if that is poison; and of what that is a copy of.
pub(super) async fn settle(
    tx: &mut Tx,
    ack: &Ack,
    delivery: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let sql = "UPDATE inbox SET state = $1, note = $2, acked_at = $3 WHERE seq = $4 AND state = 'poison' \
               RETURNING source, delivery";
    let state = EventState::from(ack.outcome).as_str();
    let note = format!("replayed as event {}", ack.seq);
    let mut of = original(delivery);
    while let Some(seq) = of {
        let values = [state.into(), (&note).into(), to_ms(now).into(), seq.into()];
        let row = tx.first(sql, &values).await?;
        of = match row {
            Some(row) if row.text(0)? == REPLAY => original(&row.text(1)?),
            _ => None,
        };
    }
    Ok(())
}

/// The number in `replay:<seq>:<n>`.
fn original(delivery: &str) -> Option<i64> {
    delivery.split(':').nth(1)?.parse().ok()
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
