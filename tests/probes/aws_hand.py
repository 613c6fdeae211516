"""Somebody changes by hand what hodman keeps in AWS, with AWS's own client, and the news of it comes through a queue.

`aws_hand.py URL REGION queue NAME` makes a queue and prints its address; `… role NAME TEXT` gives a role another description, `…
bucket NAME` takes a bucket's policy away, `… look-role NAME` and `… look-bucket NAME` print the description and whether there is a policy;
`… keep-logs GROUP DAYS` changes how long a log group is kept, `… remove-bucket NAME` and `… make-bucket NAME` take an empty bucket
away and make one; `… stack NAME TEMPLATE KEY=VALUE …` makes a stack, `… look-stack NAME` prints its parameters as JSON; `… put BUCKET KEY TEXT` puts something into a bucket, `… take BUCKET KEY` takes it out,
`… list BUCKET` prints the keys; `… make-logs GROUP DAYS` makes a log group with a stream, `… look-logs GROUP` prints how long it is kept and its streams;
`… make-network CIDR SUBNET SUBNET` makes a VPC with two subnets, each with a route table of its own, and prints what Terraform's state says of
such; `… look-networks CIDR` prints the VPCs with that range and their subnets; `… status STACK` prints what there is of a stack as JSON, `… review STACK TEMPLATE` leaves a change set that would make one, `… protect STACK yes|no` gives
it termination protection or takes it, `… remove-stack STACK` begins to remove it and waits for the end; `… tag-stack STACK KEY VALUE` gives it one more tag;
 `… send QUEUE MESSAGE` puts a message into a queue.
"""

import json
import sys

import boto3
import botocore.exceptions

url, region, what, *rest = sys.argv[1:]


def client(service):
    return boto3.client(
        service, endpoint_url=url, region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
    )


def bucket_policy(s3, name):
    try:
        return json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        return None


def status(cloudformation, name):
    """What there is of a stack; nothing when there is none."""
    try:
        found = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except botocore.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        return None
    resources = cloudformation.list_stack_resources(StackName=name)["StackResourceSummaries"]
    return {
        "status": found["StackStatus"],
        "tags": {one["Key"]: one["Value"] for one in found.get("Tags", [])},
        "outputs": {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", [])},
        "resources": sorted(one["LogicalResourceId"] for one in resources),
        "ids": {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources},
    }


if what == "queue":
    print(client("sqs").create_queue(QueueName=rest[0])["QueueUrl"])
elif what == "send":
    client("sqs").send_message(QueueUrl=rest[0], MessageBody=rest[1])
elif what == "role":
    client("iam").update_role(RoleName=rest[0], Description=rest[1])
elif what == "bucket":
    client("s3").delete_bucket_policy(Bucket=rest[0])
elif what == "keep-logs":
    client("logs").put_retention_policy(logGroupName=rest[0], retentionInDays=int(rest[1]))
elif what == "remove-bucket":
    client("s3").delete_bucket(Bucket=rest[0])
elif what == "make-bucket":
    client("s3").create_bucket(Bucket=rest[0], CreateBucketConfiguration={"LocationConstraint": region})
elif what == "put":
    client("s3").put_object(Bucket=rest[0], Key=rest[1], Body=(rest[2] if len(rest) > 2 else "something").encode())
elif what == "take":
    client("s3").delete_object(Bucket=rest[0], Key=rest[1])
elif what == "list":
    print("\n".join(one["Key"] for one in client("s3").list_objects_v2(Bucket=rest[0]).get("Contents", [])))
elif what == "make-logs":
    logs = client("logs")
    logs.create_log_group(logGroupName=rest[0])
    logs.put_retention_policy(logGroupName=rest[0], retentionInDays=int(rest[1]))
    logs.create_log_stream(logGroupName=rest[0], logStreamName="made by hand")
elif what == "look-logs":
    logs = client("logs")
    group = logs.describe_log_groups(logGroupNamePrefix=rest[0])["logGroups"][0]
    kept = logs.describe_log_streams(logGroupName=rest[0])["logStreams"]
    print(f"{group['retentionInDays']} days, kept: {', '.join(one['logStreamName'] for one in kept)}")
elif what == "make-network":
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock=rest[0])["Vpc"]["VpcId"]
    made = [("aws_vpc", "main", {"id": vpc, "cidr_block": rest[0]})]
    for number, cidr in enumerate(rest[1:], 1):
        zone = f"{region}{'abc'[number - 1]}"
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        both = {"subnet_id": subnet, "route_table_id": table}
        joined = ec2.associate_route_table(SubnetId=subnet, RouteTableId=table)["AssociationId"]
        name = f"s{number}"
        made += [
            ("aws_subnet", name, {"id": subnet, "vpc_id": vpc, "cidr_block": cidr, "availability_zone": zone}),
            ("aws_route_table", name, {"id": table, "vpc_id": vpc}),
            ("aws_route_table_association", name, {"id": joined, **both}),
        ]
    resources = [
        {"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": said}]} for kind, name, said in made
    ]
    print(json.dumps({"version": 4, "resources": resources}))
elif what == "look-networks":
    ec2 = client("ec2")
    vpcs = ec2.describe_vpcs(Filters=[{"Name": "cidr", "Values": [rest[0]]}])["Vpcs"]
    vpcs = sorted(one["VpcId"] for one in vpcs if one["CidrBlock"] == rest[0])
    subnets = [one for one in ec2.describe_subnets()["Subnets"] if one["VpcId"] in vpcs]
    print(json.dumps({"vpcs": vpcs, "subnets": sorted(one["SubnetId"] for one in subnets)}))
elif what == "status":
    print(json.dumps(status(client("cloudformation"), rest[0])))
elif what == "review":
    client("cloudformation").create_change_set(
        StackName=rest[0],
        ChangeSetName="looked-at",
        ChangeSetType="CREATE",
        TemplateBody=rest[1],
        Parameters=[{"ParameterKey": "Name", "ParameterValue": rest[0]}],
    )
elif what == "protect":
    client("cloudformation").update_termination_protection(
        StackName=rest[0], EnableTerminationProtection=rest[1] == "yes"
    )
elif what == "remove-stack":
    cloudformation = client("cloudformation")
    cloudformation.delete_stack(StackName=rest[0])
    while status(cloudformation, rest[0])["status"] in ("CREATE_COMPLETE", "DELETE_IN_PROGRESS"):
        pass
elif what == "tag-stack":
    cloudformation = client("cloudformation")
    found = cloudformation.describe_stacks(StackName=rest[0])["Stacks"][0]
    cloudformation.update_stack(
        StackName=rest[0],
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in found.get("Parameters", [])],
        Tags=[*found.get("Tags", []), {"Key": rest[1], "Value": rest[2]}],
    )
    while status(cloudformation, rest[0])["status"].endswith("_IN_PROGRESS"):
        pass
elif what == "stack":
    parameters = [one.split("=", 1) for one in rest[2:]]
    client("cloudformation").create_stack(
        StackName=rest[0],
        TemplateBody=rest[1],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters],
    )
elif what == "look-stack":
    found = client("cloudformation").describe_stacks(StackName=rest[0])["Stacks"][0]
    print(json.dumps({one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", [])}))
elif what == "look-role":
    print(client("iam").get_role(RoleName=rest[0])["Role"].get("Description", ""))
elif what == "look-bucket":
    print("a policy" if bucket_policy(client("s3"), rest[0]) else "no policy")
else:
    sys.exit(f"not known: {what}")
