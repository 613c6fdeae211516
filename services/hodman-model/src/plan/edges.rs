//! Which rows wait for which, and the order that follows.

use std::collections::{BTreeMap, BTreeSet};

use super::error::PlanError;
use super::order::in_order;
use super::row::{Row, files_key};
use crate::bundle::ResourceKey;

/// What resources need of each other.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// What each wanted resource needs.
    pub wanted: BTreeMap<ResourceKey, BTreeSet<ResourceKey>>,
    /// What each object to be removed needs: it goes first.
    pub removed: BTreeMap<ResourceKey, BTreeSet<ResourceKey>>,
    /// What objects that stay refer to until their row is done: before that the other cannot go.
    pub until_done: BTreeMap<ResourceKey, BTreeSet<ResourceKey>>,
    /// What is to point to another folder of files: the files lie there before.
    pub files: BTreeSet<ResourceKey>,
}

/// The rows in an order in which they can be done one after the other, each naming those that it must wait for.
///
/// # Errors
/// When resources need each other in a circle.
pub(super) fn ordered(
    mut rows: BTreeMap<ResourceKey, Row>,
    files: Option<Row>,
    needs: &Needs,
) -> Result<Vec<Row>, PlanError> {
    let order = in_order(&needs.wanted)?;
    let removals = in_order(&needs.removed)?;
    let has_files = files.is_some();
    let with_row: BTreeSet<ResourceKey> = rows.keys().cloned().collect();
    let mut waits: BTreeMap<&ResourceKey, BTreeSet<&ResourceKey>> = BTreeMap::new();
    for (key, needed) in &needs.wanted {
        waits.entry(key).or_default().extend(needed);
    }
    for (key, needed) in needs.removed.iter().chain(&needs.until_done) {
        for gone in needed
            .iter()
            .filter(|gone| needs.removed.contains_key(*gone))
        {
            waits.entry(gone).or_default().insert(key);
        }
    }
    let files_key = files_key();
    let mut done: Vec<Row> = files.into_iter().collect();
    for key in order.iter().chain(removals.iter().rev()) {
        let Some(mut row) = rows.remove(key) else {
            continue;
        };
        if has_files && needs.files.contains(key) {
            row.after.push(files_key.clone());
        }
        let waits = waits.get(key).into_iter().flatten();
        row.after.extend(
            waits
                .filter(|other| **other != key && with_row.contains(**other))
                .map(|other| (*other).clone()),
        );
        row.after.sort();
        done.push(row);
    }
    Ok(done)
}
