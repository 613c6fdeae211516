//! What is not done, whoever asks: each refusal says what would let it be done.

use std::fmt;

use serde_json::Value;

use super::PlanContext;
use super::desired::DesiredResource;
use super::error::owner;
use super::known::Known;
use super::names::{Names, natural_by_now};
use super::observed::{Observed, ObservedObject};
use super::row::Action;
use crate::bundle::ResourceKey;
use crate::kinds::{HELD_BY, Kind, Listed, Marker};

/// An action that a guard forbids. One is enough to make no plan of the rest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The workspace.
    pub workspace: String,
    /// The resource.
    pub key: ResourceKey,
    /// Why.
    pub why: Refused,
}

/// Why an action is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refused {
    /// `prevent_destroy` protects it, here or in the package applied last.
    PreventDestroy {
        /// `delete`, or `replace` with the field that forces it.
        action: String,
    },
    /// Where it lives somebody protected it, and no request removes it before that is taken back there.
    Held {
        /// `delete` or `replace`.
        action: String,
        /// What protects it, and where it is taken back.
        by: String,
    },
    /// Something goes with it that is worth more than the object.
    TakesAlong {
        /// `delete` or `replace`.
        action: String,
        /// What goes.
        what: String,
    },
    /// An object has the name that it wants, and nobody told hodman to take that over.
    NameTaken {
        /// The name.
        natural: String,
        /// The object's id.
        id: String,
        /// Who made the object.
        maker: String,
    },
    /// Another resource, environment or pipeline has the name that it wants.
    Claimed {
        /// The name.
        natural: String,
        /// Whose it is.
        owner: Marker,
        /// The object's id, when there is an object.
        id: Option<String>,
    },
    /// The service takes no such change of an object that is there.
    NotTaken {
        /// Of which field, why, and what to do instead.
        words: String,
    },
    /// A value that cannot be read back is wanted, and nobody could say what it is.
    NoValue,
    /// An object that is to be taken over would be removed and made anew.
    AdoptReplaces {
        /// Its id.
        id: String,
        /// The field that cannot change in place.
        field: String,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            workspace,
            key,
            why,
        } = self;
        write!(f, "{workspace}: `{key}` ")?;
        match why {
            Refused::PreventDestroy { action } => write!(
                f,
                "is protected by `prevent_destroy`: refused to {action}; take the protection out in a change of its own first"
            ),
            Refused::Held { action, by } => {
                write!(f, "is protected: {by}: refused to {action}")
            }
            Refused::TakesAlong { action, what } => write!(
                f,
                "would take along {what}: refused to {action}; name it under `allow_destroy` of the environment to let it go"
            ),
            Refused::NameTaken { natural, id, maker } => write!(
                f,
                "wants the name `{natural}`, which object {id}, made by {maker}, has; that one carries no marker of ours: take it \
                 over by naming its id under `adopt` of the environment's workspace (`hodman adopt` writes it), or choose another name"
            ),
            Refused::Claimed {
                natural,
                owner: marker,
                id,
            } => {
                write!(
                    f,
                    "wants the name `{natural}`, which belongs to {}",
                    owner(marker)
                )?;
                if let Some(id) = id {
                    write!(f, " as object {id}")?;
                }
                write!(f, "; give it up there first, or choose another name")
            }
            Refused::NotTaken { words } => write!(f, "cannot change as asked: {words}"),
            Refused::NoValue => write!(
                f,
                "has a value that cannot be read back, and there is none to put; check its reference"
            ),
            Refused::AdoptReplaces { id, field } => write!(
                f,
                "is to take over object {id}, but {field} differs and cannot change in place: the object would be destroyed, not \
                 taken over; make the package say what it has, or take its id out of `adopt`, and let the object go, to have a new one"
            ),
        }
    }
}

/// The object that has the name of one that is wanted.
pub(super) fn there<'o>(
    kind: &dyn Kind,
    wanted: &DesiredResource,
    (names, known): (&Names<'o>, &Known),
) -> Option<&'o ObservedObject> {
    let natural = natural_by_now(kind, wanted, known)?;
    names.live(kind.name(), &natural)
}

/// Whether an object may be made under its name.
pub(super) fn creates(
    kind: &dyn Kind,
    (key, wanted): (&ResourceKey, &DesiredResource),
    (names, known): (&Names<'_>, &Known),
    observed: &Observed,
) -> Option<Refused> {
    let natural = natural_by_now(kind, wanted, known)?;
    let called = (kind.name().to_owned(), natural.clone());
    if let Some(leaving) = observed.leaving.get(&called).filter(|is| is.key != *key) {
        return Some(Refused::NotTaken {
            words: format!(
                "the {} `{natural}`, which {} was before, is there still, and goes when all that used it has moved; \
                 wait for that, or choose another name",
                kind.singular(),
                leaving.key
            ),
        });
    }
    if let Some(object) = names.live(kind.name(), &natural) {
        let id = object.listed.id.clone();
        return Some(match &object.listed.marker {
            Some(marker) => Refused::Claimed {
                natural,
                owner: marker.clone(),
                id: Some(id),
            },
            None if kind.always_there() => return None,
            None => Refused::NameTaken {
                natural,
                id,
                maker: maker(&object.listed).to_owned(),
            },
        });
    }
    let claimed = (kind.name().to_owned(), natural);
    observed
        .claimed_elsewhere
        .get(&claimed)
        .map(|owner| Refused::Claimed {
            natural: claimed.1.clone(),
            owner: owner.clone(),
            id: None,
        })
}

/// Whether an object that is there may go under the name that is wanted now: whether it is renamed, or removed and made anew, what
/// has that name already is not ours to write to.
pub(super) fn renames(
    kind: &dyn Kind,
    (key, wanted): (&ResourceKey, &DesiredResource),
    live: &Listed,
    (names, known): (&Names<'_>, &Known),
    observed: &Observed,
) -> Option<Refused> {
    let natural = natural_by_now(kind, wanted, known)?;
    if live.natural.as_ref() == Some(&natural) {
        return None;
    }
    let has_it = names.live(kind.name(), &natural);
    if has_it.is_some_and(|object| object.listed.id == live.id) {
        return None;
    }
    creates(kind, (key, wanted), (names, known), observed)
}

/// Whether an object may be removed; gives what goes along when that was allowed.
pub(super) fn removes(
    kind: &dyn Kind,
    key: &ResourceKey,
    live: &Listed,
    (action, reason): (Action, &str),
    protected: bool,
    context: &PlanContext,
) -> Result<Option<String>, Refused> {
    if protected {
        let action = match action {
            Action::Replace => format!("replace it ({reason})"),
            other => format!("{} it", other.word()),
        };
        return Err(Refused::PreventDestroy { action });
    }
    if let Some(by) = live.outputs.get(HELD_BY).and_then(Value::as_str) {
        return Err(Refused::Held {
            action: format!("{} it", action.word()),
            by: by.to_owned(),
        });
    }
    match kind.guarded(&live.config) {
        None => Ok(None),
        Some(what) if context.allow_destroy.contains(key) => Ok(Some(what)),
        Some(what) => Err(Refused::TakesAlong {
            action: format!("{} it", action.word()),
            what,
        }),
    }
}

/// Who made an object, as far as the API says.
pub(super) fn maker(live: &Listed) -> &str {
    live.creator.as_deref().unwrap_or("somebody unknown")
}
