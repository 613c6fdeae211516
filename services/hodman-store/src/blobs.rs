//! Large values that are named by their digest.

use chrono::{DateTime, Utc};

use crate::error::Result;
use crate::store::Store;
use crate::time::to_ms;

impl Store {
    /// Keeps `bytes` under (`kind`, `digest`). What is there already stays: a digest names one value only.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn put_blob(
        &self,
        kind: &str,
        digest: &str,
        bytes: &[u8],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let sql = "INSERT INTO blobs (kind, digest, bytes, created_at) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (kind, digest) DO NOTHING";
        tx.run(
            sql,
            &[kind.into(), digest.into(), bytes.into(), to_ms(now).into()],
        )
        .await?;
        tx.commit(&self.signals, &[]).await
    }

    /// The bytes under (`kind`, `digest`).
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn get_blob(&self, kind: &str, digest: &str) -> Result<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM blobs WHERE kind = $1 AND digest = $2";
        self.db
            .first(sql, &[kind.into(), digest.into()])
            .await?
            .map(|row| row.bytes(0))
            .transpose()
    }

    /// Forgets what is under (`kind`, `digest`), if anything is.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn forget_blob(&self, kind: &str, digest: &str) -> Result<()> {
        let mut tx = self.db.begin().await?;
        let sql = "DELETE FROM blobs WHERE kind = $1 AND digest = $2";
        tx.run(sql, &[kind.into(), digest.into()]).await?;
        tx.commit(&self.signals, &[]).await
    }

    /// Forgets all of a kind that were put before `before`; gives how many.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn forget_blobs(&self, kind: &str, before: DateTime<Utc>) -> Result<u64> {
        let mut tx = self.db.begin().await?;
        let sql = "DELETE FROM blobs WHERE kind = $1 AND created_at < $2";
        let gone = tx.run(sql, &[kind.into(), to_ms(before).into()]).await?;
        tx.commit(&self.signals, &[]).await?;
        Ok(gone)
    }
}
