//! What takes a while and an apply before this one may not have seen the end of: a try after one that failed must not call
//! that a success.

use super::super::taken::{Part, Taken};
use super::super::{Job, WorkError, live};
use super::site::Site;
use super::wait;
use hodman_core::ids::EnvName;
use hodman_model::bundle::ResourceKey;
use hodman_model::kinds::{Identity, Kind, Listed, Readiness, kind};
use hodman_model::plan::Row;
use serde_json::Value;

/// Objects of ours in a workspace that are of no use as soon as they are made, and that the package wants.
fn slow<'a>(
    part: &'a Part,
    taken: &'a Taken,
    job: &'a Job<'_>,
    env: &'a EnvName,
) -> impl Iterator<Item = (&'static dyn Kind, ResourceKey, &'a Listed)> {
    let objects = part.observed.objects.iter();
    let objects = objects.filter(move |_| !part.is_foundation());
    objects.filter_map(move |object| {
        let takes_a_while = |kind: &&dyn Kind| kind.readiness(&Value::Null) != Readiness::Ready;
        let kind = kind(&object.kind).filter(takes_a_while)?;
        let marker = object.listed.marker.as_ref()?;
        let ours = marker.pipeline == job.pipeline && marker.env == env.as_str();
        let key = ResourceKey::new(&object.kind, &marker.key);
        let wanted = ours && part.desired(taken).resources.contains_key(&key);
        wanted.then_some((kind, key, &object.listed))
    })
}

/// Whether there are any: an apply looks at them also when nothing is to be done.
pub(super) fn any(part: &Part, taken: &Taken, job: &Job<'_>, env: &EnvName) -> bool {
    slow(part, taken, job, env).next().is_some()
}

/// Whether the object was claimed and never noted: whoever made it gave up on it, or was cut off.
fn is_begun(site: &Site<'_>, kind: &dyn Kind, key: &ResourceKey) -> bool {
    let claim = site.part.ledgers.own.claims.get(key);
    kind.identity() == Identity::Claim && claim.is_some_and(|claim| claim.id.is_none())
}

/// Those that no row touches.
fn untouched<'a>(
    site: &'a Site<'_>,
    rows: &'a [Row],
) -> impl Iterator<Item = (&'static dyn Kind, ResourceKey, &'a Listed)> {
    let slow = slow(site.part, site.taken, site.job, site.env);
    slow.filter(move |(_, key, _)| rows.iter().all(|row| row.key != *key))
}

/// Waits for objects that were begun, before anything that uses them is made.
pub(super) async fn made(site: &Site<'_>, rows: &[Row]) -> Result<(), WorkError> {
    for (kind, key, listed) in untouched(site, rows) {
        if is_begun(site, kind, &key) {
            wait::until_usable(site, kind, &listed.id).await?;
            site.note(kind, &key, &listed.id, &listed.config).await?;
        }
    }
    Ok(())
}

/// Waits for changes that go on. One that failed before is no business of this apply: what it left is compared like
/// everything else.
pub(super) async fn changed(site: &Site<'_>, rows: &[Row]) -> Result<(), WorkError> {
    for (kind, _, listed) in untouched(site, rows) {
        let call = live::request(&kind.get(&listed.id));
        let pending = match site.part.workspace.call(call).await {
            Ok(now) => matches!(kind.readiness(&now), Readiness::Pending(_)),
            Err(error) if error.is_not_found() => false,
            Err(error) => return Err(error.into()),
        };
        if pending {
            wait::until_usable(site, kind, &listed.id).await?;
        }
    }
    Ok(())
}
