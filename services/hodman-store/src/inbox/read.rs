//! Reading the inbox.

use super::{EventState, InboxRow, NewEvent};
use crate::db::{Row, Value};
use crate::error::Result;
use crate::store::Store;

macro_rules! columns {
    () => {
        "seq, source, delivery, kind, pipeline, meta, body, received_at, state, note, acked_at"
    };
}

/// Which events to list, newest first. The default lists all.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only events in this state.
    pub state: Option<EventState>,
    /// Only events of this kind.
    pub kind: Option<String>,
    /// Only events from this source.
    pub source: Option<String>,
    /// Only events older than this number: the last number of the page before.
    pub before_seq: Option<i64>,
    /// At most so many; `None` is 100.
    pub limit: Option<usize>,
}

/// How many events of one kind are in one state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCount {
    /// The state.
    pub state: EventState,
    /// The kind.
    pub kind: String,
    /// How many.
    pub count: u64,
}

impl Store {
    /// Pending events with numbers above `after_seq`, by number: at most `limit`.
    ///
    /// An event never appears below one that was already readable, so `after_seq` may be the last number seen.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn pending_events(&self, after_seq: i64, limit: usize) -> Result<Vec<InboxRow>> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM inbox WHERE state = 'pending' AND seq > $1 ORDER BY seq LIMIT $2"
        );
        self.db
            .all(sql, &[after_seq.into(), limit_value(limit)])
            .await?
            .iter()
            .map(inbox_row)
            .collect()
    }

    /// Events that match `filter`, newest first, with their bodies: ask for as few as are shown.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn list_events(&self, filter: &EventFilter) -> Result<Vec<InboxRow>> {
        let sql = concat!(
            "SELECT ",
            columns!(),
            " FROM inbox WHERE ($1 IS NULL OR state = $1) AND ($2 IS NULL OR kind = $2) \
             AND ($3 IS NULL OR source = $3) AND ($4 IS NULL OR seq < $4) ORDER BY seq DESC LIMIT $5"
        );
        let values = [
            filter.state.map(EventState::as_str).into(),
            filter.kind.as_deref().into(),
            filter.source.as_deref().into(),
            filter.before_seq.into(),
            limit_value(filter.limit.unwrap_or(100)),
        ];
        self.db
            .all(sql, &values)
            .await?
            .iter()
            .map(inbox_row)
            .collect()
    }

    /// One event.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn get_event(&self, seq: i64) -> Result<Option<InboxRow>> {
        let sql = concat!("SELECT ", columns!(), " FROM inbox WHERE seq = $1");
        self.db
            .first(sql, &[seq.into()])
            .await?
            .as_ref()
            .map(inbox_row)
            .transpose()
    }

    /// How many events of each kind are in each state.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn event_counts(&self) -> Result<Vec<EventCount>> {
        let sql =
            "SELECT state, kind, COUNT(*) FROM inbox GROUP BY state, kind ORDER BY state, kind";
        let count = |row: &Row| {
            Ok(EventCount {
                state: row.text(0)?.parse()?,
                kind: row.text(1)?,
                count: row.int(2)?.unsigned_abs(),
            })
        };
        self.db.all(sql, &[]).await?.iter().map(count).collect()
    }
}

pub(crate) fn limit_value(limit: usize) -> Value<'static> {
    Value::Int(i64::try_from(limit).unwrap_or(i64::MAX))
}

fn inbox_row(row: &Row) -> Result<InboxRow> {
    Ok(InboxRow {
        seq: row.int(0)?,
        event: NewEvent {
            source: row.text(1)?,
            delivery: row.text(2)?,
            kind: row.text(3)?,
            pipeline: row.maybe_text(4)?,
            meta: row.json(5, "event meta")?,
            body: row.bytes(6)?,
            received_at: row.time(7)?,
        },
        state: row.text(8)?.parse()?,
        note: row.maybe_text(9)?,
        acked_at: row.maybe_time(10)?,
    })
}
