//! Federation policies of the account and of its service principals, which the token endpoints go by.

use axum::Router;
use serde_json::{Value, json};

use super::Account;
use crate::databricks::call::{Call, Shared, delete, get, patch, post};
use crate::databricks::error::ApiError;
use crate::databricks::paging::{PAGES, iso};

const WHAT: &str = "Federation policy";

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    ["", "/servicePrincipals/{principal}"]
        .iter()
        .fold(Router::new(), |router, owner| {
            let all = format!("{root}{owner}/federationPolicies");
            let one = format!("{all}/{{id}}");
            router
                .route(&all, get(list))
                .route(&all, post(create))
                .route(&one, get(show))
                .route(&one, patch(change))
                .route(&one, delete(remove))
        })
}

fn key(call: &Call, id: &str) -> String {
    format!("{}/{id}", call.param("principal"))
}

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let issuer = call.body.get("oidc_policy").and_then(|p| p.get("issuer"));
    if !issuer.is_some_and(Value::is_string) {
        return Err(ApiError::invalid("oidc_policy.issuer is required."));
    }
    let principal = call.param("principal").parse::<u64>().ok();
    let uid = uuid::Uuid::new_v4().to_string();
    let mut row = call.body.clone();
    if let Some(principal) = principal {
        if account.directory.service_principal(principal).is_none() {
            return Err(ApiError::missing("The service principal does not exist."));
        }
        row.insert("service_principal_id".into(), json!(principal));
    }
    let id = call.query("policy_id").unwrap_or(&uid);
    let key = key(call, id);
    if account.federation.contains(&key) {
        return Err(ApiError::exists(format!("{WHAT} {id} already exists")));
    }
    for (field, value) in [
        ("policy_id", json!(id)),
        ("uid", json!(uid)),
        ("create_time", json!(iso(call.now))),
        ("update_time", json!(iso(call.now))),
    ] {
        row.insert(field.to_owned(), value);
    }
    account.federation.insert(&key, row.clone());
    Ok(Value::Object(row))
}

fn show(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let row = account.federation.get(WHAT, &key(call, call.param("id")))?;
    Ok(Value::Object(row.clone()))
}

fn list(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let principal = call.param("principal").parse::<u64>().ok();
    let own = account
        .federation
        .rows()
        .filter(|row| row.get("service_principal_id").and_then(Value::as_u64) == principal);
    PAGES.answer(call, "policies", own.cloned().map(Value::Object).collect())
}

fn change(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let key = key(call, call.param("id"));
    let row = account.federation.get_mut(WHAT, &key)?;
    let mask = call.query("update_mask").unwrap_or("*");
    let masked = |field: &str| {
        let mut names = mask.split(',').map(str::trim);
        mask == "*" || names.any(|name| name.split('.').next() == Some(field))
    };
    let fields = ["oidc_policy", "description"];
    for field in fields.into_iter().filter(|field| masked(field)) {
        if let Some(value) = call.body.get(field) {
            row.insert(field.to_owned(), value.clone());
        }
    }
    row.insert("update_time".into(), json!(iso(call.now)));
    Ok(Value::Object(row.clone()))
}

fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    account
        .federation
        .remove(WHAT, &key(call, call.param("id")))?;
    Ok(json!({}))
}
