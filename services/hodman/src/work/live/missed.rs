//! What a workspace did not serve while everything was read. That something was not seen does not mean that it is gone.

use super::lists::no_such_api;
use crate::work::WorkError;
use hodman_clients::databricks::{ApiError, ErrorKind};
use hodman_model::capture::{AccessUnread, Unread};
use hodman_model::kinds::Kind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Kinds, with the first reason that was met.
#[derive(Default)]
pub(super) struct Missed {
    kinds: Mutex<BTreeMap<String, Unread>>,
    access: Mutex<BTreeMap<String, AccessUnread>>,
}

impl Missed {
    /// Whether a capture can do without the list that failed so. Not when the workspace is out of reach or takes the
    /// credentials for wrong: then it says nothing about any kind.
    pub fn list(&self, kind: &dyn Kind, error: &ApiError) -> bool {
        let lacking = no_such_api(error);
        let answered = match error.kind {
            ErrorKind::Unauthenticated
            | ErrorKind::RateLimited { .. }
            | ErrorKind::TimedOut { .. } => false,
            _ => error.status.is_some(),
        };
        if lacking || answered {
            self.note(kind, error.to_string(), lacking);
        }
        lacking || answered
    }

    /// One object, or one entry of a list, that cannot be read.
    pub fn part(&self, kind: &dyn Kind, error: WorkError) -> Result<(), WorkError> {
        if error.is_transient() {
            return Err(error);
        }
        self.note(kind, error.to_string(), false);
        Ok(())
    }

    /// Permissions or grants of one object: the object itself was read, so its kind stays known.
    pub fn access(&self, kind: &dyn Kind, name: &str, error: WorkError) -> Result<(), WorkError> {
        if error.is_transient() {
            return Err(error);
        }
        let mut found = self.access.lock().unwrap_or_else(PoisonError::into_inner);
        let first = || AccessUnread {
            names: BTreeSet::new(),
            why: error.to_string(),
        };
        let unread = found.entry(kind.name().to_owned()).or_insert_with(first);
        unread.names.insert(name.to_owned());
        Ok(())
    }

    fn note(&self, kind: &dyn Kind, why: String, lacking: bool) {
        let mut found = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        found
            .entry(kind.name().to_owned())
            .or_insert(Unread { why, lacking });
    }

    /// Why none of these kinds could be read.
    pub fn everything(&self, kinds: &[&'static dyn Kind]) -> Option<String> {
        let found = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        let first = found.values().next()?;
        // Kinds without a list, or below one that was not read, are never asked for.
        let asked = |kind: &&&'static dyn Kind| {
            matches!(kind.listing(), hodman_model::kinds::Listing::All(_))
        };
        kinds
            .iter()
            .filter(asked)
            .all(|kind| found.contains_key(kind.name()))
            .then(|| format!("nothing of the workspace can be read: {}", first.why))
    }

    /// The kinds, and what lies below them: what was not seen above was not looked for below. And whose access was
    /// refused.
    pub fn into_parts(self) -> (BTreeMap<String, Unread>, BTreeMap<String, AccessUnread>) {
        let access = self.access.into_inner();
        let access = access.unwrap_or_else(PoisonError::into_inner);
        let kinds = self.kinds.into_inner();
        let mut found = kinds.unwrap_or_else(PoisonError::into_inner);
        loop {
            let below: Vec<(String, Unread)> = hodman_model::kinds::KINDS
                .iter()
                .filter(|kind| !found.contains_key(kind.name()))
                .filter_map(|kind| match kind.listing() {
                    hodman_model::kinds::Listing::Below { parent, .. } => {
                        Some((kind.name().to_owned(), found.get(parent)?.clone()))
                    }
                    _ => None,
                })
                .collect();
            if below.is_empty() {
                return (found, access);
            }
            found.extend(below);
        }
    }
}
