//! A model of a forge: main as a list of trees, our pull requests, other people's pull requests.

use hodman_core::facts::{
    EnvFacts, ForeignPull, ForgeFacts, Origin, Pin, PullFact, PullKind, PullState,
};
use hodman_core::ids::{BindingDigest, CommitSha, EnvName, InputsId, PackageDigest, PullNumber};
use hodman_core::policy::Policy;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// `environments/<env>/` on main.
#[derive(Clone, Debug)]
pub struct File {
    /// What the owner wants.
    pub policy: Policy,
    /// Cannot be read at the moment.
    pub broken: bool,
    /// The binding.
    pub binding: u32,
    /// Its pull request.
    pub binding_origin: Option<Origin>,
    /// The pin.
    pub pin: Option<Pin>,
    /// Its pull request.
    pub pin_origin: Option<Origin>,
}

/// A commit's content.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    /// The declared inputs, as a number.
    pub inputs: u32,
    /// Environments.
    pub files: BTreeMap<EnvName, File>,
}

/// One of our pull requests.
#[derive(Clone, Debug)]
pub struct Pull {
    /// As an observer sees it.
    pub fact: PullFact,
    /// What its head pins.
    pub pin: Pin,
    /// Its branch.
    pub branch: String,
}

/// Somebody's pull request: another binding for one environment.
#[derive(Clone, Debug)]
pub struct Change {
    /// Number and head.
    pub pull: ForeignPull,
    /// For this environment.
    pub env: EnvName,
    /// The binding.
    pub binding: u32,
    /// Still open.
    pub open: bool,
}

/// The forge.
#[derive(Clone, Debug, Default)]
pub struct Forge {
    /// Every commit of main.
    pub commits: Vec<Arc<Tree>>,
    /// Ours.
    pub pulls: Vec<Pull>,
    /// Other people's.
    pub changes: Vec<Change>,
    numbers: u64,
    heads: u64,
}

/// The bytes of these inputs: every fourth only changes what is not packaged.
pub fn content(inputs: u32) -> u32 {
    if inputs % 4 == 3 { inputs - 1 } else { inputs }
}

/// The package of these inputs.
pub fn package(inputs: u32) -> PackageDigest {
    PackageDigest(format!("sha256:{}", content(inputs)))
}

/// The binding's digest.
pub fn binding(number: u32) -> BindingDigest {
    BindingDigest(format!("b{number}"))
}

impl Forge {
    /// Main's last commit.
    pub fn head(&self) -> CommitSha {
        CommitSha(format!("c{}", self.commits.len() - 1))
    }

    /// Main as it is.
    pub fn main(&self) -> &Tree {
        &self.commits[self.commits.len() - 1]
    }

    /// A commit's content.
    pub fn at(&self, commit: &CommitSha) -> Option<Arc<Tree>> {
        let index: usize = commit.as_str().strip_prefix('c')?.parse().ok()?;
        self.commits.get(index).cloned()
    }

    /// A new commit on main.
    pub fn commit(&mut self, edit: impl FnOnce(&mut Tree)) {
        let mut tree = self
            .commits
            .last()
            .map(|last| (**last).clone())
            .unwrap_or_default();
        edit(&mut tree);
        self.commits.push(Arc::new(tree));
    }

    /// The next pull request's number.
    pub fn number(&mut self) -> PullNumber {
        self.numbers += 1;
        PullNumber(self.numbers)
    }

    /// A new head commit.
    pub fn new_head(&mut self) -> CommitSha {
        self.heads += 1;
        CommitSha(format!("h{}", self.heads))
    }

    /// One of ours.
    pub fn pull(&mut self, number: PullNumber) -> Option<&mut Pull> {
        self.pulls
            .iter_mut()
            .find(|pull| pull.fact.number == number)
    }

    /// Ours that are open and pin something for this environment.
    pub fn open_for(&self, env: &EnvName) -> Vec<&Pull> {
        let open = |pull: &&Pull| pull.fact.state == PullState::Open && &pull.fact.env == env;
        self.pulls
            .iter()
            .filter(open)
            .filter(|pull| pull.fact.kind != PullKind::Adopt)
            .collect()
    }

    /// Merges one of ours: main gets what its head says.
    pub fn merge(&mut self, number: PullNumber) -> Option<(EnvName, Origin, Pin)> {
        let pull = self.pull(number)?;
        pull.fact.state = PullState::Merged;
        let (env, pin, kind) = (pull.fact.env.clone(), pull.pin.clone(), pull.fact.kind);
        let origin = Origin {
            number,
            head: pull.fact.head.clone(),
            author: "hodman".to_owned(),
            merged_by: None,
            approvals: pull.fact.approvals,
            content_matches: true,
        };
        if kind != PullKind::Adopt {
            self.commit(|tree| {
                if let Some(file) = tree.files.get_mut(&env) {
                    (file.pin, file.pin_origin) = (Some(pin.clone()), Some(origin.clone()));
                }
            });
        }
        Some((env, origin, pin))
    }

    /// What reading main says.
    pub fn environments(&self, stored: &BTreeSet<PackageDigest>) -> ForgeFacts {
        let main = self.main();
        let one = |file: &File| EnvFacts {
            policy: (!file.broken).then(|| file.policy.clone()),
            error: file.broken.then(|| "environment.yaml:1:1".to_owned()),
            binding: (!file.broken).then(|| binding(file.binding)),
            binding_origin: file.binding_origin.clone(),
            pin: file.pin.clone(),
            pin_error: None,
            pin_origin: file.pin_origin.clone(),
            pin_package_stored: file
                .pin
                .as_ref()
                .is_some_and(|pin| stored.contains(&pin.package)),
            kept: None,
        };
        ForgeFacts {
            head: self.head(),
            inputs: Some(InputsId(format!("i{}", main.inputs))),
            inputs_error: None,
            environments: main
                .files
                .iter()
                .map(|(env, file)| (env.clone(), one(file)))
                .collect(),
            pulls: vec![],
            ended: Default::default(),
            foreign: vec![],
            checks: BTreeMap::new(),
        }
    }

    /// What listing pull requests says: all open ones, and those asked about.
    pub fn list(&self, facts: &mut ForgeFacts, asked: &BTreeSet<PullNumber>) {
        let wanted =
            |pull: &&Pull| pull.fact.state == PullState::Open || asked.contains(&pull.fact.number);
        facts.pulls = self
            .pulls
            .iter()
            .filter(wanted)
            .map(|pull| pull.fact.clone())
            .collect();
        facts.foreign = self
            .changes
            .iter()
            .filter(|change| change.open)
            .map(|change| change.pull.clone())
            .collect();
    }
}
