//! What is being done, and how many hands are free for what.

use anyhow::Context as _;
use hodman_store::Kinds;
use tokio::task::{JoinError, JoinSet};

/// How many effects run at a time. They wait on the network nearly always; sixteen keeps several environments going
/// without crowding a forge that asks for one writer.
const AT_ONCE: usize = 16;

/// How many of them may be patient ones: a night's comparisons, or verifications that hang, must not hold up a rollback.
const PATIENT_AT_ONCE: usize = 8;

/// Kinds that take minutes and that nothing urgent waits for.
const PATIENT: [&str; 4] = ["compare", "look", "check_pull", "verify"];

/// Whether somebody waits for an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// All that is not patient.
    Urgent,
    /// [`PATIENT`].
    Patient,
}

impl Pace {
    /// The kinds of this pace.
    pub(super) fn kinds(self) -> Kinds<'static> {
        match self {
            Self::Urgent => Kinds::Except(&PATIENT),
            Self::Patient => Kinds::Only(&PATIENT),
        }
    }
}

type Tasks = JoinSet<anyhow::Result<()>>;

/// The effects at work.
#[derive(Debug, Default)]
pub(super) struct Running {
    urgent: Tasks,
    patient: Tasks,
}

impl Running {
    /// How many more of this pace may begin.
    pub(super) fn free(&self, pace: Pace) -> usize {
        let free = AT_ONCE.saturating_sub(self.len());
        match pace {
            Pace::Urgent => free,
            Pace::Patient => free.min(PATIENT_AT_ONCE.saturating_sub(self.patient.len())),
        }
    }

    /// What there are hands for.
    pub(super) fn wanted(&self) -> Option<Kinds<'static>> {
        match (self.free(Pace::Urgent), self.free(Pace::Patient)) {
            (0, _) => None,
            (_, 0) => Some(Pace::Urgent.kinds()),
            _ => Some(Kinds::All),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.urgent.len() + self.patient.len()
    }

    /// Begins one.
    pub(super) fn begin(
        &mut self,
        pace: Pace,
        work: impl Future<Output = anyhow::Result<()>> + Send + 'static,
    ) {
        match pace {
            Pace::Urgent => self.urgent.spawn(work),
            Pace::Patient => self.patient.spawn(work),
        };
    }

    /// Waits until one ends; for ever where there is none.
    ///
    /// # Errors
    /// Its error.
    pub(super) async fn ended(&mut self) -> anyhow::Result<()> {
        let ended: Result<anyhow::Result<()>, JoinError> = tokio::select! {
            Some(ended) = self.urgent.join_next() => ended,
            Some(ended) = self.patient.join_next() => ended,
            else => std::future::pending().await,
        };
        ended.context("an executor ended in panic")?
    }

    /// Waits until all have ended, however they do.
    pub(super) async fn all_ended(&mut self) {
        while self.urgent.join_next().await.is_some() {}
        while self.patient.join_next().await.is_some() {}
    }
}
