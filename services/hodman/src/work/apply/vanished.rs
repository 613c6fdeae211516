//! Claims on what is gone and what no package wants: removed by hand, or by an apply that was cut off before it could note it.
//! They end with the next apply, for what people make under those names is theirs.

use super::super::live::Asked;
use super::super::taken::{Part, Taken};
use super::super::{WorkError, live};
use super::site::Site;
use chrono::TimeDelta;
use hodman_clients::databricks::Workspace;
use hodman_model::claims::{Claim, is_of_account, is_same_account};
use hodman_model::kinds::{Kind, Listing};
use serde_json::json;

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
        if is_gone(site, kind, name, claim).await? {
            tracing::info!(%key, name, "gone, and wanted by nobody: not claimed any more");
            site.ledger.gone(key).await;
        }
    }
    Ok(())
}

/// How old a claim is before a list alone ends it, where nothing else can be asked. It is written when its apply begins and its create
/// is sent some time later, and lists lag behind that: by two minutes at most, as [`super::made::Made`] has it.
const SETTLED: TimeDelta = TimeDelta::minutes(15);

/// Only what is said counts: a list may lag behind what was made a moment ago, a single answer may be of another account, and whoever
/// may not look is told nothing. So the object is asked for by itself, and then the list of its kind once more, or that of
/// what such objects lie below, where there is one; where both know nothing of it, it is gone. A claim that stays too long costs somebody a name, one that ends too early an object.
async fn is_gone(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    name: &str,
    claim: Option<&Claim>,
) -> Result<bool, WorkError> {
    let workspace = &site.part.workspace;
    if is_of_account(kind) {
        let account = claim.and_then(|claim| claim.account.as_deref());
        let asked = account.zip(workspace.account_id());
        if !asked.is_some_and(|(ours, asked)| is_same_account(ours, asked)) {
            return Ok(false);
        }
    }
    // A create whose end nobody saw is known by its name alone, by which nothing can be asked for where ids are no names.
    let of_a_create = claim.filter(|claim| claim.is_of_a_create());
    if let Some(claim) = of_a_create
        && !is_asked_for_by_name(kind)
    {
        let now = site.job.work.clock.now().timestamp_millis();
        let waits = |since| now - since < SETTLED.num_milliseconds();
        return Ok(!claim.since.is_none_or(waits) && is_unnamed(workspace, kind, name).await?);
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

/// Whether the list of the kind, read in full, has nothing of that name. Where something in it may not be read, that may be it.
///
/// # Errors
/// When asking again may help.
async fn is_unnamed(
    workspace: &Workspace,
    kind: &'static dyn Kind,
    name: &str,
) -> Result<bool, WorkError> {
    let all = match live::of_kind(workspace, kind).await {
        Err(error) if !error.is_transient() => {
            tracing::info!(
                kind = kind.name(),
                name,
                "not known whether it is gone: {error}"
            );
            return Ok(false);
        }
        read => read?,
    };
    let mut named = all.iter().map(|object| &object.listed);
    let is_there = named.any(|listed| listed.id == name || listed.natural.as_deref() == Some(name));
    // A list that is not served shows nothing either.
    Ok(!is_there && live::no_list_has(workspace, kind, name).await)
}

/// Whether a request for one object takes its name: where the field with the id is the one with the name, too.
fn is_asked_for_by_name(kind: &dyn Kind) -> bool {
    match kind.listing() {
        Listing::All(list) => {
            let named = kind.natural(&json!({(list.id_field): "x"}));
            named.as_deref() == Some("x")
        }
        Listing::Below { .. } | Listing::ByName => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_asked_for_by_name;
    use hodman_model::kinds::{Identity, KINDS, Listing, foundation_kinds};

    #[test]
    fn it_is_known_of_every_kind_with_a_list_whether_its_names_are_ids() {
        let all = KINDS.iter().copied().chain(foundation_kinds());
        let listed = all.filter(|kind| {
            kind.identity() == Identity::Claim && matches!(kind.listing(), Listing::All(_))
        });
        let by_name: Vec<&str> = listed
            .filter(|kind| is_asked_for_by_name(*kind))
            .map(|kind| kind.name())
            .collect();
        assert_eq!(
            by_name,
            [
                "secret_scopes",
                "catalogs",
                "external_locations",
                "storage_credentials",
                "connections",
                "vector_search_endpoints",
                "apps",
                "account_network_policies",
                "account_federation_policies",
            ]
        );
    }
}
