//! Objects whose create was cut off, or never came to be.

use std::collections::BTreeSet;

use super::account::is_same_account;
use super::{Claim, Claims, claimed_kind, is_noted};
use crate::bundle::ResourceKey;
use crate::kinds::{AWS_KINDS, CloudformationStacks, Kind, Listed, kind};
use crate::plan::{Action, Desired, Row, WorkspacePart};
use serde_json::Value;

/// How far two answers about one moment may be apart, in milliseconds: some services round in one and not in the other.
const MOMENT: i64 = 2000;

impl Claims {
    /// Objects with a name of their own that a create began and nobody knows to have ended: what is there under that name may be
    /// half of what was asked for. For [`crate::plan::PlanContext::begun`].
    #[must_use]
    pub fn begun(&self) -> BTreeSet<ResourceKey> {
        let begun = self.claims.iter().filter(|(key, claim)| {
            claim.is_of_a_create() && kind(&key.kind).is_some_and(is_made_in_steps)
        });
        begun.map(|(key, _)| key.clone()).collect()
    }

    /// Whether a create of the resource may have begun whose end nobody saw: of what no tags find again any claim without an id
    /// says so. One with an id is of an object that was there, and that is all it says.
    #[must_use]
    pub fn is_in_doubt(&self, key: &ResourceKey) -> bool {
        let claim = self.claims.get(key).filter(|claim| claim.id.is_none());
        claim.is_some_and(|claim| claimed_kind(key).is_some() || claim.is_of_a_create())
    }

    /// Notes from when on what `rows` make may be there: `now`, in milliseconds since 1970, unless a create before this one was claimed
    /// earlier.
    pub fn note_since(&mut self, rows: &WorkspacePart, now: i64) {
        let makes = |row: &&Row| matches!(row.action, Action::Create | Action::Replace);
        for row in rows.rows.iter().filter(makes) {
            if claimed_kind(&row.key).is_some() {
                let claim = self.claims.entry(row.key.clone()).or_default();
                claim.since.get_or_insert(now);
            }
        }
    }

    /// Notes that the claimed object was removed for another that is made next: what is there under its name from now on is
    /// that one. What was put stays known until something is made.
    pub fn removed(&mut self, key: &ResourceKey) {
        if kind(&key.kind).is_some_and(is_noted)
            && let Some(claim) = self.claims.get_mut(key)
        {
            (claim.id, claim.made) = (None, None);
        }
    }

    /// Takes a claim back whose object was not made for certain: what somebody else makes under its name is theirs. That there were
    /// objects of a kind with tags is remembered, as in [`Claims::forget`].
    pub fn unmade(&mut self, key: &ResourceKey) {
        let Some(claim) = self.claims.get_mut(key) else {
            return;
        };
        // What was replaced and has not gone yet is the object still.
        if claim.id.is_none() && claimed_kind(key).is_none() {
            claim.id = claim.former.pop();
        }
        if claim.id.is_some() || !claim.former.is_empty() {
            return;
        }
        claim.natural = None;
        if claimed_kind(key).is_some() && claim.put.is_none() {
            self.claims.remove(key);
        }
    }
}

impl Claim {
    /// Whether the object under the claimed id may be the one that was claimed. One that was made later has but its name, and so has
    /// one of another account.
    #[must_use]
    pub fn may_be(&self, listed: &Listed) -> bool {
        let of = listed.outputs.get("account_id").and_then(Value::as_str);
        let ours = self.account.as_deref();
        if ours
            .zip(of)
            .is_some_and(|(ours, of)| !is_same_account(ours, of))
        {
            return false;
        }
        let made = listed.created_at.map(|made| made.timestamp_millis());
        let then = self.made.map(|then| then + MOMENT);
        then.zip(made).is_none_or(|(then, now)| now <= then)
    }

    /// Whether it was written before a create, and not completed since. One that only remembers its kind has no name.
    #[must_use]
    pub fn is_of_a_create(&self) -> bool {
        self.natural.is_some() && self.id.is_none()
    }
}

/// What is in no list is noted by its name before it is made.
pub(super) fn note_name(claims: &mut Claims, row: &Row, desired: &Desired) {
    let key = &row.key;
    let noted = kind(&key.kind).filter(|kind| is_noted(*kind));
    let wanted = desired.resources.get(key);
    let natural = noted.and_then(|kind| kind.natural(&wanted?.config));
    if let Some(natural) = natural.filter(|natural| !natural.contains("${")) {
        let claim = claims.claims.entry(key.clone()).or_default();
        claim.natural = Some(natural);
        match row.action {
            // What was there under this claim is gone.
            Action::Create => claim.id = None,
            // There without a claim of ours: a name without an id would mean that it is yet to be made.
            _ => claim.id = claim.id.take().or_else(|| row.live_id.clone()),
        }
    }
}

/// Whether an object is made by several requests under a name that is its own, and carries our tags from one of them on: a role, a
/// bucket, a stack of CloudFormation. Terraform knows by itself what it began.
#[must_use]
pub fn is_made_in_steps(kind: &dyn Kind) -> bool {
    let of_aws = AWS_KINDS.iter().any(|of| of.name() == kind.name());
    of_aws || kind.name() == CloudformationStacks.name()
}
