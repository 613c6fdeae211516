//! What goes wrong with webhooks, and what became of them.

use serde_json::Value;

use super::GitHub;
use crate::github::courier::ReleaseOrder;
use crate::github::http::lock;

/// A webhook delivery as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// `X-GitHub-Delivery`.
    pub guid: String,
    /// `X-GitHub-Event`.
    pub event: String,
    /// `action` of the payload.
    pub action: Option<String>,
    /// Where it went.
    pub url: String,
    /// `OK`, `pending`, or what failed.
    pub status: String,
    /// Status of the receiver's answer, 0 without one.
    pub code: u16,
    /// Whether it was sent again on request.
    pub redelivery: bool,
    /// The payload.
    pub payload: Value,
}

impl GitHub {
    /// The next `count` webhooks cannot be delivered; GitHub lists them as failed and does not try again.
    pub fn drop_next_webhook(&self, count: u32) {
        lock(&self.world).courier.drop_next += count;
    }

    /// The next `count` webhooks vanish without a trace in the list of deliveries.
    pub fn lose_next_webhook(&self, count: u32) {
        lock(&self.world).courier.lose_next += count;
    }

    /// The next `count` webhooks arrive twice with the same GUID.
    pub fn duplicate_next_webhook(&self, count: u32) {
        lock(&self.world).courier.duplicate_next += count;
    }

    /// Keeps webhooks back until [`GitHub::release_webhooks`].
    pub fn hold_webhooks(&self) {
        lock(&self.world).courier.hold();
    }

    /// Lets the held webhooks go, in order or newest first.
    pub fn release_webhooks(&self, order: ReleaseOrder) {
        lock(&self.world).courier.release(order);
    }

    /// Every delivery of every hook, oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        let world = lock(&self.world);
        let mut all: Vec<_> = world
            .hooks
            .values()
            .flat_map(|hook| hook.deliveries.iter().map(move |delivery| (hook, delivery)))
            .collect();
        all.sort_by_key(|(_, delivery)| delivery.id);
        all.into_iter()
            .map(|(hook, delivery)| DeliveryRecord {
                guid: delivery.guid.clone(),
                event: delivery.event.clone(),
                action: delivery.action.clone(),
                url: hook.url.clone(),
                status: delivery.outcome.status.clone(),
                code: delivery.outcome.code,
                redelivery: delivery.redelivery,
                payload: serde_json::from_slice(&delivery.body).unwrap_or_default(),
            })
            .collect()
    }
}
