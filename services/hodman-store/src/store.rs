//! The store: opening, signals, backup, closing. What it keeps is in the modules named for it.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use crate::db::{self, Db};
use crate::error::{Result, StoreError};
use crate::inbox::{Request, run_group_commit};
use crate::migrations::{SchemaVersion, look, migrate};
use crate::signal::{Signal, Signals, Topic};
use crate::url::StoreUrl;

/// Requests that may wait for the group commit before callers have to wait for a place.
const WAITING_REQUESTS: usize = 1024;

/// What hodman remembers. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    pub(crate) signals: Signals,
    pub(crate) inserts: mpsc::Sender<Request>,
    listener: Arc<Listener>,
}

/// Ends listening with the last clone of the store. The group commit ends by itself, with its last sender.
struct Listener(AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Store {
    /// Connects, brings the schema up to date and starts the group commit on the current Tokio runtime.
    ///
    /// # Errors
    /// [`StoreError::SchemaTooNew`] when a newer hodman wrote this database; [`StoreError::Database`] when it cannot
    /// be reached or the SQLite file's directory is missing.
    pub async fn open(url: &StoreUrl, now: DateTime<Utc>) -> Result<Self> {
        let db = db::open(url, true).await?;
        if let Err(error) = migrate(&db, i64::MAX, now).await {
            db.close().await;
            return Err(error);
        }
        Ok(Self::over(db))
    }

    /// Connects beside whoever uses the database, and leaves its schema as it is: brought to another form under a daemon of another
    /// version, it would be refused by that one's next start. Only a store whose schema is the one of this program can do all
    /// that a store does; an older one answers and is copied.
    ///
    /// # Errors
    /// As [`Store::open`], and where there is no SQLite file.
    pub async fn look(url: &StoreUrl) -> Result<(Self, SchemaVersion)> {
        let db = db::open(url, false).await?;
        match look(&db).await {
            Ok(version) => Ok((Self::over(db), version)),
            Err(error) => {
                db.close().await;
                Err(error)
            }
        }
    }

    fn over(db: Db) -> Self {
        let signals = Signals::new();
        let (inserts, waiting) = mpsc::channel(WAITING_REQUESTS);
        tokio::spawn(run_group_commit(db.clone(), signals.clone(), waiting));
        let listener = tokio::spawn(db::listen(db.clone(), signals.clone())).abort_handle();
        Self {
            db,
            signals,
            inserts,
            listener: Arc::new(Listener(listener)),
        }
    }

    /// Brings the schema up to `version` at most, without opening the store. Returns the version it then has.
    /// For `hodman migrate` and for tests of the migrations.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub async fn migrate(url: &StoreUrl, version: i64, now: DateTime<Utc>) -> Result<i64> {
        let db = db::open(url, true).await?;
        let reached = migrate(&db, version, now).await;
        db.close().await;
        reached
    }

    /// Told after events were inserted.
    pub fn inbox_signal(&self) -> Signal {
        self.signals.subscribe(Topic::Inbox)
    }

    /// Told after effects were queued, cancelled, put off, or finished (their lane is free).
    pub fn outbox_signal(&self) -> Signal {
        self.signals.subscribe(Topic::Outbox)
    }

    /// Told after a commit, which may have changed [`Store::next_wake`].
    pub fn timer_signal(&self) -> Signal {
        self.signals.subscribe(Topic::Timer)
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`StoreError::Database`] when it does not.
    pub async fn ping(&self) -> Result<()> {
        self.db.first("SELECT 1", &[]).await.map(drop)
    }

    /// Writes a copy of a SQLite store to the file `to`, which must not exist, while the store is in use.
    /// The copy is complete and on disk when the call returns.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] on PostgreSQL and in memory; [`StoreError::Database`] when the file exists.
    pub async fn backup(&self, to: &Path) -> Result<()> {
        let reader = match &self.db {
            Db::Sqlite {
                reader,
                in_memory: false,
                ..
            } => reader,
            Db::Sqlite { .. } => {
                return Err(StoreError::Unsupported(
                    "a store in memory cannot be backed up",
                ));
            }
            Db::Postgres(_) => {
                return Err(StoreError::Unsupported(
                    "hodman does not back up PostgreSQL; use pg_dump or your provider's snapshots, which are \
                     consistent while hodman runs",
                ));
            }
        };
        let unwritable = |source| StoreError::Io {
            what: "the backup",
            source,
        };
        let Some(name) = to.to_str() else {
            return Err(StoreError::Unsupported(
                "the path of a backup must be valid UTF-8",
            ));
        };
        sqlx::query("VACUUM INTO $1")
            .bind(name)
            .execute(reader)
            .await?;
        tokio::fs::File::open(to)
            .await
            .map_err(unwritable)?
            .sync_all()
            .await
            .map_err(unwritable)
    }

    /// Ends the store for all clones, after the calls under way have ended. Later calls answer [`StoreError::Closed`].
    pub async fn close(&self) {
        self.listener.0.abort();
        self.db.close().await;
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let engine = match self.db {
            Db::Sqlite { .. } => "sqlite",
            Db::Postgres(_) => "postgres",
        };
        out.debug_struct("Store")
            .field("engine", &engine)
            .finish_non_exhaustive()
    }
}
