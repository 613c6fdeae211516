//! Reading the outbox.

use super::{EffectState, OutboxRow};
use crate::db::{Row, sql};
use crate::error::Result;
use crate::inbox::limit_value;
use crate::store::Store;

/// Which effects to list, newest first. The default lists all.
#[derive(Clone, Debug, Default)]
pub struct EffectFilter {
    /// Only effects of this pipeline.
    pub pipeline: Option<String>,
    /// Only effects of this environment.
    pub env: Option<String>,
    /// Only effects in this state.
    pub state: Option<EffectState>,
    /// Only effects of this lane.
    pub lane: Option<String>,
    /// Only effects older than this number: the last number of the page before.
    pub before_id: Option<i64>,
    /// At most so many; `None` is 100.
    pub limit: Option<usize>,
}

impl Store {
    /// Effects that match `filter`, newest first.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn list_effects(&self, filter: &EffectFilter) -> Result<Vec<OutboxRow>> {
        let statement = format!(
            "SELECT {} FROM outbox WHERE ($1 IS NULL OR pipeline = $1) AND ($2 IS NULL OR env = $2) \
             AND ($3 IS NULL OR state = $3) AND ($4 IS NULL OR lane = $4) AND ($5 IS NULL OR id < $5) \
             ORDER BY id DESC LIMIT $6",
            returning_columns()
        );
        let values = [
            filter.pipeline.as_deref().into(),
            filter.env.as_deref().into(),
            filter.state.map(EffectState::as_str).into(),
            filter.lane.as_deref().into(),
            filter.before_id.into(),
            limit_value(filter.limit.unwrap_or(100)),
        ];
        self.db
            .all(sql(statement), &values)
            .await?
            .iter()
            .map(outbox_row)
            .collect()
    }
}

/// The columns that [`outbox_row`] reads, in its order.
pub(super) fn returning_columns() -> &'static str {
    "id, pipeline, op, lane, kind, env, payload, state, run_at, attempt, worker, lease_until, cancel_requested, \
     last_error, created_at, updated_at"
}

pub(super) fn outbox_row(row: &Row) -> Result<OutboxRow> {
    Ok(OutboxRow {
        id: row.int(0)?,
        pipeline: row.text(1)?,
        op: row.int(2)?,
        lane: row.text(3)?,
        kind: row.text(4)?,
        env: row.maybe_text(5)?,
        payload: row.text(6)?,
        state: row.text(7)?.parse()?,
        run_at: row.time(8)?,
        attempt: row.int(9)?,
        worker: row.maybe_text(10)?,
        lease_until: row.maybe_time(11)?,
        cancel_requested: row.int(12)? == 1,
        last_error: row.maybe_text(13)?,
        created_at: row.time(14)?,
        updated_at: row.time(15)?,
    })
}
