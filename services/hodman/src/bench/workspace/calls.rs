//! The calls of a step by endpoint, and the fewest that the API allows.
//!
//! By kind: a list costs one call for each page; jobs come a hundred a page, with their tasks. Permissions are in no
//! list: one call for each object whose package says something about them, one for each that is captured. A create
//! of a job takes its permissions with it, which one call sees at the first of them. A folder is listed by itself, a file
//! is uploaded by itself, and the seal that closes a folder costs a list of each folder in it and a file.

use super::town;
use hodman_model::kinds::{Captured, Identity, KINDS, Listing};
use hodman_sandbox::faults::RequestRecord;
use std::collections::BTreeMap;

/// Jobs on a page of their list: the most that the API gives.
const PAGE: u32 = 100;

/// The folder of the file set, and the one in it.
const FOLDERS: u32 = 2;

/// Counted by endpoint, ids left out.
pub(in crate::bench) struct Calls(BTreeMap<String, u32>);

impl Calls {
    pub fn count(requests: &[RequestRecord]) -> Self {
        let mut found = BTreeMap::new();
        for request in requests {
            let path = request.path.split('?').next().unwrap_or_default();
            let segments: Vec<&str> = path
                .split('/')
                .map(|segment| match segment {
                    id if !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit()) => "{id}",
                    name => name,
                })
                .collect();
            let endpoint = format!("{} {}", request.method, segments.join("/"));
            *found.entry(endpoint).or_default() += 1;
        }
        Self(found)
    }

    pub fn all(&self) -> u32 {
        self.0.values().sum()
    }

    pub fn endpoints(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.iter().map(|(name, times)| (name.as_str(), *times))
    }
}

/// The fewest calls for a step of the benchmark.
pub(super) fn fewest(step: &str, jobs: u32, permissions: bool) -> Option<u32> {
    let each = if permissions { jobs } else { 0 };
    let pages = jobs.div_ceil(PAGE);
    // Whose is what, and the folder of the file set, which is not there yet.
    let fresh = 2 + tagged();
    match step {
        "first plan" => Some(fresh),
        // The notebooks with their folder; the seal; which file sets there are (read, listed, written); which objects are ours (their
        // folder, their kinds before, their ids after); who we are, who stays the owner, and whether the first job has the permissions
        // that it was made with.
        "first apply" => {
            let access = if permissions { 2 } else { 0 };
            Some(fresh + 1 + town::NOTEBOOKS + (FOLDERS + 1) + 3 + 3 + access + jobs)
        }
        // Whose is what, and of which kinds there is anything; the folders of the file set.
        "plan, no change" | "comparison" => Some(1 + FOLDERS + pages + each),
        // One list for each other kind; who we are, whose own permissions nobody chose; the folder of the notebooks, and
        // each of them: its format, which no list says and which is asked of new ones, and its content.
        "capture" => Some(listed() - 1 + pages + jobs + 1 + 1 + 2 * town::NOTEBOOKS),
        _ => None,
    }
}

/// Kinds whose objects of ours only their tags tell.
fn tagged() -> u32 {
    count(|kind| kind.identity() == Identity::Tags)
}

/// Kinds that have a list and are captured.
fn listed() -> u32 {
    count(|kind| {
        matches!(kind.listing(), Listing::All(_)) && !matches!(kind.captured(), Captured::Never(_))
    })
}

fn count(wanted: impl Fn(&dyn hodman_model::kinds::Kind) -> bool) -> u32 {
    let found = KINDS.iter().filter(|kind| wanted(**kind)).count();
    u32::try_from(found).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_no_endpoints() {
        let record = |method: &str, path: &str| RequestRecord {
            method: method.to_owned(),
            path: path.to_owned(),
            status: 200,
            faulted: false,
        };
        let calls = Calls::count(&[
            record("GET", "/api/2.0/permissions/jobs/12"),
            record("GET", "/api/2.0/permissions/jobs/13"),
            record("GET", "/api/2.2/jobs/list?limit=100"),
        ]);
        let found: Vec<(&str, u32)> = calls.endpoints().collect();
        assert_eq!(
            found,
            [
                ("GET /api/2.0/permissions/jobs/{id}", 2),
                ("GET /api/2.2/jobs/list", 1)
            ]
        );
        assert_eq!(calls.all(), 3);
    }

    #[test]
    fn permissions_cost_a_call_each_and_pages_hold_a_hundred() {
        let others = 1 + FOLDERS;
        let plan = |permissions| fewest("plan, no change", 250, permissions);
        assert_eq!(plan(false), Some(3 + others));
        assert_eq!(plan(true), Some(253 + others));
    }
}
