//! Proving that nobody edited the history.
//!
//! The chain finds an edited, inserted, swapped or deleted row; the head in the pipeline's row finds a cut-off end.
//! Somebody who can write both and recomputes every hash is not found: for that, keep the head's hash elsewhere
//! (each row's hash is in [`HistoryRow`](super::HistoryRow)).

use thiserror::Error;

use super::chain::Link;
use crate::db::Tx;
use crate::error::StoreError;
use crate::store::Store;

/// Why a history could not be verified.
#[derive(Debug, Error)]
pub enum HistoryCheckError {
    /// The chain is broken: this is the first position that is missing or not what was written.
    #[error("the history is broken at position {0}")]
    BrokenAt(i64),
    /// The history could not be read.
    #[error("cannot read the history")]
    Store(#[source] StoreError),
}

impl<E: Into<StoreError>> From<E> for HistoryCheckError {
    fn from(error: E) -> Self {
        Self::Store(error.into())
    }
}

/// Rows read at a time.
const PAGE: i64 = 500;

impl Store {
    /// Recomputes the chain of `pipeline`. Returns the number of entries; 0 for an unknown pipeline.
    ///
    /// # Errors
    /// [`HistoryCheckError::BrokenAt`] the first position that was edited or is missing.
    pub async fn verify_history(&self, pipeline: &str) -> Result<u64, HistoryCheckError> {
        // A transaction, so that a commit between two pages does not look like a broken head.
        let mut tx = self.db.begin().await?;
        // Holds the row on PostgreSQL: no commit can append meanwhile.
        let hold = "UPDATE pipelines SET version = version WHERE pipeline = $1 RETURNING history_length, history_hash";
        let head = tx.first(hold, &[pipeline.into()]).await?;
        let (length, hash) = match head {
            Some(row) => (row.int(0)?, row.text(1)?),
            None => (0, String::new()),
        };
        let checked = walk(&mut tx, pipeline).await;
        tx.rollback().await?;
        let (count, last) = checked?;
        if (count, &last) != (length, &hash) {
            // Every row is right by itself, so rows are missing at the end, or the head was edited.
            return Err(HistoryCheckError::BrokenAt(count.min(length) + 1));
        }
        Ok(count.unsigned_abs())
    }
}

/// Follows the chain to its last row. Returns that row's position and hash.
async fn walk(tx: &mut Tx, pipeline: &str) -> Result<(i64, String), HistoryCheckError> {
    let sql = "SELECT position, version, at, env, kind, because, data, hash FROM history \
               WHERE pipeline = $1 AND position > $2 ORDER BY position LIMIT $3";
    let (mut position, mut head) = (0, String::new());
    loop {
        let rows = tx
            .all(sql, &[pipeline.into(), position.into(), PAGE.into()])
            .await?;
        for row in &rows {
            position += 1;
            let (env, kind, because, data) =
                (row.maybe_text(3)?, row.text(4)?, row.text(5)?, row.text(6)?);
            let link = Link {
                pipeline,
                position,
                version: row.int(1)?,
                at_ms: row.int(2)?,
                env: env.as_deref(),
                kind: &kind,
                because: &because,
                data: &data,
            };
            head = link.hash(&head);
            if row.int(0)? != position || row.text(7)? != head {
                return Err(HistoryCheckError::BrokenAt(position));
            }
        }
        if rows.is_empty() {
            return Ok((position, head));
        }
    }
}
