//! The delivery of billable usage and audit logs into a customer's bucket.

use super::bucket::READ_AND_WRITE;
use super::document::{Policy, Statement};
use super::inputs::{BucketName, DatabricksAccountId, RoleArn};
use super::partition::Partition;

/// Who may assume the delivering role: the one role of Databricks that delivers logs, for this Databricks account.
#[must_use]
pub fn log_delivery_trust(partition: Partition, account: &DatabricksAccountId) -> Policy {
    Policy::new(vec![
        Statement::allow("sts:AssumeRole")
            .to(partition.log_delivery_role())
            .when("StringEquals", "sts:ExternalId", account.as_str()),
    ])
}

/// The policy of the bucket: open to the delivering role, which is the customer's own and bound to the account by its trust.
#[must_use]
pub fn log_delivery_bucket(partition: Partition, bucket: &BucketName, role: &RoleArn) -> Policy {
    Policy::new(vec![
        Statement::allow(READ_AND_WRITE)
            .on(partition.bucket_and_objects(bucket.as_str()))
            .to(role.as_str()),
    ])
}
