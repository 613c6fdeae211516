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
}
