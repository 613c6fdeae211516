//! What the service checks in the fields of a new object.

use serde_json::{Map, Value};

use super::Kind;
use crate::databricks::error::ApiError;

/// Refuses fields that the kind does not take.
pub(super) fn check(kind: Kind, row: &Map<String, Value>) -> Result<(), ApiError> {
    match kind {
        Kind::Credentials => {
            let arn = text(row, "/aws_credentials/sts_role/role_arn");
            demand(
                arn.starts_with("arn:aws") && arn.contains(":iam::") && arn.contains(":role/"),
                "Invalid role ARN in aws_credentials.sts_role.role_arn.",
            )
        }
        // The provider asks for three characters, as S3 does; the account takes what it is told.
        Kind::Storage => demand(
            (1..=63).contains(&text(row, "/root_bucket_info/bucket_name").len()),
            "root_bucket_info.bucket_name must be the name of a bucket.",
        ),
        Kind::Network => network(row),
        Kind::VpcEndpoint => demand(
            text(row, "/aws_vpc_endpoint_id").starts_with("vpce-"),
            "aws_vpc_endpoint_id must be the id of a VPC endpoint.",
        ),
        Kind::PrivateAccess => private_access(row),
        Kind::Key => key(row),
        Kind::Connectivity => {
            let name = text(row, "/name");
            let good = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            demand(
                (3..=30).contains(&name.len()) && name.chars().all(good),
                "name must have 3 to 30 letters, digits, hyphens or underscores.",
            )
        }
        Kind::NetworkPolicy => Ok(()),
    }
}

fn network(row: &Map<String, Value>) -> Result<(), ApiError> {
    // The provider asks for four characters; the service takes shorter names.
    demand(
        (1..=256).contains(&text(row, "/network_name").len()),
        "network_name must have at most 256 characters.",
    )?;
    demand(
        count(row, "/subnet_ids") >= 2,
        "subnet_ids must name at least two subnets.",
    )?;
    demand(
        (1..=5).contains(&count(row, "/security_group_ids")),
        "security_group_ids must name one to five security groups.",
    )?;
    if row.contains_key("vpc_endpoints") {
        demand(
            count(row, "/vpc_endpoints/rest_api") == 1
                && count(row, "/vpc_endpoints/dataplane_relay") == 1,
            "vpc_endpoints must name exactly one rest_api and one dataplane_relay endpoint.",
        )?;
    }
    Ok(())
}

fn private_access(row: &Map<String, Value>) -> Result<(), ApiError> {
    demand(
        (4..=256).contains(&text(row, "/private_access_settings_name").len()),
        "private_access_settings_name must have 4 to 256 characters.",
    )?;
    let level = text(row, "/private_access_level").to_uppercase();
    demand(
        ["", "ACCOUNT", "ENDPOINT"].contains(&level.as_str()),
        "private_access_level must be ACCOUNT or ENDPOINT.",
    )?;
    demand(
        level == "ENDPOINT" || count(row, "/allowed_vpc_endpoint_ids") == 0,
        "allowed_vpc_endpoint_ids is only for private_access_level ENDPOINT.",
    )
}

fn key(row: &Map<String, Value>) -> Result<(), ApiError> {
    let uses = row.get("use_cases").and_then(Value::as_array);
    let known = |use_case: &Value| {
        matches!(
            use_case.as_str(),
            Some("MANAGED_SERVICES" | "STORAGE" | "MANAGED")
        )
    };
    demand(
        uses.is_some_and(|uses| !uses.is_empty() && uses.iter().all(known)),
        "use_cases must name MANAGED_SERVICES, STORAGE or both.",
    )?;
    demand(
        text(row, "/aws_key_info/key_arn").starts_with("arn:aws"),
        "Invalid key ARN in aws_key_info.key_arn.",
    )
}

fn text<'row>(row: &'row Map<String, Value>, pointer: &str) -> &'row str {
    at(row, pointer).and_then(Value::as_str).unwrap_or_default()
}

fn count(row: &Map<String, Value>, pointer: &str) -> usize {
    at(row, pointer)
        .and_then(Value::as_array)
        .map_or(0, Vec::len)
}

fn at<'row>(row: &'row Map<String, Value>, pointer: &str) -> Option<&'row Value> {
    let mut steps = pointer.trim_start_matches('/').split('/');
    let first = row.get(steps.next()?)?;
    steps.try_fold(first, |value, step| value.get(step))
}

fn demand(holds: bool, otherwise: &str) -> Result<(), ApiError> {
    if holds {
        Ok(())
    } else {
        Err(ApiError::invalid(otherwise))
    }
}
