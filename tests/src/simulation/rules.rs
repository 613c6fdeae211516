//! What really happened, kept apart from what hodman believes, and the rules of DESIGN section 5 asked of it.

use super::site::Action;
use super::store::{At, Claimed, Remembers};
use super::world::World;
use chrono::TimeDelta;
use hodman_core::effect::{Act, Effect};
use hodman_core::facts::{Pin, PlanFacts};
use hodman_core::ids::{
    ActionDigest, CommitSha, EnvName, Op, PackageDigest, PlanDigest, PullNumber,
};
use hodman_core::policy::{DriftPolicy, MergeBy, Mode};
use std::collections::{BTreeMap, BTreeSet};

/// The clock is set back by up to this much at a time.
const CLOCKS_DIFFER: i64 = 300;

/// What really happened.
#[derive(Clone, Debug, Default)]
pub struct Truth {
    /// Every plan ever taken.
    plans: BTreeMap<PlanDigest, BTreeSet<ActionDigest>>,
    /// Reviewed and merged pins.
    merged: Vec<(EnvName, Pin)>,
    /// Plans shown on other people's pull requests, by number, head and environment.
    checked: BTreeMap<(PullNumber, CommitSha, EnvName), (PackageDigest, BTreeSet<ActionDigest>)>,
    /// Actions approved by merging a binding.
    bound: Vec<(EnvName, PackageDigest, BTreeSet<ActionDigest>)>,
    /// When somebody asked for a rollback at once.
    overrides: Vec<(EnvName, At)>,
    /// When a package was first seen good.
    passed: BTreeMap<(EnvName, PackageDigest), At>,
    attempts: BTreeMap<i64, i64>,
    writers: BTreeMap<EnvName, Op>,
    free_form: Option<String>,
    /// Held by people when the database was lost, and kept so.
    held: BTreeSet<EnvName>,
}

impl Truth {
    pub(super) fn asked(&mut self, effect: &Effect) {
        let dev = effect.env.as_ref().is_some_and(|env| env.as_str() == "dev");
        if dev && !matches!(effect.act, Act::Capture { .. } | Act::Keep { .. }) {
            self.free_form = Some(format!("{effect:?}"));
        }
    }

    pub(super) fn held(&mut self, env: &EnvName) {
        self.held.insert(env.clone());
    }

    pub(super) fn resumed(&mut self, env: &EnvName) {
        self.held.remove(env);
    }

    /// A hold is a person's word, and outlives the database.
    pub(super) fn held_back(&self, effect: &Effect) -> Option<String> {
        let env = effect.env.as_ref()?;
        let writes = matches!(effect.act, Act::Apply { .. } | Act::MergePull { .. });
        (writes && self.held.contains(env))
            .then(|| format!("{env} was held before the database was lost: {effect:?}"))
    }

    pub(super) fn claimed(&mut self, claimed: &Claimed) {
        self.attempts.insert(claimed.id, claimed.attempt);
    }

    pub(super) fn is_newest(&self, claimed: &Claimed) -> bool {
        self.attempts.get(&claimed.id) == Some(&claimed.attempt)
    }

    pub(super) fn forget_attempts(&mut self) {
        self.attempts.clear();
        self.writers.clear();
    }

    pub(super) fn planned(&mut self, plan: &PlanFacts) {
        if let Some(digest) = &plan.digest {
            self.plans.insert(digest.clone(), plan.actions.clone());
        }
    }

    pub(super) fn checked(
        &mut self,
        number: PullNumber,
        head: &CommitSha,
        env: &EnvName,
        package: &PackageDigest,
        plan: &PlanFacts,
    ) {
        let key = (number, head.clone(), env.clone());
        self.checked
            .insert(key, (package.clone(), plan.actions.clone()));
    }

    /// A binding was merged at this head.
    pub(super) fn bound(&mut self, number: PullNumber, head: &CommitSha, env: &EnvName) {
        if let Some((package, actions)) = self.checked.get(&(number, head.clone(), env.clone())) {
            self.bound
                .push((env.clone(), package.clone(), actions.clone()));
        }
    }

    pub(super) fn approve(&mut self, env: &EnvName, pin: &Pin) {
        self.merged.push((env.clone(), pin.clone()));
    }

    pub(super) fn overridden(&mut self, env: &EnvName, now: At) {
        self.overrides.push((env.clone(), now));
    }

    pub(super) fn passed(&mut self, env: &EnvName, package: &PackageDigest, now: At) {
        self.passed
            .entry((env.clone(), package.clone()))
            .or_insert(now);
    }

    /// Plans that some pin may name.
    pub(super) fn known_plans(&self) -> Vec<&PlanDigest> {
        self.plans.keys().collect()
    }
}

impl<S: Remembers> World<S> {
    /// Merged: with the reviews that main asks for, it is an approval.
    pub(super) fn merge_pull(&mut self, number: PullNumber) {
        let Some((env, origin, pin)) = self.forge.merge(number) else {
            return;
        };
        let want = self
            .forge
            .main()
            .files
            .get(&env)
            .map_or(0, |file| file.policy.gates.approvals);
        if origin.approvals >= want {
            self.truth.approve(&env, &pin);
        }
        self.say(|| format!("{number} is merged into main: {env} {}", pin.package));
    }

    pub(super) fn merged_by_hodman(&mut self, number: PullNumber) {
        let Some(pull) = self.forge.pull(number) else {
            return;
        };
        let (env, approvals) = (pull.fact.env.clone(), pull.fact.approvals);
        let policy = self.forge.main().files[&env].policy.clone();
        // The policy is the one that was read last; it does not change in a run.
        if policy.merge != MergeBy::Auto || approvals < policy.gates.approvals {
            self.wrong(format!(
                "hodman merges {number} into {env} with {approvals} reviews"
            ));
        }
        self.merge_pull(number);
    }

    /// A write is about to happen: by what right?
    pub(super) fn may_write(
        &mut self,
        claimed: &Claimed,
        env: &EnvName,
        package: &PackageDigest,
        action: &Action,
    ) {
        if let Some(effect) = self.truth.free_form.take() {
            self.wrong(format!("dev is written to: {effect}"));
        }
        let Some(policy) = self
            .forge
            .main()
            .files
            .get(env)
            .map(|file| file.policy.clone())
        else {
            return self.wrong(format!("{env} is not on main"));
        };
        if policy.mode == Mode::FreeForm {
            self.wrong(format!("{env} is free-form and is written to"));
        }
        let op = claimed.effect.op;
        let last = self.truth.writers.insert(env.clone(), op);
        if last.is_some_and(|last| last > op) {
            self.wrong(format!("{op} writes to {env} after a newer effect did"));
        }
        if !self.approved(env, package, action, policy.drift) {
            self.wrong(format!(
                "{env}: {} for {package} was never approved",
                action.digest
            ));
        }
        if self
            .truth
            .passed
            .contains_key(&(env.clone(), package.clone()))
        {
            return;
        }
        let latest = self.now - TimeDelta::seconds(policy.gates.soak_seconds - CLOCKS_DIFFER);
        for before in policy
            .after
            .iter()
            .filter(|before| before.as_str() != "dev")
        {
            let passed = self.truth.passed.get(&(before.clone(), package.clone()));
            if passed.is_none_or(|at| *at > latest) {
                self.wrong(format!(
                    "{env} gets {package}, which {before} has not passed for long enough"
                ));
            }
        }
    }

    /// An override counts until hodman has noticed that its time is over.
    fn still_overridden(&mut self, env: &EnvName, package: &PackageDigest) -> bool {
        let (_, state) = self.store.load();
        let over = state
            .environments
            .get(env)
            .and_then(|known| known.over.as_ref());
        over.is_some_and(|over| &over.package == package)
    }

    fn approved(
        &mut self,
        env: &EnvName,
        package: &PackageDigest,
        action: &Action,
        drift: DriftPolicy,
    ) -> bool {
        let late = || self.truth.overrides.iter().any(|(name, _)| name == env);
        let late = late() && self.still_overridden(env, package);
        let truth = &self.truth;
        let pins = || {
            truth
                .merged
                .iter()
                .filter(|(name, pin)| name == env && &pin.package == package)
        };
        let planned = |pin: &Pin| {
            truth
                .plans
                .get(&pin.plan)
                .is_some_and(|plan| plan.contains(&action.digest))
        };
        let bound = truth.bound.iter().any(|(name, known, actions)| {
            name == env && known == package && actions.contains(&action.digest)
        });
        let day = TimeDelta::hours(25);
        let overridden = !action.irreversible
            && truth.passed.contains_key(&(env.clone(), package.clone()))
            && (late
                || truth
                    .overrides
                    .iter()
                    .any(|(name, at)| name == env && self.now <= *at + day));
        let healed = drift == DriftPolicy::Heal && !action.irreversible && pins().next().is_some();
        pins().any(|(_, pin)| planned(pin)) || bound || overridden || healed
    }
}
