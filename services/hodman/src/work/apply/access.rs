//! Permissions and grants: requests of their own, after the object itself.

use super::super::WorkError;
use super::super::live;
use super::site::Site;
use hodman_model::kinds::permissions::managed_principal;
use hodman_model::kinds::{Kind, Listed, grants};
use hodman_model::plan::DesiredResource;
use serde_json::Value;

/// Sets the direct permissions as the package says, when it says anything. `before` are the live ones where they are
/// known; they are asked for where the owner must stay and is not.
pub(super) async fn permissions(
    site: &Site<'_>,
    kind: &dyn Kind,
    wanted: &DesiredResource,
    listed: &Listed,
    before: Option<&Value>,
) -> Result<(), WorkError> {
    let (Some(known), Some(fields)) = (kind.permissions(), &wanted.permissions) else {
        return Ok(());
    };
    let fields = site.filled(fields)?;
    let workspace = &site.part.workspace;
    let before = match before {
        Some(before) => before.clone(),
        // A new scope has its creator in its list already; what is there is compared with what is wanted.
        None if known.one_owner || !known.replaces() => {
            live::live_permissions(workspace, kind, listed)
                .await?
                .unwrap_or(Value::Null)
        }
        None => Value::Null,
    };
    let id = live::permission_id(known, listed).ok_or_else(|| {
        WorkError::lasting(format!(
            "the workspace does not say the id for the permissions of {} {}",
            kind.singular(),
            listed.id
        ))
    })?;
    let me = managed_principal("user", &workspace.principal().await?.user_name);
    site.send_to_new(&known.calls(&id, &fields, &before, &me))
        .await
        .map_err(|error| error.doing("setting permissions"))
}

/// The permissions that the create itself takes: one request for an object, and no moment without them. None when its
/// kind cannot, or the package says nothing.
pub(super) async fn at_create(
    site: &Site<'_>,
    kind: &dyn Kind,
    wanted: &DesiredResource,
) -> Result<Option<Vec<Value>>, WorkError> {
    let (true, Some(known), Some(fields)) = (
        kind.create_takes_permissions(),
        kind.permissions(),
        &wanted.permissions,
    ) else {
        return Ok(None);
    };
    let fields = site.filled(fields)?;
    let me = managed_principal("user", &site.part.workspace.principal().await?.user_name);
    Ok(Some(known.list(&fields, &Value::Null, &me)))
}

/// Whether the workspace minded the permissions that the create of `listed` brought. Some pass over them without a word, so
/// the first object of a kind is looked at, and what is true of it is true of all: one request for an apply, not one for each
/// object.
pub(super) async fn came_along(
    site: &Site<'_>,
    kind: &'static dyn Kind,
    wanted: &DesiredResource,
    listed: &Listed,
) -> Result<bool, WorkError> {
    let (Some(known), Some(fields)) = (kind.permissions(), &wanted.permissions) else {
        return Ok(true);
    };
    // Nobody is what a new object has anyway: it shows nothing of what the workspace minds.
    if fields.as_object().is_none_or(serde_json::Map::is_empty) {
        return Ok(true);
    }
    // Held while the first one is looked at: the others wait for what is found.
    let mut minds = site.minds.lock().await;
    if let Some(minds) = minds.get(kind.name()) {
        return Ok(*minds);
    }
    let Some(live) = live::live_permissions(&site.part.workspace, kind, listed).await? else {
        // Not shown yet: said once more for this one, and the next one is looked at.
        return Ok(false);
    };
    let fields = site.filled(fields)?;
    let live = known.comparable(&live, &fields, None);
    let has = |(principal, level): (&String, &Value)| live.get(principal) == Some(level);
    let came = fields.as_object().is_none_or(|all| all.iter().all(has));
    if !came {
        tracing::warn!(
            kind = kind.name(),
            "the workspace passes over permissions in a create; they are set by a request for each object"
        );
    }
    minds.insert(kind.name(), came);
    Ok(came)
}

/// Brings the grants to what the package says, when it says anything.
pub(super) async fn grants(
    site: &Site<'_>,
    kind: &dyn Kind,
    wanted: &DesiredResource,
    id: &str,
    before: Option<&Value>,
) -> Result<(), WorkError> {
    let (Some(securable), Some(fields)) = (kind.securable(), &wanted.grants) else {
        return Ok(());
    };
    let fields = site.filled(fields)?;
    let before = match before {
        Some(before) => before.clone(),
        None => live::live_grants(&site.part.workspace, kind, id)
            .await?
            .unwrap_or(Value::Null),
    };
    match grants::patch(securable, id, &fields, &before) {
        Some(call) => site
            .send_to_new(&[call])
            .await
            .map_err(|error| error.doing("setting grants")),
        None => Ok(()),
    }
}
