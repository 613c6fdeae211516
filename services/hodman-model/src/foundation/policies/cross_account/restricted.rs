//! The statements of the restricted variant: by tag for what Databricks makes, by VPC for what it makes them in.

use super::super::document::Statement;
use super::super::partition::Partition;
use super::Restriction;

const OURS: (&str, &str) = ("ec2:ResourceTag/Vendor", "Databricks");
const MADE_AS_OURS: (&str, &str) = ("aws:RequestTag/Vendor", "Databricks");
const IMAGE_OF_OURS: (&str, &str) = ("aws:ResourceTag/Vendor", "Databricks");

pub(super) fn statements(partition: Partition, to: &Restriction) -> Vec<Statement> {
    let arn = |what: &str| {
        let namespace = partition.namespace();
        format!("arn:{namespace}:ec2:{}:{}:{what}", to.region, to.account)
    };
    let all = |kinds: &[&str]| -> Vec<String> {
        kinds.iter().map(|kind| arn(&format!("{kind}/*"))).collect()
    };
    let tagged = |statement: Statement, (key, value): (&'static str, &str)| {
        statement.when("StringEquals", key, value)
    };
    let vpc = arn(&format!("vpc/{}", to.vpc));
    vec![
        tagged(
            Statement::allow([
                "ec2:AssociateIamInstanceProfile",
                "ec2:DisassociateIamInstanceProfile",
                "ec2:ReplaceIamInstanceProfileAssociation",
            ])
            .sid("InstancePoolsSupport")
            .on(arn("instance/*")),
            OURS,
        ),
        tagged(
            Statement::allow("ec2:RunInstances")
                .sid("AllowEc2RunInstancePerTag")
                .on(all(&["volume", "instance"])),
            MADE_AS_OURS,
        ),
        tagged(
            Statement::allow("ec2:RunInstances")
                .sid("AllowEc2RunInstanceImagePerTag")
                .on(arn("image/*")),
            IMAGE_OF_OURS,
        ),
        Statement::allow("ec2:RunInstances")
            .sid("AllowEc2RunInstancePerVPCid")
            .on(all(&["network-interface", "subnet", "security-group"]))
            .when("StringEquals", "ec2:vpc", vpc.clone()),
        Statement::allow("ec2:RunInstances")
            .sid("AllowEc2RunInstanceOtherResources")
            .on_all_but(all(&[
                "image",
                "network-interface",
                "subnet",
                "security-group",
                "volume",
                "instance",
            ])),
        tagged(
            Statement::allow("ec2:TerminateInstances")
                .sid("EC2TerminateInstancesTag")
                .on(arn("instance/*")),
            OURS,
        ),
        tagged(
            Statement::allow(["ec2:AttachVolume", "ec2:DetachVolume"])
                .sid("EC2AttachDetachVolumeTag")
                .on(all(&["instance", "volume"])),
            OURS,
        ),
        tagged(
            Statement::allow("ec2:CreateVolume")
                .sid("EC2CreateVolumeByTag")
                .on(arn("volume/*")),
            MADE_AS_OURS,
        ),
        tagged(
            Statement::allow("ec2:DeleteVolume")
                .sid("EC2DeleteVolumeByTag")
                .on(all(&["volume"])),
            OURS,
        ),
        Statement::allow([
            "ec2:AuthorizeSecurityGroupEgress",
            "ec2:AuthorizeSecurityGroupIngress",
            "ec2:RevokeSecurityGroupEgress",
            "ec2:RevokeSecurityGroupIngress",
        ])
        .sid("VpcNonresourceSpecificActions")
        .on(arn(&format!("security-group/{}", to.security_group)))
        .when("StringEquals", "ec2:vpc", vpc),
    ]
}
