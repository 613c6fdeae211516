//! What can go wrong when remembering.

use thiserror::Error;

/// An error of the store. Nothing of the failed call was written unless the variant says otherwise.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The URL names neither SQLite nor PostgreSQL. The text never contains the URL: it may hold a password.
    #[error("invalid store URL: {0}")]
    Url(&'static str),
    /// The database was written by a newer hodman. Start that version, or restore a backup.
    #[error(
        "the database has schema version {found}, this hodman knows versions up to {known}; \
         start the newer hodman or restore a backup taken before the upgrade"
    )]
    SchemaTooNew {
        /// Highest version found in the database.
        found: i64,
        /// Highest version that this binary contains.
        known: i64,
    },
    /// A migration that the database has applied is not the one in this binary.
    #[error("migration {version} ({name}) was changed after it had been applied to this database")]
    MigrationChanged {
        /// The version that differs.
        version: i64,
        /// Its name in this binary.
        name: &'static str,
    },
    /// The decision used an operation number twice: a bug above the store. The commit was rolled back.
    #[error("pipeline {pipeline} already has an effect with operation number {op}")]
    DuplicateOperation {
        /// The pipeline of the commit.
        pipeline: String,
        /// The number that is taken.
        op: i64,
    },
    /// There is no such row.
    #[error("there is no {what} {id}")]
    NotFound {
        /// What was looked for.
        what: &'static str,
        /// Its number.
        id: i64,
    },
    /// A stored value cannot be read back: somebody edited the database.
    #[error("the stored {what} is not readable: {found:?}")]
    Corrupt {
        /// Which value.
        what: &'static str,
        /// What was found in its place.
        found: String,
    },
    /// This engine cannot do what was asked; the text says what to do instead.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The store was closed, or its writer ended with the runtime.
    #[error("the store is closed")]
    Closed,
    /// The database could not be reached, or refused: [`StoreError::is_transient`] says whether to try again.
    #[error("database request failed")]
    Database(#[source] sqlx::Error),
    /// A file could not be written.
    #[error("cannot write {what}")]
    Io {
        /// Which file.
        what: &'static str,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
}

/// The result of every call of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolClosed => Self::Closed,
            other => Self::Database(other),
        }
    }
}

impl StoreError {
    /// Whether the same call may succeed when it is made again: the connection was lost, the database was busy,
    /// or PostgreSQL chose this transaction as the victim of a deadlock. Every call of the store may be repeated.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(
                sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed,
            ) => true,
            Self::Database(sqlx::Error::Database(error)) => {
                error.code().is_some_and(|code| is_transient_code(&code))
            }
            _ => false,
        }
    }
}

/// SQLite: SQLITE_BUSY (5) and SQLITE_LOCKED (6) with their extended codes. PostgreSQL: classes 08 (connection),
/// 40 (rollback), 53 (resources), 57P (server stops or starts).
fn is_transient_code(code: &str) -> bool {
    match code.parse::<u32>() {
        Ok(number) if code.len() < 5 => matches!(number & 0xff, 5 | 6),
        _ => ["08", "40", "53", "57P"]
            .iter()
            .any(|class| code.starts_with(class)),
    }
}
