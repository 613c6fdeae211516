"""Prints as JSON what an AWS account has, by AWS's own client: `aws_objects.py URL REGION KEY`.

KEY is the account's number, which that server takes for an access key. Roles and buckets with all of their settings, stacks with
their parameters, keys and log groups by how long they are kept.
"""

import json
import sys

import boto3
import botocore.exceptions

url, region, key = sys.argv[1:]


def client(service):
    return boto3.client(
        service, endpoint_url=url, region_name=region, aws_access_key_id=key, aws_secret_access_key="test"
    )


iam, s3, cloudformation, logs = (client(name) for name in ("iam", "s3", "cloudformation", "logs"))


def tags(pairs):
    return {one["Key"]: one["Value"] for one in pairs if not one["Key"].startswith("hodman_")}


def role(name):
    one = iam.get_role(RoleName=name)["Role"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return {
        "path": one["Path"],
        "description": one.get("Description", ""),
        "max_session_duration": one["MaxSessionDuration"],
        "boundary": one.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
        "trust": one["AssumeRolePolicyDocument"],
        "inline": {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline
        },
        "attached": sorted(policy["PolicyArn"] for policy in attached),
        "tags": tags(one.get("Tags", [])),
        "ours": any(tag["Key"] == "hodman_key" for tag in one.get("Tags", [])),
    }


def setting(call, none, **arguments):
    try:
        return call(**arguments)
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != none:
            raise
        return None


def bucket(name):
    policy = setting(s3.get_bucket_policy, "NoSuchBucketPolicy", Bucket=name)
    block = setting(s3.get_public_access_block, "NoSuchPublicAccessBlockConfiguration", Bucket=name)
    owned = setting(s3.get_bucket_ownership_controls, "OwnershipControlsNotFoundError", Bucket=name)
    tagged = setting(s3.get_bucket_tagging, "NoSuchTagSet", Bucket=name)
    rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    all_tags = tagged["TagSet"] if tagged else []
    return {
        "policy": json.loads(policy["Policy"]) if policy else None,
        "block": block["PublicAccessBlockConfiguration"] if block else None,
        "ownership": owned["OwnershipControls"]["Rules"][0]["ObjectOwnership"] if owned else None,
        "encryption": [default["SSEAlgorithm"], default.get("KMSMasterKeyID"), bool(rules[0].get("BucketKeyEnabled"))],
        "versioning": s3.get_bucket_versioning(Bucket=name).get("Status"),
        "tags": tags(all_tags),
        "ours": any(tag["Key"] == "hodman_key" for tag in all_tags),
    }


def stack(one):
    parameters = {each["ParameterKey"]: each["ParameterValue"] for each in one.get("Parameters", [])}
    return {"status": one["StackStatus"], "parameters": parameters}


stacks = [one for one in cloudformation.describe_stacks()["Stacks"] if one["StackStatus"] != "DELETE_COMPLETE"]
print(
    json.dumps(
        {
            "roles": {one["RoleName"]: role(one["RoleName"]) for one in iam.list_roles()["Roles"]},
            "buckets": {one["Name"]: bucket(one["Name"]) for one in s3.list_buckets()["Buckets"]},
            "stacks": {one["StackName"]: stack(one) for one in stacks},
            "logs": {one["logGroupName"]: one.get("retentionInDays") for one in logs.describe_log_groups()["logGroups"]},
        }
    )
)
