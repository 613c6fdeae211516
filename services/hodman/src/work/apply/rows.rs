//! The rows of one workspace, those beside each other that do not wait for each other. When one fails, those that need it
//! are not tried, and all others go on.

use super::super::{WorkError, upload};
use super::site::Site;
use super::step;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use hodman_model::bundle::ResourceKey;
use hodman_model::plan::Row;
use std::collections::{BTreeMap, BTreeSet};

/// Rows under way at once; the limiter has the last word for each API family.
const AT_ONCE: usize = 32;

/// Failures that are told in full; of the rest, how many.
const TOLD: usize = 20;

/// How the rows ended.
#[derive(Default)]
pub(super) struct Ended {
    /// How many rows were done.
    pub done: u32,
    /// How many files were uploaded.
    pub uploaded: u32,
    /// What failed, in the order of the plan, with the words of the API.
    failed: BTreeMap<usize, WorkError>,
    /// Rows that were not tried because of one that failed.
    skipped: BTreeSet<usize>,
    /// Rows that were not done, for whatever reason.
    undone: BTreeSet<usize>,
}

impl Ended {
    /// The rows that were not done.
    pub fn undone<'r>(&self, rows: &'r [Row]) -> impl Iterator<Item = &'r Row> {
        self.undone.iter().filter_map(|index| rows.get(*index))
    }

    /// What was to be done and is not.
    pub fn left(&self, rows: &[Row]) -> BTreeSet<ResourceKey> {
        let left = self.failed.keys().chain(&self.skipped);
        left.filter_map(|index| rows.get(*index))
            .map(|row| row.key.clone())
            .collect()
    }

    /// The failure of all that failed; none when nothing did.
    pub fn failure(&self, rows: &[Row]) -> Option<WorkError> {
        let words = |(index, error): (&usize, &WorkError)| match rows.get(*index) {
            Some(row) => format!("{} {}: {error}", row.action.word(), row.key),
            None => error.to_string(),
        };
        let mut told: Vec<String> = self.failed.iter().take(TOLD).map(words).collect();
        let all = match self.failed.len() {
            0 => return None,
            1 if self.skipped.is_empty() => told.join(""),
            failed => {
                if failed > TOLD {
                    told.push(format!("and {} more", failed - TOLD));
                }
                let skipped: Vec<String> = self
                    .skipped
                    .iter()
                    .take(TOLD)
                    .filter_map(|index| rows.get(*index))
                    .map(|row| row.key.to_string())
                    .collect();
                let skipped = match skipped.len() {
                    0 => String::new(),
                    _ => format!(
                        ", {} not tried because they need one of those ({})",
                        self.skipped.len(),
                        skipped.join(", ")
                    ),
                };
                format!(
                    "{failed} of {} actions failed{skipped}, {} done: {}",
                    rows.len(),
                    self.done,
                    told.join("; ")
                )
            }
        };
        // The next try begins with a plan of what is left, so one passing failure is reason enough for it.
        let mut failed = self.failed.values();
        Some(if failed.clone().all(WorkError::is_waiting) {
            match failed.any(WorkError::is_standing_still) {
                true => WorkError::stands_still(all),
                false => WorkError::waits(all),
            }
        } else if failed.any(|error| error.is_transient() && !error.is_waiting()) {
            WorkError::transient(all)
        } else {
            WorkError::lasting(all)
        })
    }
}

/// Does the rows. The error is that of the lease only; what rows say stands in [`Ended`].
pub(super) async fn run(site: &Site<'_>, rows: &[Row]) -> Result<Ended, WorkError> {
    let place: BTreeMap<&ResourceKey, usize> = rows
        .iter()
        .enumerate()
        .map(|(index, row)| (&row.key, index))
        .collect();
    let mut waits: Vec<BTreeSet<usize>> = rows
        .iter()
        .map(|row| {
            let others = row.after.iter().filter_map(|key| place.get(key).copied());
            others.collect()
        })
        .collect();
    let mut waited_by: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    for (index, others) in waits.iter().enumerate() {
        for other in others {
            waited_by[*other].push(index);
        }
    }
    // What can be said only later is done later, and with it what needs it.
    let mut later: BTreeSet<usize> = (0..rows.len()).filter(|index| rows[*index].waits).collect();
    // Of a row that has more to do when it is done, others get what they need then.
    let more = (0..rows.len()).filter(|index| rows[*index].looks_again);
    for index in later.clone().into_iter().chain(more) {
        skip(index, &waited_by, &mut later);
    }
    let mut ready: BTreeSet<usize> = (0..rows.len())
        .filter(|index| waits[*index].is_empty() && !later.contains(index))
        .collect();
    let mut running = FuturesUnordered::new();
    let mut ended = Ended {
        undone: (0..rows.len()).collect(),
        ..Ended::default()
    };
    loop {
        while running.len() < AT_ONCE
            && let Some(index) = ready.pop_first()
        {
            running.push(async move { (index, one(site, &rows[index]).await) });
        }
        let Some((index, result)) = running.next().await else {
            break;
        };
        match result {
            Ok(uploaded) => {
                ended.done += 1;
                ended.undone.remove(&index);
                ended.uploaded += uploaded;
                for next in &waited_by[index] {
                    waits[*next].remove(&index);
                    let open = ended.skipped.contains(next) || later.contains(next);
                    if waits[*next].is_empty() && !open {
                        ready.insert(*next);
                    }
                }
            }
            Err(error) if error.is_lease_lost() => return Err(error),
            Err(error) => {
                tracing::warn!(key = %rows[index].key, "{} failed: {error}", rows[index].action.word());
                ended.failed.insert(index, error);
                skip(index, &waited_by, &mut ended.skipped);
            }
        }
    }
    Ok(ended)
}

/// Everything that waits for `index`, directly or not.
fn skip(index: usize, waited_by: &[Vec<usize>], skipped: &mut BTreeSet<usize>) {
    let mut next = waited_by[index].clone();
    while let Some(other) = next.pop() {
        if skipped.insert(other) {
            next.extend(&waited_by[other]);
        }
    }
}

/// One row; how many files it uploaded.
async fn one(site: &Site<'_>, row: &Row) -> Result<u32, WorkError> {
    site.job.fence.check().await?;
    if row.is_files_step() {
        return upload::upload(site.job, site.env.as_str(), site.taken, site.part).await;
    }
    step::step(site, row).await?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str) -> Row {
        let digest = hodman_model::digest::sha256(key.as_bytes());
        serde_json::from_value(serde_json::json!({
            "key": key, "action": "create", "changes": [], "reason": "", "digest": digest,
            "reversible": { "class": "reversible" },
        }))
        .unwrap()
    }

    #[test]
    fn what_needs_a_failed_row_is_not_tried_and_nothing_else() {
        // 1 and 2 wait for 0, 3 for 2, 4 for nobody.
        let waited_by = [vec![1, 2], vec![], vec![3], vec![], vec![]];
        let mut skipped = BTreeSet::new();
        skip(0, &waited_by, &mut skipped);
        assert_eq!(skipped, BTreeSet::from([1, 2, 3]));
    }

    #[test]
    fn every_failure_is_told_with_its_own_words() {
        let rows = [row("jobs.a"), row("jobs.b"), row("jobs.c"), row("jobs.d")];
        let mut ended = Ended {
            done: 1,
            ..Ended::default()
        };
        assert!(ended.failure(&rows).is_none());
        ended.failed.insert(0, WorkError::lasting("no such pool"));
        ended.skipped.insert(1);
        ended.failed.insert(2, WorkError::transient("busy"));
        let failure = ended.failure(&rows).unwrap();
        assert_eq!(
            failure.to_string(),
            "2 of 4 actions failed, 1 not tried because they need one of those (jobs.b), 1 done: create jobs.a: no such pool; create jobs.c: busy"
        );
        assert!(failure.is_transient());
    }

    #[test]
    fn one_failure_alone_is_told_plainly() {
        let rows = [row("jobs.a")];
        let mut ended = Ended::default();
        ended.failed.insert(0, WorkError::lasting("no such pool"));
        let failure = ended.failure(&rows).unwrap();
        assert_eq!(failure.to_string(), "create jobs.a: no such pool");
        assert!(!failure.is_transient());
    }
}
