//! A workspace and its network: the network is checked when it is attached, not when it is made.

use serde_json::{Map, Value, json};

use super::{Account, Kind};
use crate::databricks::error::ApiError;

/// Attaches the network that the workspace names, if it names one, and lets go of the one it had; whether it works.
pub(super) fn attach_network(
    account: &mut Account,
    id: &str,
    row: &Map<String, Value>,
) -> Result<bool, ApiError> {
    let Some(wanted) = row.get("network_id").and_then(Value::as_str) else {
        return Ok(true);
    };
    let network = account
        .table(Kind::Network)
        .get_mut(Kind::Network.word(), wanted)?;
    let vpc = network
        .get("vpc_id")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let broken = account.switches.broken_vpcs.get(&vpc).cloned();
    let running = account
        .workspaces
        .get("Workspace", id)
        .is_ok_and(|row| row.get("workspace_status") == Some(&json!("RUNNING")));
    if !(broken.is_some() && running) {
        detach_all(account, id);
    }
    let network = account
        .table(Kind::Network)
        .get_mut(Kind::Network.word(), wanted)?;
    match &broken {
        None => {
            network.insert("vpc_status".into(), json!("VALID"));
            network.remove("error_messages");
        }
        Some((kind, message)) => {
            network.insert("vpc_status".into(), json!("BROKEN"));
            let errors = json!([{"error_type": kind, "error_message": message}]);
            network.insert("error_messages".into(), errors);
        }
    }
    if !(broken.is_some() && running) {
        let number: u64 = id.parse().unwrap_or_default();
        network.insert("workspace_id".into(), json!(number));
    }
    Ok(broken.is_none())
}

/// The workspace's networks are nobody's again.
pub(super) fn detach_all(account: &mut Account, id: &str) {
    let number = json!(id.parse::<u64>().unwrap_or_default());
    let table = account.table(Kind::Network);
    while let Some(network) = table.find("workspace_id", &number).map(str::to_owned) {
        let Ok(row) = table.get_mut(Kind::Network.word(), &network) else {
            return;
        };
        row.remove("workspace_id");
        row.remove("error_messages");
        row.insert("vpc_status".into(), json!("UNATTACHED"));
    }
}

/// Where provisioning ends: `FAILED` for the switch's reason or the network's, else `RUNNING` with a host.
pub(super) fn settle(account: &mut Account, id: &str) -> Result<(), ApiError> {
    let row = account.workspaces.get("Workspace", id)?;
    let network = row.get("network_id").and_then(Value::as_str);
    let network = network.map(str::to_owned);
    let broken = network.and_then(|network| {
        let row = account.table(Kind::Network).get("Network", &network).ok()?;
        (row.get("vpc_status") == Some(&json!("BROKEN"))).then_some(())
    });
    let reason = account.failing.get(id).cloned().or_else(|| {
        broken.map(|()| {
            "INVALID_STATE: The network of the workspace has errors; see its error_messages."
                .to_owned()
        })
    });
    let reason = reason.or_else(|| account.open(id).err());
    let row = account.workspaces.get_mut("Workspace", id)?;
    let (status, message) = match reason {
        Some(reason) => ("FAILED", reason),
        None => ("RUNNING", "Workspace is running.".to_owned()),
    };
    row.insert("workspace_status".into(), json!(status));
    row.insert("workspace_status_message".into(), json!(message));
    Ok(())
}

/// What may not change: a running workspace keeps its storage and whether its network is its own; links that were made
/// are never taken away.
pub(super) fn check_change(
    before: &Map<String, Value>,
    after: &Map<String, Value>,
) -> Result<(), ApiError> {
    let value = |row: &Map<String, Value>, field: &str| {
        row.get(field)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let refuse = |field: &str| {
        Err(ApiError::invalid(format!(
            "{field} of this workspace cannot be changed."
        )))
    };
    let differs = |field: &str| value(before, field) != value(after, field);
    let running = before.get("workspace_status") == Some(&json!("RUNNING"));
    if before.get("workspace_status") == Some(&json!("PROVISIONING")) {
        return Err(ApiError::state(
            "The workspace is being provisioned; it cannot be changed now.",
        ));
    }
    for field in [
        "workspace_name",
        "aws_region",
        "deployment_name",
        "compute_mode",
    ] {
        if differs(field) {
            return refuse(field);
        }
    }
    if running && differs("storage_configuration_id") {
        return refuse("storage_configuration_id");
    }
    if running && differs("network_id") && value(before, "network_id").is_none() {
        return refuse("network_id");
    }
    if value(before, "storage_customer_managed_key_id").is_some()
        && differs("storage_customer_managed_key_id")
    {
        return refuse("storage_customer_managed_key_id");
    }
    for field in [
        "network_id",
        "private_access_settings_id",
        "network_connectivity_config_id",
    ] {
        if value(before, field).is_some() && value(after, field).is_none() {
            return refuse(field);
        }
    }
    Ok(())
}
