//! Objects of the Databricks account: `/api/2.0/accounts/{account_id}/…`.
//!
//! They stand in a table of their own: bundles do not speak of them, captures do not look for them, modules ask for them
//! (see [`crate::modules`]). The account's id in the paths is filled in by whoever sends the request.
//!
//! None has tags but workspaces, and names need not be unique, so most others are claimed by id. Most have no update: what
//! changes is made anew first, then whatever uses the old one is moved, then the old one goes.
//!
//! OAuth secrets of service principals are none of them. The account shows one once; to keep it, a daemon would have to put
//! it somewhere, and whatever reads there knows it. Federation policies let the same principals in without one.

mod credentials;
mod customer_managed_keys;
mod endpoint_rules;
mod federation_policies;
mod ip_access_enforcements;
mod ip_access_lists;
mod log_deliveries;
mod members;
mod metastore_assignments;
mod metastores;
mod network_connectivity_configs;
mod network_policies;
mod networks;
mod permission_assignments;
mod plain;
mod private_access_settings;
mod storage_configurations;
mod vpc_endpoints;
mod workspace_changes;
mod workspace_networks;
mod workspaces;

#[cfg(test)]
mod tests;

use super::Kind;

/// In front of the paths of all of them; `{account_id}` is filled in where the request is sent.
const ACCOUNT: &str = "/api/2.0/accounts/{account_id}";

/// The kinds of account objects, in the order in which they are shown.
pub static ACCOUNT_KINDS: &[&dyn Kind] = &[
    &credentials::CREDENTIALS,
    &storage_configurations::STORAGE_CONFIGURATIONS,
    &vpc_endpoints::VPC_ENDPOINTS,
    &networks::NETWORKS,
    &private_access_settings::PRIVATE_ACCESS_SETTINGS,
    &customer_managed_keys::CUSTOMER_MANAGED_KEYS,
    &network_connectivity_configs::NETWORK_CONNECTIVITY_CONFIGS,
    &endpoint_rules::EndpointRules,
    &network_policies::NETWORK_POLICIES,
    &workspaces::Workspaces,
    &workspace_networks::WorkspaceNetworks,
    &metastores::METASTORES,
    &metastore_assignments::MetastoreAssignments,
    &members::GROUPS,
    &members::SERVICE_PRINCIPALS,
    &permission_assignments::PermissionAssignments,
    &federation_policies::OF_ACCOUNT,
    &federation_policies::OF_PRINCIPALS,
    &ip_access_lists::IP_ACCESS_LISTS,
    &ip_access_enforcements::IpAccessEnforcements,
    &log_deliveries::LOG_DELIVERIES,
];
