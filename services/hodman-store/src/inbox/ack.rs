//! Acknowledging events.

use chrono::{DateTime, Utc};

use super::replay::{REPLAY, settle};
use super::{Ack, AckOutcome, EventState};
use crate::db::Tx;
use crate::error::Result;
use crate::store::Store;
use crate::time::to_ms;

impl Store {
    /// Acknowledges events outside of a commit: those that lead to no decision. Returns how many were still pending;
    /// the others are left as they are. Poison is kept with its note until a replay of it is understood, until it is
    /// dismissed, or until it is pruned.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database); nothing is acknowledged then.
    pub async fn ack_events(&self, acks: &[Ack], now: DateTime<Utc>) -> Result<usize> {
        let mut tx = self.db.begin().await?;
        let mut changed = 0;
        for ack in in_order(acks) {
            changed += usize::from(acknowledge(&mut tx, ack, now).await?);
        }
        tx.commit(&self.signals, &[]).await?;
        Ok(changed)
    }
}

/// By number, so that two transactions that acknowledge the same events wait for each other instead of deadlocking.
pub(crate) fn in_order(acks: &[Ack]) -> Vec<&Ack> {
    let mut acks: Vec<&Ack> = acks.iter().collect();
    acks.sort_by_key(|ack| ack.seq);
    acks
}

/// Acknowledges one event, and the poison that it is a replay of. False when it was not pending.
pub(crate) async fn acknowledge(tx: &mut Tx, ack: &Ack, now: DateTime<Utc>) -> Result<bool> {
    let sql = "UPDATE inbox SET state = $1, note = $2, acked_at = $3 WHERE seq = $4 AND state = 'pending' \
               RETURNING source, delivery";
    let state = EventState::from(ack.outcome).as_str();
    let values = [
        state.into(),
        ack.note.as_deref().into(),
        to_ms(now).into(),
        ack.seq.into(),
    ];
    let Some(row) = tx.first(sql, &values).await? else {
        return Ok(false);
    };
    if ack.outcome != AckOutcome::Poison && row.text(0)? == REPLAY {
        settle(tx, ack, &row.text(1)?, now).await?;
    }
    Ok(true)
}
