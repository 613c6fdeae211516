//! The policies that Databricks asks for in an AWS account: of roles, buckets and keys.
//!
//! Each is a function from checked inputs to a [`Policy`], and equal to what Databricks publishes (the tests say where),
//! with one difference that is meant: where the published one leaves the account's condition to the reader, ours has it
//! always. Without it any Databricks customer could have Databricks open the bucket or use the key (a confused deputy).

mod bucket;
mod cross_account;
mod document;
mod expand;
mod inputs;
mod kms;
mod log_delivery;
mod partition;
mod unity_catalog;

#[cfg(test)]
mod tests;

pub use bucket::root_bucket;
pub use cross_account::{CrossAccount, Restriction, cross_account, cross_account_trust};
pub use document::{OneOrMany, Policy, Statement};
pub use expand::expand;
pub use inputs::{
    AwsAccountId, BucketName, DatabricksAccountId, ExternalId, InputError, KeyArn, Region, RoleArn,
    RoleName, SecurityGroupId, VpcId,
};
pub use kms::{KeyUse, kms_key};
pub use log_delivery::{log_delivery_bucket, log_delivery_trust};
pub use partition::Partition;
pub use unity_catalog::{UnityCatalogRole, unity_catalog, unity_catalog_trust};
