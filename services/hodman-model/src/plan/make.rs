//! Makes the plan for one workspace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::before_after::{Symbols, symbolic};
use super::compare::{change, differences, whole};
use super::desired::{Desired, DesiredResource};
use super::error::{PlanError, unsupported_kind};
use super::files_step::files_step;
use super::observed::Observed;
use super::order::in_order;
use super::redacted::redacted;
use super::references::references_in;
use super::row::{Action, FieldChange, Row, action_digest};
use super::{Plan, PlanContext, WorkspacePart};
use crate::bundle::ResourceKey;
use crate::digest::Digest;
use crate::field_path::FieldPath;
use crate::kinds::{Change, Kind, Listed, files, kind};

/// The plan from `observed` to `desired` in one workspace; plans of several are put together by [`Plan::join`].
///
/// # Errors
/// When two objects claim to be the same resource, an adoption does not work out, or resources refer to each other
/// in a circle.
pub fn plan(
    desired: &Desired,
    observed: &Observed,
    context: &PlanContext,
) -> Result<Plan, PlanError> {
    let ours = ours(observed, context, desired)?;
    let keys = ours
        .iter()
        .map(|(key, live)| ((key.kind.clone(), live.id.clone()), key.clone()))
        .collect();
    let ids = ours
        .iter()
        .map(|(key, live)| (key.clone(), live.id.clone()))
        .collect();
    let symbols = Symbols {
        keys: &keys,
        ids: &ids,
        files_root: &context.files_root,
    };
    let mut work = Work {
        context,
        desired,
        in_use: BTreeSet::new(),
        rows: BTreeMap::new(),
        needs: BTreeMap::new(),
    };
    for (key, wanted) in &desired.resources {
        let kind =
            kind(&key.kind).ok_or_else(|| unsupported_kind(key, &wanted.file, wanted.line))?;
        work.needs.insert(
            key.clone(),
            references_in(&wanted.managed)
                .into_iter()
                .map(|(key, _)| key)
                .collect(),
        );
        match ours.get(key) {
            None => work.create(kind, key, wanted),
            Some(live) => work.compare(kind, key, wanted, live, &symbols),
        }
    }
    let mut unchanged: Vec<_> = desired
        .resources
        .keys()
        .filter(|key| !work.rows.contains_key(*key))
        .cloned()
        .collect();
    unchanged.sort();
    let mut removals = BTreeMap::new();
    for (key, live) in ours
        .iter()
        .filter(|(key, _)| !desired.resources.contains_key(*key))
    {
        if let Some(kind) = kind(&key.kind) {
            removals.insert(key.clone(), work.delete(kind, key, live, &symbols));
        }
    }
    let files = desired
        .files
        .as_ref()
        .and_then(|wanted| files_step(&context.workspace, wanted, observed, &work.in_use));
    let mut rows: Vec<Row> = files.into_iter().collect();
    for key in in_order(&work.needs)? {
        rows.extend(work.rows.remove(&key));
    }
    for key in in_order(&removals)?.iter().rev() {
        rows.extend(work.rows.remove(key));
    }
    Ok(Plan {
        parts: vec![WorkspacePart {
            workspace: context.workspace.clone(),
            rows,
            unchanged,
            held: Vec::new(),
        }],
    })
}

/// The live objects that are ours or to be adopted, by resource.
fn ours<'o>(
    observed: &'o Observed,
    context: &PlanContext,
    desired: &Desired,
) -> Result<BTreeMap<ResourceKey, &'o Listed>, PlanError> {
    let workspace = &context.workspace;
    let mut ours: BTreeMap<ResourceKey, &Listed> = BTreeMap::new();
    for object in &observed.objects {
        let Some(marker) = &object.listed.marker else {
            continue;
        };
        if marker.pipeline != context.pipeline || marker.env != context.env {
            continue;
        }
        let key = ResourceKey::new(&object.kind, &marker.key);
        if let Some(other) = ours.insert(key.clone(), &object.listed) {
            let mut both = [other.id.clone(), object.listed.id.clone()];
            both.sort();
            let [first, second] = both;
            return Err(PlanError::TwoClaimants {
                workspace: workspace.clone(),
                key,
                first,
                second,
            });
        }
    }
    for (key, id) in context
        .adopt
        .iter()
        .filter(|(key, _)| desired.resources.contains_key(*key))
    {
        let found = observed
            .objects
            .iter()
            .find(|object| object.kind == key.kind && object.listed.id == *id);
        let object = found.ok_or_else(|| PlanError::NothingToAdopt {
            workspace: workspace.clone(),
            key: key.clone(),
            id: id.clone(),
        })?;
        match (&object.listed.marker, ours.get(key)) {
            (Some(_), Some(mine)) if mine.id == *id => {}
            (Some(marker), _) => {
                return Err(PlanError::AlreadyManaged {
                    workspace: workspace.clone(),
                    key: key.clone(),
                    id: id.clone(),
                    owner: format!("{}/{}/{}", marker.pipeline, marker.env, marker.key),
                });
            }
            (None, Some(mine)) => {
                return Err(PlanError::TwoClaimants {
                    workspace: workspace.clone(),
                    key: key.clone(),
                    first: mine.id.clone(),
                    second: id.clone(),
                });
            }
            (None, None) => drop(ours.insert(key.clone(), &object.listed)),
        }
    }
    Ok(ours)
}

/// Rows and what they need, before they are put in order.
struct Work<'a> {
    context: &'a PlanContext,
    desired: &'a Desired,
    in_use: BTreeSet<Digest>,
    rows: BTreeMap<ResourceKey, Row>,
    needs: BTreeMap<ResourceKey, BTreeSet<ResourceKey>>,
}

impl Work<'_> {
    fn create(&mut self, kind: &dyn Kind, key: &ResourceKey, wanted: &DesiredResource) {
        let mut changes = whole(&wanted.managed, true);
        changes.extend(self.folder_change(&wanted.managed, &BTreeSet::new()));
        self.push(
            kind,
            key,
            Action::Create,
            changes,
            "in the package, not in the workspace".to_owned(),
            None,
        );
    }

    fn compare(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        wanted: &DesiredResource,
        live: &Listed,
        symbols: &Symbols<'_>,
    ) {
        let (before, folders) = symbolic(kind, live, Some(&wanted.managed), symbols);
        let mut changes = differences(kind.rules(), &before, &wanted.managed);
        changes.extend(self.folder_change(&wanted.managed, &folders));
        self.in_use.extend(folders);
        let adopted = live.marker.is_none();
        if changes.is_empty() && !adopted {
            return;
        }
        let fixed = changes
            .iter()
            .find(|change| {
                kind.rules()
                    .replace_on
                    .iter()
                    .any(|at| at.covers(&change.path))
            })
            .map(|change| change.path.to_string());
        let mut reason = update_reason(&changes);
        let mut action = Action::Update;
        if adopted {
            // The approval must say which object is taken over; so here, and only here, an id is part of the action.
            changes.insert(
                0,
                change(
                    FieldPath::default().key("adopted id"),
                    Some(json!(live.id)),
                    None,
                ),
            );
            action = Action::Adopt;
            reason = format!(
                "takes over {} {}, made by {}",
                kind.singular(),
                live.id,
                maker(live)
            );
        }
        if let Some(field) = fixed {
            action = Action::Replace;
            reason = format!("{field} cannot change in place");
        }
        self.push(kind, key, action, changes, reason, Some(live));
    }

    /// Adds the removal; gives what the object needs, that it goes before those.
    fn delete(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        live: &Listed,
        symbols: &Symbols<'_>,
    ) -> BTreeSet<ResourceKey> {
        let (before, folders) = symbolic(kind, live, None, symbols);
        self.in_use.extend(folders);
        let changes = whole(&kind.rules().without_fills(&before, None), false);
        let reason = "carries our marker and is not in the package any more".to_owned();
        self.push(kind, key, Action::Delete, changes, reason, Some(live));
        references_in(&before)
            .into_iter()
            .map(|(key, _)| key)
            .collect()
    }

    /// The move to the desired folder of files, for a resource that points into it.
    fn folder_change(&self, wanted: &Value, folders: &BTreeSet<Digest>) -> Option<FieldChange> {
        let set = self.desired.files.as_ref()?;
        if !points_to_files(wanted) || folders.iter().eq([&set.digest]) {
            return None;
        }
        let before: Vec<&str> = folders.iter().map(Digest::as_str).collect();
        let before = (!before.is_empty()).then(|| json!(before.join(", ")));
        Some(change(
            FieldPath::default().key(files::PLACEHOLDER),
            before,
            Some(json!(set.digest)),
        ))
    }

    fn push(
        &mut self,
        kind: &dyn Kind,
        key: &ResourceKey,
        action: Action,
        changes: Vec<FieldChange>,
        reason: String,
        live: Option<&Listed>,
    ) {
        let digest = action_digest(&self.context.workspace, key, action, &changes);
        let reversible = kind.reversibility(
            match action {
                Action::Create => Change::Create,
                Action::Update | Action::Resize | Action::Adopt => Change::Update,
                Action::Replace => Change::Replace,
                Action::Delete => Change::Delete,
            },
            live.map_or(&Value::Null, |live| &live.config),
        );
        let row = Row {
            key: key.clone(),
            action,
            changes: redacted(changes),
            reason,
            reversible,
            digest,
            live_id: live.map(|live| live.id.clone()),
            files: Vec::new(),
            after: Vec::new(),
            busy_guard: false,
            rotation: false,
        };
        self.rows.insert(key.clone(), row);
    }
}

fn points_to_files(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(files::PLACEHOLDER),
        Value::Array(items) => items.iter().any(points_to_files),
        Value::Object(map) => map.values().any(points_to_files),
        _ => false,
    }
}

fn maker(live: &Listed) -> &str {
    live.creator.as_deref().unwrap_or("unknown")
}

fn update_reason(changes: &[FieldChange]) -> String {
    match changes {
        [only] if only.is_files_folder() => "points to the new files".to_owned(),
        [only] => format!("{} differs from the package", only.path),
        _ => format!("{} fields differ from the package", changes.len()),
    }
}
