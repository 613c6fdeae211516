//! Does what decisions ask for. Each effect is held by a lease that is renewed while it runs; an executor whose lease
//! has passed on stops before its next step, and its outcome is not written.

mod fence;
mod running;

pub use fence::{Fence, LeaseLost};
use running::{Pace, Running};

use crate::clock::Clock;
use crate::engine::effect_event;
use crate::work::{Work, WorkError};
use anyhow::Context as _;
use hodman_core::effect::{Act, Effect};
use hodman_core::event::Outcome;
use hodman_core::ids::Op;
use hodman_store::{Completion, Kinds, OutboxRow, Store, enduring};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A report, or a wait for a verification run, is tried this often before it is given up. A report is asked for again later;
/// a verification that was given up is a failed one, which a passing outage must not make.
const TRIES: i64 = 6;

/// Effects of a pipeline that was taken out of the configuration are looked at again after this: they wait for its
/// return, because a state that asked for them waits for their outcome.
const UNCONFIGURED: chrono::Duration = chrono::Duration::hours(1);

/// The longest pause between two looks into the outbox: what another process puts there gives no signal here.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

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
    /// When the store cannot be read or written, for minutes or for good.
    pub async fn run(&self, stop: CancellationToken, grace: Duration) -> anyhow::Result<()> {
        let mut running = Running::default();
        let mut signal = self.store.outbox_signal();
        let mut moves = self.clock.moves();
        while !stop.is_cancelled() {
            let worker = self.clone();
            self.claim(&mut running, move |row| {
                let worker = worker.clone();
                async move { worker.one(row).await }
            })
            .await?;
            // With no hands free only the end of something helps, which the wait below sees.
            let due = match running.wanted() {
                Some(kinds) => self.until_due(kinds).await?,
                None => LONGEST_WAIT,
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = signal.changed() => {}
                () = moves.next() => {}
                () = tokio::time::sleep(due) => {}
                ended = running.ended() => ended?,
            }
        }
        let wait = running.all_ended();
        let patience = self.work.places.patience(grace);
        if tokio::time::timeout(patience, wait).await.is_err() {
            tracing::warn!("{} effects are left to their leases", running.len());
        }
        Ok(())
    }

    /// One round: what is due gets the hands that are free.
    async fn claim<W>(
        &self,
        running: &mut Running,
        work: impl Fn(OutboxRow) -> W,
    ) -> anyhow::Result<()>
    where
        W: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        for pace in [Pace::Urgent, Pace::Patient] {
            let free = running.free(pace);
            if free == 0 {
                continue;
            }
            // A database that is away for a moment takes nothing from those who are at work.
            let claimed = enduring(|| {
                let now = self.clock.now();
                self.store
                    .claim_effects(&self.name, now, self.lease, free, pace.kinds())
            });
            for row in claimed.await.context("claiming effects")? {
                running.begin(pace, work(row));
            }
        }
        Ok(())
    }

    async fn until_due(&self, kinds: Kinds<'_>) -> anyhow::Result<Duration> {
        let now = self.clock.now();
        let due = enduring(|| self.store.next_due(now, kinds));
        let due = due.await.context("asking for the next effect")?;
        let until = due.map_or(LONGEST_WAIT, |at| {
            (at - now).to_std().unwrap_or(Duration::from_millis(20))
        });
        // Never quite zero: an effect whose lane is busy is due all the time.
        Ok(until.clamp(Duration::from_millis(20), LONGEST_WAIT))
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
        if row.cancel_requested {
            return self
                .let_go(&row, chrono::Duration::zero(), "no longer wanted")
                .await;
        }
        if !self.work.pipelines.contains_key(&row.pipeline) {
            let why = "its pipeline is not configured here";
            return self.let_go(&row, UNCONFIGURED, why).await;
        }
        let fence = Fence::new(self.store.clone(), self.clock.clone(), &row, self.lease);
        // Both end with this task: a daemon that stops leaves nobody behind who renews the lease or goes on writing.
        let _heart = fence.beat();
        let began = std::time::Instant::now();
        let work = Arc::clone(&self.work);
        let (pipeline, inner, held) = (row.pipeline.clone(), effect.clone(), fence.clone());
        let created = row.created_at;
        // A task of its own: a panic in one executor ends that effect, not the daemon.
        let result = AbortOnDropHandle::new(tokio::spawn(async move {
            work.perform(&pipeline, &inner, created, &held).await
        }))
        .await;
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
                // Cancelled, or the database could not be asked: the lane is freed. Somebody else's is left alone.
                self.let_go(&row, chrono::Duration::seconds(1), &error.to_string())
                    .await
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
        let patient = matches!(effect.act, Act::Say { .. } | Act::Verify { .. });
        if patient && error.is_transient() && row.attempt < TRIES {
            let pause = chrono::Duration::seconds(
                2_i64.pow(u32::try_from(row.attempt).unwrap_or(6).min(8)),
            );
            let pause = error.limited_for().map_or(pause, |asked| asked.max(pause));
            return self.let_go(row, pause, &error.to_string()).await;
        }
        if let (Some(wait), Act::Observe { .. }) = (error.limited_for(), &effect.act) {
            let (until, why) = (self.clock.now() + wait, error.to_string());
            return self.complete(row, Outcome::Limited { until, why }).await;
        }
        if error.is_waiting() && matches!(effect.act, Act::Apply { .. }) {
            let why = error.to_string();
            let outcome = match error.is_standing_still() {
                true => Outcome::StandsStill { why },
                false => Outcome::Waits { why },
            };
            return self.complete(row, outcome).await;
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

    /// Puts an effect back for later, or lets it end as cancelled when it is not wanted any more. Fenced: nothing
    /// happens when somebody else has it by now.
    async fn let_go(
        &self,
        row: &OutboxRow,
        pause: chrono::Duration,
        why: &str,
    ) -> anyhow::Result<()> {
        let now = self.clock.now();
        let left = enduring(|| {
            self.store
                .retry_effect(row.id, row.attempt, now + pause, why, now)
        });
        let left = left.await.context("putting an effect off")?;
        tracing::debug!(op = row.op, kind = %row.kind, ?left, "put off: {why}");
        Ok(())
    }

    async fn complete(&self, row: &OutboxRow, outcome: Outcome) -> anyhow::Result<()> {
        let now = self.clock.now();
        let op = Op(row.op.cast_unsigned());
        let event = effect_event(&row.pipeline, op, row.attempt, outcome, now)
            .context("writing an outcome")?;
        let completed = enduring(|| {
            self.store
                .complete_effect(row.id, row.attempt, event.clone(), now)
        });
        match completed.await.context("completing an effect")? {
            Completion::Done { .. } => {}
            Completion::Fenced => tracing::warn!(
                op = row.op,
                "the outcome came after the lease had passed on"
            ),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
