//! The outbox's side of a commit.

use std::collections::HashSet;

use super::Commit;
use crate::db::{Lock, Tx, Value, placeholders, sql};
use crate::error::{Result, StoreError};
use crate::time::to_ms;

/// Rows per statement.
const ROWS: usize = 50;
const COLUMNS: usize = 9;

/// Cancels what is queued and marks what runs.
pub(super) async fn cancel(tx: &mut Tx, commit: &Commit) -> Result<()> {
    if commit.cancel_ops.is_empty() {
        return Ok(());
    }
    tx.lock(Lock::Lanes).await?;
    let sql = "UPDATE outbox SET state = CASE WHEN state = 'queued' THEN 'cancelled' ELSE state END, \
               cancel_requested = 1, updated_at = $1 \
               WHERE pipeline = $2 AND op = $3 AND state IN ('queued', 'leased')";
    for op in &commit.cancel_ops {
        tx.run(
            sql,
            &[
                to_ms(commit.now).into(),
                (&commit.pipeline).into(),
                (*op).into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// Queues the effects, in order.
pub(super) async fn insert_effects(tx: &mut Tx, commit: &Commit) -> Result<()> {
    let now = to_ms(commit.now);
    for effects in commit.effects.chunks(ROWS) {
        let mut values: Vec<Value<'_>> = Vec::with_capacity(effects.len() * COLUMNS);
        for effect in effects {
            values.extend([
                Value::from(&commit.pipeline),
                Value::from(effect.op),
                Value::from(&effect.lane),
                Value::from(&effect.kind),
                Value::from(effect.env.as_deref()),
                Value::from(&effect.payload),
                Value::from(to_ms(effect.run_at)),
                Value::from(now),
                Value::from(now),
            ]);
        }
        let statement = format!(
            "INSERT INTO outbox (pipeline, op, lane, kind, env, payload, run_at, created_at, updated_at) VALUES {} \
             ON CONFLICT (pipeline, op) DO NOTHING RETURNING op",
            placeholders(effects.len(), COLUMNS)
        );
        let rows = tx.all(sql(statement), &values).await?;
        let mut written = rows
            .iter()
            .map(|row| row.int(0))
            .collect::<Result<HashSet<i64>>>()?;
        if let Some(taken) = effects.iter().find(|effect| !written.remove(&effect.op)) {
            return Err(StoreError::DuplicateOperation {
                pipeline: commit.pipeline.clone(),
                op: taken.op,
            });
        }
    }
    Ok(())
}
