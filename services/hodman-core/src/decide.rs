//! The one place where state changes: `(state, event, now)` in, the next state, effects and reasons out. No clock, no
//! network, no randomness; the same input always gives the same answer.
//!
//! An event first changes what is known (`learn`), then `advance` walks over everything that could go on now. Advancing
//! reads only the state, so it does not matter which event woke it: a lost event costs time, never an outcome.

mod advance;
mod bars;
mod build;
mod capture;
mod clock;
mod command;
mod drift;
mod gone;
mod heal;
mod keep;
mod learn;
mod new_environment;
mod notice;
mod observe;
mod pins;
mod promotion;
mod pulls;
mod report;
mod run;
mod slots;
mod still;
mod strays;
mod takeover;
mod unlock;

#[cfg(test)]
mod tests;

use crate::effect::{Act, Effect};
use crate::event::Event;
use crate::ids::{EnvName, Op};
use crate::settings::Settings;
use crate::state::PipelineState;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What follows from an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a decision that is not committed never happened"]
pub struct Decision {
    /// The next state.
    pub state: PipelineState,
    /// What to do.
    pub effects: Vec<Effect>,
    /// Effects that are not wanted any more.
    pub cancels: Vec<Op>,
    /// What to write down.
    pub notes: Vec<Note>,
    /// When to decide again without being told.
    pub wake_at: Option<DateTime<Utc>>,
    /// What became of the event.
    pub verdict: Verdict,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was taken in.
    Handled,
    /// It came late or twice, or asks for something that makes no sense; in words.
    Ignored(String),
}

/// A line of history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The environment.
    pub env: Option<EnvName>,
    /// One word, for filters.
    pub kind: String,
    /// In words: what and why.
    pub because: String,
}

/// Decides.
pub fn decide(
    settings: &Settings,
    state: &PipelineState,
    event: &Event,
    now: DateTime<Utc>,
) -> Decision {
    let mut draft = Draft::new(settings, state.clone(), now);
    clock::put_right(&mut draft);
    let verdict = match learn::learn(&mut draft, event) {
        Ok(()) => Verdict::Handled,
        Err(why) => Verdict::Ignored(why),
    };
    advance::advance(&mut draft);
    draft.finish(verdict)
}

/// A decision in the making.
pub(crate) struct Draft<'a> {
    pub settings: &'a Settings,
    pub state: PipelineState,
    pub now: DateTime<Utc>,
    effects: Vec<Effect>,
    cancels: Vec<Op>,
    notes: Vec<Note>,
    wake_at: Option<DateTime<Utc>>,
}

impl<'a> Draft<'a> {
    fn new(settings: &'a Settings, state: PipelineState, now: DateTime<Utc>) -> Self {
        Self {
            settings,
            state,
            now,
            effects: vec![],
            cancels: vec![],
            notes: vec![],
            wake_at: None,
        }
    }

    /// Asks for an effect and gives its number.
    pub fn emit(&mut self, env: Option<&EnvName>, act: Act) -> Op {
        let op = Op(self.state.next_op);
        self.state.next_op += 1;
        self.effects.push(Effect {
            op,
            env: env.cloned(),
            act,
        });
        op
    }

    /// An effect that has not begun need not begin.
    pub fn cancel(&mut self, op: Op) {
        self.cancels.push(op);
    }

    /// Writes a line of history.
    pub fn note(&mut self, env: Option<&EnvName>, kind: &str, because: impl Into<String>) {
        self.notes.push(Note {
            env: env.cloned(),
            kind: kind.to_owned(),
            because: because.into(),
        });
    }

    /// Asks to be woken no later than `at`; the past needs no waking.
    pub fn wake(&mut self, at: Option<DateTime<Utc>>) {
        let Some(at) = at.filter(|at| *at > self.now) else {
            return;
        };
        self.wake_at = Some(self.wake_at.map_or(at, |known| known.min(at)));
    }

    fn finish(self, verdict: Verdict) -> Decision {
        Decision {
            state: self.state,
            effects: self.effects,
            cancels: self.cancels,
            notes: self.notes,
            wake_at: self.wake_at,
            verdict,
        }
    }
}
