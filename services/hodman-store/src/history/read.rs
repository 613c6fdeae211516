//! Reading the history.

use super::{HistoryRow, NewHistory};
use crate::db::Row;
use crate::error::Result;
use crate::inbox::limit_value;
use crate::store::Store;

impl Store {
    /// The last `limit` entries of `pipeline`, newest first; of one environment when `env` is given.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn history(
        &self,
        pipeline: &str,
        env: Option<&str>,
        limit: usize,
    ) -> Result<Vec<HistoryRow>> {
        let sql = "SELECT position, version, at, env, kind, because, data, hash FROM history \
                   WHERE pipeline = $1 AND ($2 IS NULL OR env = $2) ORDER BY position DESC LIMIT $3";
        let values = [pipeline.into(), env.into(), limit_value(limit)];
        self.db
            .all(sql, &values)
            .await?
            .iter()
            .map(history_row)
            .collect()
    }
}

fn history_row(row: &Row) -> Result<HistoryRow> {
    Ok(HistoryRow {
        position: row.int(0)?,
        version: row.int(1)?,
        at: row.time(2)?,
        entry: NewHistory {
            env: row.maybe_text(3)?,
            kind: row.text(4)?,
            because: row.text(5)?,
            data: row.json(6, "history data")?,
        },
        hash: row.text(7)?,
    })
}
