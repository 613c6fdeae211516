//! How the daemon itself does: what waits, what is poison, what webhooks and queues brought.

use crate::web::WebParts;
use crate::web::trouble::Trouble;
use hodman_store::{EffectFilter, EffectState, EventState};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// More than so many waiting effects are not told apart.
const MOST: usize = 1000;

/// The daemon's health.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct HealthView {
    /// Events by state.
    pub inbox: BTreeMap<String, u64>,
    /// Effects that wait (`queued`) or run (`leased`), up to 1000 of each.
    pub outbox: BTreeMap<String, u64>,
    /// Deliveries since the start, by what became of them.
    pub webhooks: BTreeMap<String, u64>,
    /// Queues by label.
    pub queues: BTreeMap<String, QueueView>,
}

/// A queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct QueueView {
    /// `starting`, `reading` or `away`.
    pub state: String,
    /// Why it is away.
    pub why: Option<String>,
    /// What came since the start, by what became of it.
    pub counts: BTreeMap<String, u64>,
}

impl HealthView {
    /// Events that could not be understood.
    #[must_use]
    pub fn poison(&self) -> u64 {
        self.inbox
            .get(EventState::Poison.as_str())
            .copied()
            .unwrap_or(0)
    }

    /// Events that nobody has dealt with yet.
    #[must_use]
    pub fn pending(&self) -> u64 {
        self.inbox
            .get(EventState::Pending.as_str())
            .copied()
            .unwrap_or(0)
    }
}

/// Reads it.
pub(in crate::web) async fn view(web: &WebParts) -> Result<HealthView, Trouble> {
    let mut inbox: BTreeMap<String, u64> = EventState::ALL
        .into_iter()
        .map(|state| (state.as_str().to_owned(), 0))
        .collect();
    for count in web.store.event_counts().await? {
        *inbox.entry(count.state.as_str().to_owned()).or_default() += count.count;
    }
    let mut outbox = BTreeMap::new();
    for state in [EffectState::Queued, EffectState::Leased] {
        let filter = EffectFilter {
            state: Some(state),
            limit: Some(MOST),
            ..EffectFilter::default()
        };
        let found = web.store.list_effects(&filter).await?.len();
        outbox.insert(state.as_str().to_owned(), found as u64);
    }
    let queues = web
        .queues
        .iter()
        .map(|(label, status)| {
            serde_json::to_value(&*status.borrow()).map(|json| (label.clone(), queue(&json)))
        })
        .collect::<Result<_, _>>()?;
    Ok(HealthView {
        inbox,
        outbox,
        webhooks: counts(&serde_json::to_value(web.counters.counts())?),
        queues,
    })
}

fn queue(json: &Value) -> QueueView {
    let word = |key: &str| json["state"][key].as_str().map(str::to_owned);
    QueueView {
        state: word("state").unwrap_or_default(),
        why: word("why"),
        counts: counts(json),
    }
}

/// The numbers of a JSON object.
fn counts(json: &Value) -> BTreeMap<String, u64> {
    let numbers = |(key, value): (&String, &Value)| Some((key.clone(), value.as_u64()?));
    json.as_object()
        .into_iter()
        .flatten()
        .filter_map(numbers)
        .collect()
}
