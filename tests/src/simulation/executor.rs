//! Executors: each step is one touch of the world, with the lease renewed before every write, and anything may happen
//! between two steps. A worker that was slow goes on as if nothing had happened: only the fence stops it.

use super::brief::brief;
use super::forge::{binding, package};
use super::site::{self, Action};
use super::store::{Claimed, Remembers, Renewal};
use super::world::World;
use chrono::TimeDelta;
use hodman_core::effect::Act;
use hodman_core::event::{Event, Outcome};
use hodman_core::facts::{ForgeFacts, Pin, PullKind, PullState};
use hodman_core::ids::{CommitSha, EnvName, InputsId, PackageDigest};

/// An effect being done.
#[derive(Clone, Debug)]
pub struct Job {
    pub(super) claimed: Claimed,
    /// What was read of main, while pull requests are still to be read.
    read: Option<ForgeFacts>,
    /// Actions still to be done.
    pub(super) todo: Option<Vec<Action>>,
    pub(super) done: u32,
    pub(super) checked: bool,
}

/// What a step of a job comes to.
#[expect(
    clippy::large_enum_variant,
    reason = "one at a time is looked at, and none is kept"
)]
pub(super) enum Step {
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

pub(super) fn failed(transient: bool) -> Step {
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
    #[expect(
        clippy::result_large_err,
        reason = "a step is looked at once and never kept"
    )]
    pub(super) fn holds(&mut self, job: &Job) -> Result<(), Step> {
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
            Act::Observe { pulls, recall, .. } => match job.read.take() {
                None => {
                    let mut facts = self.forge.environments(&self.stored);
                    for (env, file) in facts.environments.iter_mut().filter(|_| *recall) {
                        file.kept = self.words.get(env).cloned();
                    }
                    job.read = Some(facts);
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
            Act::Plan {
                package, config, ..
            } => match self.taken(&env, package, config) {
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
            // Nobody in the simulation stands on AWS.
            Act::Look { .. } => Step::End(Outcome::Looked { differ: vec![] }),
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
                named: Vec::new(),
            }),
            Act::Unlock { .. } => Step::End(Outcome::Unlocked),
            Act::GiveBack { .. } => Step::End(Outcome::GivenBack),
            Act::AdoptDrift { .. } | Act::TakeOver { .. } | Act::NewEnvironment { .. } => {
                Step::End(Outcome::PullNeedless)
            }
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
            Act::Keep { kept } => {
                if let Err(step) = self.holds(job) {
                    return step;
                }
                self.words.insert(env, kept.clone());
                Step::End(Outcome::Kept)
            }
            Act::Say { .. } => Step::End(Outcome::Said),
        }
    }

    /// The plan as it is now, and the binding at that commit.
    pub(super) fn taken(
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

    /// Kinds that pin something.
    pub(super) fn pins(kind: PullKind) -> bool {
        !matches!(kind, PullKind::Adopt | PullKind::Capture)
    }
}
