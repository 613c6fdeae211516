//! A seeded simulation of the whole: a model of the forge, of workspaces and people around the real `decide`, on a
//! model of the store or on the real one. Events are doubled, reordered and lost, executors die or come late, clocks
//! jump, databases are lost, and after every step the rules of DESIGN section 5 are asked of what really happened.
//!
//! `HODMAN_SIM_SEED=n` replays one run and prints what happened. What was broken on purpose to see whether the
//! simulation notices is listed in `simulation/README.md`.

mod brief;
mod executor;
mod finish;
mod forge;
mod memory;
mod people;
mod policies;
mod rng;
mod rules;
mod site;
mod sqlite;
mod store;
mod world;
mod writes;

pub use memory::Memory;
pub use sqlite::Sqlite;
pub use store::Remembers;
pub use world::World;

/// How one run went.
pub struct Ended {
    /// Broken rules; none for a good run.
    pub broken: Vec<String>,
    /// What happened, if it was asked for.
    pub trace: Option<String>,
}

/// Starting points: worlds that have come some way, so that short runs reach far.
pub fn beginnings(count: u64) -> Vec<World<Memory>> {
    (0..count)
        .map(|seed| {
            let mut world = World::new(seed, |_| Memory::default());
            world.calm(usize::try_from(seed % 5).unwrap_or(0));
            for _ in 0..seed {
                world.step();
            }
            world
        })
        .collect()
}

/// One run of `seed` on the model of the store. `finish`: at its end everything must arrive.
pub fn in_memory(beginnings: &[World<Memory>], seed: u64, finish: bool, trace: bool) -> Ended {
    let at = usize::try_from(seed).unwrap_or(0) % beginnings.len().max(1);
    let world = beginnings[at].clone();
    run(world, seed, 40 + seed % 41, finish, trace)
}

/// One run of `seed` on SQLite, from the very beginning.
pub fn on_sqlite(seed: u64, trace: bool) -> Ended {
    let mut world = World::new(seed, Sqlite::open);
    world.calm(usize::from(seed.is_multiple_of(4)));
    run(world, seed, 60, seed.is_multiple_of(8), trace)
}

fn run<S: Remembers>(
    mut world: World<S>,
    seed: u64,
    steps: u64,
    finish: bool,
    trace: bool,
) -> Ended {
    world.reseed(seed);
    world.trace = trace.then(String::new);
    for _ in 0..steps {
        world.step();
        if !world.broken.is_empty() {
            break;
        }
    }
    if finish && world.broken.is_empty() {
        world.finish();
    }
    Ended {
        broken: world.broken,
        trace: world.trace,
    }
}
