"""Drives the AWS that only counts by the official client: every operation that it has, and its refusals.

aws_counted.py URL OUT.json
"""

import json
import logging
import pathlib
import sys
import uuid

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

URL, OUT = sys.argv[1:3]


def client(service):
    return boto3.client(
        service,
        endpoint_url=URL,
        region_name="eu-west-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
        config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}),
    )


iam, s3, sts, cloudformation = (client(name) for name in ("iam", "s3", "sts", "cloudformation"))
POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Sid": "a+b & <c>"}]}
PAIRS = [{"Key": "team", "Value": "R&D"}, {"Key": "empty", "Value": ""}]
TEMPLATE = """\
Parameters:
  Size: {Type: Number}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties:
      CidrBlock: 10.0.0.0/16  # <&>
  Subnet:
    Type: AWS::EC2::Subnet
Outputs:
  VpcId:
    Value: !Ref Vpc
"""


class Wrong(Exception):
    """The server answered, but not what it should."""


def same(found, wanted):
    if found != wanted:
        raise Wrong(f"{found!r} is not {wanted!r}")


def refused(code, call, saying="", **arguments):
    try:
        answer = call(**arguments)
    except ClientError as error:
        same(error.response["Error"]["Code"], code)
        if saying not in str(error):
            raise Wrong(f"refused with other words: {error}") from error
        return
    raise Wrong(f"not refused: {answer}")


def name(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


CHECKS = []


def check(title):
    def register(function):
        CHECKS.append((title, function))
        return function

    return register


def role(**more):
    made = name("role")
    iam.create_role(RoleName=made, AssumeRolePolicyDocument=json.dumps(POLICY), Tags=PAIRS, **more)
    return made


def shown(one):
    return iam.get_role(RoleName=one)["Role"]


@check("sts.keys_of_a_role")
def _():
    arn = "arn:aws:iam::000000000000:role/r"
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="hodman-qa")["Credentials"]
    same(keys["SessionToken"], "hodman-qa")
    same(keys["Expiration"].tzinfo is not None, True)


@check("iam.a_role_as_it_was_made")
def _():
    made = role(Path="/p/", Description="of <us>", MaxSessionDuration=7200)
    found = shown(made)
    same(found["Arn"], f"arn:aws:iam::000000000000:role/p/{made}")
    same(found["AssumeRolePolicyDocument"], POLICY)
    same((found["Path"], found["Description"], found["MaxSessionDuration"]), ("/p/", "of <us>", 7200))
    same(sorted(tag["Key"] for tag in found["Tags"]), ["empty", "team"])
    same(next(tag["Value"] for tag in found["Tags"] if tag["Key"] == "team"), "R&D")
    plain = shown(role())
    same((plain["Path"], plain.get("Description", ""), plain["MaxSessionDuration"]), ("/", "", 3600))
    same(found["RoleId"] == plain["RoleId"], False)
    refused("EntityAlreadyExists", iam.create_role, RoleName=made, AssumeRolePolicyDocument="{}")
    refused("NoSuchEntity", iam.get_role, RoleName="none")


@check("iam.policies_of_a_role")
def _():
    made = role()
    same(iam.list_role_policies(RoleName=made)["PolicyNames"], [])
    iam.put_role_policy(RoleName=made, PolicyName="inside", PolicyDocument=json.dumps(POLICY))
    same(iam.list_role_policies(RoleName=made)["PolicyNames"], ["inside"])
    same(iam.get_role_policy(RoleName=made, PolicyName="inside")["PolicyDocument"], POLICY)
    same(iam.list_attached_role_policies(RoleName=made)["AttachedPolicies"], [])
    refused("NoSuchEntity", iam.get_role_policy, RoleName=made, PolicyName="none")


def bucket():
    made = name("bucket")
    s3.create_bucket(Bucket=made, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    return made


@check("s3.a_bucket_is_made_once")
def _():
    refused("404", s3.head_bucket, Bucket="none")
    for call in (s3.get_bucket_tagging, s3.get_bucket_policy, s3.get_bucket_versioning):
        refused("NoSuchBucket", call, Bucket="none")
    made = bucket()
    s3.head_bucket(Bucket=made)
    refused(
        "BucketAlreadyOwnedByYou",
        s3.create_bucket,
        Bucket=made,
        CreateBucketConfiguration={"LocationConstraint": "eu-west-1"},
    )


@check("s3.a_new_bucket_is_as_aws_makes_it")
def _():
    made = bucket()
    refused("NoSuchBucketPolicy", s3.get_bucket_policy, Bucket=made)
    refused("NoSuchTagSet", s3.get_bucket_tagging, Bucket=made)
    rules = s3.get_bucket_encryption(Bucket=made)["ServerSideEncryptionConfiguration"]["Rules"]
    same(rules[0]["ApplyServerSideEncryptionByDefault"], {"SSEAlgorithm": "AES256"})
    block = s3.get_public_access_block(Bucket=made)["PublicAccessBlockConfiguration"]
    same((len(block), all(block.values())), (4, True))
    owned = s3.get_bucket_ownership_controls(Bucket=made)["OwnershipControls"]["Rules"]
    same(owned, [{"ObjectOwnership": "BucketOwnerEnforced"}])
    same(s3.get_bucket_versioning(Bucket=made).get("Status"), None)


@check("s3.settings_are_given_back")
def _():
    made = bucket()
    s3.put_bucket_policy(Bucket=made, Policy=json.dumps(POLICY))
    s3.put_bucket_tagging(Bucket=made, Tagging={"TagSet": PAIRS})
    s3.put_bucket_versioning(Bucket=made, VersioningConfiguration={"Status": "Enabled"})
    block = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": False,
        "BlockPublicPolicy": True,
        "RestrictPublicBuckets": False,
    }
    s3.put_public_access_block(Bucket=made, PublicAccessBlockConfiguration=block)
    owned = {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    s3.put_bucket_ownership_controls(Bucket=made, OwnershipControls=owned)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:eu-west-1:000000000000:key/1"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default, "BucketKeyEnabled": True}]}
    s3.put_bucket_encryption(Bucket=made, ServerSideEncryptionConfiguration=rules)
    same(json.loads(s3.get_bucket_policy(Bucket=made)["Policy"]), POLICY)
    same(s3.get_bucket_tagging(Bucket=made)["TagSet"], PAIRS)
    same(s3.get_bucket_versioning(Bucket=made)["Status"], "Enabled")
    same(s3.get_public_access_block(Bucket=made)["PublicAccessBlockConfiguration"], block)
    same(s3.get_bucket_ownership_controls(Bucket=made)["OwnershipControls"], owned)
    same(s3.get_bucket_encryption(Bucket=made)["ServerSideEncryptionConfiguration"], rules)


def propose(stack, change, **more):
    arguments = {
        "ChangeSetType": "CREATE",
        "TemplateBody": TEMPLATE,
        "Parameters": [{"ParameterKey": "Size", "ParameterValue": "1"}],
        "Tags": [{"Key": "team", "Value": "R&D"}],
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Description": "for <us>",
        **more,
    }
    made = cloudformation.create_change_set(StackName=stack, ChangeSetName=change, **arguments)
    return made["Id"]


def described(one):
    return cloudformation.describe_stacks(StackName=one)["Stacks"][0]


@check("cloudformation.a_change_set_makes_a_stack")
def _():
    made, first = name("stack"), name("set")
    refused("ValidationError", cloudformation.describe_stacks, "does not exist", StackName=made)
    refused("ChangeSetNotFound", cloudformation.describe_change_set, StackName=made, ChangeSetName=first)
    refused("ValidationError", lambda: propose(made, first, TemplateBody="{}"), "Resources")
    change = propose(made, first)
    found = described(made)
    same((found["StackStatus"], found.get("Tags", [])), ("REVIEW_IN_PROGRESS", []))
    refused("AlreadyExistsException", lambda: propose(made, first))
    found = cloudformation.describe_change_set(StackName=made, ChangeSetName=first)
    same((found["Status"], found["ExecutionStatus"], found["Description"]), ("CREATE_COMPLETE", "AVAILABLE", "for <us>"))
    changes = [one["ResourceChange"] for one in found["Changes"]]
    same([(one["Action"], one["LogicalResourceId"]) for one in changes], [("Add", "Vpc"), ("Add", "Subnet")])
    same(changes[0]["ResourceType"], "AWS::EC2::VPC")
    listed = cloudformation.list_change_sets(StackName=made)["Summaries"]
    same([(one["ChangeSetName"], one["Description"]) for one in listed], [(first, "for <us>")])
    same(cloudformation.describe_stack_events(StackName=made)["StackEvents"], [])
    cloudformation.execute_change_set(ChangeSetName=change, ClientRequestToken="token-1")
    found = cloudformation.describe_change_set(ChangeSetName=change)
    same(found["ExecutionStatus"], "EXECUTE_COMPLETE")
    refused("InvalidChangeSetStatus", cloudformation.execute_change_set, ChangeSetName=change)
    events = cloudformation.describe_stack_events(StackName=made)["StackEvents"]
    same([one["ClientRequestToken"] for one in events], ["token-1"])


def stack():
    made, first = name("stack"), name("set")
    cloudformation.execute_change_set(ChangeSetName=propose(made, first))
    return made


@check("cloudformation.a_stack_as_it_was_told_to_be")
def _():
    made = stack()
    found = described(made)
    same((found["StackStatus"], described(found["StackId"])["StackName"]), ("CREATE_COMPLETE", made))
    same(found["Parameters"], [{"ParameterKey": "Size", "ParameterValue": "1"}])
    same(found["Outputs"], [{"OutputKey": "VpcId", "OutputValue": f"{made}-VpcId"}])
    same((found["Tags"], found["Capabilities"]), ([{"Key": "team", "Value": "R&D"}], ["CAPABILITY_NAMED_IAM"]))
    same(cloudformation.get_template(StackName=made)["TemplateBody"], TEMPLATE)


@check("cloudformation.nobody_changes_anything_inside")
def _():
    made = stack()
    look = cloudformation.detect_stack_drift(StackName=made)["StackDriftDetectionId"]
    found = cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=look)
    same((found["DetectionStatus"], found["StackDriftStatus"]), ("DETECTION_COMPLETE", "IN_SYNC"))
    found = cloudformation.describe_stack_resource_drifts(StackName=made)["StackResourceDrifts"]
    same(
        [(one["LogicalResourceId"], one["StackResourceDriftStatus"]) for one in found],
        [("Vpc", "IN_SYNC"), ("Subnet", "IN_SYNC")],
    )


@check("what_there_is_not_is_refused")
def _():
    refused("NotImplemented", sts.get_caller_identity)
    refused("NotImplemented", s3.get_bucket_website, Bucket=bucket())
    refused("NotImplemented", s3.delete_bucket, Bucket=bucket())
    refused("NotImplemented", iam.delete_role, RoleName=role())
    refused("NotImplemented", cloudformation.delete_stack, StackName=stack())
    refused("NotImplemented", lambda: propose(stack(), name("set"), ChangeSetType="UPDATE"))


def outcome(function):
    try:
        said, status = function(), "works"
    except Wrong as error:
        said, status = error, "WRONG"
    except (ClientError, BotoCoreError) as error:
        said, status = f"{type(error).__name__}: {error}", "ERROR"
    except Exception as error:  # A client that cannot read an answer raises anything.
        said, status = f"{type(error).__name__}: {error}", "ERROR"
    return {"status": status, "detail": None if said is None else str(said)[:300]}


def main():
    logging.disable(logging.CRITICAL)
    report = {title: outcome(function) for title, function in CHECKS}
    for title, result in report.items():
        print(f"{result['status']:8} {title} {result['detail'] or ''}")
    pathlib.Path(OUT).write_text(json.dumps(report))


main()
