//! Reads a queue: receive, store, delete. A message is deleted only after it is durable, and stored only once however
//! often it comes, so neither a crash nor a failed delete loses or doubles anything.
//!
//! A queue that is away does not stop the daemon: the poller waits, longer each time, and says so in its status.

mod forwarded;
mod message;
mod status;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use hodman_clients::{
    aws::{AwsError, DeleteOutcome, Message, Objects, Queue},
    retry::Backoff,
};
use hodman_store::{NewEvent, Store};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use message::{Incoming, classify};
pub use status::{QueueState, QueueStatus};

use super::{normalise::REFUSED, signature::Verifier};
use crate::{clock::Clock, config::aws_queue, daemon::Parts};
use forwarded::NotNow;

/// SQS's largest batch.
const BATCH: u32 = 10;
/// SQS's longest poll: an idle queue costs three calls a minute.
const WAIT_S: u32 = 20;
/// Storing ten messages takes milliseconds, fetching their bodies seconds; a crash delays a message by this much.
const VISIBILITY_S: u32 = 120;

/// The waits while a queue or the store is away; more than a minute would make its return hard to see.
const AWAY: Backoff = Backoff {
    attempts: u32::MAX,
    first: Duration::from_secs(1),
    cap: Duration::from_secs(60),
    max_wait: Duration::from_secs(60),
};

/// What a poller needs.
#[derive(Clone, Debug)]
pub struct Poller {
    /// What the queue is called on the web page.
    pub label: String,
    /// The queue.
    pub queue: Queue,
    /// Buckets from which forwarded bodies may be fetched, by name. Any other bucket is refused.
    pub bodies: BTreeMap<String, Objects>,
    /// Knows the webhook secrets, for forwarded deliveries.
    pub verifier: Verifier,
    /// Where messages are stored.
    pub store: Store,
    /// Says when they came.
    pub clock: Clock,
}

/// A poller and where it tells how it goes.
#[derive(Debug)]
pub struct Reader {
    poller: Poller,
    status: watch::Sender<QueueStatus>,
}

/// A reader for each queue of the settings.
///
/// # Errors
/// When a webhook secret, which forwarded deliveries are verified with, cannot be read.
pub async fn pollers(parts: &Parts) -> anyhow::Result<Vec<Reader>> {
    let mut readers = Vec::new();
    for queue in &parts.config.sqs {
        let poller = Poller {
            label: queue.label().to_owned(),
            queue: aws_queue(queue).await,
            bodies: queue.body_objects().await,
            verifier: parts.config.verifier()?,
            store: parts.store.clone(),
            clock: parts.clock.clone(),
        };
        readers.push(Reader {
            poller,
            status: watch::Sender::default(),
        });
    }
    Ok(readers)
}

impl Reader {
    /// What the queue is called.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.poller.label
    }

    /// How it goes, now and from now on.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<QueueStatus> {
        self.status.subscribe()
    }

    /// Reads until `stop` is cancelled.
    ///
    /// # Errors
    /// None: a queue that is away is waited for.
    pub async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        self.poller.run(self.status, stop).await;
        Ok(())
    }
}

/// Why a round did not end well; the messages come again.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the queue does not answer")]
    Queue(#[source] AwsError),
    #[error("a forwarded body cannot be fetched")]
    Body(#[source] AwsError),
    #[error("messages cannot be stored")]
    Store(#[source] hodman_store::StoreError),
}

impl Poller {
    /// Reads until `stop` is cancelled; then finishes the messages in hand and returns. What happens is told to
    /// `status`.
    pub async fn run(self, status: watch::Sender<QueueStatus>, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let received = tokio::select! {
                () = stop.cancelled() => return,
                received = self.queue.receive(BATCH, WAIT_S, VISIBILITY_S) => received,
            };
            let ended = match received {
                Ok(messages) => self.take(messages, &status).await,
                Err(error) => Err(Trouble::Queue(error)),
            };
            let Err(trouble) = ended else {
                failures = 0;
                status.send_modify(QueueStatus::reading);
                continue;
            };
            failures += 1;
            tracing::warn!(queue = %self.label, error = &trouble as &dyn std::error::Error, failures, "sqs.away");
            status.send_modify(|status| status.away(self.clock.now(), &trouble, failures));
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(AWAY.delay(failures)) => {}
            }
        }
    }

    /// Stores messages, then deletes those that are stored. One whose body cannot be had now is left, and comes again.
    async fn take(
        &self,
        messages: Vec<Message>,
        status: &watch::Sender<QueueStatus>,
    ) -> Result<(), Trouble> {
        if messages.is_empty() {
            return Ok(());
        }
        let now = self.clock.now();
        let (mut events, mut receipts, mut left) = (Vec::new(), Vec::new(), None);
        for message in messages {
            match self.event(&message).await {
                Ok(event) => {
                    events.push(event);
                    receipts.push(message.receipt);
                }
                Err(NotNow(error)) => left = Some(error),
            }
        }
        let poison = events
            .iter()
            .filter(|event| event.meta.get(REFUSED).is_some())
            .count() as u64;
        let stored = self
            .store
            .insert_events(events)
            .await
            .map_err(Trouble::Store)?;
        let duplicates = stored.iter().filter(|row| row.duplicate).count() as u64;
        status.send_modify(|status| status.stored(now, stored.len() as u64, duplicates, poison));
        let deleted = self.delete(&receipts, status).await;
        match left {
            Some(error) => Err(Trouble::Body(error)),
            None => deleted,
        }
    }

    async fn event(&self, message: &Message) -> Result<NewEvent, NotNow> {
        let now = self.clock.now();
        match classify(&message.body, message.sent_at, now) {
            Incoming::Event(event) => Ok(event),
            Incoming::Delivery(delivery) => {
                let taken = delivery.take(&self.bodies, &self.verifier, now).await?;
                Ok(taken.unwrap_or_else(|reason| message::refused(&message.body, &reason, now)))
            }
        }
    }

    /// Deletes what is stored. What cannot be deleted comes again and is found to be a duplicate.
    async fn delete(
        &self,
        receipts: &[String],
        status: &watch::Sender<QueueStatus>,
    ) -> Result<(), Trouble> {
        let outcomes = self
            .queue
            .delete_batch(receipts)
            .await
            .map_err(Trouble::Queue)?;
        for outcome in outcomes {
            if let DeleteOutcome::Failed { code, message, .. } = outcome {
                tracing::warn!(queue = %self.label, code, message, "sqs.not_deleted");
                status.send_modify(|status| status.not_deleted += 1);
            }
        }
        Ok(())
    }
}
