//! When each step of one run began and ended, as the store remembers it.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use hodman_store::{EffectFilter, EventFilter, OutboxRow, Store};
use std::time::Duration;

/// Steps in their order: the kind of the effect, and its name in the report.
const STEPS: [(&str, &str); 4] = [
    ("observe", "look at the repository"),
    ("build", "build the package"),
    ("plan", "plan qa"),
    ("open_pull", "open the pull request"),
];

/// The moments of one run.
#[derive(Debug)]
pub(super) struct Marks {
    received: DateTime<Utc>,
    steps: Vec<Step>,
}

#[derive(Debug)]
struct Step {
    name: &'static str,
    decided: DateTime<Utc>,
    done: DateTime<Utc>,
}

impl Marks {
    /// Finds them among the effects after `before`.
    pub async fn find(store: &Store, commit: &str, before: i64) -> anyhow::Result<Self> {
        let pushes = EventFilter {
            kind: Some("push".to_owned()),
            limit: Some(20),
            ..EventFilter::default()
        };
        let pushes = store
            .list_events(&pushes)
            .await
            .context("reading the inbox")?;
        let push = pushes.iter().rev().find(|row| {
            let body: serde_json::Value =
                serde_json::from_slice(&row.event.body).unwrap_or_default();
            body["after"] == commit
        });
        let received = push.context("the webhook of the change")?.event.received_at;
        let mut effects = store
            .list_effects(&EffectFilter::default())
            .await
            .context("reading the outbox")?;
        effects.retain(|row| row.id > before);
        effects.reverse();
        // Backwards: the pull request's plan is the last one before it, and so on.
        let mut rows: Vec<&OutboxRow> = effects.iter().collect();
        let mut steps = Vec::new();
        for (kind, name) in STEPS.iter().rev() {
            let at = rows
                .iter()
                .rposition(|row| row.kind == *kind)
                .with_context(|| format!("no effect `{kind}`"))?;
            let row = rows[at];
            steps.push(Step {
                name,
                decided: row.created_at,
                done: row.updated_at,
            });
            rows.truncate(at);
        }
        steps.reverse();
        Ok(Self { received, steps })
    }

    /// From the webhook to the pull request.
    pub fn whole(&self) -> Duration {
        self.steps
            .last()
            .map_or(Duration::ZERO, |last| between(self.received, last.done))
    }

    /// How long each step took, with the deciding before it in a step of its own.
    pub fn steps(&self) -> Vec<(&'static str, Duration)> {
        let mut before = self.received;
        let mut deciding = Duration::ZERO;
        let mut found = Vec::new();
        for step in &self.steps {
            deciding += between(before, step.decided);
            found.push((step.name, between(step.decided, step.done)));
            before = step.done;
        }
        found.push(("decide, all together", deciding));
        found
    }
}

/// The newest effect's number.
pub(super) async fn newest_effect(store: &Store) -> anyhow::Result<i64> {
    let newest = EffectFilter {
        limit: Some(1),
        ..EffectFilter::default()
    };
    Ok(store
        .list_effects(&newest)
        .await
        .context("reading the outbox")?
        .first()
        .map_or(0, |row| row.id))
}

fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).to_std().unwrap_or_default()
}
