//! Reading states.

use super::{PipelineRow, StateRow};
use crate::db::Row;
use crate::error::Result;
use crate::store::Store;

impl Store {
    /// The state of `pipeline`; `None` when nothing was ever committed for it.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn load_state(&self, pipeline: &str) -> Result<Option<StateRow>> {
        let sql = "SELECT version, state, wake_at FROM pipelines WHERE pipeline = $1";
        let state = |row: Row| {
            Ok(StateRow {
                version: row.int(0)?,
                json: row.text(1)?,
                wake_at: row.maybe_time(2)?,
            })
        };
        self.db
            .first(sql, &[pipeline.into()])
            .await?
            .map(state)
            .transpose()
    }

    /// All pipelines, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn list_pipelines(&self) -> Result<Vec<PipelineRow>> {
        let sql = "SELECT pipeline, version, wake_at, updated_at FROM pipelines ORDER BY pipeline";
        let pipeline = |row: &Row| {
            Ok(PipelineRow {
                pipeline: row.text(0)?,
                version: row.int(1)?,
                wake_at: row.maybe_time(2)?,
                updated_at: row.time(3)?,
            })
        };
        self.db.all(sql, &[]).await?.iter().map(pipeline).collect()
    }
}
