//! Who may enter a workspace, given by the account; and the network policy of a workspace.

use axum::Router;
use serde_json::{Value, json};

use super::{Account, Kind};
use crate::databricks::call::{Call, Shared, delete, get, put};
use crate::databricks::error::ApiError;

/// Policy of workspaces that have none of their own.
const DEFAULT_POLICY: &str = "default-policy";

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    let all = format!("{root}/workspaces/{{id}}/permissionassignments");
    let one = format!("{all}/principals/{{principal}}");
    let network = format!("{root}/workspaces/{{id}}/network");
    Router::new()
        .route(&all, get(list))
        .route(&format!("{all}/permissions"), get(levels))
        .route(&one, put(assign))
        .route(&one, delete(remove))
        .route(&network, get(policy))
        .route(&network, put(set_policy))
}

fn principal(call: &Call) -> Result<u64, ApiError> {
    let id = call.param("principal");
    id.parse()
        .map_err(|_| ApiError::missing(format!("Principal {id} does not exist.")))
}

fn view(account: &Account, principal: u64, permissions: &[String]) -> Value {
    let member = account.directory.member(principal);
    json!({
        "principal": member.unwrap_or_else(|| json!({ "principal_id": principal })),
        "permissions": permissions,
    })
}

fn list(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    account.workspaces.get("Workspace", id)?;
    let own = account.assignments.iter().filter(|((of, _), _)| of == id);
    let rows: Vec<Value> = own
        .map(|((_, principal), permissions)| view(account, *principal, permissions))
        .collect();
    Ok(json!({ "permission_assignments": rows }))
}

fn levels(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    account.workspaces.get("Workspace", call.param("id"))?;
    Ok(json!({"permissions": [
        {"permission_level": "USER", "description": "Can access the workspace"},
        {"permission_level": "ADMIN", "description": "Can manage the workspace"},
    ]}))
}

/// Replaces the member's permissions; none at all takes it out of the workspace.
fn assign(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let (workspace, principal) = (call.param("id"), principal(call)?);
    account.workspaces.get("Workspace", workspace)?;
    if account.directory.member(principal).is_none() {
        let message = format!("Principal {principal} does not exist.");
        return Err(ApiError::missing(message));
    }
    let wanted = call.body.get("permissions").and_then(Value::as_array);
    let wanted = wanted.ok_or_else(|| ApiError::invalid("Missing required field: permissions"))?;
    let mut permissions = Vec::new();
    for level in wanted {
        match level.as_str() {
            Some(level @ ("USER" | "ADMIN")) => permissions.push(level.to_owned()),
            _ => {
                return Err(ApiError::invalid(format!(
                    "{level} is not a workspace permission."
                )));
            }
        }
    }
    let key = (workspace.to_owned(), principal);
    if permissions.is_empty() {
        account.assignments.remove(&key);
        account.leave(workspace, principal);
    } else {
        account.assignments.insert(key, permissions.clone());
        account.enter(workspace, principal);
    }
    Ok(view(account, principal, &permissions))
}

fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let key = (call.param("id").to_owned(), principal(call)?);
    account.workspaces.get("Workspace", &key.0)?;
    account.assignments.remove(&key);
    account.leave(&key.0, key.1);
    Ok(json!({}))
}

fn policy(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let id = call.param("id");
    account.workspaces.get("Workspace", id)?;
    let policy = account.policies.get(id).map(String::as_str);
    Ok(json!({
        "workspace_id": id.parse::<u64>().unwrap_or_default(),
        "network_policy_id": policy.unwrap_or(DEFAULT_POLICY),
    }))
}

fn set_policy(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let wanted = call.required_text("network_policy_id")?;
    if wanted != DEFAULT_POLICY {
        let kind = Kind::NetworkPolicy;
        account.table(kind).get(kind.word(), wanted)?;
    }
    let id = call.param("id");
    account.workspaces.get("Workspace", id)?;
    account.policies.insert(id.to_owned(), wanted.to_owned());
    policy(account, call)
}
