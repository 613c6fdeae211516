//! What is isolated stays open to the workspace that isolates it.

use super::super::{WorkError, live};
use super::site::Site;
use hodman_clients::databricks::ApiError;
use hodman_model::kinds::{Call, Kind, bindings};

/// Binds the object `id` to this workspace when `call`, which comes next, isolates it: whoever is cut off between the two would
/// not see it any more. A service that takes no binding of what is open is asked again [`after`] it.
pub(super) async fn before(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    call: &Call,
) -> Result<(), WorkError> {
    if !bindings::isolates(call) {
        return Ok(());
    }
    if let Err(error) = bind(site, kind, id).await? {
        if error.is_transient() {
            return Err(error.into());
        }
        tracing::info!(
            kind = kind.name(),
            id,
            "not bound before it is isolated: {error}"
        );
    }
    Ok(())
}

/// The same when it is isolated, where the service may have begun anew.
pub(super) async fn after(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
    call: &Call,
) -> Result<(), WorkError> {
    if bindings::isolates(call) {
        bind(site, kind, id).await??;
    }
    Ok(())
}

async fn bind(
    site: &Site<'_>,
    kind: &dyn Kind,
    id: &str,
) -> Result<Result<(), ApiError>, WorkError> {
    let workspace = &site.part.workspace;
    let current = workspace.call(live::request(&bindings::current())).await?;
    let Some(call) = bindings::bind(kind, id, &current) else {
        return Ok(Ok(()));
    };
    site.job.fence.check().await?;
    Ok(workspace.call(live::request(&call)).await.map(drop))
}
