//! A model of a workspace: keys and values, and what a package under a binding wants them to be.

use super::forge::content;
use hodman_core::facts::PlanFacts;
use hodman_core::ids::{ActionDigest, PackageDigest, PlanDigest};
use std::collections::BTreeMap;

/// What is in a workspace.
pub type Site = BTreeMap<&'static str, String>;

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// The object.
    pub key: &'static str,
    /// Its value after it; none deletes it.
    pub after: Option<String>,
    /// Key, before and after.
    pub digest: ActionDigest,
    /// Dropping a table cannot be undone.
    pub irreversible: bool,
}

/// What ought to be there.
pub fn desired(package: &PackageDigest, binding: u32) -> Site {
    let number: u32 = package
        .as_str()
        .trim_start_matches("sha256:")
        .parse()
        .unwrap_or(0);
    let number = content(number);
    let mut site = Site::from([
        ("job", format!("j{}", number / 3)),
        ("note", format!("n{number}")),
        ("cluster", format!("b{binding}")),
    ]);
    if number % 5 != 2 {
        site.insert("table", "t".to_owned());
    }
    site
}

/// Every seventh package fails its verification.
pub fn is_bad(package: &PackageDigest) -> bool {
    let number: u32 = package
        .as_str()
        .trim_start_matches("sha256:")
        .parse()
        .unwrap_or(0);
    number % 7 == 5
}

/// The way from what is there to what ought to be.
pub fn plan(site: &Site, desired: &Site) -> Vec<Action> {
    let mut actions = Vec::new();
    for key in ["cluster", "job", "note", "table"] {
        let (before, after) = (site.get(key), desired.get(key));
        if before != after {
            let word = |value: Option<&String>| value.cloned().unwrap_or_else(|| "-".to_owned());
            actions.push(Action {
                key,
                after: after.cloned(),
                digest: ActionDigest(format!("{key}:{}>{}", word(before), word(after))),
                irreversible: key == "table" && after.is_none(),
            });
        }
    }
    actions
}

/// As the decision sees it.
pub fn facts(actions: &[Action]) -> PlanFacts {
    let words: Vec<&str> = actions
        .iter()
        .map(|action| action.digest.as_str())
        .collect();
    PlanFacts {
        digest: Some(PlanDigest(format!("plan:{}", words.join(",")))),
        actions: actions.iter().map(|action| action.digest.clone()).collect(),
        updates: u32::try_from(actions.len()).unwrap_or(u32::MAX),
        irreversible: actions
            .iter()
            .filter(|action| action.irreversible)
            .map(|action| action.key.to_owned())
            .collect(),
        ..PlanFacts::default()
    }
}
