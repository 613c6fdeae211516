//! People: they change, review, merge, close, push where they should not, edit by hand, hold, resume and roll back.

use super::forge::{Change, binding};
use super::store::Remembers;
use super::world::World;
use hodman_core::event::{Ask, Command, Event};
use hodman_core::facts::{ForeignPull, Origin, Pin, PullState};
use hodman_core::ids::{EnvName, PlanDigest, PullNumber};

impl<S: Remembers> World<S> {
    /// Somebody does something.
    pub(super) fn people(&mut self) {
        let env = EnvName::from(*self.rng.pick(&["qa", "prod"]).unwrap_or(&"qa"));
        match self.rng.below(49) {
            0..5 => self.change_inputs(),
            5..10 => self.review(),
            10..20 => self.merge_one(),
            20 => self.close_one(),
            21 => self.push_to_one(),
            22 => self.pin_by_hand(&env, false),
            23 => self.pin_by_hand(&env, true),
            24 | 25 => self.propose_binding(&env),
            26 | 27 => self.merge_binding(),
            28 => self.bind_directly(&env),
            29..32 => self.edit_by_hand(&env),
            32 => self.break_file(&env),
            33 => self.say_so(Ask::Hold {
                env,
                reason: "wait".to_owned(),
            }),
            34 | 35 => self.say_so(Ask::Resume { env }),
            36..40 => self.say_so(Ask::Reconcile { env }),
            40 | 41 => self.say_so(Ask::Retry { env }),
            42..45 => self.say_so(Ask::Heal { env }),
            _ => {
                let now = self.rng.chance(50);
                if now {
                    self.truth.overridden(&env, self.now);
                }
                self.say_so(Ask::Rollback {
                    env,
                    to: None,
                    now,
                    reason: "it hurts".to_owned(),
                });
            }
        }
    }

    /// A command, as the CLI puts it in.
    pub(super) fn say_so(&mut self, ask: Ask) {
        if let Ask::Resume { env } = &ask {
            self.truth.resumed(env);
        }
        self.ask(&Event::Commanded(Command {
            by: "ann".to_owned(),
            ask,
        }));
    }

    fn change_inputs(&mut self) {
        let last = self.forge.main().inputs;
        let inputs = if self.rng.chance(80) {
            last + 1
        } else {
            last.saturating_sub(2).max(1)
        };
        self.set_inputs(inputs);
    }

    pub(super) fn set_inputs(&mut self, inputs: u32) {
        self.say(|| format!("main has inputs {inputs}"));
        self.forge.commit(|tree| tree.inputs = inputs);
        self.news("push");
    }

    fn one_open(&mut self) -> Option<PullNumber> {
        let open: Vec<PullNumber> = self
            .forge
            .pulls
            .iter()
            .filter(|pull| pull.fact.state == PullState::Open && Self::pins(pull.fact.kind))
            .map(|pull| pull.fact.number)
            .collect();
        self.rng.pick(&open).copied()
    }

    fn review(&mut self) {
        if let Some(pull) = self.one_open().and_then(|number| self.forge.pull(number)) {
            pull.fact.approvals += 1;
            self.news("review");
        }
    }

    fn merge_one(&mut self) {
        if let Some(number) = self.one_open() {
            self.merge_pull(number);
            self.news("merged");
        }
    }

    fn close_one(&mut self) {
        if let Some(pull) = self.one_open().and_then(|number| self.forge.pull(number)) {
            pull.fact.state = PullState::Closed;
            self.news("closed");
        }
    }

    /// A person's commit on our branch: reviews of the old head are gone.
    fn push_to_one(&mut self) {
        let head = self.forge.new_head();
        let other = self
            .stored
            .iter()
            .nth(self.rng.below(self.stored.len()))
            .cloned();
        let replaced = self.rng.chance(30);
        if let Some(pull) = self.one_open().and_then(|number| self.forge.pull(number)) {
            pull.fact.head = head;
            pull.fact.approvals = 0;
            pull.fact.person_pushed = true;
            if let Some(package) = other.filter(|_| replaced) {
                pull.pin.package = package;
            }
            self.news("synchronize");
        }
    }

    /// A pin that hodman did not write: pushed, or merged through somebody's own pull request.
    fn pin_by_hand(&mut self, env: &EnvName, through: bool) {
        let packages: Vec<_> = self.stored.iter().cloned().collect();
        let Some(package) = self.rng.pick(&packages).cloned() else {
            return;
        };
        let plans: Vec<PlanDigest> = self.truth.known_plans().into_iter().cloned().collect();
        let plan = self
            .rng
            .pick(&plans)
            .cloned()
            .unwrap_or_else(|| "plan:none".into());
        let bound = self.forge.main().files[env].binding;
        let pin = Pin {
            package,
            source_commit: self.forge.head(),
            binding: binding(bound),
            plan,
        };
        let origin = through.then(|| Origin {
            number: self.forge.number(),
            head: self.forge.new_head(),
            author: "pete".to_owned(),
            merged_by: None,
            approvals: 1,
            content_matches: true,
        });
        if through {
            self.truth.approve(env, &pin);
        }
        self.say(|| format!("a hand-written pin in {env}, reviewed: {through}: {pin:?}"));
        self.forge.commit(|tree| {
            if let Some(file) = tree.files.get_mut(env) {
                (file.pin, file.pin_origin) = (Some(pin), origin);
            }
        });
        self.news("push");
    }

    fn propose_binding(&mut self, env: &EnvName) {
        let number = self.forge.number();
        let head = self.forge.new_head();
        let binding = 1 + self.rng.below(4) as u32;
        let fork = self.rng.chance(20);
        let pull = ForeignPull { number, head, fork };
        self.say(|| format!("{number} proposes binding b{binding} for {env}"));
        self.forge.changes.push(Change {
            pull,
            env: env.clone(),
            binding,
            open: true,
        });
        self.news("opened");
    }

    fn merge_binding(&mut self) {
        let open = self.forge.changes.iter().position(|change| change.open);
        let Some(change) = open.map(|at| &mut self.forge.changes[at]) else {
            return;
        };
        change.open = false;
        let change = change.clone();
        let origin = Origin {
            number: change.pull.number,
            head: change.pull.head.clone(),
            author: "pete".to_owned(),
            merged_by: None,
            approvals: self.rng.below(2) as u32,
            content_matches: true,
        };
        let want = self.forge.main().files[&change.env].policy.gates.approvals;
        if origin.approvals >= want {
            self.truth
                .bound(change.pull.number, &change.pull.head, &change.env);
        }
        self.say(|| {
            format!(
                "{} is merged: {} has binding b{}",
                change.pull.number, change.env, change.binding
            )
        });
        self.bind(&change.env, change.binding, Some(origin));
    }

    fn bind_directly(&mut self, env: &EnvName) {
        let binding = 1 + self.rng.below(4) as u32;
        self.bind(env, binding, None);
    }

    fn bind(&mut self, env: &EnvName, binding: u32, origin: Option<Origin>) {
        self.forge.commit(|tree| {
            if let Some(file) = tree.files.get_mut(env) {
                (file.binding, file.binding_origin) = (binding, origin);
            }
        });
        self.news("push");
    }

    pub(super) fn edit_by_hand(&mut self, env: &EnvName) {
        let key = *self
            .rng
            .pick(&["job", "note", "cluster", "table"])
            .unwrap_or(&"job");
        let gone = self.rng.chance(30);
        let value = format!("hand{}", self.rng.below(3));
        self.say(|| format!("somebody edits {key} in {env}, gone: {gone}"));
        let Some(site) = self.sites.get_mut(env) else {
            return;
        };
        match gone {
            true => drop(site.remove(key)),
            false => drop(site.insert(key, value)),
        }
    }

    pub(super) fn break_file(&mut self, env: &EnvName) {
        let broken = !self.forge.main().files[env].broken;
        self.forge.commit(|tree| {
            if let Some(file) = tree.files.get_mut(env) {
                file.broken = broken;
            }
        });
        self.news("push");
    }
}
