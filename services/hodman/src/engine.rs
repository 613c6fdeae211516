//! Turns inbox rows into decisions. One pass reads what is pending, decides pipeline by pipeline, and commits each
//! decision in one transaction: state, history, outbox and acknowledgement, or nothing.

mod route;
mod timers;

pub use route::{Destination, effect_event, route};
pub use timers::run_timers;

use crate::clock::Clock;
use crate::config::Pipeline;
use crate::intake::source;
use anyhow::Context as _;
use hodman_core::decide::{Verdict, decide};
use hodman_core::event::Event;
use hodman_core::settings::Settings;
use hodman_core::state::PipelineState;
use hodman_store::{
    Ack, AckOutcome, Commit, CommitOutcome, InboxRow, NewEffect, NewHistory, Store, StoreError,
    enduring_as,
};
use std::collections::{BTreeMap, BTreeSet};
use tokio_util::sync::CancellationToken;

/// How many rows one pass takes: enough to make a commit worth its fsync after a burst, few enough that a state is
/// not kept from its effects for long.
const BATCH: usize = 256;

/// A conflict means that another process decided first; then the state is read anew. More than a few in a row would
/// mean that several daemons serve one database, and waiting for the next pass is better than turning in place.
const CONFLICTS: usize = 5;

/// The deciding loop.
#[derive(Clone, Debug)]
pub struct Engine {
    store: Store,
    pipelines: Vec<Pipeline>,
    settings: Settings,
    clock: Clock,
}

/// A pending row and the event it became for one pipeline.
struct Pending {
    seq: i64,
    event: Event,
    /// Rows for several pipelines are acknowledged by the last of them.
    acknowledge: bool,
}

impl Engine {
    /// Makes the engine; nothing runs yet.
    #[must_use]
    pub fn new(store: Store, pipelines: Vec<Pipeline>, settings: Settings, clock: Clock) -> Self {
        Self {
            store,
            pipelines,
            settings,
            clock,
        }
    }

    /// Decides until told to stop.
    ///
    /// # Errors
    /// When the store cannot be read or written, for minutes or for good; the daemon stops then, because nothing it does would last.
    pub async fn run(&self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut signal = self.store.inbox_signal();
        loop {
            while enduring_as(|| self.pass(), anyhow::Error::downcast_ref::<StoreError>).await? > 0
            {
                if stop.is_cancelled() {
                    return Ok(());
                }
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = signal.changed() => {}
                // Another process may insert without this one's signal: with PostgreSQL that is the usual case.
                () = tokio::time::sleep(std::time::Duration::from_secs(1)) => {}
            }
        }
    }

    /// One pass; returns how many rows it took.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn pass(&self) -> anyhow::Result<usize> {
        let rows = self
            .store
            .pending_events(0, BATCH)
            .await
            .context("reading the inbox")?;
        let mut by_pipeline: BTreeMap<String, Vec<Pending>> = BTreeMap::new();
        let mut acks = Vec::new();
        for row in &rows {
            let original = self.original(row).await?;
            self.sort_in(
                row,
                original.as_ref().unwrap_or(row),
                &mut by_pipeline,
                &mut acks,
            );
        }
        if !acks.is_empty() {
            self.store
                .ack_events(&acks, self.clock.now())
                .await
                .context("acknowledging")?;
        }
        // A row that one pipeline could not take in stays pending for it, although the others have had it.
        let mut not_taken = BTreeSet::new();
        for (pipeline, mut pending) in by_pipeline {
            for row in &mut pending {
                row.acknowledge &= !not_taken.contains(&row.seq);
            }
            if !self.decide(&pipeline, &pending).await? {
                not_taken.extend(pending.iter().map(|row| row.seq));
            }
        }
        Ok(rows.len())
    }

    /// A row that was put in again by hand is what it was the first time.
    async fn original(&self, row: &InboxRow) -> anyhow::Result<Option<InboxRow>> {
        let (mut at, mut newest) = (row.event.clone(), row.seq);
        let mut found = None;
        while at.source == source::REPLAY {
            let seq = at
                .delivery
                .split(':')
                .nth(1)
                .and_then(|seq| seq.parse().ok());
            let Some(seq) = seq else { break };
            // Only backwards: a replay that names itself would go round for ever.
            let Some(older) = self.store.get_event(seq).await?.filter(|_| seq < newest) else {
                break;
            };
            (at, newest) = (older.event.clone(), seq);
            found = Some(older);
        }
        Ok(found)
    }

    fn sort_in(
        &self,
        row: &InboxRow,
        meaning: &InboxRow,
        by_pipeline: &mut BTreeMap<String, Vec<Pending>>,
        acks: &mut Vec<Ack>,
    ) {
        match route(meaning, &self.pipelines) {
            Destination::Pipelines { names, event } => {
                let last = names.len().saturating_sub(1);
                for (at, name) in names.into_iter().enumerate() {
                    by_pipeline.entry(name).or_default().push(Pending {
                        seq: row.seq,
                        event: Event::clone(&event),
                        acknowledge: at == last,
                    });
                }
            }
            Destination::Nobody { why } => {
                acks.push(Ack {
                    seq: row.seq,
                    outcome: AckOutcome::Ignored,
                    note: Some(why),
                });
            }
            Destination::Poison { why } => {
                tracing::warn!(
                    inbox.seq = row.seq,
                    "event {} cannot be understood: {why}",
                    row.seq
                );
                acks.push(Ack {
                    seq: row.seq,
                    outcome: AckOutcome::Poison,
                    note: Some(why),
                });
            }
        }
    }

    /// False when the rows are still to be decided.
    async fn decide(&self, pipeline: &str, pending: &[Pending]) -> anyhow::Result<bool> {
        for _ in 0..CONFLICTS {
            let commit = self.decision(pipeline, pending).await?;
            match self
                .store
                .commit(commit)
                .await
                .context("committing a decision")?
            {
                CommitOutcome::Committed { .. } => return Ok(true),
                CommitOutcome::Conflict => {
                    tracing::debug!(pipeline, "another process decided first");
                    let seqs: Vec<i64> = pending.iter().map(|row| row.seq).collect();
                    if !self.still_pending(&seqs).await? {
                        return Ok(false);
                    }
                }
            }
        }
        Ok(false)
    }

    async fn still_pending(&self, seqs: &[i64]) -> anyhow::Result<bool> {
        for seq in seqs {
            let row = self.store.get_event(*seq).await?;
            if row.is_none_or(|row| row.state != hodman_store::EventState::Pending) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Decides all rows of one pipeline after the other, in memory, for one commit.
    async fn decision(&self, pipeline: &str, pending: &[Pending]) -> anyhow::Result<Commit> {
        let now = self.clock.now();
        let known = self
            .store
            .load_state(pipeline)
            .await
            .context("loading the state")?;
        let (version, mut state) = match known {
            None => (0, PipelineState::default()),
            Some(row) => {
                let state = serde_json::from_str(&row.json).with_context(|| {
                    format!(
                        "the stored state of pipeline {pipeline} (number {}) is not one that this version of hodman \
                         reads: run the version that wrote it, or set the row aside and let Git and the markers \
                         in the workspaces tell it anew",
                        row.version
                    )
                })?;
                (row.version, state)
            }
        };
        let mut commit = Commit {
            pipeline: pipeline.to_owned(),
            expected_version: version,
            state: String::new(),
            wake_at: None,
            history: vec![],
            effects: vec![],
            cancel_ops: vec![],
            acks: vec![],
            now,
        };
        for row in pending {
            let decision = decide(&self.settings, &state, &row.event, now);
            state = decision.state;
            commit.wake_at = decision.wake_at;
            commit
                .cancel_ops
                .extend(decision.cancels.iter().map(|op| op.0.cast_signed()));
            for effect in &decision.effects {
                commit.effects.push(NewEffect {
                    op: effect.op.0.cast_signed(),
                    lane: format!("{pipeline}/{}", effect.lane()),
                    kind: route::kind_of(effect),
                    env: effect.env.as_ref().map(ToString::to_string),
                    payload: serde_json::to_string(effect).context("writing an effect")?,
                    run_at: now,
                });
            }
            for note in decision.notes {
                tracing::info!(pipeline, env = note.env.as_ref().map(|env| env.as_str()), kind = %note.kind, "{}", note.because);
                commit.history.push(NewHistory {
                    env: note.env.map(|env| env.0),
                    kind: note.kind,
                    because: note.because,
                    data: serde_json::json!({ "event": row.seq }),
                });
            }
            if row.acknowledge {
                let (outcome, note) = match decision.verdict {
                    Verdict::Handled => (AckOutcome::Handled, None),
                    Verdict::Ignored(why) => (AckOutcome::Ignored, Some(why)),
                };
                commit.acks.push(Ack {
                    seq: row.seq,
                    outcome,
                    note,
                });
            }
        }
        commit.state = serde_json::to_string(&state).context("writing the state")?;
        Ok(commit)
    }
}
