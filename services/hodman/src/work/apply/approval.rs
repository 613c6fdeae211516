//! Which rows of a plan were approved: those that stand in the approved plan, and those that do nothing but the rest of
//! one that was cut off.

use super::super::taken::{Part, Taken};
use super::super::{Job, WorkError};
use super::names;
use hodman_core::effect::Approved;
use hodman_core::ids::PlanDigest;
use hodman_model::bundle::ResourceKey;
use hodman_model::digest::Digest;
use hodman_model::kinds::{Identity, kind};
use hodman_model::plan::{Action, Plan, Row, SentValue};
use std::collections::{BTreeMap, BTreeSet};

/// Keys of the actions that nobody approved; none when all of them are.
pub(super) async fn outside(
    job: &Job<'_>,
    taken: &Taken,
    approved: &Approved,
) -> Result<Option<Vec<String>>, WorkError> {
    let keys = match approved {
        Approved::Actions { plan, actions } => {
            let known: BTreeSet<Digest> = actions
                .iter()
                .filter_map(|action| action.as_str().parse().ok())
                .collect();
            match taken.plan.subset_of(&known) {
                Ok(()) => vec![],
                Err(_) => beyond(job, taken, shown(job, plan).await?.as_ref(), &known).await?,
            }
        }
        Approved::PlanOnly { plan } if plan.as_str() == taken.plan.digest().as_str() => vec![],
        // That very plan was taken since the database was lost, and an apply of it was cut off.
        Approved::PlanOnly { plan } => {
            let shown = shown(job, plan).await?;
            let known = shown.as_ref().map(Plan::action_digests);
            beyond(job, taken, shown.as_ref(), &known.unwrap_or_default()).await?
        }
        Approved::Reversible => taken.plan.irreversible().into_iter().collect(),
    };
    Ok((!keys.is_empty()).then(|| names(keys)))
}

/// The plan that was approved, as it was kept when it was shown. Without it nothing but its actions is known.
async fn shown(job: &Job<'_>, digest: &PlanDigest) -> Result<Option<Plan>, WorkError> {
    let Some(json) = job.work.store.get_blob("plan", digest.as_str()).await? else {
        return Ok(None);
    };
    let plan: Plan = serde_json::from_slice(&json)?;
    Ok((plan.digest().as_str() == digest.as_str()).then_some(plan))
}

/// The rows that are neither among the `known` actions nor the rest of one of them.
async fn beyond(
    job: &Job<'_>,
    taken: &Taken,
    shown: Option<&Plan>,
    known: &BTreeSet<Digest>,
) -> Result<Vec<ResourceKey>, WorkError> {
    let mut approved: BTreeMap<(&str, &ResourceKey), &Row> = BTreeMap::new();
    for (workspace, row) in shown.into_iter().flat_map(Plan::rows) {
        if known.contains(&row.digest) {
            approved.insert((workspace, &row.key), row);
        }
    }
    let mut beyond = Vec::new();
    let mut parts = taken.parts.iter();
    for rows in &taken.plan.parts {
        let part = parts.next();
        for row in rows.rows.iter().filter(|row| !known.contains(&row.digest)) {
            let begun = approved.get(&(rows.workspace.as_str(), &row.key));
            if let (Some(begun), Some(part)) = (begun, part)
                && row.is_rest_of(begun, &sent_value(taken, part, row))
                && !may_be_anothers(part, begun, row).await?
            {
                tracing::info!(
                    pipeline = job.pipeline,
                    key = %row.key,
                    "{} is what is left of the approved {}",
                    row.action.word(),
                    begun.action.word()
                );
                continue;
            }
            beyond.push(row.key.clone());
        }
    }
    Ok(beyond)
}

/// What is known of the value that a row sends.
fn sent_value(taken: &Taken, part: &Part, row: &Row) -> SentValue {
    let wanted = part.desired(taken).resources.get(&row.key);
    let field = kind(&row.key.kind).zip(wanted);
    let put = part.observed.puts.get(&row.key);
    let sent = taken.sent.get(&row.key);
    SentValue {
        field: field.and_then(|(kind, wanted)| kind.rules().write_only_field(&wanted.config)),
        was_put: put
            .zip(sent)
            .is_some_and(|(put, sent)| put.version == sent.version),
    }
}

/// Whether an object that counts as what a create made is known to be ours by its name only, and says that somebody else made
/// it.
async fn may_be_anothers(part: &Part, begun: &Row, row: &Row) -> Result<bool, WorkError> {
    let by_claim = kind(&row.key.kind).is_some_and(|kind| kind.identity() == Identity::Claim);
    let claim = part.ledgers.own.claims.get(&row.key);
    let known = claim.is_some_and(|claim| claim.id.is_some());
    let made = matches!(begun.action, Action::Create | Action::Replace);
    if !made || !by_claim || known || row.live_id.is_none() || part.is_foundation() {
        return Ok(false);
    }
    let mut objects = part.observed.objects.iter();
    let object = objects.find(|object| {
        object.kind == row.key.kind && Some(&object.listed.id) == row.live_id.as_ref()
    });
    let Some(creator) = object.and_then(|object| object.listed.creator.as_ref()) else {
        return Ok(false);
    };
    Ok(*creator != part.workspace.principal().await?.user_name)
}
