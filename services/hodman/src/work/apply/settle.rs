//! Changes that take a while: waited for, read again, and what was replaced goes at last.

use super::super::{WorkError, live};
use super::rows::Ended;
use super::site::Site;
use super::{former, wait};
use hodman_model::bundle::ResourceKey;
use hodman_model::kinds::{Kind, kind};
use hodman_model::plan::{Action, Row};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::time::Instant;

/// A workspace goes within a quarter of an hour.
const GONE_WITHIN: Duration = Duration::from_mins(15);

/// What shows late shows within a few minutes.
const SHOWS_WITHIN: Duration = Duration::from_mins(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Objects that are still being made: by an apply that was cut off.
fn pending<'a>(site: &'a Site<'_>) -> impl Iterator<Item = (&'static dyn Kind, &'a str)> {
    site.part.observed.objects.iter().filter_map(|object| {
        let kind = kind(&object.kind).filter(|kind| kind.settles())?;
        let key = ResourceKey::new(&object.kind, &object.listed.marker.as_ref()?.key);
        let ours = object.listed.marker.as_ref() == Some(&site.marker(&key));
        let state = object.listed.outputs.get("state")?.as_str()?;
        let pending = !matches!(state, "RUNNING" | "FAILED" | "BANNED");
        (ours && pending).then_some((kind, object.listed.id.as_str()))
    })
}

/// Waits for those, before anything that uses them is touched.
pub(super) async fn all(site: &Site<'_>) -> Result<(), WorkError> {
    for (kind, id) in pending(site) {
        wait::until_usable(site, kind, id).await?;
    }
    Ok(())
}

/// Waits for the end of a change, and sees whether it was kept: a workspace goes back to what it had, without a word, when
/// the new network does not work.
pub(super) async fn changed(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    wanted: &serde_json::Value,
) -> Result<(), WorkError> {
    wait::until_usable(site, kind, id).await?;
    let began = site.job.work.clock.now();
    let mut pause = FIRST_PAUSE;
    loop {
        let differs = differs(site, kind, id, wanted).await?;
        if differs.is_empty() {
            return Ok(());
        }
        let late = |field: &String| kind.settles_late().contains(&field.as_str());
        let waited = (site.job.work.clock.now() - began)
            .to_std()
            .unwrap_or_default();
        if !differs.iter().all(late) || waited >= SHOWS_WITHIN {
            return Err(went_back(site, kind, id, &differs, wanted).await);
        }
        site.job.fence.check().await?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// The change is not kept: what the service says about what was asked for, of a network say, says why.
pub(super) async fn went_back(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    fields: &[String],
    wanted: &serde_json::Value,
) -> WorkError {
    let why = wait::why(site, kind, wanted).await;
    WorkError::lasting(format!(
        "{} {id} took the change and went back to what it had, without a word: {}; what it asks for does not work there{why}",
        kind.singular(),
        fields.join(", ")
    ))
}

/// The fields in which the object, looked at now, is not as wanted.
pub(super) async fn differs(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    wanted: &serde_json::Value,
) -> Result<Vec<String>, WorkError> {
    let Some(live) = live::by_id(&site.part.workspace, kind, id).await? else {
        return Err(WorkError::transient(format!(
            "{} {id} is gone",
            kind.singular()
        )));
    };
    let rules = kind.rules();
    let live = rules.normalise(&live.config);
    let wanted = rules.normalise_over(wanted, &live);
    let live = rules.without_fills(&live, Some(&wanted));
    let fields = wanted.as_object().into_iter().flatten();
    Ok(fields
        .filter(|(field, value)| live.get(*field) != Some(*value))
        .map(|(field, _)| field.clone())
        .collect())
}

/// Waits until an object that takes a while to go is gone: what it used cannot be removed before.
pub(super) async fn gone(site: &Site<'_>, kind: &dyn Kind, id: &str) -> Result<(), WorkError> {
    let began = Instant::now();
    let mut pause = FIRST_PAUSE;
    // Until nobody knows it: what is called off counts as nothing in a plan, and has what it used still.
    while is_known(site, kind, id).await? {
        if began.elapsed() > GONE_WITHIN {
            return Err(WorkError::transient(format!(
                "{} {id} is still there {} minutes after it was removed",
                kind.singular(),
                GONE_WITHIN.as_secs() / 60
            )));
        }
        site.job.fence.check().await?;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

async fn is_known(site: &Site<'_>, kind: &dyn Kind, id: &str) -> Result<bool, WorkError> {
    let asked = site.part.workspace.call(live::request(&kind.get(id))).await;
    match asked {
        Ok(_) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// All that these stand on, by the references in the package, also at the end of several.
fn ground(site: &Site<'_>, of: impl Iterator<Item = ResourceKey>) -> BTreeSet<ResourceKey> {
    let wanted = &site.part.desired(site.taken).resources;
    let mut open: Vec<ResourceKey> = of.collect();
    let mut ground = BTreeSet::new();
    while let Some(key) = open.pop() {
        let needs = wanted.get(&key).map(|wanted| &wanted.needs);
        let new = needs.into_iter().flatten();
        open.extend(new.filter(|key| ground.insert((*key).clone())).cloned());
    }
    ground
}

/// Removes what was replaced, now that nothing uses it any more. What is still used, as by rows that were not done, is left for the
/// next apply; what a workspace moved from that may still go back to it, until that is known.
pub(super) async fn away(site: &Site<'_>, ended: &Ended, rows: &[Row]) -> Result<(), WorkError> {
    let undone: Vec<&Row> = ended.undone(rows).collect();
    let still = site.ledger.still().await.into_keys();
    let stands = ground(site, undone.iter().map(|row| row.key.clone()).chain(still));
    let needed = |key: &ResourceKey| {
        let mut undone = undone.iter();
        stands.contains(key) || undone.any(|row| row.key == *key || row.after.contains(key))
    };
    let gone = |key: &ResourceKey| {
        let mut rows = rows.iter();
        let goes = rows.any(|row| row.key == *key && row.action == Action::Delete);
        goes && !undone.iter().any(|row| row.key == *key)
    };
    let is_there = |key: &ResourceKey, id: &str| {
        let mut objects = site.part.observed.objects.iter();
        let found = objects.any(|object| object.kind == key.kind && object.listed.id == id);
        found && !gone(key)
    };
    for (key, id) in site.ledger.retired(is_there).await {
        if !needed(&key) && !former::goes_last(&key) {
            one(site, &key, &id).await?;
        }
    }
    Ok(())
}

async fn one(site: &Site<'_>, key: &ResourceKey, id: &str) -> Result<(), WorkError> {
    let Some(kind) = kind(&key.kind) else {
        return Ok(());
    };
    let calls = kind.delete(id, &serde_json::Value::Null);
    // What used it may be gone for some seconds only. What did not go then is somebody's still: asked for once in each apply.
    let patient = !site.ledger.is_kept(key, id).await;
    match site.remove(kind, id, calls, patient).await {
        Ok(()) => {
            tracing::info!(%key, id, "what was replaced is gone");
            site.ledger.went(key, id).await;
            // Each by itself: whoever is cut off again and again after some of them would never come to the others.
            site.ledger.flush().await?;
        }
        Err(error) if error.is_lease_lost() => return Err(error),
        Err(error) => {
            tracing::warn!(%key, id, "what was replaced is not removed yet: {error}");
            site.ledger.keep(key, id, &error.to_string()).await;
        }
    }
    Ok(())
}
