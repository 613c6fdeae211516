"""The AWS server of the tests, with what its CloudFormation lacks of networks.

Its EC2 makes addresses, NAT gateways and single rules of security groups; its CloudFormation does not know their four
types, and takes over nothing of EC2. Each is added here as what AWS documents: a call of that server's own EC2, or what it has. Transit gateways its EC2 does not know
either: they get a number each, so that what refers to them can be made, and nothing more. Buckets with something in them stay when
their stack goes. Nothing else is changed.
"""

import re
import uuid

from ministack.app import main
from ministack.services import ec2, s3
from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS


def call(action, request):
    """What EC2 answers; a refusal fails the stack, as on AWS."""
    status, _, body = action({name: [str(value)] for name, value in request.items()})
    text = body.decode() if isinstance(body, bytes) else body
    if status >= 300:
        raise ValueError(text)
    return text


def tags(kind, properties):
    request = {"TagSpecification.1.ResourceType": kind}
    for number, tag in enumerate(properties.get("Tags", []), 1):
        request[f"TagSpecification.1.Tag.{number}.Key"] = tag["Key"]
        request[f"TagSpecification.1.Tag.{number}.Value"] = tag["Value"]
    return request


def make_address(_name, properties, _stack):
    made = call(ec2._allocate_address, {"Domain": properties["Domain"], **tags("elastic-ip", properties)})
    number, address = (re.search(f"<{tag}>(.*?)</{tag}>", made)[1] for tag in ("allocationId", "publicIp"))
    return address, {"AllocationId": number, "PublicIp": address}


def drop_address(address, _properties):
    for number, one in list(ec2._addresses.items()):
        if one["PublicIp"] == address:
            call(ec2._release_address, {"AllocationId": number})


def make_gateway(_name, properties, _stack):
    wanted = {name: properties[name] for name in ("SubnetId", "AllocationId")}
    made = call(ec2._create_nat_gateway, {**wanted, **tags("natgateway", properties)})
    number = re.search("<natGatewayId>(.*?)</natGatewayId>", made)[1]
    return number, {"NatGatewayId": number}


def drop_gateway(number, _properties):
    call(ec2._delete_nat_gateway, {"NatGatewayId": number})


def rule(properties, other):
    request = {
        "GroupId": properties["GroupId"],
        "IpPermissions.1.IpProtocol": properties["IpProtocol"],
        "IpPermissions.1.FromPort": properties["FromPort"],
        "IpPermissions.1.ToPort": properties["ToPort"],
    }
    if other in properties:
        request["IpPermissions.1.Groups.1.GroupId"] = properties[other]
    else:
        request["IpPermissions.1.IpRanges.1.CidrIp"] = properties["CidrIp"]
    return request


def rules(add, remove, other):
    def make(_name, properties, _stack):
        number = re.search("<securityGroupRuleId>(.*?)</securityGroupRuleId>", call(add, rule(properties, other)))[1]
        return number, {"Id": number}

    def drop(_number, properties):
        if properties["GroupId"] in ec2._security_groups:
            call(remove, rule(properties, other))

    return {"create": make, "delete": drop}


_RESOURCE_HANDLERS.setdefault("AWS::EC2::EIP", {"create": make_address, "delete": drop_address})
_RESOURCE_HANDLERS.setdefault("AWS::EC2::NatGateway", {"create": make_gateway, "delete": drop_gateway})
_RESOURCE_HANDLERS.setdefault(
    "AWS::EC2::SecurityGroupIngress",
    rules(ec2._authorize_sg_ingress, ec2._revoke_sg_ingress, "SourceSecurityGroupId"),
)
_RESOURCE_HANDLERS.setdefault(
    "AWS::EC2::SecurityGroupEgress",
    rules(ec2._authorize_sg_egress, ec2._revoke_sg_egress, "DestinationSecurityGroupId"),
)


def taken_over(kind, identifier, there):
    """What EC2 has becomes a stack's under its own id; what it does not have fails the import."""

    def take(said):
        number = said[identifier]
        if number not in there():
            raise ValueError(f"Resource of type '{kind}' with identifier '{number}' was not found.")
        return number, {identifier: number}

    _RESOURCE_HANDLERS[kind].setdefault("import", take)


def associations():
    return {one["RouteTableAssociationId"] for table in ec2._route_tables.values() for one in table["Associations"]}


taken_over("AWS::EC2::VPC", "VpcId", lambda: ec2._vpcs)
taken_over("AWS::EC2::Subnet", "SubnetId", lambda: ec2._subnets)
taken_over("AWS::EC2::RouteTable", "RouteTableId", lambda: ec2._route_tables)
taken_over("AWS::EC2::SubnetRouteTableAssociation", "Id", associations)


def numbered(prefix):
    def make(_name, _properties, _stack):
        number = prefix + uuid.uuid4().hex[:17]
        return number, {"Id": number}

    return {"create": make, "delete": lambda _number, _properties: None}


for kind, prefix in {
    "": "tgw-",
    "Attachment": "tgw-attach-",
    "Route": "tgw-route-",
    "RouteTable": "tgw-rtb-",
    "RouteTableAssociation": "tgw-assoc-",
    "RouteTablePropagation": "tgw-prop-",
}.items():
    _RESOURCE_HANDLERS.setdefault("AWS::EC2::TransitGateway" + kind, numbered(prefix))

# A bucket that holds something stays, and fails the removal of its stack, as on AWS.
store = _RESOURCE_HANDLERS["AWS::S3::Bucket"]
drop_bucket = store["delete"]


def drop_empty_bucket(name, properties):
    if s3._buckets.get(name, {}).get("objects"):
        raise ValueError("The bucket you tried to delete is not empty")
    drop_bucket(name, properties)


store["delete"] = drop_empty_bucket

if __name__ == "__main__":
    main()
