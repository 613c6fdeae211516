//! Does what decisions ask for. Each effect is held by a lease that is renewed while it runs; an executor whose lease
//! has passed on stops before its next step, and its outcome is not written.

mod fence;

pub use fence::{Fence, LeaseLost};

use crate::clock::Clock;
use crate::engine::effect_event;
use crate::work::{Work, WorkError};
use anyhow::Context as _;
use hodman_core::effect::{Act, Effect};
use hodman_core::event::Outcome;
use hodman_core::ids::Op;
use hodman_store::{Completion, OutboxRow, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How many effects run at a time. They wait on the network nearly always; sixteen keeps several environments going
/// without crowding a forge that asks for one writer.
const AT_ONCE: usize = 16;

/// A report is tried this often before it is given up; the next change says everything again.
const REPORT_TRIES: i64 = 6;

/// Claims and runs effects until told to stop.
#[derive(Clone, Debug)]
pub struct Worker {
    store: Store,
    work: Arc<Work>,
    clock: Clock,
    name: String,
    lease: Duration,
}

impl Worker {
    /// Makes a worker. `name` must differ between processes.
    #[must_use]
    pub fn new(store: Store, work: Arc<Work>, clock: Clock, name: String, lease: Duration) -> Self {
        Self {
            store,
            work,
            clock,
            name,
            lease,
        }
    }

    /// Runs until told to stop; then what runs may finish within `grace`, and the rest is left to its lease.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn run(&self, stop: CancellationToken, grace: Duration) -> anyhow::Result<()> {
        let mut running: JoinSet<anyhow::Result<()>> = JoinSet::new();
        let mut signal = self.store.outbox_signal();
        while !stop.is_cancelled() {
            let free = AT_ONCE.saturating_sub(running.len());
            if free > 0 {
                let claimed = self
                    .store
                    .claim_effects(&self.name, self.clock.now(), self.lease, free, &[])
                    .await
                    .context("claiming effects")?;
                for row in claimed {
                    let worker = self.clone();
                    running.spawn(async move { worker.one(row).await });
                }
            }
            let due = self.until_due().await?;
            tokio::select! {
                () = stop.cancelled() => {}
                () = signal.changed() => {}
                () = tokio::time::sleep(due) => {}
                Some(ended) = running.join_next() => ended.context("an executor ended in panic")??,
            }
        }
        let wait = async { while running.join_next().await.is_some() {} };
        if tokio::time::timeout(grace, wait).await.is_err() {
            tracing::warn!("{} effects are left to their leases", running.len());
        }
        Ok(())
    }

    async fn until_due(&self) -> anyhow::Result<Duration> {
        let now = self.clock.now();
        let due = self
            .store
            .next_due(now, &[])
            .await
            .context("asking for the next effect")?;
        let until = due.map_or(Duration::from_secs(5), |at| {
            (at - now).to_std().unwrap_or(Duration::from_millis(20))
        });
        // Never quite zero: an effect whose lane is busy is due all the time.
        Ok(until.clamp(Duration::from_millis(20), Duration::from_secs(5)))
    }

    /// Runs one claimed effect and writes its outcome.
    async fn one(&self, row: OutboxRow) -> anyhow::Result<()> {
        let effect: Effect = match serde_json::from_str(&row.payload) {
            Ok(effect) => effect,
            Err(error) => {
                let why = format!("not an effect of this version: {error}");
                return self
                    .complete(
                        &row,
                        Outcome::Failed {
                            why,
                            transient: false,
                        },
                    )
                    .await;
            }
        };
        let fence = Fence::new(self.store.clone(), self.clock.clone(), &row, self.lease);
        let heart = fence.beat();
        let began = std::time::Instant::now();
        let work = Arc::clone(&self.work);
        let (pipeline, inner, held) = (row.pipeline.clone(), effect.clone(), fence.clone());
        let created = row.created_at;
        // A task of its own: a panic in one executor ends that effect, not the daemon.
        let result =
            tokio::spawn(async move { work.perform(&pipeline, &inner, created, &held).await })
                .await;
        heart.abort();
        let result = result.unwrap_or_else(|panic| {
            Err(WorkError::lasting(format!("the executor failed: {panic}")))
        });
        let duration_ms = began.elapsed().as_millis();
        match result {
            Ok(outcome) => {
                tracing::debug!(op = row.op, kind = %row.kind, duration_ms, "done");
                self.complete(&row, outcome).await
            }
            Err(error) if error.is_lease_lost() => {
                tracing::warn!(op = row.op, kind = %row.kind, "given up: the lease has passed on");
                Ok(())
            }
            Err(error) => {
                tracing::warn!(op = row.op, kind = %row.kind, duration_ms, "failed: {error}");
                self.failed(&row, &effect, &error).await
            }
        }
    }

    async fn failed(
        &self,
        row: &OutboxRow,
        effect: &Effect,
        error: &WorkError,
    ) -> anyhow::Result<()> {
        let report = matches!(effect.act, Act::Say { .. });
        if report && error.is_transient() && row.attempt < REPORT_TRIES {
            let pause = chrono::Duration::seconds(
                2_i64.pow(u32::try_from(row.attempt).unwrap_or(6).min(8)),
            );
            let now = self.clock.now();
            let _ = self
                .store
                .retry_effect(row.id, row.attempt, now + pause, &error.to_string(), now)
                .await?;
            return Ok(());
        }
        self.complete(
            row,
            Outcome::Failed {
                why: error.to_string(),
                transient: error.is_transient(),
            },
        )
        .await
    }

    async fn complete(&self, row: &OutboxRow, outcome: Outcome) -> anyhow::Result<()> {
        let now = self.clock.now();
        let op = Op(row.op.cast_unsigned());
        let event = effect_event(&row.pipeline, op, row.attempt, outcome, now)
            .context("writing an outcome")?;
        match self
            .store
            .complete_effect(row.id, row.attempt, event, now)
            .await
            .context("completing an effect")?
        {
            Completion::Done { .. } => {}
            Completion::Fenced => tracing::warn!(
                op = row.op,
                "the outcome came after the lease had passed on"
            ),
        }
        Ok(())
    }
}
