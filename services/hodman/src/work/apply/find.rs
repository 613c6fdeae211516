//! Finds what a lost answer may have made: by our marker where there are tags, else by the name or by what is new.

use super::super::{WorkError, live};
use super::site::Site;
use hodman_model::bundle::ResourceKey;
use hodman_model::claims::is_made_in_steps;
use hodman_model::kinds::{CloudformationStacks, Identity, Kind, Listed, Listing, Marker, UNMADE};
use hodman_model::plan::{Row, is_made_as};
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;

/// A create whose answer was lost is looked for this often: a list may lag behind the create by some seconds.
const LOOKS: u32 = 5;

/// How far the service's clock may be from ours, in milliseconds.
const CLOCKS_DIFFER: i64 = 10 * 60 * 1000;

/// The object that a lost answer may have made: by its marker where there are tags, else by its name.
pub(super) async fn find(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    config: &Value,
    marker: &Marker,
) -> Result<Option<String>, WorkError> {
    let natural = kind.natural(config);
    let workspace = &site.part.workspace;
    for look in 0..LOOKS {
        if look > 0 {
            tokio::time::sleep(Duration::from_millis(200 << look)).await;
        }
        let id = match (kind.identity(), &natural) {
            (Identity::Claim, Some(name)) => by_name(site, kind, name).await?,
            (Identity::Claim, None) => nameless(site, kind, config, marker, Since::Plan).await?,
            // No list shows those of AWS.
            (Identity::Tags, Some(name)) if matches!(kind.listing(), Listing::ByName) => {
                let there = live::by_id(workspace, kind, name).await?;
                there
                    .filter(|listed| listed.marker.as_ref() == Some(marker))
                    // Of a stack that is but about to be made nothing is made.
                    .filter(|listed| listed.outputs.get(UNMADE) != Some(&Value::Bool(true)))
                    .map(|listed| listed.id)
            }
            (Identity::Tags, _) => live::of_kind(workspace, kind)
                .await?
                .into_iter()
                .find(|object| is_of(site, kind, marker, &object.listed))
                .map(|object| object.listed.id),
        };
        if id.is_some() {
            return Ok(id);
        }
    }
    Ok(None)
}

/// Whether an object carries our marker, and is no copy that somebody made with our tags on it.
pub(super) fn is_of(site: &Site<'_>, kind: &dyn Kind, marker: &Marker, listed: &Listed) -> bool {
    let key = ResourceKey::new(kind.name(), &marker.key);
    let copies = site.part.ledgers.own.copies.get(&key);
    let is_copy = copies.is_some_and(|ids| ids.contains(&listed.id));
    listed.marker.as_ref() == Some(marker) && !is_copy
}

/// The id of the object of that name: asked for by name where names are ids, else looked for in the list.
async fn by_name(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    name: &str,
) -> Result<Option<String>, WorkError> {
    let workspace = &site.part.workspace;
    let has_name = |listed: &Listed| listed.natural.as_deref() == Some(name) || listed.id == name;
    match live::by_id(workspace, kind, name).await {
        Ok(Some(listed)) if has_name(&listed) => return Ok(Some(listed.id)),
        Ok(_) => {}
        // Where ids are not names, a name is no id.
        Err(error) if !error.is_transient() => {}
        Err(error) => return Err(error),
    }
    let found = live::of_kind(workspace, kind).await?;
    let mut named = found.into_iter().map(|object| object.listed);
    Ok(named.find(has_name).map(|listed| listed.id))
}

/// Whether an object was claimed before this apply and never got its id: one that neither tags nor a name finds again, or one
/// that is made in steps.
pub(super) fn begun(site: &Site<'_>, kind: &dyn Kind, row: &Row, config: &Value) -> bool {
    let claim = site.part.ledgers.own.claims.get(&row.key);
    let nameless = kind.identity() == Identity::Claim && kind.natural(config).is_none();
    claim.is_some_and(|claim| {
        nameless && claim.id.is_none() || is_made_in_steps(kind) && claim.is_of_a_create()
    })
}

/// The object that a create before this one may have made, as a whole or in part.
pub(super) async fn left(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    config: &Value,
    marker: &Marker,
) -> Result<Option<String>, WorkError> {
    let Some(name) = kind.natural(config).filter(|_| is_made_in_steps(kind)) else {
        return nameless(site, kind, config, marker, Since::Claim).await;
    };
    // When the claim was written there was nothing of that name: what is there now without a mark is what was begun.
    let there = live::by_id(&site.part.workspace, kind, &name).await?;
    let ours = there.filter(|listed| listed.marker.as_ref().is_none_or(|found| found == marker));
    Ok(ours.map(|listed| listed.id))
}

/// The object that is called again as it was before it got another name, by which it is there still. A stack is none: what becomes
/// of it is shown, and its creation brings it there.
pub(super) async fn formerly(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    config: &Value,
    marker: &Marker,
) -> Result<Option<String>, WorkError> {
    let name = kind
        .natural(config)
        .map(|name| (row.key.kind.clone(), name));
    let is_stack = kind.name() == CloudformationStacks.name();
    let Some((_, name)) =
        name.filter(|name| !is_stack && site.part.observed.leaving.contains_key(name))
    else {
        return Ok(None);
    };
    let there = live::by_id(&site.part.workspace, kind, &name).await?;
    let ours = there.filter(|listed| listed.marker.as_ref() == Some(marker));
    Ok(ours.map(|listed| listed.id))
}

/// Since when an object may have been made that nobody noted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Since {
    /// Since the plan was taken, by this apply.
    Plan,
    /// Since it was claimed, by one before it.
    Claim,
}

/// The id of an object without tags and without a name of its own: of the same name in the same folder, the same in all that cannot
/// change, made by us or by nobody known, claimed by nobody, and new. Two of them could be anybody's: then a person has to look.
async fn nameless(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    config: &Value,
    marker: &Marker,
    since: Since,
) -> Result<Option<String>, WorkError> {
    let before = site.part.observed.objects.iter();
    let known: BTreeSet<&str> = before
        .filter(|object| object.kind == kind.name())
        .filter(|object| since == Since::Plan || object.listed.marker.is_some())
        .map(|object| object.listed.id.as_str())
        .collect();
    let retired = site.part.ledgers.own.claims.values();
    let retired: BTreeSet<&str> = retired
        .flat_map(|claim| claim.former.iter().map(String::as_str))
        .collect();
    let workspace = &site.part.workspace;
    // What does not say who made it is nobody's in particular, and nobody needs to be asked who we are.
    let me = match workspace.is_foundation() {
        true => "",
        false => workspace.principal().await?.user_name.as_str(),
    };
    let key = ResourceKey::new(kind.name(), &marker.key);
    let claim = site.part.ledgers.own.claims.get(&key);
    let claimed = claim.and_then(|claim| claim.since.filter(|_| since == Since::Claim));
    let is_new = |listed: &Listed| match (claimed, listed.created_at) {
        (Some(claimed), Some(made)) => made.timestamp_millis() + CLOCKS_DIFFER >= claimed,
        _ => true,
    };
    let same = |listed: &Listed| {
        is_made_as(kind, &listed.config, config)
            && is_new(listed)
            && listed.creator.as_ref().is_none_or(|creator| creator == me)
    };
    let mut found = live::of_kind(workspace, kind).await?;
    found.retain(|object| {
        !known.contains(object.listed.id.as_str())
            && !retired.contains(object.listed.id.as_str())
            && same(&object.listed)
    });
    match found.as_slice() {
        [only] => Ok(Some(only.listed.id.clone())),
        [] => Ok(None),
        _ => Err(WorkError::lasting(format!(
            "the answer to creating this {} was lost, and {} of its name are nobody's; remove all but one, and `hodman adopt` that one",
            kind.singular(),
            found.len()
        ))),
    }
}

/// Whether a create before this one may have made something, and that is there. What cannot be asked may be there.
pub(super) async fn may_be_there(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    row: &Row,
    config: &Value,
    marker: &Marker,
) -> bool {
    if !site.part.ledgers.own.is_in_doubt(&row.key) {
        return false;
    }
    let found = find(site, kind, config, marker).await;
    found.map_or(true, |found| found.is_some())
}

/// Whether a create that was refused left something of ours behind: its first requests may have been taken. What cannot be asked
/// may be there.
pub(super) async fn left_in_part(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    config: &Value,
    marker: &Marker,
) -> bool {
    let Some(name) = kind.natural(config).filter(|_| is_made_in_steps(kind)) else {
        return false;
    };
    match live::by_id(&site.part.workspace, kind, &name).await {
        Ok(there) => there.is_some_and(|listed| listed.marker.as_ref() == Some(marker)),
        Err(_) => true,
    }
}
