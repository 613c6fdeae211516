//! Group commit: events that wait at the same time are made durable by one write to the disk.
//!
//! A webhook may be answered only when its event is durable, and a disk makes a few hundred to a few thousand writes
//! durable per second. While one transaction is under way the next callers gather; together they are the next one.

use tokio::sync::{mpsc, oneshot};

use super::{Insertion, NewEvent, insert};
use crate::db::Db;
use crate::error::{Result, StoreError};
use crate::signal::{Signals, Topic};
use crate::store::Store;

/// One caller's events and where the answer goes.
pub(crate) struct Request {
    events: Vec<NewEvent>,
    answer: oneshot::Sender<Result<Vec<Insertion>>>,
}

/// Most events of one transaction.
const EVENTS: usize = 500;
/// Most bytes of bodies of one transaction, so that large pushes do not make small ones wait for long.
const BYTES: usize = 16 << 20;

impl Store {
    /// Inserts events. When the call returns they are durable: the sender may be told so.
    ///
    /// The answers are in the order of `events`. Safe to repeat: what is known already is answered as a duplicate.
    /// Callers at the same time share a transaction, but a failure is answered only to the caller who caused it.
    ///
    /// # Errors
    /// [`StoreError::Database`] when nothing of this call could be stored; [`StoreError::Closed`] after closing.
    pub async fn insert_events(&self, events: Vec<NewEvent>) -> Result<Vec<Insertion>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (answer, answered) = oneshot::channel();
        self.inserts
            .send(Request { events, answer })
            .await
            .map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

/// Serves requests until the last sender is gone.
pub(crate) async fn run_group_commit(
    db: Db,
    signals: Signals,
    mut waiting: mpsc::Receiver<Request>,
) {
    while let Some(first) = waiting.recv().await {
        let batch = gather(first, &mut waiting);
        let all: Vec<&NewEvent> = batch.iter().flat_map(|request| &request.events).collect();
        match commit(&db, &signals, &all).await {
            Ok(answers) => {
                let mut answers = answers.into_iter();
                for Request { events, answer } in batch {
                    // A caller that went away does not need its answer; its events are stored all the same.
                    drop(answer.send(Ok(answers.by_ref().take(events.len()).collect())));
                }
            }
            Err(error) if batch.len() == 1 => answer_alone(batch, error),
            Err(error) => {
                // For instance a body larger than PostgreSQL takes: only its caller shall hear of it.
                tracing::warn!(store.error = %error, store.requests = batch.len(), "group commit failed, taking requests one by one");
                for Request { events, answer } in batch {
                    drop(
                        answer
                            .send(commit(&db, &signals, &events.iter().collect::<Vec<_>>()).await),
                    );
                }
            }
        }
    }
}

fn answer_alone(batch: Vec<Request>, error: StoreError) {
    if let Some(request) = batch.into_iter().next() {
        drop(request.answer.send(Err(error)));
    }
}

/// Takes what waits right now, up to the limits.
fn gather(first: Request, waiting: &mut mpsc::Receiver<Request>) -> Vec<Request> {
    let weigh = |request: &Request| {
        request
            .events
            .iter()
            .map(|event| event.body.len())
            .sum::<usize>()
    };
    let (mut events, mut bytes) = (first.events.len(), weigh(&first));
    let mut batch = vec![first];
    while events < EVENTS && bytes < BYTES {
        let Ok(request) = waiting.try_recv() else {
            break;
        };
        events += request.events.len();
        bytes += weigh(&request);
        batch.push(request);
    }
    batch
}

async fn commit(db: &Db, signals: &Signals, events: &[&NewEvent]) -> Result<Vec<Insertion>> {
    let mut tx = db.begin().await?;
    let answers = insert(&mut tx, events).await?;
    let news: &[Topic] = if answers.iter().any(|answer| !answer.duplicate) {
        &[Topic::Inbox]
    } else {
        &[]
    };
    tx.commit(signals, news).await?;
    Ok(answers)
}
