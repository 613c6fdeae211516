//! The end of a change that things stood still for: when its time is over all of it goes on.

use super::super::super::WorkError;
use super::super::site::Site;
use super::super::{asleep, settle};
use super::{claimed, of_claim};
use chrono::{DateTime, Utc};
use hodman_model::bundle::ResourceKey;
use hodman_model::claims::Still;
use hodman_model::kinds::kind;
use std::collections::BTreeSet;

/// The same as [`over`] after rows failed: what stood still for a change that worked, or that nobody is going to try again, is
/// given back all the same. As long as that has to wait, the failure is not the end.
pub(in super::super) async fn over_though(
    site: &Site<'_>,
    failure: WorkError,
    left: &BTreeSet<ResourceKey>,
) -> WorkError {
    let nothing = BTreeSet::new();
    let waits = if failure.is_transient() {
        left
    } else {
        &nothing
    };
    match over(site, waits).await {
        Ok(()) => failure,
        Err(over) if over.is_lease_lost() => over,
        Err(over) if over.is_waiting() => WorkError::stands_still(format!("{failure}; {over}")),
        Err(over) if !over.is_transient() => WorkError::lasting(format!("{failure}; {over}")),
        Err(over) => {
            tracing::warn!("what was stopped is not given back yet: {over}");
            failure
        }
    }
}

/// Waits, by being put off, until things may start again where something changed, and lets them; but for `left`, whose change is
/// yet to be made.
pub(in super::super) async fn over(
    site: &Site<'_>,
    left: &BTreeSet<ResourceKey>,
) -> Result<(), WorkError> {
    let mut waits = Ok(());
    for (key, mut still) in site.ledger.still().await {
        if left.contains(&key) {
            continue;
        }
        let now = site.job.work.clock.now();
        if still.until == 0 {
            // Cut off right after the change: it has ended, or nothing would have been planned.
            still.changed(now.timestamp_millis());
            site.ledger.note_still(&key, Some(still.clone())).await?;
        }
        let until = DateTime::<Utc>::from_timestamp_millis(still.until).unwrap_or_default();
        if now < until {
            waits = waits.and_then(|()| {
                Err(WorkError::stands_still(format!(
                    "nothing of ours starts on {key} until {} UTC: it changed, and what starts earlier may not find its network",
                    until.format("%H:%M:%S")
                )))
            });
            continue;
        }
        if let Some(failed) = failed(site, &key) {
            // Nobody answers there. What is mended, by the next apply or outside, is given everything back.
            waits = waits.and_then(|()| {
                Err(WorkError::stands_still(format!(
                    "{key} did not come through its change, {failed}; what was stopped there goes on when it runs again"
                )))
            });
            continue;
        }
        let gone_back = gone_back(site, &key, &still).await?;
        match of_claim(site, &key) {
            Some(workspace) => asleep::wake(workspace, &still).await?,
            // What is gone needs nothing back. To what is there still we have no key any more.
            None if claimed(site, &key).is_some() && !still.words().is_empty() => {
                if !still.told {
                    waits = Err(left_to_people(site, &key, still).await?);
                }
                continue;
            }
            None => {}
        }
        site.ledger.goes_on(&key).await?;
        if let Some(error) = gone_back {
            waits = Err(error);
        }
    }
    waits
}

/// What is stopped still after [`over`] had nothing left to wait for: people were told that it is theirs to give back.
pub(in super::super) async fn left(site: &Site<'_>) -> Option<String> {
    let still = site.ledger.still().await;
    let left = still
        .iter()
        .map(|(key, still)| format!("{key}: {}", still.words()));
    let left: Vec<String> = left.collect();
    (!left.is_empty()).then(|| {
        format!(
            "what was stopped is not given back, because the environment does not name the workspace under `workspaces:`: {}",
            left.join("; ")
        )
    })
}

/// The state of the workspace that the resource is, when it does not work.
fn failed(site: &Site<'_>, key: &ResourceKey) -> Option<String> {
    let state = claimed(site, key)?.outputs.get("state")?.as_str()?;
    matches!(state, "FAILED" | "BANNED").then(|| format!("it is {state}"))
}

/// What stood still stays so, and the claim with it, until the environment names the workspace again: said once, with how everything
/// was.
async fn left_to_people(
    site: &Site<'_>,
    key: &ResourceKey,
    mut still: Still,
) -> Result<WorkError, WorkError> {
    let words = still.words();
    still.told = true;
    site.ledger.note_still(key, Some(still)).await?;
    Ok(WorkError::lasting(format!(
        "what was stopped in {key} cannot be given back: the environment names no such workspace any more; name it under `workspaces:` \
         again, or set it by hand as it was: {words}"
    )))
}

/// Whether the change that things stood still for was taken back meanwhile. What is asked for by now may be something else: that is
/// the next plan's.
async fn gone_back(
    site: &Site<'_>,
    key: &ResourceKey,
    still: &Still,
) -> Result<Option<WorkError>, WorkError> {
    let wanted = site.part.desired(site.taken).resources.get(key);
    let config = wanted.and_then(|wanted| site.filled(&wanted.config).ok());
    let config = config.filter(|config| still.was_seen_as(config));
    let (Some(kind), Some(object), Some(config)) = (kind(&key.kind), claimed(site, key), config)
    else {
        return Ok(None);
    };
    let fields = settle::differs(site, kind, &object.id, &config).await?;
    if fields.is_empty() {
        return Ok(None);
    }
    let error = settle::went_back(site, kind, &object.id, &fields, &config).await;
    Ok(Some(error))
}
