//! The policy of a workspace's root bucket.

use super::document::{Policy, Statement};
use super::inputs::{BucketName, DatabricksAccountId};
use super::partition::Partition;

/// What Databricks does with objects in a bucket that is its own in all but name.
pub(super) const READ_AND_WRITE: [&str; 6] = [
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:ListBucket",
    "s3:GetBucketLocation",
];

/// The tag that principals of Databricks carry: for which customer they act.
pub(super) const ACTS_FOR: &str = "aws:PrincipalTag/DatabricksAccountId";

/// Databricks reads and writes the bucket, for this Databricks account only.
#[must_use]
pub fn root_bucket(
    partition: Partition,
    bucket: &BucketName,
    account: &DatabricksAccountId,
) -> Policy {
    Policy::new(vec![
        Statement::allow(READ_AND_WRITE)
            .on(partition.bucket_and_objects(bucket.as_str()))
            .to(partition.databricks())
            .when("StringEquals", ACTS_FOR, account.as_str()),
    ])
}
