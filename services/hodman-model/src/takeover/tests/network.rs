//! A network: as a template, and as a state of Terraform knows it.

use serde_json::{Value, json};

/// A network as somebody keeps it, who asks AWS for nothing.
pub(super) const NETWORK: &str = "\
Parameters: {Cidr: {Type: String}, Zones: {Type: CommaDelimitedList, Default: 'eu-west-1a, eu-west-1b'}, Third: {Type: String, Default: ''}}
Conditions: {Third: !Not [!Equals [!Ref Third, '']]}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', DeletionPolicy: Retain, Properties: {CidrBlock: !Ref Cidr}}
  Gateway: {Type: 'AWS::EC2::InternetGateway', DeletionPolicy: Retain}
  Attached:
    Type: AWS::EC2::VPCGatewayAttachment
    DeletionPolicy: Retain
    Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}
  Subnet1:
    Type: AWS::EC2::Subnet
    DeletionPolicy: Retain
    Properties: {VpcId: !Ref Vpc, AvailabilityZone: !Select [0, !Ref Zones], CidrBlock: !Select [0, !Cidr [!Ref Cidr, 2, 8]]}
  Subnet2:
    Type: AWS::EC2::Subnet
    DeletionPolicy: Retain
    Properties: {VpcId: !Ref Vpc, AvailabilityZone: !Select [1, !Ref Zones], CidrBlock: !Select [1, !Cidr [!Ref Cidr, 2, 8]]}
  Subnet3:
    Type: AWS::EC2::Subnet
    DeletionPolicy: Retain
    Condition: Third
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.9.9.0/24}
  Routes1: {Type: 'AWS::EC2::RouteTable', DeletionPolicy: Retain, Properties: {VpcId: !Ref Vpc}}
  Routes2: {Type: 'AWS::EC2::RouteTable', DeletionPolicy: Retain, Properties: {VpcId: !Ref Vpc}}
  Of1:
    Type: AWS::EC2::SubnetRouteTableAssociation
    DeletionPolicy: Retain
    Properties: {SubnetId: !Ref Subnet1, RouteTableId: !Ref Routes1}
  Of2:
    Type: AWS::EC2::SubnetRouteTableAssociation
    DeletionPolicy: Retain
    Properties: {SubnetId: !Ref Subnet2, RouteTableId: !Ref Routes2}
  Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: machines, VpcId: !Ref Vpc}}
  Rule: {Type: 'AWS::EC2::SecurityGroupIngress', Properties: {GroupId: !GetAtt Group.GroupId}}
  Own: {Type: 'AWS::EC2::EIP', DeletionPolicy: Retain}
  Nat:
    Type: AWS::EC2::NatGateway
    DeletionPolicy: Retain
    Properties: {SubnetId: !Ref Subnet1, AllocationId: !GetAtt Own.AllocationId}
";

/// What Terraform made of it, in two networks of which one is ours.
pub(super) fn state() -> Vec<(&'static str, &'static str, Value)> {
    let subnet = |vpc: &str, zone: &str, cidr: &str, id: &str| json!({"id": id, "vpc_id": vpc, "availability_zone": zone, "cidr_block": cidr});
    vec![
        (
            "aws_vpc",
            "main",
            json!({"id": "vpc-1", "cidr_block": "10.1.0.0/16"}),
        ),
        (
            "aws_vpc",
            "other",
            json!({"id": "vpc-2", "cidr_block": "10.2.0.0/16"}),
        ),
        (
            "aws_subnet",
            "a",
            subnet("vpc-1", "eu-west-1a", "10.1.0.0/24", "subnet-a"),
        ),
        (
            "aws_subnet",
            "b",
            subnet("vpc-1", "eu-west-1b", "10.1.1.0/24", "subnet-b"),
        ),
        (
            "aws_subnet",
            "far",
            subnet("vpc-2", "eu-west-1a", "10.1.0.0/24", "subnet-f"),
        ),
        (
            "aws_internet_gateway",
            "main",
            json!({"id": "igw-1", "vpc_id": "vpc-1"}),
        ),
        (
            "aws_route_table",
            "a",
            json!({"id": "rtb-a", "vpc_id": "vpc-1"}),
        ),
        (
            "aws_route_table",
            "b",
            json!({"id": "rtb-b", "vpc_id": "vpc-1"}),
        ),
        (
            "aws_route_table_association",
            "a",
            json!({"id": "as-a", "subnet_id": "subnet-a", "route_table_id": "rtb-a"}),
        ),
        (
            "aws_route_table_association",
            "b",
            json!({"id": "as-b", "subnet_id": "subnet-b", "route_table_id": "rtb-b"}),
        ),
        (
            "aws_security_group",
            "m",
            json!({"id": "sg-1", "vpc_id": "vpc-1", "name": "m", "description": "machines"}),
        ),
        (
            "aws_eip",
            "nat",
            json!({"id": "eipalloc-1", "public_ip": "192.0.2.1"}),
        ),
        (
            "aws_eip",
            "web",
            json!({"id": "eipalloc-2", "public_ip": "192.0.2.2"}),
        ),
        (
            "aws_nat_gateway",
            "a",
            json!({"id": "nat-1", "subnet_id": "subnet-a", "allocation_id": "eipalloc-1"}),
        ),
        (
            "aws_sqs_queue",
            "letters",
            json!({"id": "https://sqs/letters", "name": "letters"}),
        ),
    ]
}
