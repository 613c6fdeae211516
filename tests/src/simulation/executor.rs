//! Executors: each step is one touch of the world, with the lease renewed before every write, and anything may happen
//! between two steps. A worker that was slow goes on as if nothing had happened: only the fence stops it.

use super::brief::brief;
use super::forge::{Pull, binding, package};
use super::site::{self, Action};
use super::store::{Claimed, Remembers, Renewal};
use super::world::World;
use chrono::TimeDelta;
use hodman_core::effect::{Act, Approved};
use hodman_core::event::{Event, Outcome};
use hodman_core::facts::{ForgeFacts, Pin, PullFact, PullKind, PullState};
use hodman_core::ids::{CommitSha, EnvName, InputsId, PackageDigest};

/// An effect being done.
#[derive(Clone, Debug)]
pub struct Job {
    pub(super) claimed: Claimed,
    /// What was read of main, while pull requests are still to be read.
    read: Option<ForgeFacts>,
    /// Actions still to be done.
    todo: Option<Vec<Action>>,
    done: u32,
    checked: bool,
}

/// What a step of a job comes to.
enum Step {
    More,
    End(Outcome),
    /// The lease is somebody else's: nothing more is done, nothing is said.
    Fenced,
}

impl Job {
    /// At its beginning.
    pub fn new(claimed: Claimed) -> Self {
        Self {
            claimed,
            read: None,
            todo: None,
            done: 0,
            checked: false,
        }
    }
}

fn failed(transient: bool) -> Step {
    Step::End(Outcome::Failed {
        why: "it broke".to_owned(),
        transient,
    })
}

impl<S: Remembers> World<S> {
    /// One step of one job; what ends is told to the store, which may not want it any more.
    pub(super) fn one_step_of(&mut self, at: usize) {
        let mut job = self.jobs.swap_remove(at);
        let step = if self.faults && self.rng.chance(4) {
            failed(self.rng.chance(80))
        } else {
            self.perform(&mut job)
        };
        match step {
            Step::More => self.jobs.push(job),
            Step::Fenced => self.say(|| format!("{} is fenced", job.claimed.effect.op)),
            Step::End(outcome) => {
                // Done, and the answer is lost on its way back.
                let lost = self.faults
                    && self.rng.chance(4)
                    && !matches!(outcome, Outcome::Observed { .. });
                let outcome = if lost {
                    Outcome::Failed {
                        why: "timed out".to_owned(),
                        transient: true,
                    }
                } else {
                    outcome
                };
                self.end(&job, outcome);
            }
        }
    }

    fn end(&mut self, job: &Job, outcome: Outcome) {
        let now = self.now;
        if matches!(job.claimed.effect.act, Act::Say { .. }) && self.faults && self.rng.chance(20) {
            return self
                .store
                .put_off(&job.claimed, now + TimeDelta::seconds(5), now);
        }
        let event = Event::Ended {
            op: job.claimed.effect.op,
            outcome,
        };
        let written = self.store.complete(&job.claimed, &event, now);
        self.say(|| {
            format!(
                "{} try {} ends (written: {written}): {}",
                job.claimed.effect.op,
                job.claimed.attempt,
                brief(&event)
            )
        });
    }

    /// The fence before a write.
    #[expect(clippy::result_large_err, reason = "a step is looked at once and never kept")]
    fn holds(&mut self, job: &Job) -> Result<(), Step> {
        let now = self.now;
        match self.store.renew(job.claimed.id, job.claimed.attempt, now) {
            Renewal::Held => {
                if !self.truth.is_newest(&job.claimed) {
                    self.wrong(format!(
                        "an older attempt of {} still holds its lease",
                        job.claimed.effect.op
                    ));
                }
                Ok(())
            }
            Renewal::Cancelled => Err(failed(false)),
            Renewal::Lost => Err(Step::Fenced),
        }
    }

    fn perform(&mut self, job: &mut Job) -> Step {
        let effect = job.claimed.effect.clone();
        let env = effect.env.clone().unwrap_or_else(|| EnvName::from("-"));
        match &effect.act {
            Act::Observe { pulls, .. } => match job.read.take() {
                None => {
                    job.read = Some(self.forge.environments(&self.stored));
                    Step::More
                }
                Some(mut facts) => {
                    self.forge.list(&mut facts, pulls);
                    Step::End(Outcome::Observed {
                        facts: Box::new(facts),
                    })
                }
            },
            Act::Build { commit, .. } => {
                let Some(tree) = self.forge.at(commit) else {
                    return failed(false);
                };
                let package = package(tree.inputs);
                self.stored.insert(package.clone());
                let inputs = InputsId(format!("i{}", tree.inputs));
                Step::End(Outcome::Built {
                    inputs,
                    package,
                    commit: commit.clone(),
                })
            }
            Act::Plan { package, config } => match self.taken(&env, package, config) {
                None => failed(false),
                Some((actions, bound)) => {
                    let plan = site::facts(&actions);
                    self.truth.planned(&plan);
                    Step::End(Outcome::Planned {
                        plan,
                        binding: binding(bound),
                    })
                }
            },
            Act::OpenPull { .. } => self.open(job, &env),
            Act::UpdatePull {
                number,
                package,
                source_commit,
                binding,
                plan,
                ..
            } => {
                if let Err(step) = self.holds(job) {
                    return step;
                }
                let head = self.forge.new_head();
                let pin = Pin {
                    package: package.clone(),
                    source_commit: source_commit.clone(),
                    binding: binding.clone(),
                    plan: plan.clone(),
                };
                match self.forge.pull(*number) {
                    Some(pull) if pull.fact.state == PullState::Open => {
                        pull.pin = pin;
                        pull.fact.head = head.clone();
                        pull.fact.approvals = 0;
                        Step::End(Outcome::PullReady {
                            number: *number,
                            head,
                        })
                    }
                    _ => Step::End(Outcome::PullClosed),
                }
            }
            Act::ClosePull { number, .. } => {
                if let Err(step) = self.holds(job) {
                    return step;
                }
                match self.forge.pull(*number) {
                    Some(pull) if pull.fact.state == PullState::Open && pull.fact.person_pushed => {
                        Step::End(Outcome::PullKept)
                    }
                    Some(pull) => {
                        if pull.fact.state == PullState::Open {
                            pull.fact.state = PullState::Closed;
                        }
                        Step::End(Outcome::PullClosed)
                    }
                    None => failed(false),
                }
            }
            Act::MergePull { number, head } => {
                if let Err(step) = self.holds(job) {
                    return step;
                }
                let Some(pull) = self.forge.pull(*number) else {
                    return failed(false);
                };
                match pull.fact.state {
                    PullState::Open if &pull.fact.head == head => {
                        self.merged_by_hodman(*number);
                        Step::End(Outcome::PullMerged)
                    }
                    PullState::Merged if &pull.fact.head == head => Step::End(Outcome::PullMerged),
                    _ => Step::End(Outcome::MergeRefused {
                        why: "its head moved, or it is closed".to_owned(),
                    }),
                }
            }
            Act::Apply { .. } => self.apply(job, &env),
            Act::Verify { package, .. } => {
                let good = !site::is_bad(package);
                if good {
                    self.truth.passed(&env, package, self.now);
                }
                Step::End(Outcome::Verified {
                    good,
                    detail: "the run ended".to_owned(),
                })
            }
            Act::Capture { .. } => Step::End(Outcome::Captured {
                pull: None,
                changed: 0,
                conflicts: 0,
            }),
            Act::AdoptDrift { .. } => Step::End(Outcome::PullNeedless),
            Act::CheckPull {
                number,
                head,
                fork,
                pins,
            } => {
                let change = self
                    .forge
                    .changes
                    .iter()
                    .find(|change| change.pull.number == *number)
                    .cloned();
                let mut plans = std::collections::BTreeMap::new();
                if let Some(change) = change.filter(|change| !fork && &change.pull.head == head) {
                    for (name, package) in pins.iter().filter(|(name, _)| name == &change.env) {
                        let site = &self.sites[name];
                        let plan =
                            site::facts(&site::plan(site, &site::desired(package, change.binding)));
                        self.truth.planned(&plan);
                        self.truth.checked(*number, head, name, package, &plan);
                        plans.insert(name.clone(), (binding(change.binding), plan));
                    }
                }
                Step::End(Outcome::Checked { problems: 0, plans })
            }
            Act::Say { .. } => Step::End(Outcome::Said),
        }
    }

    /// The plan as it is now, and the binding at that commit.
    fn taken(
        &self,
        env: &EnvName,
        package: &PackageDigest,
        config: &CommitSha,
    ) -> Option<(Vec<Action>, u32)> {
        let tree = self.forge.at(config)?;
        let file = tree.files.get(env).filter(|file| !file.broken)?;
        let wanted = site::desired(package, file.binding);
        Some((site::plan(&self.sites[env], &wanted), file.binding))
    }

    fn open(&mut self, job: &mut Job, env: &EnvName) -> Step {
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

    fn apply(&mut self, job: &mut Job, env: &EnvName) -> Step {
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
                return Step::End(Outcome::NotApproved { plan, outside });
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

    /// Kinds that pin something.
    pub(super) fn pins(kind: PullKind) -> bool {
        !matches!(kind, PullKind::Adopt | PullKind::Capture)
    }
}
