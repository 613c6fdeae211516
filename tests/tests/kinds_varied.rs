//! Over real HTTP, for generated declarations of every kind: what was applied needs nothing more, and whatever hands do
//! between applies, it ends as declared.

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use hodman_model::kinds::{self, KINDS};
use hodman_tests::kinds::{Bench, Dice, Sample, samples, varied};
use serde_json::Value;

/// A handful: each begins with a forge, an account and a daemon of its own.
fn few() -> ProptestConfig {
    ProptestConfig {
        cases: 5,
        max_shrink_iters: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn numbers() -> impl Strategy<Value = Vec<u16>> {
    prop::collection::vec(any::<u16>(), 40..160)
}

/// What is declared now, by kind.
type Declared = Vec<(&'static str, Value)>;

fn declared(all: &[Sample], dice: &mut Dice) -> Declared {
    all.iter()
        .map(|sample| (sample.kind, varied(sample, dice)))
        .collect()
}

fn run(played: impl Future<Output = anyhow::Result<()>>) -> Result<(), TestCaseError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime
        .block_on(played)
        .map_err(|error| TestCaseError::fail(format!("{error:#}")))
}

/// Two versions of everything, one after the other. What cannot change in place stays as it is.
async fn two_versions(mut dice: Dice) -> anyhow::Result<()> {
    let bench = Bench::start().await;
    let all = samples();
    let first = declared(&all, &mut dice);
    bench.declare(&first);
    bench.converge().await?;
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name()).collect();
    let ids = bench.ids(&names).await;
    let mut wrong = vec![];
    for (kind, config) in &first {
        wrong.extend(bench.shows(kind, &ids[*kind], config).await);
    }
    anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    let second = declared(&all, &mut dice);
    bench.declare(&second);
    bench.converge().await?;
    bench.stop().await;
    Ok(())
}

/// Hands and applies in any order. What was declared last is there in the end, once, and what is others' stays.
async fn hands_and_applies(mut dice: Dice) -> anyhow::Result<()> {
    let bench = Bench::start().await;
    let all = samples();
    let names: Vec<&str> = all.iter().map(|sample| sample.kind).collect();
    bench.declare(&declared(&all, &mut dice));
    bench.converge().await?;
    let theirs = bench
        .ask(
            &kinds::kind("jobs")
                .expect("jobs")
                .create(&serde_json::json!({"name": "theirs"}), &other()),
        )
        .await?;
    for _ in 0..(3 + dice.one_of(5)) {
        match dice.one_of(4) {
            0 => bench.declare(&declared(&all, &mut dice)),
            // Applied, or stopped on the way by a workspace that refuses everything for a while.
            1 => {
                let plan = bench.plan().await?;
                let refusals = u32::try_from(dice.one_of(6)).unwrap_or_default();
                let rule = hodman_sandbox::faults::FaultRule::status(403, refusals);
                bench.workspace().faults().add(rule.on("POST").skipping(2));
                bench.apply(&plan).await.ok();
                bench.workspace().faults().clear();
            }
            _ => {
                let sample = &all[dice.one_of(all.len())];
                let ids = bench.ids(&[sample.kind]).await;
                if let Some(id) = ids.get(sample.kind) {
                    bench.meddle(sample, id, &mut dice).await?;
                }
            }
        }
    }
    bench.converge().await?;
    let ids = bench.ids(&names).await;
    anyhow::ensure!(ids.len() == names.len(), "not all are there: {ids:?}");
    for name in &names {
        let Some(kind) = kinds::kind(name) else {
            continue;
        };
        let mine = |listed: &kinds::Listed| {
            listed
                .marker
                .as_ref()
                .is_some_and(|marker| marker.env == "restore")
        };
        let twice = bench
            .all(kind)
            .await
            .iter()
            .filter(|listed| {
                mine(listed)
                    && listed
                        .marker
                        .as_ref()
                        .is_some_and(|marker| marker.key == "proof")
            })
            .count();
        anyhow::ensure!(twice <= 1, "{name} is there {twice} times");
    }
    let job = bench.workspace().job_by_name("theirs");
    anyhow::ensure!(job.is_some(), "{theirs} is gone");
    bench.stop().await;
    Ok(())
}

/// Whose the job is that nobody here made.
fn other() -> kinds::Marker {
    kinds::Marker {
        pipeline: "another".to_owned(),
        env: "qa".to_owned(),
        key: "theirs".to_owned(),
    }
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn a_plan_after_an_apply_is_empty_for_generated_declarations_of_every_kind(numbers in numbers()) {
        run(two_versions(Dice::new(numbers)))?;
    }

    #[test]
    fn any_interleaving_of_hand_edits_and_applies_converges(numbers in numbers()) {
        run(hands_and_applies(Dice::new(numbers)))?;
    }
}
