//! The calls on secrets.

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Scope, Secret};
use crate::databricks::call::{Call, Shared, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::world::World;

const LONGEST_NAME: usize = 128;
const LARGEST_VALUE: usize = 128 * 1024;
const MOST_SECRETS: usize = 1000;

pub(crate) fn router() -> Router<Shared<World>> {
    Router::new()
        .route("/api/2.0/secrets/scopes/create", post(create_scope))
        .route("/api/2.0/secrets/scopes/delete", post(delete_scope))
        .route("/api/2.0/secrets/scopes/list", get(list_scopes))
        .route("/api/2.0/secrets/put", post(put))
        .route("/api/2.0/secrets/delete", post(delete))
        .route("/api/2.0/secrets/list", get(list))
        .route("/api/2.0/secrets/get", get(show))
        .route("/api/2.0/secrets/acls/put", post(put_acl))
        .route("/api/2.0/secrets/acls/delete", post(delete_acl))
        .route("/api/2.0/secrets/acls/get", get(show_acl))
        .route("/api/2.0/secrets/acls/list", get(list_acls))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '@');
    if name.len() > LONGEST_NAME || !name.chars().all(legal) {
        return Err(ApiError::invalid(format!(
            "Name '{name}' must have at most {LONGEST_NAME} of the characters A-Za-z0-9-_.@"
        )));
    }
    Ok(())
}

fn create_scope(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("scope")?;
    check_name(name)?;
    if world.secrets.scopes.contains_key(name) {
        return Err(ApiError::exists(format!("Scope {name} already exists!")));
    }
    // The only group that can be named is the one of all members; without it the scope is its creator's.
    let manager = match call.text("initial_manage_principal") {
        None => &call.caller.login,
        Some("users") => "users",
        Some(other) => {
            return Err(ApiError::invalid(format!(
                "The only supported principal for initial_manage_principal is the group 'users', not '{other}'."
            )));
        }
    };
    if call
        .text("scope_backend_type")
        .is_some_and(|kind| kind != "DATABRICKS")
    {
        return Err(ApiError::invalid(
            "Only scopes with the backend DATABRICKS are supported here.",
        ));
    }
    let mut scope = Scope::default();
    scope.acls.insert(manager.to_owned(), "MANAGE".to_owned());
    world.secrets.scopes.insert(name.to_owned(), scope);
    Ok(json!({}))
}

fn delete_scope(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let name = call.required_text("scope")?;
    world.secrets.scope(name)?;
    world.secrets.scopes.remove(name);
    Ok(json!({}))
}

fn list_scopes(world: &mut World, _call: &Call) -> Result<Value, ApiError> {
    let scopes: Vec<Value> = world
        .secrets
        .scopes
        .keys()
        .map(|name| json!({"name": name, "backend_type": "DATABRICKS"}))
        .collect();
    Ok(if scopes.is_empty() {
        json!({})
    } else {
        json!({ "scopes": scopes })
    })
}

fn put(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let key = call.required_text("key")?;
    check_name(key)?;
    let value = match (call.text("string_value"), call.text("bytes_value")) {
        (Some(text), None) => text.to_owned(),
        (None, Some(encoded)) => {
            let bytes = STANDARD
                .decode(encoded)
                .map_err(|_| ApiError::malformed("bytes_value is not base64."))?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => {
            return Err(ApiError::invalid(
                "Exactly one of string_value and bytes_value must be given.",
            ));
        }
    };
    if value.len() > LARGEST_VALUE {
        return Err(ApiError::new(
            400,
            "RESOURCE_LIMIT_EXCEEDED",
            format!("A secret has at most {LARGEST_VALUE} bytes."),
        ));
    }
    let scope = world.secrets.scope(call.required_text("scope")?)?;
    if !scope.secrets.contains_key(key) && scope.secrets.len() >= MOST_SECRETS {
        return Err(ApiError::new(
            400,
            "RESOURCE_LIMIT_EXCEEDED",
            format!("A scope has at most {MOST_SECRETS} secrets."),
        ));
    }
    scope.secrets.insert(
        key.to_owned(),
        Secret {
            value: SecretString::from(value),
            updated: call.now,
        },
    );
    Ok(json!({}))
}

fn delete(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (scope, key) = (call.required_text("scope")?, call.required_text("key")?);
    let removed = world.secrets.scope(scope)?.secrets.remove(key);
    removed
        .map(|_| json!({}))
        .ok_or_else(|| no_secret(scope, key))
}

fn no_secret(scope: &str, key: &str) -> ApiError {
    ApiError::missing(format!(
        "No secret exists with scope: {scope} and key: {key}"
    ))
}

fn list(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let scope = world.secrets.scope(query_text(call, "scope")?)?;
    let secrets: Vec<Value> = scope
        .secrets
        .iter()
        .map(|(key, secret)| json!({"key": key, "last_updated_timestamp": secret.updated}))
        .collect();
    Ok(if secrets.is_empty() {
        json!({})
    } else {
        json!({ "secrets": secrets })
    })
}

/// Values are for code that runs in the workspace, not for clients of the API.
fn show(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (scope, key) = (query_text(call, "scope")?, query_text(call, "key")?);
    if !world.secrets.scope(scope)?.secrets.contains_key(key) {
        return Err(no_secret(scope, key));
    }
    Err(ApiError::new(
        400,
        "BAD_REQUEST",
        "Secrets can only be read via dbutils.secrets.get() inside a workspace.",
    ))
}

fn query_text<'a>(call: &'a Call, name: &str) -> Result<&'a str, ApiError> {
    call.query(name)
        .filter(|text| !text.is_empty())
        .ok_or_else(|| ApiError::invalid(format!("Missing required field: {name}")))
}

fn put_acl(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let (principal, permission) = (
        call.required_text("principal")?,
        call.required_text("permission")?,
    );
    if !matches!(permission, "READ" | "WRITE" | "MANAGE") {
        return Err(ApiError::invalid(format!(
            "Invalid permission: {permission}"
        )));
    }
    let scope = world.secrets.scope(call.required_text("scope")?)?;
    scope
        .acls
        .insert(principal.to_owned(), permission.to_owned());
    Ok(json!({}))
}

fn delete_acl(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let principal = call.required_text("principal")?;
    let removed = world
        .secrets
        .scope(call.required_text("scope")?)?
        .acls
        .remove(principal);
    removed.map(|_| json!({})).ok_or_else(|| no_acl(principal))
}

fn no_acl(principal: &str) -> ApiError {
    ApiError::missing(format!("No ACL exists for principal {principal}"))
}

fn show_acl(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let principal = query_text(call, "principal")?;
    let scope = world.secrets.scope(query_text(call, "scope")?)?;
    let permission = scope.acls.get(principal).ok_or_else(|| no_acl(principal))?;
    Ok(json!({"principal": principal, "permission": permission}))
}

fn list_acls(world: &mut World, call: &Call) -> Result<Value, ApiError> {
    let scope = world.secrets.scope(query_text(call, "scope")?)?;
    let items: Vec<Value> = scope
        .acls
        .iter()
        .map(|(principal, permission)| json!({"principal": principal, "permission": permission}))
        .collect();
    Ok(json!({ "items": items }))
}
