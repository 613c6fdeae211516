//! Claims on what is gone and what no package wants: removed by hand, or by an apply that was cut off before it could note it.
//! They end with the next apply, for what people make under those names is theirs.

use super::super::live::Asked;
use super::super::taken::{Part, Taken};
use super::super::{WorkError, live};
use super::site::Site;
use hodman_clients::databricks::Workspace;
use hodman_model::claims::{Claim, is_of_account};
use hodman_model::kinds::{Kind, Listing};

/// Whether there are any: an apply looks after them also when nothing is to be done.
pub(super) fn any(part: &Part, taken: &Taken) -> bool {
    let own = &part.ledgers.own;
    let mut vanished = own.vanished(part.desired(taken), &part.observed.objects);
    vanished.next().is_some()
}

/// Ends those of whose objects it is certain that they are gone.
pub(super) async fn forget(site: &Site<'_>) -> Result<(), WorkError> {
    let own = &site.part.ledgers.own;
    let desired = site.part.desired(site.taken);
    for (kind, key, name) in own.vanished(desired, &site.part.observed.objects) {
        let claim = own.claims.get(key);
        if is_gone(&site.part.workspace, kind, name, claim).await? {
            tracing::info!(%key, name, "gone, and wanted by nobody: not claimed any more");
            site.ledger.gone(key).await;
        }
    }
    Ok(())
}

/// Only what is said counts: a list may lag behind what was made a moment ago, a single answer may be of another account, and whoever
/// may not look is told nothing. So the object is asked for by itself, and then the list of its kind once more, or that of
/// what such objects lie below, where there is one; where both know nothing of it, it is gone. A claim that stays too long costs somebody a name, one that ends too early an object.
async fn is_gone(
    workspace: &Workspace,
    kind: &'static dyn Kind,
    name: &str,
    claim: Option<&Claim>,
) -> Result<bool, WorkError> {
    if is_of_account(kind) {
        let account = claim.and_then(|claim| claim.account.as_deref());
        if account.is_none() || account != workspace.account_id() {
            return Ok(false);
        }
    }
    // A create whose end nobody saw is known by its name alone, by which no list of ids is searched.
    if claim.is_some_and(Claim::is_of_a_create) && matches!(kind.listing(), Listing::All(_)) {
        let all = live::of_kind(workspace, kind).await?;
        let mut named = all.iter().map(|object| &object.listed);
        if named.any(|listed| listed.id == name || listed.natural.as_deref() == Some(name)) {
            return Ok(false);
        }
    }
    match live::asked_for(workspace, kind, name).await? {
        Asked::There(listed) => Ok(claim.is_some_and(|claim| !claim.may_be(&listed))),
        Asked::Unknown => Ok(live::no_list_has(workspace, kind, name).await),
        // Some services call an id that they do not know a wrong one: then only its own list can say it.
        Asked::Wrong => Ok(matches!(kind.listing(), Listing::All(_))
            && live::no_list_has(workspace, kind, name).await),
        Asked::Refused => Ok(false),
    }
}
