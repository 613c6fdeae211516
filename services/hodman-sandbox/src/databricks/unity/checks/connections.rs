//! Connections to other systems.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde_json::{Map, Value, json};

use crate::databricks::error::ApiError;
use crate::databricks::table::fill;
use crate::databricks::unity::metastore::Securable;
use crate::databricks::unity::secret_options;

const TYPES: [&str; 33] = [
    "AWS_SECRETS_MANAGER",
    "AZURE_KEY_VAULT",
    "BIGQUERY",
    "CONFLUENCE",
    "DATABRICKS",
    "DYNAMICS365",
    "GA4_RAW_DATA",
    "GITHUB",
    "GLUE",
    "HIVE_METASTORE",
    "HTTP",
    "HUBSPOT",
    "JDBC",
    "META_MARKETING",
    "MYSQL",
    "NETSUITE",
    "ORACLE",
    "OUTLOOK",
    "POSTGRESQL",
    "POWER_BI",
    "REDSHIFT",
    "SALESFORCE",
    "SALESFORCE_DATA_CLOUD",
    "SERVICENOW",
    "SMARTSHEET",
    "SNOWFLAKE",
    "SQLDW",
    "SQLSERVER",
    "TERADATA",
    "TIKTOK_ADS",
    "WORKDAY_RAAS",
    "ZENDESK",
    "UNKNOWN_CONNECTION_TYPE",
];

/// Types that cannot do without the option `host`.
const WITH_HOST: [&str; 10] = [
    "DATABRICKS",
    "HTTP",
    "MYSQL",
    "ORACLE",
    "POSTGRESQL",
    "REDSHIFT",
    "SNOWFLAKE",
    "SQLDW",
    "SQLSERVER",
    "TERADATA",
];

/// The secret options are kept apart; the rest is what answers show.
pub(super) fn connection(
    connection: &mut Securable,
    body: &Map<String, Value>,
) -> Result<(), ApiError> {
    let row = &mut connection.row;
    let wanted = row["connection_type"].as_str().unwrap_or_default();
    let kind = wanted.to_uppercase();
    if !TYPES.contains(&kind.as_str()) {
        return Err(ApiError::invalid(format!(
            "'{wanted}' is not a known connection type."
        )));
    }
    let mut options = options_of(body.get("options"));
    if WITH_HOST.contains(&kind.as_str()) && !options.contains_key("host") {
        return Err(ApiError::invalid(
            "The following option was not set but is required: host",
        ));
    }
    let mut secrets = secret_options::take(&mut options);
    secrets.extend(secret_options::of_field(body));
    let credential = secret_options::credential_type(&secrets, &options);
    if let Some(host) = options.get("host").and_then(Value::as_str) {
        let port = options.get("port").and_then(Value::as_str).unwrap_or("443");
        let url = format!("jdbc://{}:{port}/", host.trim_end_matches('/'));
        row.insert("url".into(), json!(url));
    }
    row.insert("connection_type".into(), json!(kind));
    row.insert("credential_type".into(), json!(credential));
    row.insert("options".into(), json!(options));
    row.insert("provisioning_info".into(), json!({"state": "ACTIVE"}));
    fill(row, "read_only", json!(true));
    connection.secrets = secrets;
    Ok(())
}

/// New options replace all old ones, the secret ones too; without options the service refuses the call.
pub(super) fn change(
    fields: &mut Map<String, Value>,
    body: &Map<String, Value>,
) -> Result<BTreeMap<String, SecretString>, ApiError> {
    let said = fields.get("options");
    let said = said.ok_or_else(|| ApiError::invalid("Missing required field: options"))?;
    let mut options = options_of(Some(said));
    let mut secrets = secret_options::take(&mut options);
    secrets.extend(secret_options::of_field(body));
    let credential = secret_options::credential_type(&secrets, &options);
    fields.insert("options".into(), json!(options));
    fields.insert("credential_type".into(), json!(credential));
    Ok(secrets)
}

fn options_of(value: Option<&Value>) -> Map<String, Value> {
    value
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}
