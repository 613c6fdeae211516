//! The role with which Unity Catalog reaches a bucket.

use super::document::{Policy, Statement};
use super::inputs::{AwsAccountId, BucketName, ExternalId, KeyArn, RoleName};
use super::partition::Partition;

/// The role, and where it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnityCatalogRole {
    /// The part of AWS.
    pub partition: Partition,
    /// The AWS account of role and bucket.
    pub account: AwsAccountId,
    /// The role.
    pub name: RoleName,
}

impl UnityCatalogRole {
    fn arn(&self) -> String {
        let account = self.account.as_str();
        self.partition.role(account, self.name.as_str())
    }
}

/// Who may assume the role: Unity Catalog, and the role itself. AWS refuses a policy that names a role which does not exist
/// yet, so the second is said as a condition on the whole account.
#[must_use]
pub fn unity_catalog_trust(role: &UnityCatalogRole, external_id: &ExternalId) -> Policy {
    let assume = |sid| {
        Statement::allow("sts:AssumeRole").sid(sid).when(
            "StringEquals",
            "sts:ExternalId",
            external_id.as_str(),
        )
    };
    Policy::new(vec![
        assume("UnityCatalogAssumeRole").to(role.partition.unity_catalog_role()),
        assume("ExplicitSelfRoleAssumption")
            .to(role.partition.account_root(role.account.as_str()))
            .when("ArnLike", "aws:PrincipalArn", role.arn()),
    ])
}

/// What the role may do: the bucket, itself, the key where the bucket has one, and the queues and topics of file events,
/// which Databricks makes under names with `csms-`.
#[must_use]
pub fn unity_catalog(role: &UnityCatalogRole, bucket: &BucketName, key: Option<&KeyArn>) -> Policy {
    let mut statements = vec![
        Statement::allow([
            "s3:GetObject",
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:ListBucket",
            "s3:GetBucketLocation",
            "s3:ListBucketMultipartUploads",
            "s3:ListMultipartUploadParts",
            "s3:AbortMultipartUpload",
        ])
        .on(role.partition.bucket_and_objects(bucket.as_str())),
        Statement::allow(["sts:AssumeRole"]).on(vec![role.arn()]),
    ];
    if let Some(key) = key {
        let use_key = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"];
        statements.push(Statement::allow(use_key).on(vec![key.to_string()]));
    }
    statements.extend(file_events(role, bucket));
    Policy::new(statements)
}

fn file_events(role: &UnityCatalogRole, bucket: &BucketName) -> [Statement; 3] {
    let (namespace, account) = (role.partition.namespace(), &role.account);
    let queues_and_topics = ["sqs", "sns"]
        .map(|service| format!("arn:{namespace}:{service}:*:{account}:csms-*"))
        .to_vec();
    let mut with_bucket = vec![role.partition.bucket(bucket.as_str())];
    with_bucket.extend(queues_and_topics.clone());
    [
        Statement::allow([
            "s3:GetBucketNotification",
            "s3:PutBucketNotification",
            "sns:ListSubscriptionsByTopic",
            "sns:GetTopicAttributes",
            "sns:SetTopicAttributes",
            "sns:CreateTopic",
            "sns:TagResource",
            "sns:Publish",
            "sns:Subscribe",
            "sqs:CreateQueue",
            "sqs:DeleteMessage",
            "sqs:ReceiveMessage",
            "sqs:SendMessage",
            "sqs:GetQueueUrl",
            "sqs:GetQueueAttributes",
            "sqs:SetQueueAttributes",
            "sqs:TagQueue",
            "sqs:ChangeMessageVisibility",
            "sqs:PurgeQueue",
        ])
        .sid("ManagedFileEventsSetupStatement")
        .on(with_bucket),
        Statement::allow(["sqs:ListQueues", "sqs:ListQueueTags", "sns:ListTopics"])
            .sid("ManagedFileEventsListStatement")
            .on(queues_and_topics.clone()),
        Statement::allow(["sns:Unsubscribe", "sns:DeleteTopic", "sqs:DeleteQueue"])
            .sid("ManagedFileEventsTeardownStatement")
            .on(queues_and_topics),
    ]
}
