//! OAuth secrets of service principals: shown once, when they are made.

use axum::Router;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::Account;
use crate::databricks::call::{Call, Shared, delete, get, post};
use crate::databricks::error::ApiError;
use crate::databricks::options::Principal;

/// What is shown of a secret after it was made.
#[derive(Debug)]
pub(super) struct SecretRow {
    /// SCIM id of the service principal.
    principal: String,
    value: SecretString,
    created: i64,
}

pub(super) fn router(root: &str) -> Router<Shared<Account>> {
    let all = format!("{root}/servicePrincipals/{{id}}/credentials/secrets");
    Router::new()
        .route(&all, get(list))
        .route(&all, post(create))
        .route(&format!("{all}/{{secret}}"), delete(remove))
}

fn view(id: &str, row: &SecretRow) -> Value {
    let created = chrono::DateTime::from_timestamp_millis(row.created)
        .unwrap_or_default()
        .to_rfc3339();
    json!({"id": id, "status": "ACTIVE", "create_time": created, "update_time": created})
}

fn create(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let principal = call.param("id");
    let found = principal
        .parse()
        .ok()
        .and_then(|id| account.directory.service_principal(id));
    let (client_id, display_name) = found.ok_or_else(|| {
        ApiError::missing(format!("Service principal {principal} does not exist."))
    })?;
    let text = format!("dose{}", hex::encode(rand::random::<[u8; 16]>()));
    let value = SecretString::from(text.clone());
    account.principals.lock().push(Principal {
        client_id,
        client_secret: value.clone(),
        display_name,
    });
    let row = SecretRow {
        principal: principal.to_owned(),
        value,
        created: call.now,
    };
    let id = uuid::Uuid::new_v4().to_string();
    let mut answer = view(&id, &row);
    answer["secret"] = json!(text);
    account.secret_ids.insert(id, row);
    Ok(answer)
}

fn list(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    let own = account
        .secret_ids
        .iter()
        .filter(|(_, row)| row.principal == call.param("id"));
    let secrets: Vec<Value> = own.map(|(id, row)| view(id, row)).collect();
    Ok(json!({ "secrets": secrets }))
}

/// From now on the token endpoints refuse it; tokens that were issued live on.
fn remove(account: &mut Account, call: &Call) -> Result<Value, ApiError> {
    use secrecy::ExposeSecret as _;
    let id = call.param("secret");
    let row = account.secret_ids.remove(id);
    let row = row.ok_or_else(|| ApiError::missing(format!("Secret {id} does not exist.")))?;
    let gone = row.value.expose_secret();
    account
        .principals
        .lock()
        .retain(|principal| principal.client_secret.expose_secret() != gone);
    Ok(json!({}))
}
