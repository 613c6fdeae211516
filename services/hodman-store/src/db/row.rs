//! A row of either engine, read by column number.

use chrono::{DateTime, Utc};
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use crate::error::{Result, StoreError};
use crate::time::from_ms;

/// A row of either engine.
pub(crate) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

macro_rules! get {
    ($row:expr, $column:expr) => {
        match $row {
            Row::Sqlite(row) => row.try_get($column)?,
            Row::Postgres(row) => row.try_get($column)?,
        }
    };
}

impl Row {
    pub(super) fn sqlite(rows: Vec<SqliteRow>) -> Vec<Self> {
        rows.into_iter().map(Self::Sqlite).collect()
    }

    pub(super) fn postgres(rows: Vec<PgRow>) -> Vec<Self> {
        rows.into_iter().map(Self::Postgres).collect()
    }

    pub(crate) fn int(&self, column: usize) -> Result<i64> {
        Ok(get!(self, column))
    }

    pub(crate) fn maybe_int(&self, column: usize) -> Result<Option<i64>> {
        Ok(get!(self, column))
    }

    pub(crate) fn text(&self, column: usize) -> Result<String> {
        Ok(get!(self, column))
    }

    pub(crate) fn maybe_text(&self, column: usize) -> Result<Option<String>> {
        Ok(get!(self, column))
    }

    pub(crate) fn bytes(&self, column: usize) -> Result<Vec<u8>> {
        Ok(get!(self, column))
    }

    pub(crate) fn time(&self, column: usize) -> Result<DateTime<Utc>> {
        from_ms(self.int(column)?)
    }

    pub(crate) fn maybe_time(&self, column: usize) -> Result<Option<DateTime<Utc>>> {
        self.maybe_int(column)?.map(from_ms).transpose()
    }

    pub(crate) fn json(&self, column: usize, what: &'static str) -> Result<serde_json::Value> {
        let text = self.text(column)?;
        serde_json::from_str(&text).map_err(|_| StoreError::Corrupt { what, found: text })
    }
}
