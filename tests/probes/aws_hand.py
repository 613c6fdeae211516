"""Somebody changes by hand what hodman keeps in AWS, with AWS's own client, and the news of it comes through a queue.

`aws_hand.py URL REGION queue NAME` makes a queue and prints its address; `… role NAME TEXT` gives a role another description, `…
bucket NAME` takes a bucket's policy away, `… look-role NAME` and `… look-bucket NAME` print the description and whether there is a policy;
`… keep-logs GROUP DAYS` changes how long a log group is kept, `… remove-bucket NAME` and `… make-bucket NAME` take an empty bucket
away and make one; `… stack NAME TEMPLATE KEY=VALUE …` makes a stack, `… look-stack NAME` prints its parameters as JSON; `… put BUCKET KEY` puts
something into a bucket; `… send QUEUE MESSAGE` puts a message into a queue.
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
    client("s3").put_object(Bucket=rest[0], Key=rest[1], Body=b"something")
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
