"""What is left of hodman's own in an AWS account, with AWS's own client: `aws_left.py URL REGION ROLE PREFIX`.

Stacks whose names begin with PREFIX, VPCs but for AWS's own, and keys, as JSON.
"""

import json
import sys

import boto3

url, region, role, prefix = sys.argv[1:]
keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
sts = boto3.client("sts", endpoint_url=url, region_name=region, **keys)
taken = sts.assume_role(RoleArn=role, RoleSessionName="look")["Credentials"]
keys = {
    "aws_access_key_id": taken["AccessKeyId"],
    "aws_secret_access_key": taken["SecretAccessKey"],
    "aws_session_token": taken["SessionToken"],
}


def client(service):
    return boto3.client(service, endpoint_url=url, region_name=region, **keys)


stacks = [
    one["StackName"]
    for page in client("cloudformation").get_paginator("list_stacks").paginate()
    for one in page["StackSummaries"]
    if one["StackStatus"] != "DELETE_COMPLETE" and one["StackName"].startswith(prefix)
]
vpcs = [one["VpcId"] for one in client("ec2").describe_vpcs()["Vpcs"] if not one.get("IsDefault")]
print(json.dumps({"stacks": stacks, "vpcs": vpcs, "keys": [one["KeyId"] for one in client("kms").list_keys()["Keys"]]}))
