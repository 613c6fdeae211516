//! One poller for each configured queue.

use super::Parts;
use crate::config::aws_queue;
use crate::intake::sqs::{Poller, QueueStatus};
use tokio::sync::watch;

/// Pollers with the status that each keeps up to date.
pub(super) async fn pollers(
    parts: &Parts,
) -> anyhow::Result<Vec<(Poller, watch::Sender<QueueStatus>)>> {
    let mut pollers = Vec::new();
    for (label, status) in parts.queues.iter() {
        let Some(queue) = parts.config.sqs.iter().find(|queue| queue.label() == label) else {
            continue;
        };
        pollers.push((
            Poller {
                label: label.clone(),
                queue: aws_queue(queue).await,
                bodies: queue.body_objects().await,
                verifier: parts.verifier.clone(),
                store: parts.store.clone(),
                clock: parts.clock.clone(),
            },
            status.clone(),
        ));
    }
    Ok(pollers)
}
