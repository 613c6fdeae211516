//! Kinds of account objects that are made, read and deleted, and what refers to them.

use serde_json::{Map, Value, json};

/// One kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Credentials,
    Storage,
    Network,
    VpcEndpoint,
    PrivateAccess,
    Key,
    Connectivity,
    NetworkPolicy,
}

impl Kind {
    pub(super) const ALL: [Self; 8] = [
        Self::Credentials,
        Self::Storage,
        Self::Network,
        Self::VpcEndpoint,
        Self::PrivateAccess,
        Self::Key,
        Self::Connectivity,
        Self::NetworkPolicy,
    ];

    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Storage => "storage-configurations",
            Self::Network => "networks",
            Self::VpcEndpoint => "vpc-endpoints",
            Self::PrivateAccess => "private-access-settings",
            Self::Key => "customer-managed-keys",
            Self::Connectivity => "network-connectivity-configs",
            Self::NetworkPolicy => "network-policies",
        }
    }

    pub(super) fn id_field(self) -> &'static str {
        match self {
            Self::Credentials => "credentials_id",
            Self::Storage => "storage_configuration_id",
            Self::Network => "network_id",
            Self::VpcEndpoint => "vpc_endpoint_id",
            Self::PrivateAccess => "private_access_settings_id",
            Self::Key => "customer_managed_key_id",
            Self::Connectivity => "network_connectivity_config_id",
            Self::NetworkPolicy => "network_policy_id",
        }
    }

    /// Kind as the service names it in a refusal.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Credentials => "Credentials",
            Self::Storage => "Storage configuration",
            Self::Network => "Network",
            Self::VpcEndpoint => "VPC endpoint",
            Self::PrivateAccess => "Private access settings",
            Self::Key => "Customer-managed key",
            Self::Connectivity => "Network connectivity config",
            Self::NetworkPolicy => "Network policy",
        }
    }

    /// Fields a create call must have.
    pub(super) fn required(self) -> &'static [&'static str] {
        match self {
            Self::Credentials => &["credentials_name", "aws_credentials"],
            Self::Storage => &["storage_configuration_name", "root_bucket_info"],
            Self::Network => &["network_name"],
            Self::VpcEndpoint => &["vpc_endpoint_name", "aws_vpc_endpoint_id", "region"],
            Self::PrivateAccess => &["private_access_settings_name", "region"],
            Self::Key => &["use_cases", "aws_key_info"],
            Self::Connectivity => &["name", "region"],
            Self::NetworkPolicy => &["network_policy_id"],
        }
    }

    /// Fields of a workspace that refer to an object of this kind.
    pub(super) fn references(self) -> &'static [&'static str] {
        match self {
            Self::Credentials => &["credentials_id"],
            Self::Storage => &["storage_configuration_id"],
            Self::Network => &["network_id"],
            Self::PrivateAccess => &["private_access_settings_id"],
            Self::Key => &[
                "managed_services_customer_managed_key_id",
                "storage_customer_managed_key_id",
            ],
            Self::Connectivity => &["network_connectivity_config_id"],
            Self::VpcEndpoint | Self::NetworkPolicy => &[],
        }
    }

    /// What the service adds to a new object.
    pub(super) fn additions(self) -> Map<String, Value> {
        let additions = match self {
            Self::Network => json!({"vpc_status": "UNATTACHED"}),
            Self::VpcEndpoint => json!({"state": "available", "use_case": "WORKSPACE_ACCESS"}),
            Self::PrivateAccess => {
                json!({"private_access_level": "ACCOUNT", "public_access_enabled": false})
            }
            Self::Connectivity => json!({"egress_config": {"default_rules": {
                "aws_stable_ip_rule": {"cidr_blocks": ["192.0.2.0/24"]},
            }}}),
            _ => json!({}),
        };
        crate::databricks::table::object(additions)
    }

    /// Whether a list is an object with `items`, in place of a bare array.
    pub(super) fn lists_items(self) -> bool {
        matches!(self, Self::Connectivity | Self::NetworkPolicy)
    }
}
