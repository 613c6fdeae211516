//! Brings a database up to date, in one transaction, or says why not.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::{Migration, POSTGRES, SQLITE, SchemaVersion};
use crate::db::{Db, Lock, Row};
use crate::error::{Result, StoreError};
use crate::signal::Signals;
use crate::time::to_ms;

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migrations \
    (version BIGINT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, applied_at BIGINT NOT NULL)";

const APPLIED: &str = "SELECT version, digest FROM schema_migrations ORDER BY version";

/// Applies what is missing, up to and including version `up_to`. Returns the version the database then has.
pub(crate) async fn migrate(db: &Db, up_to: i64, now: DateTime<Utc>) -> Result<i64> {
    let steps = steps(db);
    let mut tx = db.begin().await?;
    tx.lock(Lock::Schema).await?;
    tx.script(LEDGER).await?;
    let applied = tx.all(APPLIED, &[]).await?;
    let present = check(&applied, steps)?;
    let mut version = present;
    for step in steps
        .iter()
        .filter(|step| step.version > present && step.version <= up_to)
    {
        tracing::info!(
            schema.version = step.version,
            schema.name = step.name,
            "migrating the database"
        );
        tx.script(step.sql).await?;
        let digest = digest(step);
        let row = [
            step.version.into(),
            step.name.into(),
            (&digest).into(),
            to_ms(now).into(),
        ];
        tx.run("INSERT INTO schema_migrations (version, name, digest, applied_at) VALUES ($1, $2, $3, $4)", &row)
            .await?;
        version = step.version;
    }
    tx.commit(&Signals::new(), &[]).await?;
    Ok(version)
}

/// How the schema stands, which stays as it is. A database with nothing of ours in it has version 0.
pub(crate) async fn look(db: &Db) -> Result<SchemaVersion> {
    let steps = steps(db);
    let has_ledger = match db {
        Db::Sqlite { .. } => "SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'",
        Db::Postgres(_) => "SELECT 1 WHERE to_regclass('schema_migrations') IS NOT NULL",
    };
    let applied = match db.first(has_ledger, &[]).await? {
        Some(_) => db.all(APPLIED, &[]).await?,
        None => Vec::new(),
    };
    Ok(SchemaVersion {
        found: check(&applied, steps)?,
        known: newest(steps),
    })
}

fn steps(db: &Db) -> &'static [Migration] {
    match db {
        Db::Sqlite { .. } => SQLITE,
        Db::Postgres(_) => POSTGRES,
    }
}

fn newest(steps: &[Migration]) -> i64 {
    steps.last().map_or(0, |step| step.version)
}

/// The version that the database has, after a check that we know every step it has taken.
fn check(applied: &[Row], steps: &[Migration]) -> Result<i64> {
    let known = newest(steps);
    let found = applied
        .last()
        .map(|row| row.int(0))
        .transpose()?
        .unwrap_or(0);
    if found > known {
        return Err(StoreError::SchemaTooNew { found, known });
    }
    for row in applied {
        let (version, applied_digest) = (row.int(0)?, row.text(1)?);
        let step = steps.iter().find(|step| step.version == version);
        if let Some(step) = step.filter(|step| digest(step) != applied_digest) {
            return Err(StoreError::MigrationChanged {
                version,
                name: step.name,
            });
        }
    }
    Ok(found)
}

fn digest(step: &Migration) -> String {
    hex::encode(Sha256::digest(step.sql.as_bytes()))
}
