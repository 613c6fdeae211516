//! A model of the store, small enough to be read: unique deliveries, compare-and-swap, lanes, leases, fencing.

use super::store::{At, Claimed, Decided, LEASE, Remembers, Renewal, lane, outcome_delivery};
use chrono::TimeDelta;
use hodman_core::effect::Effect;
use hodman_core::event::Event;
use hodman_core::state::PipelineState;
use std::collections::{BTreeMap, BTreeSet};

/// Everything in memory.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    version: i64,
    state: PipelineState,
    wake_at: Option<At>,
    /// Number of the event by (source, delivery).
    known: BTreeMap<String, i64>,
    pending: BTreeMap<i64, Event>,
    outbox: Vec<Row>,
    ops: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
struct Row {
    id: i64,
    lane: String,
    effect: Effect,
    run_at: At,
    attempt: i64,
    leased: Option<At>,
    cancelled: bool,
}

impl Memory {
    fn put(&mut self, source: &str, delivery: &str, event: &Event) -> (i64, bool) {
        let key = format!("{source}\n{delivery}");
        if let Some(seq) = self.known.get(&key) {
            return (*seq, false);
        }
        let seq = self.known.len() as i64 + 1;
        self.known.insert(key, seq);
        self.pending.insert(seq, event.clone());
        (seq, true)
    }

    fn held(&mut self, id: i64, attempt: i64) -> Option<&mut Row> {
        let held = |row: &&mut Row| row.id == id && row.attempt == attempt && row.leased.is_some();
        self.outbox.iter_mut().find(held)
    }
}

impl Remembers for Memory {
    fn insert(&mut self, source: &str, delivery: &str, event: &Event, _: At) -> bool {
        self.put(source, delivery, event).1
    }

    fn pending(&mut self, limit: usize) -> Vec<(i64, Event)> {
        let first = self.pending.iter().take(limit);
        first.map(|(seq, event)| (*seq, event.clone())).collect()
    }

    fn load(&mut self) -> (i64, PipelineState) {
        (self.version, self.state.clone())
    }

    fn commit(&mut self, decided: &Decided) -> bool {
        if self.version != decided.expected
            || decided
                .acks
                .iter()
                .any(|seq| !self.pending.contains_key(seq))
        {
            return false;
        }
        self.version += 1;
        self.state = decided.state.clone();
        self.wake_at = decided.wake_at;
        for seq in &decided.acks {
            self.pending.remove(seq);
        }
        for op in &decided.cancels {
            self.outbox
                .retain(|row| row.effect.op != *op || row.leased.is_some());
            for row in self.outbox.iter_mut().filter(|row| row.effect.op == *op) {
                row.cancelled = true;
            }
        }
        for effect in &decided.effects {
            assert!(self.ops.insert(effect.op.0), "{} is used twice", effect.op);
            self.outbox.push(Row {
                id: self.ops.len() as i64,
                lane: lane(effect),
                effect: effect.clone(),
                run_at: decided.now,
                attempt: 0,
                leased: None,
                cancelled: false,
            });
        }
        true
    }

    fn fire_wakes(&mut self, now: At) {
        let Some(at) = self.wake_at.filter(|at| *at <= now) else {
            return;
        };
        self.wake_at = None;
        let delivery = format!("sales:{}", at.timestamp_millis());
        let (seq, fresh) = self.put("timer", &delivery, &Event::Tick);
        if !fresh && !self.pending.contains_key(&seq) {
            self.put(
                "timer",
                &format!("{delivery}:{}", self.version),
                &Event::Tick,
            );
        }
    }

    fn next_wake(&mut self) -> Option<At> {
        self.wake_at
    }

    fn claim(&mut self, _: &str, now: At, limit: usize) -> Vec<Claimed> {
        let busy: BTreeSet<String> = self
            .outbox
            .iter()
            .filter(|row| row.leased.is_some())
            .map(|row| row.lane.clone())
            .collect();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        let mut claimed = Vec::new();
        for row in &mut self.outbox {
            let due = match row.leased {
                Some(until) => until <= now,
                None => row.run_at <= now && !busy.contains(&row.lane),
            };
            if claimed.len() < limit && due && taken.insert(row.lane.clone()) {
                row.attempt += 1;
                row.leased = Some(now + TimeDelta::seconds(LEASE));
                claimed.push(Claimed {
                    id: row.id,
                    attempt: row.attempt,
                    effect: row.effect.clone(),
                });
            }
        }
        claimed
    }

    fn renew(&mut self, id: i64, attempt: i64, now: At) -> Renewal {
        match self.held(id, attempt) {
            None => Renewal::Lost,
            Some(row) => {
                row.leased = Some(now + TimeDelta::seconds(LEASE));
                if row.cancelled {
                    Renewal::Cancelled
                } else {
                    Renewal::Held
                }
            }
        }
    }

    fn complete(&mut self, claimed: &Claimed, outcome: &Event, _: At) -> bool {
        if self.held(claimed.id, claimed.attempt).is_none() {
            return false;
        }
        self.outbox.retain(|row| row.id != claimed.id);
        self.put("effect", &outcome_delivery(claimed), outcome);
        true
    }

    fn put_off(&mut self, claimed: &Claimed, until: At, _: At) {
        let Some(row) = self.held(claimed.id, claimed.attempt) else {
            return;
        };
        (row.leased, row.run_at) = (None, until);
        if row.cancelled {
            self.outbox.retain(|row| row.id != claimed.id);
        }
    }

    fn next_due(&mut self, now: At) -> Option<At> {
        let busy: BTreeSet<&String> = self
            .outbox
            .iter()
            .filter(|row| row.leased.is_some())
            .map(|row| &row.lane)
            .collect();
        let due = self.outbox.iter().filter_map(|row| match row.leased {
            Some(until) => Some(until),
            None => (!busy.contains(&row.lane)).then_some(row.run_at),
        });
        due.min().map(|at| at.max(now))
    }

    fn counts(&mut self) -> (usize, usize, usize) {
        (self.known.len(), self.pending.len(), self.outbox.len())
    }
}
