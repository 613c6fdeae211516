//! What was made lately, by its marker.

use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// What was made lately, by its marker. A list may lag behind a create, and the next try of a failed apply begins after
/// two seconds. Another process needs no such memory: it begins when a lease has ended, which is long enough.
#[derive(Debug, Default)]
pub struct Made(Mutex<BTreeMap<String, (String, DateTime<Utc>)>>);

impl Made {
    /// How long a list may lag; ten times what has been seen.
    const LAG: TimeDelta = TimeDelta::minutes(2);

    pub(super) fn lately(&self, name: &str, now: DateTime<Utc>) -> Option<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, at)| now - *at < Self::LAG);
        known.get(name).map(|(id, _)| id.clone())
    }

    pub(super) fn note(&self, name: String, id: &str, now: DateTime<Utc>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(name, (id.to_owned(), now));
    }
}
