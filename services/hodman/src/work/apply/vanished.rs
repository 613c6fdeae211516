//! Claims on what is gone and what no package wants: removed by hand, or by an apply that was cut off before it could note it.
//! They end with the next apply, for what people make under those names is theirs.

use super::super::taken::{Part, Taken};
use super::super::{WorkError, live};
use super::site::Site;
use hodman_clients::databricks::Workspace;
use hodman_model::claims::Claim;
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

/// A list may lag behind what was made a moment ago, so each is asked for by itself. Where that is refused, as some services do with
/// an id that they do not know, the list has said it already.
async fn is_gone(
    workspace: &Workspace,
    kind: &dyn Kind,
    name: &str,
    claim: Option<&Claim>,
) -> Result<bool, WorkError> {
    match live::by_id(workspace, kind, name).await {
        Ok(Some(listed)) => Ok(claim.is_some_and(|claim| !claim.may_be(&listed))),
        Ok(None) => Ok(true),
        Err(error) if error.is_transient() => Err(error),
        Err(error) => {
            tracing::info!(
                kind = kind.name(),
                name,
                "asked whether it is gone: {error}"
            );
            Ok(matches!(kind.listing(), Listing::All(_)))
        }
    }
}
