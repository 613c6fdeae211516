//! The parts of AWS in which Databricks runs, and who Databricks is in each.

use super::inputs::InputError;
use std::fmt;
use std::str::FromStr;

/// A part of AWS as Databricks divides it: the two of the US government share their ARN prefix, not their accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partition {
    /// Commercial AWS.
    #[default]
    Aws,
    /// AWS GovCloud (US).
    AwsUsGov,
    /// AWS GovCloud (US), the Databricks of the Department of Defense.
    AwsUsGovDod,
}

impl Partition {
    /// All, in the order in which help texts name them.
    pub const ALL: [Self; 3] = [Self::Aws, Self::AwsUsGov, Self::AwsUsGovDod];

    /// Its name in settings and arguments: that of the Databricks Terraform provider.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsUsGovDod => "aws-us-gov-dod",
        }
    }

    /// What ARNs in it have after `arn:`.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsUsGov | Self::AwsUsGovDod => "aws-us-gov",
        }
    }

    /// The AWS account of Databricks.
    #[must_use]
    pub fn databricks_account(self) -> &'static str {
        match self {
            Self::Aws => "414351767826",
            Self::AwsUsGov => "044793339203",
            Self::AwsUsGovDod => "170661010020",
        }
    }

    /// Databricks as a principal: its whole AWS account.
    #[must_use]
    pub fn databricks(self) -> String {
        self.account_root(self.databricks_account())
    }

    /// The role with which Unity Catalog assumes others.
    #[must_use]
    pub fn unity_catalog_role(self) -> String {
        let name = match self {
            Self::Aws => "unity-catalog-prod-UCMasterRole-14S5ZJVKOTYTL",
            Self::AwsUsGov => "unity-catalog-prod-UCMasterRole-1QRFA8SGY15OJ",
            Self::AwsUsGovDod => "unity-catalog-prod-UCMasterRole-1DI6DL6ZP26AS",
        };
        self.role(self.databricks_account(), name)
    }

    /// The role with which billable usage and audit logs are delivered.
    #[must_use]
    pub fn log_delivery_role(self) -> String {
        let name = match self {
            Self::Aws => "SaasUsageDeliveryRole-prod-IAMRole-3PLHICCRR1TK",
            Self::AwsUsGov => "SaasUsageDeliveryRole-prod-aws-gov-IAMRole-L4QM0RCHYQ1G",
            Self::AwsUsGovDod => "SaasUsageDeliveryRole-prod-aws-gov-dod-IAMRole-1DMEHBYR8VC5P",
        };
        self.role(self.databricks_account(), name)
    }

    pub(super) fn account_root(self, account: &str) -> String {
        format!("arn:{}:iam::{account}:root", self.namespace())
    }

    pub(super) fn role(self, account: &str, name: &str) -> String {
        format!("arn:{}:iam::{account}:role/{name}", self.namespace())
    }

    /// A bucket's objects and the bucket, in the published order.
    pub(super) fn bucket_and_objects(self, bucket: &str) -> Vec<String> {
        let bucket = self.bucket(bucket);
        vec![format!("{bucket}/*"), bucket]
    }

    pub(super) fn bucket(self, bucket: &str) -> String {
        format!("arn:{}:s3:::{bucket}", self.namespace())
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Partition {
    type Err = InputError;

    fn from_str(text: &str) -> Result<Self, InputError> {
        Self::ALL
            .into_iter()
            .find(|partition| partition.name() == text)
            .ok_or_else(|| InputError::partition(text))
    }
}
