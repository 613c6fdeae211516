//! Who may do what with a resource: `permissions` and `grants`, taken out of its fields.

use serde::{Deserialize, Serialize};

/// Somebody, as the Databricks API names them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Principal {
    /// By `user_name`.
    #[serde(rename = "user_name")]
    User(String),
    /// By `group_name`.
    #[serde(rename = "group_name")]
    Group(String),
    /// By `service_principal_name`: the application id.
    #[serde(rename = "service_principal_name")]
    ServicePrincipal(String),
}

impl Principal {
    /// The name, without saying what it is the name of.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::User(name) | Self::Group(name) | Self::ServicePrincipal(name) => name,
        }
    }

    /// The word for what it is: `user`, `group` or `service_principal`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::User(_) => "user",
            Self::Group(_) => "group",
            Self::ServicePrincipal(_) => "service_principal",
        }
    }
}

/// One entry of `permissions`. The name may be a placeholder, `${resources.service_principals.….application_id}` for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Permission {
    /// In the words of the resource's own kind: `CAN_MANAGE_RUN`, `READ`.
    pub level: String,
    /// Whose it is.
    #[serde(flatten)]
    pub principal: Principal,
}

/// One entry of `grants` of an object in Unity Catalog.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// A user, group or service principal, by name.
    pub principal: String,
    /// Such as `USE_SCHEMA`; sorted, each once.
    pub privileges: Vec<String>,
}

/// `lifecycle` of a resource: what may be done with it, and how it should be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lifecycle {
    /// A plan that would delete or replace it fails.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prevent_destroy: bool,
    /// Whether a cluster, warehouse or app should run once it was made; none says nothing, and then it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<bool>,
}

impl Lifecycle {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
