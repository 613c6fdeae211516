//! How many calls may be under way at once, learnt from the API's own refusals.
//!
//! Databricks documents no reliable numbers and limits each API family by itself, so every family (the first three
//! segments of the path) has its own window: it halves when a call is refused with 429, grows by one for each full
//! window of successes, and nobody starts a call before the time a refusal asked for has passed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::timing::Timing;

/// The bounds of the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Calls under way at once in a family nobody has complained about yet.
    pub initial_in_flight: u32,
    /// The most calls under way at once in a family.
    pub max_in_flight: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            initial_in_flight: 8,
            max_in_flight: 32,
        }
    }
}

/// What one API family has seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FamilyStats {
    /// Requests sent, retries included.
    pub calls: u64,
    /// Requests refused with 429.
    pub throttled: u64,
    /// Requests under way now.
    pub in_flight: u32,
    /// The present window.
    pub limit: u32,
}

/// What one client has sent, by API family (such as `/api/2.2/jobs`). Token requests are not in it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stats {
    /// By family.
    pub families: BTreeMap<String, FamilyStats>,
}

impl Stats {
    /// Requests sent, retries included.
    pub fn calls(&self) -> u64 {
        self.families.values().map(|family| family.calls).sum()
    }

    /// Requests refused with 429.
    pub fn throttled(&self) -> u64 {
        self.families.values().map(|family| family.throttled).sum()
    }
}

#[derive(Debug)]
pub(super) struct Limiter {
    limits: Limits,
    families: Mutex<BTreeMap<String, Arc<Family>>>,
}

#[derive(Debug)]
struct Family {
    max: f64,
    window: Mutex<Window>,
    freed: Notify,
}

#[derive(Debug)]
struct Window {
    limit: f64,
    in_flight: u32,
    /// Counts the halvings: refusals of calls that started before the last one say nothing new.
    era: u64,
    not_before: Option<Instant>,
    calls: u64,
    throttled: u64,
}

/// Wakes one waiter when dropped.
struct Baton<'a>(&'a Notify);

impl Drop for Baton<'_> {
    fn drop(&mut self) {
        self.0.notify_one();
    }
}

/// The right to have one call under way; given back on drop.
#[derive(Debug)]
pub(super) struct Permit {
    family: Arc<Family>,
    era: u64,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            limits,
            families: Mutex::default(),
        }
    }

    /// Waits for a place in the family of `path`.
    pub(super) async fn acquire(&self, path: &str, timing: &Timing) -> Permit {
        let family = self.family(path);
        // Whoever stops waiting, by getting a place or by being dropped, wakes the next, so no wake-up is lost.
        let _baton = Baton(&family.freed);
        loop {
            let freed = family.freed.notified();
            let now = timing.now();
            let pause = {
                let mut window = family.window();
                match window
                    .not_before
                    .and_then(|start| start.checked_duration_since(now))
                {
                    Some(pause) if !pause.is_zero() => Some(pause),
                    _ if f64::from(window.in_flight) + 1.0 <= window.limit => {
                        window.in_flight += 1;
                        window.calls += 1;
                        return Permit {
                            era: window.era,
                            family: Arc::clone(&family),
                        };
                    }
                    _ => None,
                }
            };
            match pause {
                Some(pause) => timing.sleep(pause).await,
                None => freed.await,
            }
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let stats = |family: &Arc<Family>| {
            let window = family.window();
            FamilyStats {
                calls: window.calls,
                throttled: window.throttled,
                in_flight: window.in_flight,
                limit: window.limit as u32,
            }
        };
        Stats {
            families: families
                .iter()
                .map(|(name, family)| (name.clone(), stats(family)))
                .collect(),
        }
    }

    fn family(&self, path: &str) -> Arc<Family> {
        let name = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .take(3)
            .collect::<Vec<_>>()
            .join("/");
        let max = f64::from(self.limits.max_in_flight.max(1));
        let initial = f64::from(self.limits.initial_in_flight.max(1)).min(max);
        let mut families = self.families.lock().unwrap_or_else(PoisonError::into_inner);
        let family = families.entry(format!("/{name}")).or_insert_with(|| {
            let window = Window {
                limit: initial,
                in_flight: 0,
                era: 0,
                not_before: None,
                calls: 0,
                throttled: 0,
            };
            Arc::new(Family {
                max,
                window: Mutex::new(window),
                freed: Notify::new(),
            })
        });
        Arc::clone(family)
    }
}

impl Family {
    /// A panic while holding the lock cannot leave a half-made window, so a poisoned lock is used on.
    fn window(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// The API took the call: the window grows a little.
    pub(super) fn accepted(&self) {
        let mut window = self.family.window();
        window.limit = (window.limit + 1.0 / window.limit).min(self.family.max);
        drop(window);
        self.family.freed.notify_one();
    }

    /// The API refused the call with 429: the window halves, and the family pauses for `wait`.
    pub(super) fn throttled(&self, now: Instant, wait: Duration) {
        let mut window = self.family.window();
        window.throttled += 1;
        let until = now + wait;
        window.not_before = Some(
            window
                .not_before
                .map_or(until, |earlier| earlier.max(until)),
        );
        if self.era == window.era {
            window.era += 1;
            window.limit = (window.limit / 2.0).floor().max(1.0);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.family.window().in_flight -= 1;
        self.family.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
