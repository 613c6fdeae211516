//! Makes the plan for one workspace.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::before_after::Symbols;
use super::desired::Desired;
use super::edges::{Needs, ordered};
use super::error::PlanError;
use super::files_step::files_step;
use super::known::Known;
use super::lookups;
use super::names::Names;
use super::observed::Observed;
use super::ours::Ours;
use super::renames;
use super::row::Action;
use super::work::Work;
use super::{Plan, PlanContext, WorkspacePart};
use crate::bundle::ResourceKey;
use crate::kinds::{ClusterPolicies, Kind, Listed, Policies, PolicyDefinition, kind};

/// The plan from `observed` to `desired` in one workspace; plans of several are put together by [`Plan::join`].
///
/// # Errors
/// When two objects claim to be the same resource, a guard forbids an action, an adoption does not work out, a name that
/// is looked up is nobody's or several objects', or resources refer to each other in a circle.
pub fn plan(
    desired: &Desired,
    observed: &Observed,
    context: &PlanContext,
) -> Result<Plan, PlanError> {
    if !context.unseen {
        lookups::check(desired, observed, &context.workspace)?;
    }
    let ours = Ours::of(observed, context, desired)?.objects;
    let names = Names::of(observed, &desired.resources);
    let mut symbols = symbols(desired, observed, &ours, context);
    let mut work = Work::new(context, desired, observed);
    let mut needs = Needs::default();
    for (key, wanted) in &desired.resources {
        // Desired knows no other kinds.
        let Some(kind) = kind(&key.kind) else {
            continue;
        };
        let mut needed = wanted.needs.clone();
        needed.extend(
            kind.needs(&wanted.config)
                .into_iter()
                .filter_map(|(kind, natural)| names.wanted(kind, natural).cloned()),
        );
        needs.wanted.insert(key.clone(), needed);
        match ours.get(key) {
            None => work.create(kind, key, wanted, (&names, &symbols.known)),
            Some(live) => work.compare(kind, key, wanted, live, (&names, &symbols), None),
        }
    }
    for (key, live) in &ours {
        if let Some(kind) = kind(&key.kind).filter(|_| !desired.resources.contains_key(key)) {
            let mut needed = work.delete(kind, key, live, &symbols);
            needed.extend(lies_in(kind, live, &names, context));
            needed.extend(context.formerly.get(key).into_iter().flatten().cloned());
            needed.extend(used(live));
            needs.removed.insert(key.clone(), needed);
        }
    }
    follow_replacements(&mut work, &ours, &names, &mut symbols);
    renames::guard(&mut work, &ours, (&names, &symbols.known));
    work.hold_with(&needs);
    let unchanged = desired
        .resources
        .keys()
        .filter(|key| !work.rows.contains_key(*key) && !work.held.contains_key(*key))
        .cloned()
        .collect();
    if !work.refused.is_empty() && !context.only_looks {
        return Err(PlanError::Refused(work.refused.into_iter().collect()));
    }
    let files = desired
        .files
        .as_ref()
        .and_then(|wanted| files_step(&context.workspace, wanted, observed, &work.in_use));
    needs.until_done = work.until_done;
    needs.files = work.to_files;
    needs.files.extend(desired.placed.iter().cloned());
    Ok(Plan {
        parts: vec![WorkspacePart {
            workspace: context.workspace.clone(),
            rows: ordered(work.rows, files, &needs)?,
            unchanged,
            held: work.held.into_values().collect(),
        }],
    })
}

/// What ids, folders and placeholders mean in this workspace.
pub(super) fn symbols<'c>(
    desired: &Desired,
    observed: &'c Observed,
    ours: &BTreeMap<ResourceKey, &Listed>,
    context: &'c PlanContext,
) -> Symbols<'c> {
    Symbols {
        keys: ours
            .iter()
            .map(|(key, live)| ((key.kind.clone(), live.id.clone()), key.clone()))
            .collect(),
        known: Known::of_ours(desired, observed, ours).and(context.given.clone()),
        files_root: &context.files_root,
        me: observed.me.as_deref(),
        policies: policies(desired, observed, ours),
    }
}

/// What cluster policies fill: those of ours as they will be when the plan is done, so that what one stops to fill goes from its
/// clusters with the same plan and is nobody's edit afterwards.
fn policies<'o>(
    desired: &Desired,
    observed: &'o Observed,
    ours: &BTreeMap<ResourceKey, &Listed>,
) -> Cow<'o, Policies> {
    let mut policies = Cow::Borrowed(&observed.policies);
    let wanted = desired.resources.iter();
    for (key, wanted) in wanted.filter(|(key, _)| key.kind == ClusterPolicies.name()) {
        let definition = wanted.config.get("definition");
        if let (Some(live), Some(will)) =
            (ours.get(key), definition.and_then(PolicyDefinition::read))
            && policies.get(&live.id).is_some_and(|is| *is != will)
        {
            policies.to_mut().insert(live.id.clone(), will);
        }
    }
    policies
}

/// The objects of ours that `live` lies in, by name.
fn lies_in<'o>(
    kind: &dyn Kind,
    live: &Listed,
    names: &Names<'o>,
    context: &PlanContext,
) -> Vec<ResourceKey> {
    kind.needs(&live.config)
        .into_iter()
        .filter_map(|(kind, natural)| {
            let object = names.live(kind, &natural)?;
            let marker = object.listed.marker.as_ref()?;
            super::ours::is_mine(marker, context).then(|| ResourceKey::new(kind, &marker.key))
        })
        .collect()
}

/// The resources that `live` says it was made with.
fn used(live: &Listed) -> impl Iterator<Item = ResourceKey> {
    let uses = live.outputs.get("uses").and_then(Value::as_array);
    let keys = uses.into_iter().flatten().filter_map(Value::as_str);
    keys.filter_map(|key| {
        let (kind, key) = key.split_once('.')?;
        Some(ResourceKey::new(kind, key))
    })
}

/// A replaced object has another id and other outputs: what refers to it changes, too, and perhaps must be replaced
/// itself. Compared as it will be when the old one is gone, so that the same rows are found again after a crash half-way.
fn follow_replacements(
    work: &mut Work<'_>,
    ours: &BTreeMap<ResourceKey, &Listed>,
    names: &Names<'_>,
    symbols: &mut Symbols<'_>,
) {
    let mut replaced: BTreeSet<ResourceKey> = BTreeSet::new();
    loop {
        let newly: BTreeSet<ResourceKey> = work
            .rows
            .values()
            .filter(|row| row.action == Action::Replace && !replaced.contains(&row.key))
            .map(|row| row.key.clone())
            .collect();
        if newly.is_empty() {
            return;
        }
        symbols.without(&newly);
        replaced.extend(newly);
        let desired = work.desired;
        for (key, wanted) in &desired.resources {
            let cause = wanted
                .needs
                .iter()
                .find(|needed| replaced.contains(*needed));
            let (Some(cause), Some(live), Some(kind)) = (cause, ours.get(key), kind(&key.kind))
            else {
                continue;
            };
            if !replaced.contains(key) {
                work.compare(kind, key, wanted, live, (names, symbols), Some(cause));
            }
        }
    }
}
