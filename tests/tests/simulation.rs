//! The simulation: 100,000 runs on a model of the store, 1,000 on SQLite.

use hodman_tests::simulation::{self, Ended};
use std::sync::atomic::{AtomicU64, Ordering};

const IN_MEMORY: u64 = 100_000;
const ON_SQLITE: u64 = 1_000;
const BEGINNINGS: u64 = 64;

/// Every fortieth run goes on until everything has arrived; that takes as long as ten others.
const FINISH_EVERY: u64 = 40;

fn asked_for() -> Option<u64> {
    std::env::var("HODMAN_SIM_SEED").ok()?.parse().ok()
}

/// Runs all seeds on two threads; the lowest seed that breaks a rule is told, with its trace.
fn all(seeds: u64, run: impl Fn(u64, bool) -> Ended + Sync) {
    if let Some(seed) = asked_for() {
        let ended = run(seed, true);
        println!("{}", ended.trace.unwrap_or_default());
        assert!(ended.broken.is_empty(), "seed {seed}: {:#?}", ended.broken);
        return;
    }
    let next = AtomicU64::new(0);
    let worst = AtomicU64::new(u64::MAX);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds || worst.load(Ordering::Relaxed) < seed {
                        return;
                    }
                    let broke = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                        !run(seed, false).broken.is_empty()
                    }));
                    if broke.unwrap_or(true) {
                        worst.fetch_min(seed, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let worst = worst.into_inner();
    if worst < u64::MAX {
        let ended = run(worst, true);
        let trace = ended.trace.unwrap_or_default();
        let lines: Vec<&str> = trace.lines().collect();
        let tail = lines[lines.len().saturating_sub(200)..].join("\n");
        panic!(
            "{tail}\n\nseed {worst} (HODMAN_SIM_SEED={worst} replays it): {:#?}",
            ended.broken
        );
    }
}

#[test]
fn in_memory() {
    let beginnings = simulation::beginnings(BEGINNINGS);
    all(IN_MEMORY, |seed, trace| {
        simulation::in_memory(&beginnings, seed, seed % FINISH_EVERY == 0, trace)
    });
}

#[test]
fn on_sqlite() {
    all(ON_SQLITE, simulation::on_sqlite);
}
