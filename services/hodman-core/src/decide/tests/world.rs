//! A world to tell stories in: a forge and workspaces by hand. Looks and reports are answered by themselves; every
//! other effect waits until the story answers it.

use super::super::{Decision, Verdict, decide};
use crate::effect::{Act, Effect};
use crate::event::{Ask, Command, Event, Outcome};
use crate::explain::{self, Standing};
use crate::facts::{
    CheckState, EnvFacts, ForgeFacts, Pin, PlanFacts, PullFact, PullKind, PullState,
};
use crate::ids::{EnvName, Op, PackageDigest, PullNumber};
use crate::invariants;
use crate::policy::{Mode, Policy};
use crate::settings::Settings;
use crate::state::{Environment, Kept, PipelineState};
use chrono::{DateTime, Duration, TimeZone, Utc};
use std::collections::{BTreeMap, BTreeSet};

pub struct World {
    pub settings: Settings,
    pub state: PipelineState,
    pub now: DateTime<Utc>,
    pub facts: ForgeFacts,
    pub due: BTreeMap<Op, Effect>,
    pub notes: Vec<String>,
    pub wake: Option<DateTime<Utc>>,
    slept: u32,
    pub verdict: Verdict,
    /// While true, looks are not answered by themselves.
    pub blind: bool,
    /// While true, reports, and what is to be kept, are not answered by themselves.
    pub mute: bool,
    pub looks: u32,
    /// People's word, kept beside the packages.
    pub kept: BTreeMap<EnvName, Kept>,
    commits: u32,
    pub pins: BTreeMap<PullNumber, Pin>,
}

pub fn name(env: &str) -> EnvName {
    EnvName::from(env)
}

pub fn digest(package: &str) -> PackageDigest {
    PackageDigest(format!("sha256:{package}"))
}

/// A plan of these actions; `!x` cannot be undone.
pub fn plan(actions: &[&str]) -> PlanFacts {
    PlanFacts {
        digest: Some(format!("plan:{}", actions.join("+")).as_str().into()),
        actions: actions.iter().map(|action| (*action).into()).collect(),
        updates: u32::try_from(actions.len()).unwrap(),
        irreversible: actions
            .iter()
            .filter_map(|action| action.strip_prefix('!').map(str::to_owned))
            .collect(),
        ..PlanFacts::default()
    }
}

/// dev by hand, qa after dev, prod after qa.
pub fn story() -> World {
    let mut world = World {
        // Round numbers, so that stories can name them.
        settings: Settings {
            retry_first: Duration::seconds(10),
            retry_at_most: Duration::minutes(15),
            ..Settings::default()
        },
        state: PipelineState::default(),
        now: Utc.with_ymd_and_hms(2026, 3, 2, 9, 0, 0).unwrap(),
        facts: ForgeFacts {
            head: "c0".into(),
            inputs: None,
            inputs_error: None,
            environments: BTreeMap::new(),
            pulls: vec![],
            ended: Default::default(),
            foreign: vec![],
            checks: BTreeMap::new(),
        },
        due: BTreeMap::new(),
        notes: vec![],
        wake: None,
        slept: 0,
        verdict: Verdict::Handled,
        blind: false,
        mute: false,
        looks: 0,
        kept: BTreeMap::new(),
        commits: 0,
        pins: BTreeMap::new(),
    };
    world.env("dev", |policy| policy.mode = Mode::FreeForm);
    world.env("qa", |policy| policy.after = vec![name("dev")]);
    world.env("prod", |policy| policy.after = vec![name("qa")]);
    world
}

impl World {
    /// Writes an environment on main.
    pub fn env(&mut self, env: &str, edit: impl FnOnce(&mut Policy)) {
        let facts = self
            .facts
            .environments
            .entry(name(env))
            .or_insert_with(|| EnvFacts {
                policy: Some(Policy::default()),
                binding: Some("b1".into()),
                pin_package_stored: true,
                ..EnvFacts::default()
            });
        edit(facts.policy.get_or_insert_default());
    }

    pub fn file(&mut self, env: &str) -> &mut EnvFacts {
        self.facts.environments.get_mut(&name(env)).unwrap()
    }

    /// A new commit on main.
    pub fn commit(&mut self) {
        self.commits += 1;
        self.facts.head = format!("c{}", self.commits).as_str().into();
    }

    pub fn event(&mut self, event: &Event) {
        let decision = self.decide(event);
        self.wake = decision.wake_at;
        self.verdict = decision.verdict;
        self.notes.extend(decision.notes.into_iter().map(|note| {
            let env = note.env.map_or("-".to_owned(), |env| env.0);
            format!("{env} {}: {}", note.kind, note.because)
        }));
        self.state = decision.state;
        for op in decision.cancels {
            self.due.remove(&op);
        }
        let mut own = Vec::new();
        for effect in decision.effects {
            match &effect.act {
                Act::Observe {
                    commits,
                    old_checks,
                    recall,
                    ..
                } if !self.blind => {
                    let mut facts = Box::new(self.facts.clone());
                    for (env, file) in facts.environments.iter_mut().filter(|_| *recall) {
                        file.kept = self.kept.get(env).cloned();
                    }
                    // Checks of nothing else are told.
                    facts.checks.retain(|commit, _| commits.contains(commit));
                    let files = facts.environments.values();
                    let policies = files.filter_map(|file| file.policy.as_ref());
                    let named = policies.flat_map(|policy| policy.gates.named());
                    let named: BTreeSet<_> = named.chain(old_checks.iter().cloned()).collect();
                    let alike = |name: &String| named.iter().filter(|(n, _)| n == name).count();
                    for checks in facts.checks.values_mut() {
                        checks.retain(|name, _| alike(name) > 0);
                        // Of two that are shown alike one is not there.
                        for (name, state) in checks {
                            if alike(name) > 1 {
                                *state = CheckState::Pending;
                            }
                        }
                    }
                    own.push((effect.op, Outcome::Observed { facts }));
                }
                Act::Keep { kept } if !self.mute => {
                    if let Some(env) = &effect.env {
                        self.kept.insert(env.clone(), kept.clone());
                    }
                    own.push((effect.op, Outcome::Kept));
                }
                Act::Say { .. } if !self.mute => own.push((effect.op, Outcome::Said)),
                _ => drop(self.due.insert(effect.op, effect)),
            }
        }
        for (op, outcome) in own {
            self.looks += u32::from(matches!(outcome, Outcome::Observed { .. }));
            let verdict = std::mem::replace(&mut self.verdict, Verdict::Handled);
            self.event(&Event::Ended { op, outcome });
            self.verdict = verdict;
        }
    }

    fn decide(&self, event: &Event) -> Decision {
        let decision = decide(&self.settings, &self.state, event, self.now);
        let again = decide(&self.settings, &self.state, event, self.now);
        assert_eq!(decision, again, "deciding twice differs");
        invariants::check(&decision.state)
            .and_then(|()| invariants::check_step(&self.state, &decision.state, &decision.effects))
            .unwrap_or_else(|broken| panic!("{broken:#?} after {event:?}"));
        let json = serde_json::to_string(&decision.state).unwrap();
        assert_eq!(
            decision.state,
            serde_json::from_str(&json).unwrap(),
            "JSON changes the state"
        );
        for (at, effect) in decision.effects.iter().enumerate() {
            assert_eq!(
                effect.op.0,
                self.state.next_op + at as u64,
                "numbers are unique and grow"
            );
            let json = serde_json::to_string(effect).unwrap();
            assert_eq!(effect, &serde_json::from_str::<Effect>(&json).unwrap());
        }
        assert!(
            decision.wake_at.is_none_or(|at| at > self.now),
            "woken for the past"
        );
        decision
    }

    /// News: hodman looks.
    pub fn look(&mut self) {
        self.event(&Event::Woken {
            why: "news".to_owned(),
        });
    }

    /// Time goes by; then the wake that was asked for comes.
    pub fn wait(&mut self, span: Duration) {
        self.now += span;
        self.event(&Event::Tick);
    }

    /// Sleeps exactly as long as was asked for.
    pub fn sleep(&mut self) -> DateTime<Utc> {
        self.slept += 1;
        // Looks always come again: what waits for something that never happens would sleep for ever.
        assert!(self.slept < 100_000, "it never comes");
        self.now = self.wake.expect("nothing to wake up for");
        self.event(&Event::Tick);
        self.now
    }

    pub fn ask(&mut self, ask: Ask) {
        let by = "ann".to_owned();
        self.event(&Event::Commanded(Command { by, ask }));
    }

    /// Kinds of what waits to be done for an environment (`-` for none), in order.
    pub fn waiting(&self, env: &str) -> Vec<String> {
        self.due
            .values()
            .filter(|effect| effect.env.as_ref().map_or("-", |env| env.as_str()) == env)
            .map(kind)
            .collect()
    }

    /// The one effect of this kind that waits for this environment.
    pub fn one(&self, env: &str, act: &str) -> Effect {
        let of_kind = |effect: &&Effect| {
            effect.env.as_ref().map_or("-", |env| env.as_str()) == env && kind(effect) == act
        };
        let found: Vec<&Effect> = self.due.values().filter(of_kind).collect();
        assert_eq!(found.len(), 1, "{act} for {env} among {:?}", self.due);
        found[0].clone()
    }

    pub fn answer(&mut self, env: &str, act: &str, outcome: Outcome) {
        let op = self.one(env, act).op;
        self.due.remove(&op);
        self.event(&Event::Ended { op, outcome });
    }

    pub fn fail(&mut self, env: &str, act: &str, transient: bool) {
        let why = format!("{act} broke");
        self.answer(env, act, Outcome::Failed { why, transient });
    }

    pub fn of(&self, env: &str) -> &Environment {
        &self.state.environments[&name(env)]
    }

    pub fn standing(&self, env: &str) -> Standing {
        explain::standing(self.of(env))
    }

    /// Why it waits, in words.
    pub fn why(&self, env: &str) -> String {
        let explained = explain::explain(&self.state, &name(env), self.now).unwrap();
        explained
            .waits
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    }

    pub fn package(&self, env: &str) -> Option<&str> {
        let current = self.of(env).current.as_ref()?;
        current.package.as_str().strip_prefix("sha256:")
    }

    pub fn noted(&self, words: &str) -> usize {
        self.notes
            .iter()
            .filter(|note| note.contains(words))
            .count()
    }

    /// Open pull requests of an environment that pin something.
    pub fn open(&self, env: &str) -> usize {
        let pinning = |pull: &&PullFact| !matches!(pull.kind, PullKind::Capture | PullKind::Adopt);
        let open = self.facts.pulls.iter().filter(pinning);
        open.filter(|pull| pull.env == name(env) && pull.state == PullState::Open)
            .count()
    }

    /// The database is lost; the forge and the workspaces are as they were.
    pub fn forget(&mut self) {
        self.state = PipelineState::default();
        self.due.clear();
        self.look();
    }
}

pub fn kind(effect: &Effect) -> String {
    let json = serde_json::to_value(effect).unwrap();
    json["act"].as_str().unwrap().to_owned()
}
