//! A transaction of either engine.

use sqlx::{Postgres, SqlSafeStr, Sqlite, Transaction};

use super::value::bound;
use super::{Row, Value};
use crate::error::Result;
use crate::signal::{Signals, Topic};

/// A transaction that may write. Dropped without [`Tx::commit`] it is rolled back.
pub(crate) enum Tx {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

/// What only one PostgreSQL transaction at a time may do. Two locks are always taken in this order, and always
/// before the rows they guard except by a commit, which holds rows that no holder of these locks waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lock {
    /// Change the schema.
    Schema = 1,
    /// Insert into the inbox, so that the order of `seq` is the order of the commits: a reader that saw event 7
    /// never sees event 6 appear later.
    Inbox = 2,
    /// Lease or cancel effects, so that two workers do not race for one lane.
    Lanes = 3,
}

/// First half of the advisory lock key: keeps clear of other programs that use the same database.
const LOCK_SPACE: i64 = 0x686f_646d << 32;

/// The channel on which processes tell each other what they committed.
pub(super) const CHANNEL: &str = "hodman_store";

impl Tx {
    /// Executes a statement; returns the number of rows that it changed.
    pub(crate) async fn run(&mut self, sql: impl SqlSafeStr, values: &[Value<'_>]) -> Result<u64> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite(tx) => bound(sql, values).execute(&mut **tx).await?.rows_affected(),
            Self::Postgres(tx) => bound(sql, values).execute(&mut **tx).await?.rows_affected(),
        })
    }

    /// Executes a statement and returns its rows.
    pub(crate) async fn all(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>> {
        let sql = sql.into_sql_str();
        Ok(match self {
            Self::Sqlite(tx) => Row::sqlite(bound(sql, values).fetch_all(&mut **tx).await?),
            Self::Postgres(tx) => Row::postgres(bound(sql, values).fetch_all(&mut **tx).await?),
        })
    }

    /// Executes a statement and returns its first row.
    pub(crate) async fn first(
        &mut self,
        sql: impl SqlSafeStr,
        values: &[Value<'_>],
    ) -> Result<Option<Row>> {
        Ok(self.all(sql, values).await?.into_iter().next())
    }

    /// Executes several statements without values.
    pub(crate) async fn script(&mut self, sql: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
            Self::Postgres(tx) => sqlx::raw_sql(sql).execute(&mut **tx).await.map(drop)?,
        }
        Ok(())
    }

    /// Waits for `lock` and holds it until the end of the transaction. SQLite has one writer anyway.
    pub(crate) async fn lock(&mut self, lock: Lock) -> Result<()> {
        if let Self::Postgres(_) = self {
            self.run(
                "SELECT pg_advisory_xact_lock($1)",
                &[Value::Int(LOCK_SPACE | lock as i64)],
            )
            .await?;
        }
        Ok(())
    }

    /// Makes everything durable, then wakes who waits for `topics`, in other processes too.
    pub(crate) async fn commit(mut self, signals: &Signals, topics: &[Topic]) -> Result<()> {
        if let Self::Postgres(_) = self {
            for topic in topics {
                self.run(
                    "SELECT pg_notify($1, $2)",
                    &[CHANNEL.into(), topic.as_str().into()],
                )
                .await?;
            }
        }
        match self {
            Self::Sqlite(tx) => tx.commit().await?,
            Self::Postgres(tx) => tx.commit().await?,
        }
        signals.tell(topics);
        Ok(())
    }

    /// Forgets everything. Dropping does the same, but only when the connection is used next.
    pub(crate) async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(tx) => tx.rollback().await?,
            Self::Postgres(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}
