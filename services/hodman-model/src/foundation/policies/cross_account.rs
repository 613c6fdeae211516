//! The role with which Databricks runs machines in a customer's AWS account.

mod actions;
mod restricted;

use super::document::{OneOrMany, Policy, Statement};
use super::inputs::{AwsAccountId, DatabricksAccountId, Region, RoleArn, SecurityGroupId, VpcId};
use super::partition::Partition;

/// Whose the network is, and how far Databricks may go in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CrossAccount {
    /// Databricks makes and removes the VPC itself.
    Managed,
    /// The VPC is the customer's.
    Customer,
    /// The VPC is the customer's, and only what is tagged as Databricks' and lies in it may be touched.
    Restricted(Restriction),
}

/// What a restricted policy is restricted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restriction {
    /// The AWS account of the VPC.
    pub account: AwsAccountId,
    /// Its region.
    pub region: Region,
    /// The VPC.
    pub vpc: VpcId,
    /// The one security group whose rules may be changed.
    pub security_group: SecurityGroupId,
}

/// Who may assume the role: Databricks, when it does so for this Databricks account.
#[must_use]
pub fn cross_account_trust(partition: Partition, account: &DatabricksAccountId) -> Policy {
    Policy::new(vec![
        Statement::allow("sts:AssumeRole")
            .to(partition.databricks())
            .when("StringEquals", "sts:ExternalId", account.as_str()),
    ])
}

/// What the role may do. `pass_roles` are those of instance profiles, which clusters may be started with.
#[must_use]
pub fn cross_account(
    partition: Partition,
    variant: &CrossAccount,
    pass_roles: &[RoleArn],
) -> Policy {
    let more: &[&[&str]] = match variant {
        CrossAccount::Managed => &[&actions::UNRESTRICTED, &actions::NETWORK],
        CrossAccount::Customer => &[&actions::UNRESTRICTED],
        CrossAccount::Restricted(_) => &[],
    };
    let allowed: Vec<String> = actions::BASE
        .iter()
        .chain(more.iter().copied().flatten())
        .map(|action| (*action).to_owned())
        .collect();
    let mut statements = vec![Statement::allow(allowed).on("*"), spot(partition)];
    if !pass_roles.is_empty() {
        let roles = pass_roles.iter().map(ToString::to_string).collect();
        statements.push(Statement::allow("iam:PassRole").on(OneOrMany::Many(roles)));
    }
    if let CrossAccount::Restricted(to) = variant {
        statements.extend(restricted::statements(partition, to));
    }
    Policy::new(statements)
}

/// AWS wants a role of its own in an account before the first spot instance.
fn spot(partition: Partition) -> Statement {
    let role = "aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot";
    Statement::allow(["iam:CreateServiceLinkedRole", "iam:PutRolePolicy"])
        .on(partition.role("*", role))
        .when("StringLike", "iam:AWSServiceName", "spot.amazonaws.com")
}
