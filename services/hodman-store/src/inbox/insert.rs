//! Inserting events, many per statement, and finding out which were known.

use std::collections::HashMap;

use super::{Insertion, NewEvent};
use crate::db::{Lock, Tx, Value, placeholders, sql, storable};
use crate::error::{Result, StoreError};
use crate::time::to_ms;

/// Rows per statement. More gains nothing; fewer kinds of statements stay prepared.
const ROWS: usize = 50;
const COLUMNS: usize = 7;

/// Inserts `events` in order. The answers are in the same order.
pub(crate) async fn insert(tx: &mut Tx, events: &[&NewEvent]) -> Result<Vec<Insertion>> {
    tx.lock(Lock::Inbox).await?;
    let mut answers = Vec::with_capacity(events.len());
    for events in events.chunks(ROWS) {
        answers.extend(insert_chunk(tx, events).await?);
    }
    Ok(answers)
}

async fn insert_chunk(tx: &mut Tx, events: &[&NewEvent]) -> Result<Vec<Insertion>> {
    let metas: Vec<String> = events.iter().map(|event| event.meta.to_string()).collect();
    let mut values: Vec<Value<'_>> = Vec::with_capacity(events.len() * COLUMNS);
    for (event, meta) in events.iter().zip(&metas) {
        values.extend([
            Value::from(&event.source),
            Value::from(&event.delivery),
            Value::from(&event.kind),
            Value::from(event.pipeline.as_deref()),
            Value::from(meta),
            Value::from(event.body.as_slice()),
            Value::from(to_ms(event.received_at)),
        ]);
    }
    let statement = format!(
        "INSERT INTO inbox (source, delivery, kind, pipeline, meta, body, received_at) VALUES {} \
         ON CONFLICT (source, delivery) DO NOTHING RETURNING seq, source, delivery",
        placeholders(events.len(), COLUMNS)
    );
    let mut fresh = HashMap::new();
    for row in tx.all(sql(statement), &values).await? {
        fresh.insert([row.text(1)?, row.text(2)?], row.int(0)?);
    }
    let mut answers = Vec::with_capacity(events.len());
    for event in events {
        // The first of equal events in one statement is the one that was written.
        let key = [&event.source, &event.delivery].map(|text| storable(text).into_owned());
        let answer = match fresh.remove(&key) {
            Some(seq) => Insertion {
                seq,
                duplicate: false,
            },
            None => Insertion {
                seq: seq_of(tx, &event.source, &event.delivery).await?,
                duplicate: true,
            },
        };
        answers.push(answer);
    }
    Ok(answers)
}

async fn seq_of(tx: &mut Tx, source: &str, delivery: &str) -> Result<i64> {
    let sql = "SELECT seq FROM inbox WHERE source = $1 AND delivery = $2";
    let row = tx.first(sql, &[source.into(), delivery.into()]).await?;
    row.ok_or_else(|| StoreError::Corrupt {
        what: "event",
        found: format!("{source} {delivery}"),
    })?
    .int(0)
}
