//! The policy of a customer-managed key.

use super::bucket::ACTS_FOR;
use super::document::{Policy, Statement};
use super::inputs::{AwsAccountId, DatabricksAccountId, RoleArn};
use super::partition::Partition;

/// What Databricks encrypts with the key; the words are those of the account API's `use_cases`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// `MANAGED_SERVICES`: notebooks, secrets and queries in the control plane.
    ManagedServices,
    /// `STORAGE`: the root bucket, and with a cross-account role the disks of clusters.
    Storage {
        /// The role that starts the machines.
        cross_account_role: Option<RoleArn>,
    },
}

/// The key's policy: its own AWS account administers it, Databricks uses it for this Databricks account.
#[must_use]
pub fn kms_key(
    partition: Partition,
    owner: &AwsAccountId,
    account: &DatabricksAccountId,
    uses: &[KeyUse],
) -> Policy {
    let databricks = |statement: Statement| {
        statement.on("*").to(partition.databricks()).when(
            "StringEquals",
            ACTS_FOR,
            account.as_str(),
        )
    };
    let mut statements = vec![
        Statement::allow("kms:*")
            .sid("Enable IAM User Permissions")
            .on("*")
            .to(partition.account_root(owner.as_str())),
    ];
    for key_use in uses {
        match key_use {
            KeyUse::ManagedServices => statements.push(databricks(
                Statement::allow(["kms:Encrypt", "kms:Decrypt"])
                    .sid("Allow Databricks to use KMS key for control plane managed services"),
            )),
            KeyUse::Storage { cross_account_role } => {
                statements.push(databricks(
                    Statement::allow([
                        "kms:Encrypt",
                        "kms:Decrypt",
                        "kms:ReEncrypt*",
                        "kms:GenerateDataKey*",
                        "kms:DescribeKey",
                    ])
                    .sid("Allow Databricks to use KMS key for DBFS"),
                ));
                statements.push(databricks(
                    Statement::allow(["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"])
                        .sid("Allow Databricks to use KMS key for DBFS (Grants)")
                        .when("Bool", "kms:GrantIsForAWSResource", "true"),
                ));
                statements.extend(cross_account_role.as_ref().map(disks));
            }
        }
    }
    Policy::new(statements)
}

/// The machines' role uses the key through EC2 only: for their disks.
fn disks(role: &RoleArn) -> Statement {
    Statement::allow([
        "kms:Decrypt",
        "kms:GenerateDataKey*",
        "kms:CreateGrant",
        "kms:DescribeKey",
    ])
    .sid("Allow Databricks to use KMS key for EBS")
    .on("*")
    .to(role.as_str())
    .when(
        "ForAnyValue:StringLike",
        "kms:ViaService",
        "ec2.*.amazonaws.com",
    )
}
