//! The end of a run: nothing breaks any more, people do what is asked of them, and everything must arrive.

use super::forge::{binding, package};
use super::site;
use super::store::{At, Remembers};
use super::world::World;
use chrono::TimeDelta;
use hodman_core::event::Ask;
use hodman_core::explain;
use hodman_core::facts::PullState;
use hodman_core::ids::{EnvName, PackageDigest, PullNumber};

/// Rounds in which people help or time passes.
const ROUNDS: usize = 600;

impl<S: Remembers> World<S> {
    /// Lets everything come to rest and asks whether the last package is everywhere.
    pub fn finish(&mut self) {
        self.faults = false;
        self.nothing_lost();
        // Leases of executors that died end.
        self.jobs.clear();
        self.now += TimeDelta::seconds(120);
        for env in [EnvName::from("qa"), EnvName::from("prod")] {
            if self.forge.main().files[&env].broken {
                self.break_file(&env);
            }
            self.say_so(Ask::Resume { env });
        }
        for change in &mut self.forge.changes {
            change.open = false;
        }
        if !self.rest() {
            return;
        }
        self.close_what_people_pushed_to();
        self.say_so(Ask::Observe);
        if !self.rest() {
            return;
        }
        let last = self.last_inputs();
        self.set_inputs(last);
        self.say_so(Ask::Observe);
        let last = package(last);
        self.say(|| format!("from here on everybody wants {last}"));
        let deadline = self.now + TimeDelta::days(40);
        let mut meddled = false;
        for _ in 0..ROUNDS {
            if !self.rest() || !self.broken.is_empty() {
                return;
            }
            if self.arrived(&last) {
                if std::mem::replace(&mut meddled, true) {
                    return self.at_rest();
                }
                self.meddle();
                continue;
            }
            if !self.help() {
                self.sleep();
            }
            if self.now > deadline {
                break;
            }
        }
        let why = self.why();
        self.wrong(format!("{last} never arrived: {why}"));
    }

    /// Some quiet weeks: changes go all the way, nothing breaks.
    pub fn calm(&mut self, changes: usize) {
        self.faults = false;
        for _ in 0..changes {
            let next = self.forge.main().inputs + 1;
            self.set_inputs(next);
            self.say_so(Ask::Observe);
            for _ in 0..8 {
                if !self.rest() {
                    return;
                }
                if !self.help() {
                    self.sleep();
                }
            }
        }
        self.faults = true;
    }

    fn rest(&mut self) -> bool {
        let rest = self.settle();
        if !rest {
            let why = self.why();
            self.wrong(format!("it never comes to rest: {why}"));
        }
        rest
    }

    /// Good ones, whose bytes were never built before.
    fn last_inputs(&self) -> u32 {
        let next = self.forge.main().inputs + 4;
        (next..)
            .find(|inputs| {
                inputs % 4 == 0
                    && !site::is_bad(&package(*inputs))
                    && !self.stored.contains(&package(*inputs))
            })
            .unwrap_or(next)
    }

    fn close_what_people_pushed_to(&mut self) {
        for pull in &mut self.forge.pulls {
            if pull.fact.state == PullState::Open && pull.fact.person_pushed {
                pull.fact.state = PullState::Closed;
            }
        }
    }

    /// Reviews and merges whatever is open. False when there was nothing to do.
    fn help(&mut self) -> bool {
        let open: Vec<PullNumber> = self
            .forge
            .pulls
            .iter_mut()
            .filter(|pull| pull.fact.state == PullState::Open && Self::pins(pull.fact.kind))
            .map(|pull| {
                pull.fact.approvals += 1;
                pull.fact.number
            })
            .collect();
        for number in &open {
            self.merge_pull(*number);
        }
        if !open.is_empty() {
            self.say_so(Ask::Observe);
        }
        !open.is_empty()
    }

    /// Somebody edits what has arrived, and somebody else asks for it to be put back: whatever the policies say, it is.
    fn meddle(&mut self) {
        for env in [EnvName::from("qa"), EnvName::from("prod")] {
            for _ in 0..self.rng.below(3) {
                self.edit_by_hand(&env);
            }
            self.say_so(Ask::Heal { env });
        }
    }

    fn sleep(&mut self) {
        let now = self.now;
        let due: [Option<At>; 2] = [self.store.next_wake(), self.store.next_due(now)];
        match due.into_iter().flatten().min() {
            Some(at) => self.now = at.max(now + TimeDelta::milliseconds(1)),
            None => {
                let why = self.why();
                self.wrong(format!("it sleeps for ever: {why}"));
            }
        }
    }

    fn arrived(&mut self, last: &PackageDigest) -> bool {
        let (_, state) = self.store.load();
        [EnvName::from("qa"), EnvName::from("prod")]
            .iter()
            .all(|env| {
                let file = &self.forge.main().files[env];
                let there = state.environments.get(env).is_some_and(|known| {
                    known.healthy_with(last).is_some()
                        && known.run.is_none()
                        && known
                            .current
                            .as_ref()
                            .is_some_and(|current| current.binding == binding(file.binding))
                });
                there && self.sites[env] == site::desired(last, file.binding)
            })
    }

    fn at_rest(&mut self) {
        let (_, pending, undone) = self.store.counts();
        if pending + undone > 0 {
            self.wrong(format!(
                "{pending} events and {undone} effects are left over"
            ));
        }
    }

    fn why(&mut self) -> String {
        let (_, state) = self.store.load();
        let mut lines = Vec::new();
        for env in state.environments.keys() {
            if let Some(explained) = explain::explain(&state, env, self.now) {
                let waits: Vec<String> = explained.waits.iter().map(ToString::to_string).collect();
                lines.push(format!(
                    "{env} {} ({})",
                    explained.standing,
                    waits.join("; ")
                ));
            }
        }
        lines.join(" | ")
    }
}
