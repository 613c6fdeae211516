//! Connecting, with the settings on which durability rests.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use super::Db;
use crate::error::{Result, StoreError};
use crate::url::StoreUrl;

/// How long SQLite waits for another process (a backup, `hodman` on the same file) before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// Reading connections of SQLite.
const READERS: u32 = 4;
/// Connections to PostgreSQL: the group commit, the listener, and the loops of one daemon.
const POSTGRES_CONNECTIONS: u32 = 16;
/// Prepared statements kept per connection. Inserts of 1 to 50 rows are one statement each, in three tables.
const STATEMENTS: usize = 250;

/// Connects to the database that `url` names. A SQLite file that is not there is made where `makes` says so.
pub(crate) async fn open(url: &StoreUrl, makes: bool) -> Result<Db> {
    match url {
        StoreUrl::Sqlite(path) => {
            let options = SqliteConnectOptions::new().filename(path);
            sqlite(options.create_if_missing(makes)).await
        }
        StoreUrl::SqliteMemory => sqlite_memory().await,
        StoreUrl::Postgres(url) => postgres(url).await,
    }
}

async fn sqlite(options: SqliteConnectOptions) -> Result<Db> {
    let options = options
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS);
    // FULL: an answered webhook survives a power cut, not only a crash of the process.
    let writing = options
        .clone()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full);
    // The writer's connection stays: read-only ones cannot make the shared-memory file of the write-ahead log.
    let writer = one_lasting_connection().connect_with(writing).await?;
    let reader = SqlitePoolOptions::new()
        .max_connections(READERS)
        .connect_with(options.read_only(true))
        .await?;
    Ok(Db::Sqlite {
        writer,
        reader,
        in_memory: false,
    })
}

/// One connection that never ends, because the database ends with it; reads take turns with writes.
async fn sqlite_memory() -> Result<Db> {
    let options = SqliteConnectOptions::new()
        .in_memory(true)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS);
    let pool = one_lasting_connection().connect_with(options).await?;
    Ok(Db::Sqlite {
        writer: pool.clone(),
        reader: pool,
        in_memory: true,
    })
}

fn one_lasting_connection() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(1)
        .min_connections(1)
        .idle_timeout(None)
        .max_lifetime(None)
}

async fn postgres(url: &SecretString) -> Result<Db> {
    let options: PgConnectOptions = url
        .expose_secret()
        .parse()
        .map_err(|_| StoreError::Url("the postgres:// URL cannot be parsed"))?;
    let options = options
        .application_name("hodman")
        .statement_cache_capacity(STATEMENTS);
    let pool = PgPoolOptions::new()
        .max_connections(POSTGRES_CONNECTIONS)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // A server or role set to "off" would lose answered webhooks; stricter settings are left alone.
                let sql = "SELECT set_config('synchronous_commit', 'on', false) \
                           WHERE current_setting('synchronous_commit') = 'off'";
                sqlx::query(sql).execute(connection).await.map(drop)
            })
        })
        .connect_with(options)
        .await?;
    Ok(Db::Postgres(pool))
}
