//! The two effects that take several steps to write: opening a pull request, and applying.

use super::executor::{Job, Step, failed};
use super::forge::{Pull, binding};
use super::site;
use super::store::Remembers;
use super::world::World;
use hodman_core::effect::{Act, Approved};
use hodman_core::event::Outcome;
use hodman_core::facts::{Pin, PullFact, PullState};
use hodman_core::ids::EnvName;

impl<S: Remembers> World<S> {
    pub(super) fn open(&mut self, job: &mut Job, env: &EnvName) -> Step {
        let Act::OpenPull {
            kind,
            package,
            source_commit,
            binding,
            plan,
            ..
        } = &job.claimed.effect.act
        else {
            return failed(false);
        };
        let pin = Pin {
            package: package.clone(),
            source_commit: source_commit.clone(),
            binding: binding.clone(),
            plan: plan.clone(),
        };
        let (kind, package, plan) = (*kind, package.clone(), plan.clone());
        if !job.checked {
            let main = self
                .forge
                .main()
                .files
                .get(env)
                .and_then(|file| file.pin.as_ref());
            if main == Some(&pin) {
                return Step::End(Outcome::PullNeedless);
            }
            job.checked = true;
            return Step::More;
        }
        if let Err(step) = self.holds(job) {
            return step;
        }
        let branch = format!("hodman/{kind:?}/{env}/{}", package.as_str());
        let head = self.forge.new_head();
        let there = |pull: &&mut Pull| pull.branch == branch && pull.fact.state == PullState::Open;
        if let Some(pull) = self.forge.pulls.iter_mut().find(there) {
            if pull.pin != pin {
                pull.pin = pin;
                pull.fact.head = head;
                pull.fact.approvals = 0;
            }
            let (number, head) = (pull.fact.number, pull.fact.head.clone());
            return Step::End(Outcome::PullReady { number, head });
        }
        let number = self.forge.number();
        let fact = PullFact {
            number,
            head: head.clone(),
            state: PullState::Open,
            env: env.clone(),
            kind,
            package: Some(package),
            plan: Some(plan),
            approvals: 0,
            person_pushed: false,
        };
        self.forge.pulls.push(Pull { fact, pin, branch });
        let open: Vec<_> = self
            .forge
            .open_for(env)
            .into_iter()
            .filter(|pull| !pull.fact.person_pushed)
            .collect();
        if open.len() > 1 {
            let numbers: Vec<String> = open
                .iter()
                .map(|pull| pull.fact.number.to_string())
                .collect();
            self.wrong(format!(
                "two open promotion pull requests for {env}: {}",
                numbers.join(", ")
            ));
        }
        self.say(|| format!("{number} is open: {kind:?} {env}"));
        Step::End(Outcome::PullReady { number, head })
    }

    pub(super) fn apply(&mut self, job: &mut Job, env: &EnvName) -> Step {
        let Act::Apply {
            package,
            config,
            binding: bound,
            approved,
        } = job.claimed.effect.act.clone()
        else {
            return failed(false);
        };
        let Some(todo) = &mut job.todo else {
            let Some((actions, now)) = self.taken(env, &package, &config) else {
                return failed(false);
            };
            if binding(now) != bound {
                return failed(true);
            }
            let plan = site::facts(&actions);
            self.truth.planned(&plan);
            let outside: Vec<String> = match &approved {
                Approved::Actions { actions: known, .. } => actions
                    .iter()
                    .filter(|one| !known.contains(&one.digest))
                    .map(|one| one.key.to_owned())
                    .collect(),
                Approved::PlanOnly { plan: known } if Some(known) == plan.digest.as_ref() => vec![],
                Approved::PlanOnly { .. } => actions.iter().map(|one| one.key.to_owned()).collect(),
                Approved::Reversible => plan.irreversible.clone(),
            };
            if !outside.is_empty() {
                return Step::End(Outcome::NotApproved {
                    plan,
                    outside,
                    stands_still: false,
                });
            }
            job.todo = Some(actions);
            return Step::More;
        };
        if todo.is_empty() {
            let verified = self
                .forge
                .main()
                .files
                .get(env)
                .is_some_and(|file| file.policy.verify.is_some());
            if !verified {
                self.truth.passed(env, &package, self.now);
            }
            let plan = site::facts(&[]);
            return Step::End(Outcome::Applied {
                done: job.done,
                satisfied: 0,
                uploaded: 0,
                plan,
            });
        }
        let action = todo.remove(0);
        job.done += 1;
        if let Err(step) = self.holds(job) {
            return step;
        }
        self.may_write(&job.claimed, env, &package, &action);
        let site = self.sites.entry(env.clone()).or_default();
        match &action.after {
            Some(value) => drop(site.insert(action.key, value.clone())),
            None => drop(site.remove(action.key)),
        }
        self.say(|| format!("{env}: {}", action.digest));
        Step::More
    }
}
