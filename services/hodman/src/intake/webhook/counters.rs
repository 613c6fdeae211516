//! How many deliveries came, and what became of them. Counted from the start of the daemon.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use serde::Serialize;

/// Counts of one endpoint.
#[derive(Debug, Default)]
pub struct Counters {
    accepted: AtomicU64,
    duplicate: AtomicU64,
    unknown: AtomicU64,
    refused: AtomicU64,
    malformed: AtomicU64,
    too_large: AtomicU64,
    not_stored: AtomicU64,
}

/// The counts at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Stored.
    pub accepted: u64,
    /// Had been stored before.
    pub duplicate: u64,
    /// Of those stored: events of a kind that hodman does not use.
    pub unknown: u64,
    /// Not signed by one of our secrets.
    pub refused: u64,
    /// Signed, but without the headers that every delivery has.
    pub malformed: u64,
    /// Larger than GitHub sends, or broken off while it came.
    pub too_large: u64,
    /// The store could not take it; the sender was told to send it again.
    pub not_stored: u64,
}

impl Counters {
    /// The counts now.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts {
            accepted: self.accepted.load(Relaxed),
            duplicate: self.duplicate.load(Relaxed),
            unknown: self.unknown.load(Relaxed),
            refused: self.refused.load(Relaxed),
            malformed: self.malformed.load(Relaxed),
            too_large: self.too_large.load(Relaxed),
            not_stored: self.not_stored.load(Relaxed),
        }
    }

    pub(super) fn accepted(&self, duplicate: bool, known: bool) {
        if duplicate {
            self.duplicate.fetch_add(1, Relaxed);
            return;
        }
        self.accepted.fetch_add(1, Relaxed);
        if !known {
            self.unknown.fetch_add(1, Relaxed);
        }
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Relaxed);
    }

    pub(super) fn malformed(&self) {
        self.malformed.fetch_add(1, Relaxed);
    }

    pub(super) fn too_large(&self) {
        self.too_large.fetch_add(1, Relaxed);
    }

    pub(super) fn not_stored(&self) {
        self.not_stored.fetch_add(1, Relaxed);
    }
}
