//! Timers: a pipeline's state says when it wants to be woken; the wake is an event like any other.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::db::Tx;
use crate::error::Result;
use crate::inbox::{EventState, NewEvent, insert};
use crate::signal::Topic;
use crate::store::Store;
use crate::time::{from_ms, to_ms};

impl Store {
    /// For each pipeline whose `wake_at` is not after `now`, in one transaction: inserts the event
    /// `{source: "timer", delivery: "<pipeline>:<wake_at in ms>", kind: "tick"}` and clears `wake_at`. The state's
    /// version stays. Returns how many events were inserted.
    ///
    /// A wake that was committed after its own tick had been handled (the state asked for the same moment again)
    /// gets a tick of its own, `…:<version>`; one whose tick still waits in the inbox does not need a second.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database); no wake is lost then.
    pub async fn fire_wakes(&self, now: DateTime<Utc>) -> Result<usize> {
        self.fire_wakes_until(now, now).await
    }

    /// The same for those whose `wake_at` is not after `until`, ahead of their time.
    ///
    /// # Errors
    /// As for [`Store::fire_wakes`].
    pub async fn fire_wakes_until(
        &self,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<usize> {
        let mut tx = self.db.begin().await?;
        tx.lock(crate::db::Lock::Inbox).await?;
        let due = "SELECT pipeline, wake_at, version FROM pipelines WHERE wake_at <= $1 ORDER BY wake_at, pipeline";
        let due = tx.all(due, &[to_ms(until).into()]).await?;
        let mut fired = 0;
        for row in &due {
            fired +=
                usize::from(fire(&mut tx, &row.text(0)?, row.int(1)?, row.int(2)?, now).await?);
        }
        let news: &[Topic] = if fired > 0 { &[Topic::Inbox] } else { &[] };
        tx.commit(&self.signals, news).await?;
        Ok(fired)
    }

    /// The earliest moment at which a pipeline wants to be woken.
    ///
    /// # Errors
    /// [`StoreError::Database`](crate::StoreError::Database).
    pub async fn next_wake(&self) -> Result<Option<DateTime<Utc>>> {
        let row = self
            .db
            .first(
                "SELECT MIN(wake_at) FROM pipelines WHERE wake_at IS NOT NULL",
                &[],
            )
            .await?;
        row.map_or(Ok(None), |row| row.maybe_time(0))
    }
}

async fn fire(
    tx: &mut Tx,
    pipeline: &str,
    wake_at: i64,
    version: i64,
    now: DateTime<Utc>,
) -> Result<bool> {
    // On PostgreSQL a commit may have moved the wake since it was read.
    let clear =
        "UPDATE pipelines SET wake_at = NULL WHERE pipeline = $1 AND version = $2 AND wake_at = $3";
    if tx
        .run(clear, &[pipeline.into(), version.into(), wake_at.into()])
        .await?
        == 0
    {
        return Ok(false);
    }
    let tick = NewEvent {
        source: "timer".to_owned(),
        delivery: format!("{pipeline}:{wake_at}"),
        kind: "tick".to_owned(),
        pipeline: Some(pipeline.to_owned()),
        meta: json!({"wake_at": from_ms(wake_at)?, "version": version}),
        body: Vec::new(),
        received_at: now,
    };
    let [answer] = insert(tx, &[&tick]).await?[..] else {
        return Ok(false);
    };
    if !answer.duplicate || is_pending(tx, answer.seq).await? {
        return Ok(!answer.duplicate);
    }
    let again = NewEvent {
        delivery: format!("{pipeline}:{wake_at}:{version}"),
        ..tick
    };
    Ok(insert(tx, &[&again])
        .await?
        .iter()
        .any(|answer| !answer.duplicate))
}

async fn is_pending(tx: &mut Tx, seq: i64) -> Result<bool> {
    let row = tx
        .first("SELECT state FROM inbox WHERE seq = $1", &[seq.into()])
        .await?;
    Ok(row.map(|row| row.text(0)).transpose()?.as_deref() == Some(EventState::Pending.as_str()))
}
