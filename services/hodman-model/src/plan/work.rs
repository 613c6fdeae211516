//! The rows of a plan, before they are put in order.
//!
//! Long because every sort of row is made here of the same facts.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::before_after::{Symbols, put_left, symbolic};
use super::compare::{change, differences, whole};
use super::desired::{Desired, DesiredResource};
use super::guards::{self, Refusal, Refused};
use super::known::Known;
use super::maintenance::maintenance;
use super::names::Names;
use super::observed::Observed;
use super::reasons::{adopt_reason, again_reason, create_reason, lost_reason, update_reason};
use super::redacted::redacted;
use super::references::references_in;
use super::row::{Action, FieldChange, Row, action_digest};
use super::sent::{SentChange, sent_change};
use super::{Held, PlanContext, Reversibility};
use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::field_path::FieldPath;
use crate::kinds::pattern::Keep;
use crate::kinds::{Change, Identity, Kind, Listed, files};

pub(super) struct Work<'a> {
    pub context: &'a PlanContext,
    pub desired: &'a Desired,
    pub observed: &'a Observed,
    /// The file sets that live objects point to.
    pub in_use: BTreeSet<Digest>,
    pub rows: BTreeMap<ResourceKey, Row>,
    pub held: BTreeMap<ResourceKey, Held>,
    /// Resources of which everything is held back.
    pub waiting: BTreeSet<ResourceKey>,
    pub refused: BTreeSet<Refusal>,
    /// What objects that change refer to until they have changed.
    pub until_done: BTreeMap<ResourceKey, BTreeSet<ResourceKey>>,
    /// What is to point to another folder of files.
    pub to_files: BTreeSet<ResourceKey>,
}

/// What a row is made of.
pub(super) struct Draft<'l> {
    pub action: Action,
    pub changes: Vec<FieldChange>,
    pub sent: Option<SentChange>,
    pub reason: String,
    pub live: Option<&'l Listed>,
    /// What goes along, allowed by the environment's file.
    pub takes_along: Option<String>,
    /// What stands in its name in place of the last of its changes, and from which of them on.
    pub previewed: Option<(usize, Vec<FieldChange>)>,
    /// Whether what it does can be said only later.
    pub waits: bool,
    /// Whether what comes after it can be said only later.
    pub looks_again: bool,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        context: &'a PlanContext,
        desired: &'a Desired,
        observed: &'a Observed,
    ) -> Self {
        Self {
            context,
            desired,
            observed,
            in_use: BTreeSet::new(),
            rows: BTreeMap::new(),
            held: BTreeMap::new(),
            waiting: BTreeSet::new(),
            refused: BTreeSet::new(),
            until_done: BTreeMap::new(),
            to_files: BTreeSet::new(),
        }
    }

    pub(super) fn create(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        wanted: &DesiredResource,
        names: (&Names<'_>, &Known),
    ) {
        // What stands under the name of one that was begun is what is left of it.
        let begun = self.context.begun.contains(key);
        let left = begun.then(|| guards::there(kind, wanted, names)).flatten();
        if !begun && let Some(why) = guards::creates(kind, (key, wanted), names, self.observed) {
            self.refuse(key, why);
        }
        let perhaps = names.0.perhaps(key, wanted).filter(|_| !begun);
        let managed = wanted.managed(kind);
        let to_files = self.folder_change(&managed, &BTreeSet::new());
        let mut changes = whole(managed, true);
        changes.extend(to_files);
        let mut draft = Draft {
            action: Action::Create,
            changes,
            sent: self.sent(kind, key, wanted, None),
            reason: create_reason(
                kind,
                left.map(|there| &there.listed),
                self.observed.formerly(key).filter(|_| begun),
                perhaps.map(|there| &there.listed),
            ),
            live: None,
            takes_along: None,
            previewed: None,
            waits: false,
            looks_again: false,
        };
        self.ask_engine(key, &mut draft);
        self.push(kind, key, draft, None);
        // Whoever gave it another name, too, made it their own.
        let theirs = self.observed.tags.renamed.contains_key(key);
        let perhaps = perhaps.filter(|_| !theirs);
        if let (Some(row), Some(there)) = (self.rows.get_mut(key), perhaps) {
            row.perhaps = Some(format!("{} {}", kind.singular(), there.listed.id));
        }
    }

    /// Adds the row that brings `live` to `wanted`, if one is needed. `replaced` is a resource that it refers to and that
    /// another row replaces.
    pub(super) fn compare(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        wanted: &DesiredResource,
        live: &Listed,
        (names, symbols): (&Names<'_>, &Symbols<'_>),
        replaced: Option<&ResourceKey>,
    ) {
        let managed = wanted.managed_over(kind, &live.config);
        let (mut before, folders) = symbolic(kind, live, Some(&managed), symbols);
        put_left(&mut before, kind, live, (&managed, &wanted.left), symbols);
        let mut changes = differences(kind.rules(), &before, &managed);
        let lost = self.observed.tags.lost.contains(key);
        if let Some(marker) = live.marker.as_ref().filter(|_| lost) {
            changes.insert(0, FieldChange::marker(marker));
        }
        changes.extend(self.folder_change(&managed, &folders));
        self.in_use.extend(folders);
        let preview = self.observed.previews.get(key);
        let forced = |changes: &[FieldChange]| {
            let mut changes = changes.iter();
            let forced = changes.find(|change| kind.rules().replaces(change));
            forced.map(|change| change.path.to_string())
        };
        if preview
            .is_some_and(|preview| preview.decides && preview.is_empty() && preview.begun.is_none())
            && forced(&changes).is_none()
        {
            // Whatever else it was told: its engine says that nothing is to be done.
            return;
        }
        let asked = preview.is_some_and(|preview| preview.decides || !changes.is_empty())
            || self.observed.waiting.contains_key(key);
        let sent = self.sent(kind, key, wanted, Some(live));
        let adopted = live
            .marker
            .as_ref()
            .is_none_or(|marker| marker.key != key.key);
        let sent = sent.filter(|_| adopted || self.tells(kind, key));
        let sent = match sent {
            Some(sent) if sent.rotation && !self.context.rotate && !adopted => {
                if self.hold_rotation(key, &sent, &changes) {
                    self.until_done.insert(key.clone(), references_in(&before));
                    return;
                }
                None
            }
            sent => sent,
        };
        if changes.is_empty() && !adopted && !asked && sent.is_none() {
            return;
        }
        let mut draft = Draft {
            action: Action::Update,
            reason: match (&sent, changes.as_slice()) {
                (Some(sent), []) => sent.reason.clone(),
                (_, []) => String::new(),
                (_, changes) => update_reason(changes, replaced),
            },
            changes,
            sent,
            live: Some(live),
            takes_along: None,
            previewed: None,
            waits: false,
            looks_again: false,
        };
        if lost {
            let others = draft.changes.get(1..).unwrap_or_default();
            let more = match others {
                [] => "which are put back".to_owned(),
                others => format!("which are put back; {}", update_reason(others, replaced)),
            };
            draft.reason = format!("{}, {more}", lost_reason(kind, live));
        }
        let forced = forced(&draft.changes);
        let again = self.is_again(kind, key, live);
        if adopted {
            // The approval must say which object is taken over; so here, and only here, an id is part of the action.
            let path = FieldPath::default().key("adopted id");
            draft
                .changes
                .insert(0, change(path, Some(json!(live.id)), None));
            draft.action = Action::Adopt;
            draft.reason = if again {
                again_reason(kind, live)
            } else {
                adopt_reason(kind, live)
            };
        } else if draft.sent.is_none()
            && draft
                .changes
                .iter()
                .all(|change| kind.rules().resizes(change))
            && kind.resize(&live.id, &wanted.config).is_some()
        {
            draft.action = Action::Resize;
        }
        let anothers = adopted && live.marker.is_none() && !again;
        if let Some(field) = forced.as_ref().filter(|_| anothers) {
            self.refuse(
                key,
                Refused::AdoptReplaces {
                    id: live.id.clone(),
                    field: field.clone(),
                },
            );
        } else if let Some(field) = forced {
            draft.action = Action::Replace;
            draft.reason = match replaced {
                Some(other) => format!("{field} cannot change in place, and {other} is replaced"),
                None => format!("{field} cannot change in place"),
            };
            draft.takes_along = self.remove(kind, key, live, &draft, wanted.prevent_destroy);
        }
        if let Some(why) = guards::renames(
            kind,
            (key, wanted),
            live,
            (names, &symbols.known),
            self.observed,
        ) {
            self.refuse(key, why);
        }
        if draft.action != Action::Replace {
            let sent = draft.sent.iter().map(|sent| &sent.change);
            let all: Vec<FieldChange> = draft.changes.iter().chain(sent).cloned().collect();
            for words in kind.refuses(&live.config, &all) {
                self.refuse(key, Refused::NotTaken { words });
            }
        }
        if asked {
            self.ask_engine(key, &mut draft);
        }
        self.until_done.insert(key.clone(), references_in(&before));
        self.push(kind, key, draft, None);
    }

    /// Adds the removal; gives what the object refers to, that it goes before those.
    pub(super) fn delete(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        live: &Listed,
        symbols: &Symbols<'_>,
    ) -> BTreeSet<ResourceKey> {
        let (before, folders) = symbolic(kind, live, None, symbols);
        self.in_use.extend(folders);
        let shown = kind.rules().without_fills(&before, None);
        // The object that a field names may be gone before this one: then its id is nobody's, and the action still the same.
        let mut named = shown.clone();
        for reference in &kind.rules().references {
            reference.at.visit(&mut named, &mut |_| Keep::No);
        }
        let mut draft = Draft {
            action: Action::Delete,
            changes: whole(shown, false),
            sent: None,
            reason: match kind.always_there() && kind.delete(&live.id, &live.config).is_empty() {
                true => {
                    "is not in the package any more; no request takes it back, so it stays as it is"
                }
                false => "carries our marker and is not in the package any more",
            }
            .to_owned(),
            live: Some(live),
            takes_along: None,
            previewed: None,
            waits: false,
            looks_again: false,
        };
        let protected = self.context.protected.contains(key);
        draft.takes_along = self.remove(kind, key, live, &draft, protected);
        self.ask_engine(key, &mut draft);
        self.push(kind, key, draft, Some(whole(named, false)));
        references_in(&before)
    }

    /// Asks the guards; gives what goes along when that is allowed.
    fn remove(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        live: &Listed,
        draft: &Draft<'_>,
        protected: bool,
    ) -> Option<String> {
        let what = (draft.action, draft.reason.as_str());
        match guards::removes(kind, key, live, what, protected, self.context) {
            Ok(takes_along) => takes_along,
            Err(why) => {
                self.refuse(key, why);
                None
            }
        }
    }

    pub(super) fn refuse(&mut self, key: &ResourceKey, why: Refused) {
        self.refused.insert(Refusal {
            workspace: self.context.workspace.clone(),
            key: key.clone(),
            why,
        });
    }

    /// The difference in fields that cannot be read back.
    fn sent(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        wanted: &DesiredResource,
        live: Option<&Listed>,
    ) -> Option<SentChange> {
        let field = kind.rules().write_only_field(&wanted.config)?;
        let Some(sent) = self.context.sent.get(key) else {
            self.refuse(key, Refused::NoValue);
            return None;
        };
        // What was put into an object that is gone is gone with it, also when another one has its name.
        let ours = live.filter(|live| live.marker.is_some() || self.is_again(kind, key, live));
        let put = ours.and_then(|_| self.observed.puts.get(key));
        sent_change(&field, sent, put, live)
    }

    /// Whether the object was taken over before and lost our tags since. Only tags can be lost: what has none and is not ours is
    /// another object.
    fn is_again(&self, kind: &dyn Kind, key: &ResourceKey, live: &Listed) -> bool {
        live.marker.is_none()
            && kind.identity() == Identity::Tags
            && self.observed.taken_over.contains(key)
    }

    /// Whether it is certain what was put into the object of that resource.
    fn tells(&self, kind: &dyn Kind, key: &ResourceKey) -> bool {
        let sent = self.context.sent.get(key);
        sent.is_some_and(|sent| sent.is_told(kind, self.observed.puts.get(key)))
    }

    /// The move to the desired folder of files, for a resource that points into it.
    fn folder_change(&self, wanted: &Value, folders: &BTreeSet<Digest>) -> Option<FieldChange> {
        let set = self.desired.files.as_ref()?;
        if !points_to_files(wanted) || folders.iter().eq([&set.folder]) {
            return None;
        }
        let before: Vec<&str> = folders.iter().map(folder_name).collect();
        let before = (!before.is_empty()).then(|| json!(before.join(", ")));
        Some(change(
            FieldPath::default().key(files::PLACEHOLDER),
            before,
            Some(json!(folder_name(&set.folder))),
        ))
    }

    /// Adds the row. Its name is taken over `named`, where that is not all the changes.
    fn push(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        draft: Draft<'_>,
        named: Option<Vec<FieldChange>>,
    ) {
        let rotation =
            draft.changes.is_empty() && draft.sent.as_ref().is_some_and(|sent| sent.rotation);
        // Reference and version of a secret are no secret, whatever the field is called.
        let sent = draft.sent.map(|sent| sent.change);
        let mut changes = draft.changes;
        let digest = {
            let (told, engine) = match draft.previewed {
                Some((at, engine)) => (&changes[..at], engine),
                None => (&changes[..], Vec::new()),
            };
            let told = named.as_deref().unwrap_or(told);
            let naming = &self.context.naming;
            let told: Vec<FieldChange> = told.iter().map(|change| naming.named(change)).collect();
            let all = told.iter().chain(&engine).chain(&sent);
            action_digest(&self.context.workspace, key, draft.action, all)
        };
        let maintenance = maintenance(kind, draft.action, draft.live, &changes);
        changes = redacted(changes);
        changes.extend(sent);
        match changes.iter().any(FieldChange::is_files_folder) {
            true => self.to_files.insert(key.clone()),
            // Compared a second time, because something that it refers to is replaced.
            false => self.to_files.remove(key),
        };
        let begun = self.context.begun.contains(key);
        let reversible = match (draft.takes_along, draft.action) {
            (Some(loses), _) => Reversibility::Irreversible { loses },
            (None, Action::Resize) => Reversibility::Reversible,
            (None, action) => kind.reversibility(
                match action {
                    // What is left of a replacement leads to the end of the old one, too.
                    Action::Create if begun && self.observed.formerly(key).is_some() => {
                        Change::Replace
                    }
                    Action::Create => Change::Create,
                    Action::Update | Action::Resize | Action::Adopt => Change::Update,
                    Action::Replace => Change::Replace,
                    Action::Delete => Change::Delete,
                },
                draft.live.map_or(&Value::Null, |live| &live.config),
            ),
        };
        let goes = matches!(draft.action, Action::Replace | Action::Delete);
        let row = Row {
            key: key.clone(),
            action: draft.action,
            changes: changes.as_slice().into(),
            reason: draft.reason,
            reversible,
            digest,
            live_id: draft.live.map(|live| live.id.clone()),
            files: Vec::new(),
            after: Vec::new(),
            busy_guard: goes
                && !self.context.allow_destroy.contains(key)
                && draft
                    .live
                    .is_some_and(|live| kind.activity(&live.id).is_some()),
            maintenance,
            rotation,
            perhaps: None,
            waits: draft.waits,
            looks_again: draft.looks_again,
        };
        self.rows.insert(key.clone(), row);
    }
}

fn folder_name(folder: &Digest) -> &str {
    if *folder == files::in_place() {
        "in place"
    } else {
        folder.as_str()
    }
}

pub(super) fn points_to_files(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(files::PLACEHOLDER),
        Value::Array(items) => items.iter().any(points_to_files),
        Value::Object(map) => map.values().any(points_to_files),
        _ => false,
    }
}
