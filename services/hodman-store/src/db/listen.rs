//! PostgreSQL only: hears what other processes committed.

use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgListener;

use super::Db;
use super::tx::CHANNEL;
use crate::signal::{Signals, Topic};

/// Pause before listening is tried again after the connection could not be made.
const RETRY: Duration = Duration::from_secs(2);

/// Passes notices of other processes on to `signals` until the pool is closed or the task is aborted.
pub(crate) async fn listen(db: Db, signals: Signals) {
    let Db::Postgres(pool) = db else { return };
    while !pool.is_closed() {
        if let Err(error) = pass_on(&pool, &signals).await {
            tracing::warn!(store.error = %error, "cannot listen to PostgreSQL, trying again");
            tokio::time::sleep(RETRY).await;
        }
    }
}

async fn pass_on(pool: &PgPool, signals: &Signals) -> Result<(), sqlx::Error> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    loop {
        // What was committed before we listened, or while the connection was lost, was not heard.
        signals.tell(&Topic::ALL);
        while let Some(notice) = listener.try_recv().await? {
            let told = Topic::ALL
                .into_iter()
                .find(|topic| topic.as_str() == notice.payload());
            signals.tell(told.as_slice());
        }
    }
}
