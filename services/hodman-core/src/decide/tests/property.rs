//! Whatever comes, in whatever order: no panic, the same answer twice, every invariant, JSON that changes nothing,
//! numbers that are unique and grow (all asked in `World::event`), and nothing applied that is not approved.

use super::world::{World, kind, name, plan, story};
use crate::effect::{Act, Approved};
use crate::event::{Ask, Event, Outcome};
use crate::facts::{CheckState, PullKind, PullState};
use crate::ids::{EnvName, Op, PackageDigest, PullNumber};
use crate::policy::{DriftPolicy, MergeBy, Mode, OpenWhen, VerifySpec};
use chrono::Duration;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    News,
    Tick(i64),
    Ask(u8, u8),
    /// Answers the n-th effect that waits, as it should be or in another way.
    Answer(u8, u8),
    Garbage(u64, u8),
    Commit(u8),
    Merge(u8),
    Close(u8),
    Push(u8),
    Pin(u8, u8, bool),
    Bind(u8),
    Policy(u8, u8),
    Foreign(u8),
    Blind(bool),
    Mute(bool),
    Forget,
}

const ENVS: [&str; 4] = ["dev", "qa", "prod", "nowhere"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => Just(Step::News),
        2 => (-100i64..90_000).prop_map(Step::Tick),
        3 => (any::<u8>(), any::<u8>()).prop_map(|(ask, env)| Step::Ask(ask, env)),
        14 => (any::<u8>(), any::<u8>()).prop_map(|(at, how)| Step::Answer(at, how)),
        1 => (0u64..60, any::<u8>()).prop_map(|(op, how)| Step::Garbage(op, how)),
        3 => (0u8..4).prop_map(Step::Commit),
        4 => any::<u8>().prop_map(Step::Merge),
        1 => any::<u8>().prop_map(Step::Close),
        1 => any::<u8>().prop_map(Step::Push),
        1 => (any::<u8>(), 0u8..4, any::<bool>()).prop_map(|(env, package, through)| Step::Pin(env, package, through)),
        1 => any::<u8>().prop_map(Step::Bind),
        2 => (any::<u8>(), any::<u8>()).prop_map(|(env, what)| Step::Policy(env, what)),
        1 => any::<u8>().prop_map(Step::Foreign),
        1 => any::<bool>().prop_map(Step::Blind),
        1 => any::<bool>().prop_map(Step::Mute),
        1 => Just(Step::Forget),
    ]
}

fn ask(ask: u8, env: u8) -> Ask {
    let env: EnvName = ENVS[usize::from(env) % ENVS.len()].into();
    let reason = "because".to_owned();
    match ask % 12 {
        0 => Ask::Observe,
        1 => Ask::Capture { env },
        2 => Ask::Hold { env, reason },
        3 | 4 => Ask::Resume { env },
        5 => Ask::Reconcile { env },
        6 => Ask::Retry { env },
        7 => Ask::Adopt {
            env,
            takeover: crate::event::Takeover {
                from: "ids".into(),
                workspace: None,
                objects: vec![crate::event::FormerObject {
                    key: "jobs.j".into(),
                    address: "jobs.j".into(),
                    id: "1".into(),
                    name: None,
                    facts: std::collections::BTreeMap::new(),
                }],
                resources: vec![],
            },
        },
        10 => Ask::Unlock {
            env,
            stack: "net".into(),
            unlock: crate::event::Unlock::Lock("1".into()),
        },
        11 => Ask::Heal { env },
        _ => {
            let to = (ask & 32 != 0).then(|| PackageDigest("sha256:p1".into()));
            Ask::Rollback {
                env,
                to,
                now: ask & 16 != 0,
                reason,
            }
        }
    }
}

/// An answer that fits the effect, good for low `how`, bad for high ones, nonsense at the top.
fn answer(w: &World, act: &Act, how: u8) -> Outcome {
    let actions: &[&str] = [&["a"][..], &["a", "b"], &[], &["!c"]][usize::from(how) % 4];
    if how > 245 {
        return Outcome::Verified {
            good: true,
            detail: String::new(),
        };
    }
    if how > 215 {
        return Outcome::Failed {
            why: "broke".into(),
            transient: how & 1 == 0,
        };
    }
    let number = PullNumber(u64::from(how) % 3 + w.facts.pulls.len() as u64);
    let head = format!("head{}", number.0).as_str().into();
    match act {
        Act::Observe { .. } => Outcome::Observed {
            facts: Box::new(w.facts.clone()),
        },
        Act::Build { commit, inputs } => {
            let package = format!("sha256:{}", inputs.as_str());
            Outcome::Built {
                inputs: inputs.clone(),
                package: package.into(),
                commit: commit.clone(),
            }
        }
        Act::Plan { compares, .. } => {
            let mut plan = plan(actions);
            if *compares && how & 64 != 0 {
                plan.by_hand
                    .insert(format!("d{}", how & 3), "in a stack".into());
            }
            Outcome::Planned {
                plan,
                binding: "b1".into(),
            }
        }
        Act::Look { .. } => Outcome::Looked {
            differ: vec!["x".into(); usize::from(how & 1)],
        },
        Act::OpenPull { .. } if how > 200 => Outcome::PullNeedless,
        Act::OpenPull { .. }
        | Act::UpdatePull { .. }
        | Act::AdoptDrift { .. }
        | Act::TakeOver { .. }
        | Act::NewEnvironment { .. } => Outcome::PullReady { number, head },
        Act::ClosePull { .. } if how > 180 => Outcome::PullKept,
        Act::ClosePull { .. } => Outcome::PullClosed,
        Act::MergePull { .. } if how > 180 => Outcome::MergeRefused { why: "no".into() },
        Act::MergePull { .. } => Outcome::PullMerged,
        Act::Apply { .. } if how > 170 => Outcome::NotApproved {
            plan: plan(actions),
            outside: vec!["x".into()],
            stands_still: how > 185,
        },
        Act::Apply { .. } if how > 160 => Outcome::StandsStill {
            why: "something stands still".into(),
        },
        Act::GiveBack { .. } if how > 160 => Outcome::Waits {
            why: "its time is not over".into(),
        },
        Act::GiveBack { .. } => Outcome::GivenBack,
        Act::Apply { .. } => Outcome::Applied {
            done: 1,
            satisfied: 0,
            uploaded: 0,
            plan: plan(actions),
        },
        Act::Verify { .. } => Outcome::Verified {
            good: how < 150,
            detail: "ended".into(),
        },
        Act::Capture { .. } => Outcome::Captured {
            pull: Some((number, head)),
            changed: 1,
            conflicts: 0,
            named: Vec::new(),
        },
        Act::CheckPull { .. } => {
            let plans = [(name("qa"), ("b2".into(), plan(actions)))].into();
            Outcome::Checked { problems: 0, plans }
        }
        Act::Say { .. } => Outcome::Said,
        Act::Keep { .. } => Outcome::Kept,
        Act::Unlock { .. } => Outcome::Unlocked,
    }
}

fn policy(w: &mut World, env: u8, what: u8) {
    let env = ["qa", "prod"][usize::from(env) % 2];
    w.env(env, |policy| match what % 12 {
        0 => policy.merge = MergeBy::Auto,
        1 => policy.merge = MergeBy::Manual,
        2 => policy.gates.approvals = u32::from(what >> 7),
        3 => policy.drift = DriftPolicy::Heal,
        4 => policy.drift = DriftPolicy::PullRequest,
        5 => {
            policy.verify = Some(VerifySpec {
                run_job: "smoke".into(),
                timeout_seconds: 1,
            })
        }
        6 => policy.gates.soak_seconds = i64::from(what) * 100,
        7 => policy.absent = what > 200,
        8 => {
            policy.mode = if what > 200 {
                Mode::FreeForm
            } else {
                Mode::Promoted
            }
        }
        9 => policy.open = OpenWhen::Window,
        10 => {
            policy.gates.checks = if what > 128 {
                vec!["ci".into()]
            } else {
                vec![]
            }
        }
        _ => policy.gates.soak_seconds = i64::MAX,
    });
    if what == 255 {
        w.file(env).policy = None;
        w.file(env).error = Some("broken".into());
    }
    let commits: Vec<_> = w
        .state
        .packages
        .iter()
        .map(|known| known.commit.clone())
        .collect();
    let state = if what & 1 == 0 {
        CheckState::Success
    } else {
        CheckState::Failure
    };
    w.facts.checks = commits
        .into_iter()
        .map(|commit| (commit, [("ci".to_owned(), state)].into()))
        .collect();
}

fn take(w: &mut World, step: &Step) {
    match step {
        Step::News => w.look(),
        Step::Tick(seconds) => w.wait(Duration::seconds(*seconds)),
        Step::Ask(what, env) => w.ask(ask(*what, *env)),
        Step::Answer(at, how) => {
            let Some(effect) = w
                .due
                .values()
                .nth(usize::from(*at) % w.due.len().max(1))
                .cloned()
            else {
                return;
            };
            let env = effect.env.as_ref().map_or("-", |env| env.as_str());
            if kind(&effect) == "open_pull"
                && *how < 160
                && w.waiting(env)
                    .iter()
                    .filter(|act| *act == "open_pull")
                    .count()
                    == 1
            {
                let number = w
                    .facts
                    .pulls
                    .iter()
                    .map(|pull| pull.number.0)
                    .max()
                    .unwrap_or(0)
                    + 1;
                return w.opened(env, number);
            }
            let outcome = answer(w, &effect.act, *how);
            if let (Act::ClosePull { number, .. }, Outcome::PullClosed) = (&effect.act, &outcome)
                && let Some(pull) = w.facts.pulls.iter_mut().find(|pull| &pull.number == number)
                && pull.state == PullState::Open
            {
                pull.state = PullState::Closed;
            }
            w.due.remove(&effect.op);
            w.event(&Event::Ended {
                op: effect.op,
                outcome,
            });
        }
        Step::Garbage(op, how) => {
            let outcome = answer(
                w,
                &Act::Plan {
                    package: "x".into(),
                    config: "y".into(),
                    compares: false,
                },
                *how,
            );
            if !w.due.contains_key(&Op(*op)) {
                w.event(&Event::Ended {
                    op: Op(*op),
                    outcome,
                });
            }
        }
        Step::Commit(inputs) => {
            w.facts.inputs = Some(format!("p{inputs}").as_str().into());
            w.commit();
            w.look();
        }
        Step::Merge(at) | Step::Close(at) | Step::Push(at) => {
            let open: Vec<u64> = w
                .facts
                .pulls
                .iter()
                .filter(|pull| pull.state == PullState::Open)
                .map(|pull| pull.number.0)
                .collect();
            let Some(number) = open.get(usize::from(*at) % open.len().max(1)).copied() else {
                return;
            };
            match step {
                Step::Merge(_) if w.pull(number).kind != PullKind::Adopt => w.merge(number),
                Step::Push(_) => w.pull(number).person_pushed = true,
                _ => w.close(number),
            }
        }
        Step::Pin(env, package, through) => {
            let env = ["qa", "prod"][usize::from(*env) % 2];
            w.pin(env, &format!("p{package}"), &["a"]);
            if *through {
                w.through(env, 90);
            }
            w.look();
        }
        Step::Bind(env) => {
            let env = ["qa", "prod"][usize::from(*env) % 2];
            let bound = w.file(env).binding.clone();
            w.file(env).binding = Some(
                if bound == Some("b1".into()) {
                    "b2"
                } else {
                    "b1"
                }
                .into(),
            );
            w.commit();
            w.look();
        }
        Step::Policy(env, what) => policy(w, *env, *what),
        Step::Foreign(head) => w.foreign(95, &format!("f{}", head % 3), *head > 200),
        Step::Blind(blind) => w.blind = *blind,
        Step::Mute(mute) => w.mute = *mute,
        Step::Forget => w.forget(),
    }
}

fn nothing_unapproved(w: &World) {
    for effect in w.due.values() {
        let Some(env) = effect
            .env
            .as_ref()
            .and_then(|env| w.state.environments.get(env))
        else {
            continue;
        };
        if let Act::Apply {
            approved: Approved::Reversible,
            package,
            ..
        } = &effect.act
        {
            assert!(
                env.run.as_ref().is_some_and(|run| &run.package == package),
                "{effect:?}"
            );
        }
        if env.policy.mode == Mode::FreeForm && effect.env == Some(name("dev")) {
            assert!(
                matches!(effect.act, Act::Capture { .. } | Act::Keep { .. }),
                "dev is written to: {effect:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn any_order_of_anything(steps in prop::collection::vec(step(), 1..60)) {
        let mut w = story();
        for step in &steps {
            take(&mut w, step);
            nothing_unapproved(&w);
        }
    }
}
