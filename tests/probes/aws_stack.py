"""Looks with AWS's own client at what a stack made, and prints it as JSON: `aws_stack.py URL REGION vpc VPC` or `… key ARN`,
or which states keys of a description are in: `… keys DESCRIPTION`.

Ids stand for nothing in a comparison: subnets are called by their Name tag without the stack's name, security groups and
route targets by their kind.
"""

import json
import sys

import boto3

url, region, what, name = sys.argv[1:]


def client(service):
    return boto3.client(
        service, endpoint_url=url, region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
    )


def tag(one):
    full = next((tag["Value"] for tag in one.get("Tags", []) if tag["Key"] == "Name"), "")
    return full.split("/")[-1]


def port(rule):
    return f"{rule['IpProtocol']} {rule.get('FromPort')}-{rule.get('ToPort')}"


def rules(permissions, groups):
    found = []
    for rule in permissions:
        others = [one["CidrIp"] for one in rule["IpRanges"]]
        others += [groups.get(one["GroupId"], "?") for one in rule["UserIdGroupPairs"]]
        found += [f"{port(rule)} {other}" for other in others]
    return sorted(found)


def vpc():
    ec2 = client("ec2")
    inside = [{"Name": "vpc-id", "Values": [name]}]
    attribute = lambda which, key: ec2.describe_vpc_attribute(VpcId=name, Attribute=which)[key]["Value"]
    groups = [one for one in ec2.describe_security_groups(Filters=inside)["SecurityGroups"] if tag(one)]
    names = {one["GroupId"]: tag(one) for one in groups}
    subnets = {one["SubnetId"]: one for one in ec2.describe_subnets(Filters=inside)["Subnets"]}
    gateways = {one["NatGatewayId"]: one for one in ec2.describe_nat_gateways()["NatGateways"] if one["VpcId"] == name}
    ways = {}
    for table in ec2.describe_route_tables(Filters=inside)["RouteTables"]:
        out = [one for one in table["Routes"] if one.get("DestinationCidrBlock") == "0.0.0.0/0"]
        way = "nothing"
        if out and out[0].get("NatGatewayId"):
            way = "nat in " + tag(subnets[gateways[out[0]["NatGatewayId"]]["SubnetId"]])
        elif out and out[0].get("GatewayId", "").startswith("igw-"):
            way = "internet"
        elif out and out[0].get("TransitGatewayId"):
            way = out[0]["TransitGatewayId"]
        for association in table["Associations"]:
            ways[association.get("SubnetId")] = way
    endpoints = [one for one in ec2.describe_vpc_endpoints()["VpcEndpoints"] if one["VpcId"] == name]
    return {
        "dns": [attribute("enableDnsSupport", "EnableDnsSupport"), attribute("enableDnsHostnames", "EnableDnsHostnames")],
        "subnets": {
            tag(one): [one["AvailabilityZone"], one["CidrBlock"], ways.get(number)] for number, one in subnets.items()
        },
        "groups": {
            tag(one): {
                "in": rules(one["IpPermissions"], names),
                "out": rules(one["IpPermissionsEgress"], names),
            }
            for one in groups
        },
        "endpoints": {
            one["ServiceName"]: [
                one["VpcEndpointType"],
                sorted(tag(subnets[number]) for number in one["SubnetIds"]),
                len(one["RouteTableIds"]),
            ]
            for one in endpoints
        },
        "addresses": sorted(one["PublicIp"] for one in ec2.describe_addresses()["Addresses"]),
    }


def key():
    kms = client("kms")
    return {
        "policy": json.loads(kms.get_key_policy(KeyId=name, PolicyName="default")["Policy"]),
        "rotates": kms.get_key_rotation_status(KeyId=name)["KeyRotationEnabled"],
        "state": kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"],
        "aliases": [one["AliasName"] for one in kms.list_aliases(KeyId=name)["Aliases"]],
    }


def keys():
    """The states of keys with this description that nobody has begun to remove."""
    kms = client("kms")
    all_keys = [one["KeyId"] for page in kms.get_paginator("list_keys").paginate() for one in page["Keys"]]
    seen = [kms.describe_key(KeyId=one)["KeyMetadata"] for one in all_keys]
    states = [one["KeyState"] for one in seen if one.get("Description") == name]
    return [state for state in states if state != "PendingDeletion"]


print(json.dumps({"vpc": vpc, "key": key, "keys": keys}[what]()))
