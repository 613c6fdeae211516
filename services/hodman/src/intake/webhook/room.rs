//! How much of bodies may be in memory at once, by what they announce.
//!
//! Anybody can begin a large body and never end it: such senders wait for each other, and what GitHub sends most of the
//! time, a few kilobytes, passes beside them. Who waits too long is told so by the endpoint's timeout.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::LARGEST_BODY;

/// Most deliveries are far smaller.
const SMALL_BODY: usize = 256 * 1024;

/// Bytes of small bodies.
const FOR_SMALL: usize = 64 * 1024 * 1024;

/// Bytes of the others: five of the largest.
const FOR_LARGE: usize = 5 * LARGEST_BODY;

/// What a delivery costs besides its body.
const LEAST: usize = 16 * 1024;

/// The places that are left.
#[derive(Debug)]
pub(super) struct Room {
    small: Semaphore,
    large: Semaphore,
}

impl Default for Room {
    fn default() -> Self {
        Self {
            small: Semaphore::new(FOR_SMALL),
            large: Semaphore::new(FOR_LARGE),
        }
    }
}

impl Room {
    /// Waits until a body of `size` bytes has its place, and holds it.
    pub(super) async fn place(&self, size: usize) -> SemaphorePermit<'_> {
        let room = match size <= SMALL_BODY {
            true => &self.small,
            false => &self.large,
        };
        let bytes = u32::try_from(size.max(LEAST)).unwrap_or(u32::MAX);
        room.acquire_many(bytes)
            .await
            .expect("nobody closes these semaphores")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt as _;

    #[test]
    fn large_bodies_wait_for_each_other_and_not_for_small_ones() {
        let room = Room::default();
        let large: Vec<_> = (0..5)
            .filter_map(|_| room.place(LARGEST_BODY).now_or_never())
            .collect();
        assert_eq!(large.len(), 5);
        let waits = || room.place(SMALL_BODY + 1).now_or_never().is_none();
        assert!(waits());
        let small: Vec<_> = (0..2_000)
            .map(|_| room.place(30_000).now_or_never())
            .collect();
        assert!(small.iter().all(Option::is_some));
        drop(large);
        assert!(!waits());
        let many: Vec<_> = (0..5_000).map(|_| room.place(0).now_or_never()).collect();
        assert!(many.iter().any(Option::is_none), "empty ones count, too");
    }
}
