//! What happens in a story: packages are built, pull requests open, people merge, executors answer.

use super::world::{World, digest, name, plan};
use crate::effect::Act;
use crate::event::Outcome;
use crate::facts::{ForeignPull, Origin, Pin, PlanFacts, PullFact, PullState};
use crate::ids::PullNumber;

impl World {
    /// A change of the declared inputs reaches main and is built.
    pub fn build(&mut self, package: &str) {
        self.commit();
        self.facts.inputs = Some(package.into());
        self.look();
        self.built(package);
    }

    pub fn built(&mut self, package: &str) {
        let Act::Build { commit, inputs } = self.one("-", "build").act else {
            unreachable!()
        };
        let package = digest(package);
        self.answer(
            "-",
            "build",
            Outcome::Built {
                inputs,
                package,
                commit,
            },
        );
    }

    pub fn planned(&mut self, env: &str, actions: &[&str]) {
        let binding = self.file(env).binding.clone().unwrap();
        self.answer(
            env,
            "plan",
            Outcome::Planned {
                plan: plan(actions),
                binding,
            },
        );
    }

    /// The pull request that was asked for is open now.
    pub fn opened(&mut self, env: &str, number: u64) {
        let Act::OpenPull {
            kind,
            package,
            source_commit,
            binding,
            plan,
            ..
        } = self.one(env, "open_pull").act
        else {
            unreachable!()
        };
        let head = format!("head{number}");
        let number = PullNumber(number);
        self.pins.insert(
            number,
            Pin {
                package: package.clone(),
                source_commit,
                binding,
                plan: plan.clone(),
            },
        );
        self.facts.pulls.push(PullFact {
            number,
            head: head.as_str().into(),
            state: PullState::Open,
            env: name(env),
            kind,
            package: Some(package),
            plan: Some(plan),
            approvals: 0,
            person_pushed: false,
        });
        self.answer(
            env,
            "open_pull",
            Outcome::PullReady {
                number,
                head: head.as_str().into(),
            },
        );
    }

    /// A new head shows the new plan.
    pub fn updated(&mut self, env: &str) {
        let Act::UpdatePull {
            number,
            plan,
            binding,
            ..
        } = self.one(env, "update_pull").act
        else {
            unreachable!()
        };
        let head = format!("{}'", self.pull(number.0).head);
        let pin = self.pins.get_mut(&number).unwrap();
        (pin.plan, pin.binding) = (plan.clone(), binding);
        let pull = self.pull(number.0);
        (pull.plan, pull.head, pull.approvals) = (Some(plan), head.as_str().into(), 0);
        self.answer(
            env,
            "update_pull",
            Outcome::PullReady {
                number,
                head: head.as_str().into(),
            },
        );
    }

    pub fn pull(&mut self, number: u64) -> &mut PullFact {
        self.facts
            .pulls
            .iter_mut()
            .find(|pull| pull.number.0 == number)
            .unwrap()
    }

    pub fn origin(&mut self, number: u64) -> Origin {
        let pull = self.pull(number);
        Origin {
            number: pull.number,
            head: pull.head.clone(),
            author: "hodman".to_owned(),
            merged_by: Some("rita".to_owned()),
            approvals: pull.approvals,
            content_matches: true,
        }
    }

    /// Somebody merges it; nobody has looked yet.
    pub fn merge_unseen(&mut self, number: u64) {
        let origin = self.origin(number);
        let pull = self.pull(number);
        pull.state = PullState::Merged;
        let env = pull.env.clone();
        self.commit();
        let pin = self.pins[&PullNumber(number)].clone();
        let file = self.facts.environments.get_mut(&env).unwrap();
        (file.pin, file.pin_origin) = (Some(pin), Some(origin));
    }

    pub fn merge(&mut self, number: u64) {
        self.merge_unseen(number);
        self.look();
    }

    pub fn close(&mut self, number: u64) {
        self.pull(number).state = PullState::Closed;
        self.look();
    }

    pub fn applied(&mut self, env: &str) {
        let outcome = Outcome::Applied {
            done: 1,
            satisfied: 0,
            uploaded: 0,
            plan: PlanFacts::default(),
        };
        self.answer(env, "apply", outcome);
    }

    pub fn not_approved(&mut self, env: &str, actions: &[&str]) {
        let outside = actions.iter().map(|action| (*action).to_owned()).collect();
        self.answer(
            env,
            "apply",
            Outcome::NotApproved {
                plan: plan(actions),
                outside,
                stands_still: false,
            },
        );
    }

    pub fn verified(&mut self, env: &str, good: bool) {
        let detail = "the run ended".to_owned();
        self.answer(env, "verify", Outcome::Verified { good, detail });
    }

    /// Plan, pull request, merge, apply.
    pub fn promote(&mut self, env: &str, number: u64) {
        self.planned(env, &["a"]);
        self.opened(env, number);
        self.merge(number);
        self.applied(env);
    }

    /// A pin somebody wrote, as it is on main.
    pub fn pin(&mut self, env: &str, package: &str, actions: &[&str]) {
        self.commit();
        let file = self.file(env);
        file.pin = Some(Pin {
            package: digest(package),
            source_commit: "c1".into(),
            binding: "b1".into(),
            plan: plan(actions).digest.unwrap(),
        });
        file.pin_origin = None;
    }

    /// As if that pin came by a reviewed pull request.
    pub fn through(&mut self, env: &str, number: u64) {
        self.file(env).pin_origin = Some(Origin {
            number: PullNumber(number),
            head: format!("head{number}").as_str().into(),
            author: "pete".to_owned(),
            merged_by: None,
            approvals: 0,
            content_matches: true,
        });
    }

    /// Somebody's pull request.
    pub fn foreign(&mut self, number: u64, head: &str, fork: bool) {
        self.facts.foreign = vec![ForeignPull {
            number: PullNumber(number),
            head: head.into(),
            fork,
        }];
    }
}
