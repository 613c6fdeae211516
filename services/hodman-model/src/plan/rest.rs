//! What is left of an action that was cut off: after half of its requests the same resource needs another action, which
//! nobody was shown. It counts as approved where it does nothing but the rest.

mod stack;

use serde_json::Value;

use super::Reversibility;
use super::references::is_symbolic;
use super::row::{Action, FieldChange, Row};
use crate::field_path::PathSegment;
use crate::kinds::{CloudformationStacks, Kind, TerraformStacks, kind};

/// What is known of the value that a row sends and nobody can read back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SentValue {
    /// The field that stands for it in the row; none when the row sends none.
    pub field: Option<String>,
    /// Whether it is the value that was put last.
    pub was_put: bool,
}

impl Row {
    /// Whether this row does nothing but what is left of `approved`, an action on the same resource with the same package
    /// under the same binding.
    ///
    /// What was to be made, or made anew, is brought to where its create leads. Of a change in place only parts of that very
    /// change are left: the same fields, from the same values to the same values, so what somebody else changed meanwhile
    /// is asked for; of lists without an order some entries may have come or gone already. What is on its way out has less and less of what it had, such as the policies of a role, which go first. An
    /// irreversible action is none that `approved` was not.
    #[must_use]
    pub fn is_rest_of(&self, approved: &Self, value: &SentValue) -> bool {
        // Of stacks of Terraform their engine says what is left.
        if self.key != approved.key || self.waits || self.key.kind == TerraformStacks.name() {
            return false;
        }
        if matches!(self.reversible, Reversibility::Irreversible { .. })
            && self.reversible != approved.reversible
        {
            return false;
        }
        if self.key.kind == CloudformationStacks.name() {
            return stack::is_rest(self, approved);
        }
        let sends = |change: &FieldChange| is_field(change, value.field.as_deref());
        let shown = approved.changes.read();
        let rules = kind(&self.key.kind).map(Kind::rules);
        let is_set = |change: &FieldChange| {
            rules.is_some_and(|rules| rules.sets.iter().any(|set| set.matches(&change.path)))
        };
        let same = |change: &FieldChange| {
            let is_set = is_set(change);
            let the_same = |other| is_same(change, other) || is_set && is_between(change, other);
            shown.iter().any(the_same)
        };
        let put = |change: &FieldChange| {
            let again = |other: &FieldChange| sends(other) && other.after == change.after;
            value.was_put || shown.iter().any(again)
        };
        let part = |change: &FieldChange| !change.redacted && same(change);
        match (approved.action, self.action) {
            (Action::Replace, Action::Create) => {
                let mut sent = self.changes.iter().filter(sends);
                sent.all(|change| put(&change))
            }
            (Action::Create | Action::Replace, Action::Update | Action::Resize) => {
                let mut sent = self.changes.iter().filter(sends);
                sent.all(|change| same(&change))
            }
            (Action::Adopt, Action::Adopt | Action::Update | Action::Resize) => {
                self.live_id.is_some()
                    && self.live_id == approved.live_id
                    && self.changes.iter().all(|change| part(&change))
            }
            (Action::Update, Action::Update | Action::Resize) => {
                !self.changes.is_empty() && self.changes.iter().all(|change| part(&change))
            }
            (Action::Delete, Action::Delete) => {
                let less = |change: &FieldChange| {
                    let held = |other: &FieldChange| {
                        change.path == other.path
                            && change.after == other.after
                            && holds(other.before.as_ref(), change.before.as_ref())
                    };
                    !change.redacted && shown.iter().any(held)
                };
                let goes = |change: FieldChange| part(&change) || less(&change);
                !self.changes.is_empty() && self.changes.iter().all(goes)
            }
            (Action::Replace, Action::Replace) => {
                let less = |change: &FieldChange| {
                    !change.redacted && holds(change.after.as_ref(), change.before.as_ref())
                };
                // What it refers to was made anew by an earlier row, and the old object still has the old id.
                let follows = |change: &FieldChange| {
                    !change.redacted
                        && change.after.as_ref().is_some_and(is_symbolic)
                        && shown.iter().all(|other| other.path != change.path)
                };
                let goes = |change: FieldChange| part(&change) || less(&change) || follows(&change);
                self.live_id.is_some()
                    && self.live_id == approved.live_id
                    && self.changes.iter().all(goes)
            }
            _ => false,
        }
    }
}

fn is_field(change: &FieldChange, field: Option<&str>) -> bool {
    field.is_some()
        && matches!(change.path.0.as_slice(), [PathSegment::Key(key)] if Some(key.as_str()) == field)
}

/// Whether all of `part` is in `whole`; nothing is in everything.
fn holds(whole: Option<&Value>, part: Option<&Value>) -> bool {
    match (whole, part) {
        (_, None) => true,
        (Some(Value::Object(whole)), Some(Value::Object(part))) => part
            .iter()
            .all(|(key, value)| whole.get(key) == Some(value)),
        (Some(Value::Array(whole)), Some(Value::Array(part))) => {
            part.iter().all(|item| whole.contains(item))
        }
        (whole, part) => whole == part,
    }
}

/// Where a reference is put, what it replaces may be an id that an earlier row has changed by now.
fn is_same(change: &FieldChange, other: &FieldChange) -> bool {
    change.path == other.path
        && change.after == other.after
        && (change.before == other.before || change.after.as_ref().is_some_and(is_symbolic))
}

/// Whether a list without an order is on its way from what `other` shows to what it shows: IAM attaches and detaches the policies
/// of a role one by one, and whoever is killed between two of them has done a part.
fn is_between(change: &FieldChange, other: &FieldChange) -> bool {
    let items = |value: &Option<Value>| match value {
        None => Some(Vec::new()),
        Some(Value::Array(items)) => Some(items.clone()),
        Some(_) => None,
    };
    let (Some(now), Some(before), Some(after)) = (
        items(&change.before),
        items(&other.before),
        items(&other.after),
    ) else {
        return false;
    };
    change.path == other.path
        && change.after == other.after
        && (now.iter()).all(|item| before.contains(item) || after.contains(item))
        && (before.iter()).all(|item| now.contains(item) || !after.contains(item))
}
