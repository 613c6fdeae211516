//! One way to speak to both engines. The SQL text is shared; this is the only place that knows which engine it is.

mod listen;
mod open;
mod row;
mod tx;
mod value;

use sqlx::{AssertSqlSafe, PgPool, SqlSafeStr, SqlStr, SqlitePool};

pub(crate) use listen::listen;
pub(crate) use open::open;
pub(crate) use row::Row;
pub(crate) use tx::{Lock, Tx};
pub(crate) use value::{Value, storable};

use crate::error::Result;
use value::bound;

/// The database: pools of connections to one of the two engines.
#[derive(Clone, Debug)]
pub(crate) enum Db {
    /// All writes go through the one connection of `writer`, so `BEGIN IMMEDIATE` never waits for ourselves.
    Sqlite {
        writer: SqlitePool,
        reader: SqlitePool,
        in_memory: bool,
    },
    /// Concurrent writers; where order matters they take a [`Lock`].
    Postgres(PgPool),
}

impl Db {
    /// Begins a transaction that may write.
    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Tx::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Tx::Postgres(pool.begin().await?),
        })
    }

    /// Reads all rows, outside of any transaction.
    pub(crate) async fn all(&self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite { reader, .. } => Row::sqlite(bound(sql, values).fetch_all(reader).await?),
            Self::Postgres(pool) => Row::postgres(bound(sql, values).fetch_all(pool).await?),
        })
    }

    /// Reads at most one row, outside of any transaction.
    pub(crate) async fn first(
        &self,
        sql: impl SqlSafeStr,
        values: &[Value<'_>],
    ) -> Result<Option<Row>> {
        Ok(self.all(sql, values).await?.into_iter().next())
    }

    /// Closes the pools after the calls under way have ended. The readers go first, so that SQLite's last connection
    /// is the writer, which can fold the write-ahead log back into the file.
    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, reader, .. } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// SQL text made at run time. Only for text whose variable part is made of placeholders; values are always bound.
pub(crate) fn sql(text: String) -> SqlStr {
    AssertSqlSafe(text).into_sql_str()
}

/// `($1, $2), ($3, $4)` for two rows of two columns.
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let numbers: Vec<String> = (1..=columns)
            .map(|column| format!("${}", row * columns + column))
            .collect();
        format!("({})", numbers.join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}
