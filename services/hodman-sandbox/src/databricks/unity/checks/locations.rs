//! External locations and storage credentials.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::databricks::error::ApiError;
use crate::databricks::table::fill;
use crate::databricks::unity::desk::Desk;
use crate::databricks::unity::kind::Kind;
use crate::databricks::unity::metastore::{Metastore, Securable};
use crate::databricks::unity::secret_options;
use crate::databricks::unity::storage;

/// Secrets by name.
type Secrets = BTreeMap<String, SecretString>;

/// Role of Databricks that assumes the customer's roles.
const MASTER_ROLE: &str =
    "arn:aws:iam::414351767826:role/unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL";

pub(super) fn location(
    desk: &Desk<'_>,
    row: &mut Map<String, Value>,
    unchecked: bool,
) -> Result<(), ApiError> {
    let url = storage::url(row["url"].as_str().unwrap_or_default())?;
    storage::refuse_overlap(desk.metastore, &url, None)?;
    row.insert("url".into(), json!(url));
    let credential = row["credential_name"].as_str().unwrap_or_default();
    let credential_id = credential_id(desk.metastore, credential, unchecked)?;
    row.extend(credential_id);
    fill(row, "read_only", json!(false));
    fill(row, "fallback", json!(false));
    fill(row, "enable_file_events", json!(false));
    row.insert("isolation_mode".into(), json!("ISOLATION_MODE_OPEN"));
    row.insert("securable_kind".into(), json!("EXTERNAL_LOCATION_STANDARD"));
    Ok(())
}

/// The id of a credential that works. One that is not there passes only where the caller wants no checks.
fn credential_id(
    metastore: &Metastore,
    name: &str,
    unchecked: bool,
) -> Result<Option<(String, Value)>, ApiError> {
    let credential = match metastore.get(Kind::StorageCredential, name) {
        Ok(credential) => credential,
        Err(_) if unchecked => return Ok(None),
        Err(absent) => return Err(absent),
    };
    let role = credential.row["aws_iam_role"]["role_arn"]
        .as_str()
        .unwrap_or_default();
    if let Some(problem) = role_problem(metastore, role).filter(|_| !unchecked) {
        return Err(problem);
    }
    let id = credential.row.get("id").cloned().unwrap_or_default();
    Ok(Some(("credential_id".to_owned(), id)))
}

/// A role of AWS, or a token of Cloudflare; the token's secret is kept apart.
pub(super) fn credential(
    desk: &Desk<'_>,
    credential: &mut Securable,
    body: &Map<String, Value>,
) -> Result<(), ApiError> {
    let row = &mut credential.row;
    let kind = match (row.get("aws_iam_role"), row.get("cloudflare_api_token")) {
        (Some(_), None) => "STORAGE_CREDENTIAL_AWS_IAM",
        (None, Some(_)) => "STORAGE_CREDENTIAL_CLOUDFLARE_API_TOKEN",
        _ => {
            return Err(ApiError::invalid(
                "Exactly one of aws_iam_role and cloudflare_api_token is required.",
            ));
        }
    };
    credential.secrets = complete_credential(desk, row, body)?.unwrap_or_default();
    fill(row, "read_only", json!(false));
    row.insert("isolation_mode".into(), json!("ISOLATION_MODE_OPEN"));
    row.insert("securable_kind".into(), json!(kind));
    Ok(())
}

/// Checks and completes what `fields` say of the means; the secret, when they say one.
fn complete_credential(
    desk: &Desk<'_>,
    fields: &mut Map<String, Value>,
    body: &Map<String, Value>,
) -> Result<Option<Secrets>, ApiError> {
    if let Some(said) = fields.get("aws_iam_role") {
        let unchecked = body.get("skip_validation") == Some(&json!(true));
        let role = role(desk.metastore, Some(said), unchecked)?;
        fields.insert("aws_iam_role".into(), role);
    }
    let token = fields.get_mut("cloudflare_api_token");
    let token = token.and_then(Value::as_object_mut);
    Ok(token.map(secret_options::take))
}

/// A role as the service shows it: with the names that its trust policy needs.
fn role(metastore: &Metastore, said: Option<&Value>, unchecked: bool) -> Result<Value, ApiError> {
    let arn = said
        .and_then(|role| role.get("role_arn"))
        .and_then(Value::as_str)
        .unwrap_or_default();
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let good = match parts[..] {
        ["arn", partition, "iam", "", account, resource] => {
            partition.starts_with("aws")
                && account.len() == 12
                && account.bytes().all(|byte| byte.is_ascii_digit())
                && resource.starts_with("role/")
        }
        _ => false,
    };
    if !good {
        return Err(ApiError::invalid(format!(
            "'{arn}' is not the ARN of an IAM role."
        )));
    }
    if let Some(problem) = role_problem(metastore, arn).filter(|_| !unchecked) {
        return Err(problem);
    }
    Ok(json!({
        "role_arn": arn,
        "external_id": metastore.account_id,
        "unity_catalog_iam_arn": MASTER_ROLE,
    }))
}

/// Why a role cannot be assumed. In real life a role made a moment ago, or one with a wrong trust policy.
pub(in crate::databricks::unity) fn role_problem(
    metastore: &Metastore,
    arn: &str,
) -> Option<ApiError> {
    metastore.distrusted.contains(arn).then(|| {
        ApiError::invalid(format!(
            "Failed to get credentials: the AWS IAM role {arn} cannot be assumed. Please check its trust policy."
        ))
    })
}

pub(super) fn change_location(
    desk: &Desk<'_>,
    name: &str,
    fields: &mut Map<String, Value>,
    body: &Map<String, Value>,
) -> Result<(), ApiError> {
    let flag = |name: &str| body.get(name) == Some(&json!(true));
    let before = &desk.metastore.get(Kind::ExternalLocation, name)?.row;
    if let Some(url) = fields.get("url").and_then(Value::as_str) {
        let url = storage::url(url)?;
        let old = before.get("url").and_then(Value::as_str);
        if old != Some(url.as_str()) {
            storage::refuse_overlap(desk.metastore, &url, Some(name))?;
            let used = old.is_some_and(|old| storage::is_used(desk.metastore, old));
            if used && !flag("force") {
                return Err(ApiError::state(
                    "External Location has dependent catalogs, schemas, managed or external tables/volumes; use force option to update url anyway",
                ));
            }
        }
        fields.insert("url".into(), json!(url));
    }
    if let Some(credential) = fields.get("credential_name").and_then(Value::as_str) {
        let id = credential_id(desk.metastore, credential, flag("skip_validation"))?;
        fields.extend(id);
    }
    Ok(())
}

pub(super) fn change_credential(
    desk: &Desk<'_>,
    fields: &mut Map<String, Value>,
    body: &Map<String, Value>,
) -> Result<Option<Secrets>, ApiError> {
    complete_credential(desk, fields, body)
}
