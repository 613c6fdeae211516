//! Types of resources that a stack takes over: what identifies each, and what tells one from another of its type. The identifiers are
//! those of AWS's own schemas (a test compares them), the attributes those of Terraform's provider.

use std::collections::BTreeMap;

use serde_json::Value;

use Decides::{Hints, Names, Tells};

/// A type of resources that a stack takes over.
#[derive(Clone, Copy, Debug)]
pub struct Importable {
    /// Its name in CloudFormation.
    pub kind: &'static str,
    /// Its name in Terraform.
    pub terraform: &'static str,
    /// The properties that identify one, each with Terraform's attribute, or `=` and what it always is. The first is what a `Ref` gives.
    identifier: &'static [(&'static str, &'static str)],
    /// Properties that tell one from another, each with Terraform's attribute.
    traits: &'static [(&'static str, &'static str, Decides)],
}

/// What it means that a property of a template's resource is, or is not, what one that exists has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Decides {
    /// The same is this one, another is not.
    Names,
    /// Another is not this one.
    Tells,
    /// The same is this one; people give others to what they make by hand.
    Hints,
}

/// The tag by which people call things that have no name.
const NAME: (&str, &str, Decides) = ("Tags.Name", "tags.Name", Hints);
const IN_VPC: (&str, &str, Decides) = ("VpcId", "vpc_id", Tells);

/// A type that is identified by one property.
const fn one(
    kind: &'static str,
    terraform: &'static str,
    identifier: &'static [(&'static str, &'static str); 1],
    traits: &'static [(&'static str, &'static str, Decides)],
) -> Importable {
    Importable {
        kind,
        terraform,
        identifier,
        traits,
    }
}

/// What is attached is identified by how and to what; Terraform has it with the gateway or as one of its own.
const fn attachment(terraform: &'static str, gateway: &'static Traits) -> Importable {
    Importable {
        kind: "AWS::EC2::VPCGatewayAttachment",
        terraform,
        identifier: &[("AttachmentType", "=IGW"), ("VpcId", "vpc_id")],
        traits: gateway,
    }
}

type Traits = [(&'static str, &'static str, Decides)];

/// The table. What is missing is found by nobody's state; a list may name it by what identifies it.
pub const IMPORTABLE: &[Importable] = &[
    one(
        "AWS::DynamoDB::Table",
        "aws_dynamodb_table",
        &[("TableName", "name")],
        &[("TableName", "name", Names)],
    ),
    Importable {
        kind: "AWS::EC2::EIP",
        terraform: "aws_eip",
        identifier: &[("PublicIp", "public_ip"), ("AllocationId", "id")],
        traits: &[NAME],
    },
    one(
        "AWS::EC2::InternetGateway",
        "aws_internet_gateway",
        &[("InternetGatewayId", "id")],
        &[NAME],
    ),
    one(
        "AWS::EC2::NatGateway",
        "aws_nat_gateway",
        &[("NatGatewayId", "id")],
        &[
            ("SubnetId", "subnet_id", Names),
            ("AllocationId", "allocation_id", Tells),
            NAME,
        ],
    ),
    Importable {
        kind: "AWS::EC2::Route",
        terraform: "aws_route",
        identifier: &[
            ("RouteTableId", "route_table_id"),
            ("CidrBlock", "destination_cidr_block"),
        ],
        traits: &[
            ("RouteTableId", "route_table_id", Names),
            ("DestinationCidrBlock", "destination_cidr_block", Names),
        ],
    },
    one(
        "AWS::EC2::RouteTable",
        "aws_route_table",
        &[("RouteTableId", "id")],
        &[IN_VPC, NAME],
    ),
    one(
        "AWS::EC2::SecurityGroup",
        "aws_security_group",
        &[("Id", "id")],
        &[
            ("GroupName", "name", Names),
            IN_VPC,
            ("GroupDescription", "description", Hints),
            NAME,
        ],
    ),
    one(
        "AWS::EC2::Subnet",
        "aws_subnet",
        &[("SubnetId", "id")],
        &[
            ("CidrBlock", "cidr_block", Names),
            ("AvailabilityZone", "availability_zone", Tells),
            IN_VPC,
            NAME,
        ],
    ),
    one(
        "AWS::EC2::SubnetRouteTableAssociation",
        "aws_route_table_association",
        &[("Id", "id")],
        &[
            ("SubnetId", "subnet_id", Names),
            ("RouteTableId", "route_table_id", Tells),
        ],
    ),
    one(
        "AWS::EC2::VPC",
        "aws_vpc",
        &[("VpcId", "id")],
        &[("CidrBlock", "cidr_block", Names), NAME],
    ),
    one(
        "AWS::EC2::VPCEndpoint",
        "aws_vpc_endpoint",
        &[("Id", "id")],
        &[
            ("ServiceName", "service_name", Names),
            ("VpcEndpointType", "vpc_endpoint_type", Tells),
            IN_VPC,
            NAME,
        ],
    ),
    attachment(
        "aws_internet_gateway",
        &[
            ("VpcId", "vpc_id", Names),
            ("InternetGatewayId", "id", Tells),
        ],
    ),
    attachment(
        "aws_internet_gateway_attachment",
        &[
            ("VpcId", "vpc_id", Names),
            ("InternetGatewayId", "internet_gateway_id", Tells),
        ],
    ),
    one(
        "AWS::ECR::Repository",
        "aws_ecr_repository",
        &[("RepositoryName", "name")],
        &[("RepositoryName", "name", Names)],
    ),
    one(
        "AWS::IAM::InstanceProfile",
        "aws_iam_instance_profile",
        &[("InstanceProfileName", "name")],
        &[("InstanceProfileName", "name", Names)],
    ),
    one(
        "AWS::IAM::ManagedPolicy",
        "aws_iam_policy",
        &[("PolicyArn", "arn")],
        &[("ManagedPolicyName", "name", Names)],
    ),
    one(
        "AWS::IAM::Role",
        "aws_iam_role",
        &[("RoleName", "name")],
        &[("RoleName", "name", Names)],
    ),
    one(
        "AWS::KMS::Alias",
        "aws_kms_alias",
        &[("AliasName", "name")],
        &[("AliasName", "name", Names)],
    ),
    one(
        "AWS::KMS::Key",
        "aws_kms_key",
        &[("KeyId", "key_id")],
        &[("Description", "description", Hints), NAME],
    ),
    one(
        "AWS::Logs::LogGroup",
        "aws_cloudwatch_log_group",
        &[("LogGroupName", "name")],
        &[("LogGroupName", "name", Names)],
    ),
    one(
        "AWS::S3::Bucket",
        "aws_s3_bucket",
        &[("BucketName", "bucket")],
        &[("BucketName", "bucket", Names)],
    ),
    one(
        "AWS::SNS::Topic",
        "aws_sns_topic",
        &[("TopicArn", "arn")],
        &[("TopicName", "name", Names)],
    ),
    one(
        "AWS::SQS::Queue",
        "aws_sqs_queue",
        &[("QueueUrl", "id")],
        &[("QueueName", "name", Names)],
    ),
    one(
        "AWS::SSM::Parameter",
        "aws_ssm_parameter",
        &[("Name", "name")],
        &[("Name", "name", Names)],
    ),
    one(
        "AWS::SecretsManager::Secret",
        "aws_secretsmanager_secret",
        &[("Id", "arn")],
        &[("Name", "name", Names)],
    ),
];

/// The type of that name in CloudFormation; none when nobody here knows what identifies one.
#[must_use]
pub fn importable(kind: &str) -> Option<&'static Importable> {
    IMPORTABLE.iter().find(|one| one.kind == kind)
}

impl Importable {
    /// The types that a resource of Terraform's is, or holds.
    pub fn of_terraform(terraform: &str) -> impl Iterator<Item = &'static Self> {
        IMPORTABLE
            .iter()
            .filter(move |one| one.terraform == terraform)
    }

    /// Whether it is a part of what Terraform calls so, and has no address there.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.identifier
            .iter()
            .any(|(_, attribute)| attribute.starts_with('='))
            && self.terraform == "aws_internet_gateway"
    }

    /// The properties that identify one.
    pub fn identifier(&self) -> impl Iterator<Item = &'static str> {
        self.identifier.iter().map(|(property, _)| *property)
    }

    /// The properties by which one is told from another; `Tags.Name` is a tag.
    pub fn properties(&self) -> impl Iterator<Item = &'static str> {
        self.traits.iter().map(|(property, ..)| *property)
    }

    /// What identifies the one with these attributes; none when one of them is not said.
    #[must_use]
    pub fn identifier_in(&self, attributes: &Value) -> Option<BTreeMap<String, String>> {
        let parts = self.identifier.iter().map(|(property, attribute)| {
            let value = match attribute.strip_prefix('=') {
                Some(fixed) => Some(fixed.to_owned()),
                None => text(attributes, attribute),
            };
            value.map(|value| ((*property).to_owned(), value))
        });
        parts.collect()
    }

    /// What tells it from others, by property, as far as these attributes say.
    #[must_use]
    pub fn properties_in(&self, attributes: &Value) -> BTreeMap<String, String> {
        let said = self.traits.iter().filter_map(|(property, attribute, _)| {
            Some(((*property).to_owned(), text(attributes, attribute)?))
        });
        said.collect()
    }

    /// The same, with what each decides.
    pub(crate) fn traits(&self) -> impl Iterator<Item = (&'static str, Decides)> {
        self.traits
            .iter()
            .map(|(property, _, decides)| (*property, *decides))
    }

    /// What references to it in a template give, by attribute; `Ref` is the empty one.
    pub(crate) fn gives(&self, identifier: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut gives = identifier.clone();
        let first = self
            .identifier()
            .next()
            .and_then(|first| identifier.get(first));
        if let Some(first) = first {
            gives.insert(String::new(), first.clone());
            if self.kind == "AWS::EC2::SecurityGroup" {
                gives.insert("GroupId".to_owned(), first.clone());
            }
        }
        gives
    }
}

/// A text at a path of names with points between.
fn text(attributes: &Value, path: &str) -> Option<String> {
    let found = path
        .split('.')
        .try_fold(attributes, |value, name| value.get(name))?;
    found
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_state_says_identifies_one() {
        let gateway = json!({"id": "igw-1", "vpc_id": "vpc-1", "tags": {"Name": "main"}});
        let found: Vec<(&str, Value)> = Importable::of_terraform("aws_internet_gateway")
            .map(|one| {
                (
                    one.kind,
                    json!([
                        one.identifier_in(&gateway),
                        one.properties_in(&gateway),
                        one.is_part()
                    ]),
                )
            })
            .collect();
        let wanted = [
            (
                "AWS::EC2::InternetGateway",
                json!([{"InternetGatewayId": "igw-1"}, {"Tags.Name": "main"}, false]),
            ),
            (
                "AWS::EC2::VPCGatewayAttachment",
                json!([{"AttachmentType": "IGW", "VpcId": "vpc-1"}, {"VpcId": "vpc-1", "InternetGatewayId": "igw-1"}, true]),
            ),
        ];
        assert_eq!(found, wanted);
        let alone = json!({"id": "igw-1", "vpc_id": ""});
        let none = Importable::of_terraform("aws_internet_gateway")
            .filter(|one| one.identifier_in(&alone).is_none());
        assert_eq!(
            none.count(),
            1,
            "what is attached to nothing has no attachment"
        );
        let group = importable("AWS::EC2::SecurityGroup").unwrap();
        let gives = group.gives(&[("Id".to_owned(), "sg-1".to_owned())].into());
        assert_eq!(
            json!(gives),
            json!({"": "sg-1", "Id": "sg-1", "GroupId": "sg-1"})
        );
    }
}
