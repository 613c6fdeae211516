"""Makes a role, a bucket and a stack as somebody would by hand, with AWS's own client:
`aws_by_hand.py URL REGION ROLE NAME BUCKET STACK TEMPLATE`.

ROLE is taken first, so that all lie in its account. TEMPLATE is the stack's own text.
"""

import json
import sys

import boto3

url, region, own, name, bucket, stack, template = sys.argv[1:]
keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
sts = boto3.client("sts", endpoint_url=url, region_name=region, **keys)
taken = sts.assume_role(RoleArn=own, RoleSessionName="by-hand")["Credentials"]
keys = {
    "aws_access_key_id": taken["AccessKeyId"],
    "aws_secret_access_key": taken["SecretAccessKey"],
    "aws_session_token": taken["SessionToken"],
}
trust = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::414351767826:root"}}],
}
iam = boto3.client("iam", endpoint_url=url, region_name=region, **keys)
role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust), Tags=[{"Key": "team", "Value": "data"}])
s3 = boto3.client("s3", endpoint_url=url, region_name=region, **keys)
s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
s3.put_object(Bucket=bucket, Key="kept", Body=b"what was there before")
cloudformation = boto3.client("cloudformation", endpoint_url=url, region_name=region, **keys)
cloudformation.create_stack(StackName=stack, TemplateBody=template)
print(json.dumps({"arn": role["Role"]["Arn"]}))
