//! The world of one run: a forge, workspaces, a store, executors at work, mail on its way, and people.

use super::brief::brief;
use super::executor::Job;
use super::forge::{File, Forge};
use super::policies::policy;
use super::rng::Rng;
use super::rules::Truth;
use super::site::Site;
use super::store::{At, Decided, Remembers};
use chrono::{DateTime, TimeDelta};
use hodman_core::decide::{Verdict, decide};
use hodman_core::event::Event;
use hodman_core::ids::{EnvName, PackageDigest};
use hodman_core::invariants;
use hodman_core::settings::Settings;
use hodman_core::state::Kept;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Everything.
#[derive(Clone)]
pub struct World<S> {
    pub(super) rng: Rng,
    pub(super) now: At,
    pub(super) store: S,
    pub(super) forge: Forge,
    pub(super) sites: BTreeMap<EnvName, Site>,
    pub(super) stored: BTreeSet<PackageDigest>,
    /// People's word, kept beside the packages.
    pub(super) words: BTreeMap<EnvName, Kept>,
    pub(super) jobs: Vec<Job>,
    pub(super) truth: Truth,
    /// Things break.
    pub(super) faults: bool,
    settings: Settings,
    mail: Vec<(String, Event)>,
    accepted: Vec<(String, String)>,
    prepared: Vec<Decided>,
    letters: u64,
    fresh: fn(At) -> S,
    /// Rules that were broken; the run ends with the first.
    pub broken: Vec<String>,
    /// What happened, when somebody wants to read it.
    pub trace: Option<String>,
}

/// The environments, in the order of promotion.
pub const ENVS: [&str; 3] = ["dev", "qa", "prod"];

impl<S: Remembers> World<S> {
    /// A repository with dev, qa and prod; their policies depend on the seed.
    pub fn new(seed: u64, fresh: fn(At) -> S) -> Self {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a date");
        let mut rng = Rng::new(seed);
        let mut forge = Forge::default();
        let policies = ENVS.map(|env| (EnvName::from(env), policy(env, &mut rng)));
        forge.commit(|tree| {
            tree.inputs = 1;
            for (env, policy) in policies {
                let file = File {
                    policy,
                    broken: false,
                    binding: 1,
                    binding_origin: None,
                    pin: None,
                    pin_origin: None,
                };
                tree.files.insert(env, file);
            }
        });
        let mut world = Self {
            rng,
            now,
            store: fresh(now),
            forge,
            sites: ENVS
                .iter()
                .map(|env| (EnvName::from(*env), Site::new()))
                .collect(),
            stored: BTreeSet::new(),
            words: BTreeMap::new(),
            jobs: vec![],
            truth: Truth::default(),
            faults: true,
            settings: Settings::default(),
            mail: vec![],
            accepted: vec![],
            prepared: vec![],
            letters: 0,
            fresh,
            broken: vec![],
            trace: None,
        };
        world.started();
        world
    }

    /// From here on, another order of things.
    pub fn reseed(&mut self, seed: u64) {
        self.rng = Rng::new(seed);
    }

    pub(super) fn say(&mut self, words: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            let _ = writeln!(trace, "{} {}", self.now.format("%d %H:%M:%S"), words());
        }
    }

    pub(super) fn wrong(&mut self, rule: String) {
        self.say(|| format!("!!! {rule}"));
        self.broken.push(rule);
    }

    /// One thing happens.
    pub fn step(&mut self) {
        match self.rng.below(100) {
            0..25 => self.engine(),
            25..38 => self.claim(),
            38..70 => self.work(),
            70..76 => self.deliver(),
            76..86 => self.people(),
            86..94 => self.time(),
            94..98 => {
                let now = self.now;
                self.store.fire_wakes(now);
            }
            98 if self.rng.chance(50) => self.crash(),
            98 => self.engine(),
            _ if self.rng.chance(6) => self.lose_database(),
            _ => self.work(),
        }
    }

    fn time(&mut self) {
        let jump = match self.rng.below(10) {
            0..4 => self.rng.below(30) as i64,
            4..6 => 61,
            6 => -(self.rng.below(20) as i64),
            7 => 600 + self.rng.below(3000) as i64,
            _ => match self.store.next_wake() {
                Some(at) => (at - self.now).num_seconds().clamp(0, 86_400) + 1,
                None => 1,
            },
        };
        self.now += TimeDelta::seconds(jump);
    }

    /// A letter: dropped, delayed, doubled. It counts as received only once the store has it.
    pub(super) fn news(&mut self, why: &str) {
        if self.faults && self.rng.chance(30) {
            return;
        }
        self.letters += 1;
        let letter = (
            format!("letter-{}", self.letters),
            Event::Woken {
                why: why.to_owned(),
            },
        );
        if self.faults && self.rng.chance(20) {
            self.mail.push(letter.clone());
        }
        self.mail.push(letter);
    }

    fn deliver(&mut self) {
        if self.mail.is_empty() {
            return;
        }
        let at = self.rng.below(self.mail.len());
        let (delivery, event) = self.mail.swap_remove(at);
        self.receive("forge", &delivery, &event);
    }

    pub(super) fn receive(&mut self, source: &str, delivery: &str, event: &Event) {
        self.say(|| format!("received {source} {delivery}: {}", brief(event)));
        let now = self.now;
        self.store.insert(source, delivery, event, now);
        // From here on the sender was told that it is safe.
        self.accepted.push((source.to_owned(), delivery.to_owned()));
    }

    /// Somebody asks for something, and is told that it was taken.
    pub(super) fn ask(&mut self, event: &Event) {
        self.letters += 1;
        let delivery = format!("command-{}", self.letters);
        self.receive("command", &delivery, event);
    }

    /// Decides now and commits, or later, when another may have been first.
    pub(super) fn engine(&mut self) {
        if self.prepared.len() < 2 {
            let batch = 1 + self.rng.below(4);
            self.prepare(batch);
        }
        if !self.prepared.is_empty() && (!self.faults || self.rng.chance(80)) {
            let at = self.rng.below(self.prepared.len());
            let decided = self.prepared.swap_remove(at);
            self.commit(&decided);
        }
    }

    fn prepare(&mut self, batch: usize) {
        let mut pending = self.store.pending(batch);
        // Another engine, or another order.
        if self.faults && self.rng.chance(25) {
            let first = self.rng.below(pending.len());
            pending.drain(..first);
        }
        if pending.is_empty() {
            return;
        }
        let (expected, mut state) = self.store.load();
        let mut effects = Vec::new();
        let mut cancels = Vec::new();
        let mut wake_at = None;
        for (_, event) in &pending {
            let decision = decide(&self.settings, &state, event, self.now);
            if let Some(trace) = &mut self.trace {
                let _ = writeln!(
                    trace,
                    "{} decides on {}",
                    self.now.format("%d %H:%M:%S"),
                    brief(event)
                );
                if let Verdict::Ignored(why) = &decision.verdict {
                    let _ = writeln!(trace, "    ignored: {why}");
                }
                for note in &decision.notes {
                    let env = note.env.as_ref().map_or("-", EnvName::as_str);
                    let _ = writeln!(trace, "    {env} {}: {}", note.kind, note.because);
                }
                for effect in &decision.effects {
                    let _ = writeln!(trace, "    -> {effect:?}");
                }
            }
            if let Err(rules) = invariants::check_step(&state, &decision.state, &decision.effects) {
                // Nothing of it may be committed by anybody.
                self.wrong(format!("a decision breaks {rules:?}"));
            }
            state = decision.state;
            effects.extend(decision.effects);
            cancels.extend(decision.cancels);
            wake_at = decision.wake_at;
        }
        let acks = pending.iter().map(|(seq, _)| *seq).collect();
        self.prepared.push(Decided {
            expected,
            state,
            wake_at,
            effects,
            cancels,
            acks,
            now: self.now,
        });
    }

    fn commit(&mut self, decided: &Decided) {
        if !self.store.commit(decided) {
            return self.say(|| "another was first".to_owned());
        }
        if let Err(rules) = invariants::check(&decided.state) {
            self.wrong(format!("the state breaks {rules:?}"));
        }
        for effect in &decided.effects {
            if let Some(rule) = self.truth.held_back(effect) {
                self.wrong(rule);
            }
            self.truth.asked(effect);
        }
    }

    fn claim(&mut self) {
        let (now, limit) = (self.now, 1 + self.rng.below(3));
        for claimed in self.store.claim("worker", now, limit) {
            self.say(|| {
                format!(
                    "claims {} try {}: {:?}",
                    claimed.effect.op, claimed.attempt, claimed.effect.act
                )
            });
            self.truth.claimed(&claimed);
            self.jobs.push(Job::new(claimed));
        }
    }

    fn work(&mut self) {
        if self.jobs.is_empty() {
            return self.claim();
        }
        let at = self.rng.below(self.jobs.len());
        if self.faults && self.rng.chance(2) {
            self.jobs.swap_remove(at);
            return self.say(|| "an executor dies".to_owned());
        }
        self.one_step_of(at);
    }

    fn started(&mut self) {
        self.letters += 1;
        let delivery = format!("start-{}", self.letters);
        self.receive(
            "daemon",
            &delivery,
            &Event::Woken {
                why: "the daemon started".to_owned(),
            },
        );
    }

    /// The process ends between any two steps of anything.
    fn crash(&mut self) {
        self.say(|| "the daemon is killed and starts again".to_owned());
        self.jobs.clear();
        self.prepared.clear();
        self.started();
    }

    fn lose_database(&mut self) {
        self.say(|| "the database is lost".to_owned());
        let (_, state) = self.store.load();
        for (env, word) in &self.words {
            let known = state.environments.get(env);
            let held = known.is_some_and(|known| known.hold.is_some());
            // What was said a moment ago may be lost with it.
            if held && word.hold.is_some() {
                self.truth.held(env);
            }
        }
        self.store = (self.fresh)(self.now);
        self.accepted.clear();
        self.truth.forget_attempts();
        self.crash();
    }

    /// Everything that can go on without time passing goes on. False when it never comes to rest.
    pub(super) fn settle(&mut self) -> bool {
        for _ in 0..400 {
            let now = self.now;
            self.store.fire_wakes(now);
            self.prepare(16);
            let decided = std::mem::take(&mut self.prepared);
            let idle = decided.is_empty();
            for decided in decided {
                self.commit(&decided);
            }
            for claimed in self.store.claim("worker", now, 16) {
                self.truth.claimed(&claimed);
                self.jobs.push(Job::new(claimed));
            }
            if idle && self.jobs.is_empty() {
                return true;
            }
            while !self.jobs.is_empty() {
                self.one_step_of(0);
            }
        }
        false
    }

    /// Whatever was said to be safe is there.
    pub(super) fn nothing_lost(&mut self) {
        let now = self.now;
        for (source, delivery) in std::mem::take(&mut self.accepted).iter().rev().take(20) {
            if self.store.insert(source, delivery, &Event::Tick, now) {
                self.wrong(format!("{source} {delivery} was taken and lost"));
            }
        }
    }
}
