//! `kill -9` of the real binary, at every write and between them. Whenever it strikes, the story ends the same: nothing is
//! lost and nothing is there twice.
//!
//! A kill comes from outside, when the n-th writing request arrives: before its effect, or after its effect and before its
//! answer. One telling is killed at every STRIDE-th write from an offset on, so that all offsets together are all writes.
//! That takes two minutes, nearly all of it waiting for the leases of the killed to end. `HODMAN_CRASH_SEEDS` says how many
//! tellings are killed at random moments besides.

use axum::http::Method;
use axum::http::request::Parts;
use hodman_sandbox::faults::{Direction, Director};
use hodman_tests::harness::{Ending, Hodman, Killer, Options, Scene, Short};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Writes between two kills of one telling: enough to get somewhere in between.
const STRIDE: usize = 12;
/// Tellings at a time: they mostly wait for leases to end.
const AT_ONCE: usize = 8;
/// The first seed of the kills at any moment.
const SEED: u64 = 20_261_123;

/// When a kill strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    /// The request has arrived, nothing is done.
    Before,
    /// It is done, the answer is not given.
    After,
}

/// Whether a request changes something outside. Tokens are no change, and `upload-pack` is git's word for reading.
fn writes(request: &Parts) -> bool {
    let path = request.uri.path();
    request.method != Method::GET && !path.contains("/oidc/") && !path.contains("git-upload-pack")
}

/// What a request does, without ids.
fn shape(request: &Parts) -> String {
    format!("{} {}", request.method, request.uri.path())
}

/// One telling without any kill.
async fn undisturbed() -> (Ending, usize) {
    let scene = Scene::start(Options::short()).await;
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    scene.direct(&Director::new(move |request| {
        if writes(request) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        Direction::Pass
    }));
    let ending = tell(&scene, Killer::default())
        .await
        .expect("the story without a kill");
    (ending, count.load(Ordering::SeqCst))
}

async fn tell(scene: &Scene, killer: Killer) -> anyhow::Result<Ending> {
    let short = Short::beside(scene).await?;
    let hodman = Hodman::start(scene, killer)?;
    let told = hodman.during(short.play()).await;
    told.map_err(|error| {
        error.context(format!("the end of hodman's log:\n{}", hodman.end_of_log()))
    })
}

/// Killed at every STRIDE-th write from `offset` on; what was being written then.
async fn killed_at(offset: usize, moment: Moment) -> anyhow::Result<(Ending, Vec<String>)> {
    let scene = Scene::start(Options::short()).await;
    let killer = Killer::default();
    let struck: Arc<Mutex<Vec<String>>> = Arc::default();
    let (count, own, points) = (AtomicUsize::new(0), killer.clone(), Arc::clone(&struck));
    scene.direct(&Director::new(move |request| {
        if !writes(request) || count.fetch_add(1, Ordering::SeqCst) % STRIDE != offset {
            return Direction::Pass;
        }
        points.lock().expect("whole").push(shape(request));
        let killer = own.clone();
        let kill = Box::new(move || killer.kill());
        match moment {
            Moment::Before => Direction::Before(kill),
            Moment::After => Direction::After(kill),
        }
    }));
    let ending = tell(&scene, killer).await?;
    let points = struck.lock().expect("whole").clone();
    Ok((ending, points))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_a_write_the_story_ends_the_same() {
    let (expected, writes) = undisturbed().await;
    println!("without a kill: {writes} writes; {expected:#?}");
    let tellings = (0..STRIDE)
        .flat_map(|offset| [Moment::Before, Moment::After].map(|moment| (offset, moment)));
    let told: Vec<_> = futures::StreamExt::collect(futures::StreamExt::buffer_unordered(
        futures::stream::iter(tellings.map(|(offset, moment)| async move {
            (offset, moment, killed_at(offset, moment).await)
        })),
        AT_ONCE,
    ))
    .await;
    let (mut kills, mut bad) = (0, Vec::new());
    for (offset, moment, result) in told {
        match result {
            Ok((ending, points)) => {
                kills += points.len();
                println!(
                    "offset {offset}, {moment:?}: {} kills: {points:?}",
                    points.len()
                );
                assert!(
                    !points.is_empty(),
                    "offset {offset}, {moment:?}: nothing was killed"
                );
                if ending != expected {
                    bad.push(format!(
                        "offset {offset}, {moment:?}, killed at {points:?}: {ending:#?}"
                    ));
                }
            }
            Err(error) => bad.push(format!("offset {offset}, {moment:?}: {error:#}")),
        }
    }
    println!("{kills} kills at writes");
    assert!(
        bad.is_empty(),
        "expected {expected:#?}\nbut:\n{}",
        bad.join("\n")
    );
}

/// Killed at any moment: between writes, while deciding, while starting.
async fn killed_any_time(seed: u64) -> anyhow::Result<(Ending, u32)> {
    let scene = Scene::start(Options::short()).await;
    let killer = Killer::default();
    let short = Short::beside(&scene).await?;
    let hodman = Hodman::start(&scene, killer.clone())?;
    let own = killer.clone();
    let kills = async move {
        let mut random = StdRng::seed_from_u64(seed);
        for _ in 0..6 {
            tokio::time::sleep(Duration::from_millis(random.random_range(20..1_500))).await;
            own.kill();
        }
        std::future::pending::<anyhow::Result<Ending>>().await
    };
    let story = async {
        tokio::select! {
            ending = short.play() => ending,
            never = kills => never,
        }
    };
    let ending = hodman.during(story).await.map_err(|error| {
        error.context(format!("the end of hodman's log:\n{}", hodman.end_of_log()))
    })?;
    Ok((ending, killer.kills()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn killed_at_any_moment_the_story_ends_the_same() {
    let (expected, _) = undisturbed().await;
    let seeds =
        std::env::var("HODMAN_CRASH_SEEDS").map_or(4, |count| count.parse().expect("a number"));
    let seeds: Vec<u64> = (0..seeds).map(|more| SEED + more).collect();
    let told = futures::future::join_all(
        seeds
            .iter()
            .map(|seed| async move { (*seed, killed_any_time(*seed).await) }),
    )
    .await;
    for (seed, result) in told {
        let (ending, kills) = result.unwrap_or_else(|error| panic!("seed {seed}: {error:#}"));
        println!("seed {seed}: {kills} kills");
        assert!(kills > 0, "seed {seed}: nothing was killed");
        assert_eq!(ending, expected, "seed {seed}, {kills} kills");
    }
}
