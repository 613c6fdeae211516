//! State, history, effects and acknowledgements in one transaction.

use super::effects::{cancel, insert_effects};
use super::{Commit, CommitOutcome};
use crate::db::{Row, Tx};
use crate::error::Result;
use crate::history::append;
use crate::inbox::{acknowledge, in_order};
use crate::signal::Topic;
use crate::store::Store;
use crate::time::to_ms;

impl Store {
    /// Commits a decision: the new state, its history, the effects it wants, those it no longer wants, and the
    /// acknowledgement of the events that led to it. All of it is durable, or nothing was written.
    ///
    /// # Errors
    /// [`StoreError::DuplicateOperation`](crate::StoreError::DuplicateOperation) when an operation number was used
    /// before.
    pub async fn commit(&self, commit: Commit) -> Result<CommitOutcome> {
        let mut tx = self.db.begin().await?;
        let Some(head) = swap(&mut tx, &commit).await? else {
            tx.rollback().await?;
            return Ok(CommitOutcome::Conflict);
        };
        for ack in in_order(&commit.acks) {
            if !acknowledge(&mut tx, ack, commit.now).await? {
                tx.rollback().await?;
                return Ok(CommitOutcome::Conflict);
            }
        }
        let (version, length, hash) = (head.int(0)?, head.int(1)?, head.text(2)?);
        append(&mut tx, &commit, version, length, hash).await?;
        cancel(&mut tx, &commit).await?;
        insert_effects(&mut tx, &commit).await?;
        let outbox = !commit.effects.is_empty() || !commit.cancel_ops.is_empty();
        tx.commit(
            &self.signals,
            if outbox {
                &[Topic::Timer, Topic::Outbox]
            } else {
                &[Topic::Timer]
            },
        )
        .await?;
        Ok(CommitOutcome::Committed { version })
    }
}

/// Writes the state if the version is the expected one, and holds its row. Returns version and head of the history.
async fn swap(tx: &mut Tx, commit: &Commit) -> Result<Option<Row>> {
    let sql = if commit.expected_version == 0 {
        "INSERT INTO pipelines (pipeline, version, state, wake_at, updated_at) VALUES ($1, $2 + 1, $3, $4, $5) \
         ON CONFLICT (pipeline) DO NOTHING RETURNING version, history_length, history_hash"
    } else {
        "UPDATE pipelines SET version = version + 1, state = $3, wake_at = $4, updated_at = $5 \
         WHERE pipeline = $1 AND version = $2 RETURNING version, history_length, history_hash"
    };
    let values = [
        (&commit.pipeline).into(),
        commit.expected_version.into(),
        (&commit.state).into(),
        commit.wake_at.map(to_ms).into(),
        to_ms(commit.now).into(),
    ];
    tx.first(sql, &values).await
}
