"""Somebody changes by hand what hodman keeps in AWS, with AWS's own client, and the news of it comes through a queue.

`aws_hand.py URL REGION queue NAME` makes a queue and prints its address; `… role NAME TEXT` gives a role another description, `…
bucket NAME` takes a bucket's policy away, `… look-role NAME` and `… look-bucket NAME` print the description and whether there is a policy;
`… send QUEUE MESSAGE` puts a message into a queue.
"""

import sys

import boto3
import botocore.exceptions

url, region, what, *rest = sys.argv[1:]


def client(service):
    return boto3.client(
        service, endpoint_url=url, region_name=region, aws_access_key_id="test", aws_secret_access_key="test"
    )


if what == "queue":
    print(client("sqs").create_queue(QueueName=rest[0])["QueueUrl"])
elif what == "send":
    client("sqs").send_message(QueueUrl=rest[0], MessageBody=rest[1])
elif what == "role":
    client("iam").update_role(RoleName=rest[0], Description=rest[1])
elif what == "bucket":
    client("s3").delete_bucket_policy(Bucket=rest[0])
elif what == "look-role":
    print(client("iam").get_role(RoleName=rest[0])["Role"].get("Description", ""))
elif what == "look-bucket":
    try:
        client("s3").get_bucket_policy(Bucket=rest[0])
        print("a policy")
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
            raise
        print("no policy")
else:
    sys.exit(f"not known: {what}")
