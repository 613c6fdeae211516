# Not planned here: the tests have no provider but the built-in one.
terraform {
  backend "s3" {}
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.0"
    }
    databricks = {
      source  = "databricks/databricks"
      version = "~> 1.90"
    }
  }
}

variable "name" {
  type = string
}

variable "region" {
  type = string
}

variable "account_id" {
  type = string
}

provider "aws" {
  region = var.region
}

# DATABRICKS_CLIENT_ID and DATABRICKS_CLIENT_SECRET are in the identity that the daemon's settings give.
provider "databricks" {
  host       = "https://accounts.cloud.databricks.com"
  account_id = var.account_id
}

data "databricks_aws_assume_role_policy" "this" {
  external_id = var.account_id
}

data "databricks_aws_crossaccount_policy" "this" {}

data "databricks_aws_bucket_policy" "this" {
  bucket = aws_s3_bucket.root.bucket
}

resource "aws_iam_role" "databricks" {
  name               = "${var.name}-databricks"
  assume_role_policy = data.databricks_aws_assume_role_policy.this.json
}

resource "aws_iam_role_policy" "databricks" {
  role   = aws_iam_role.databricks.id
  policy = data.databricks_aws_crossaccount_policy.this.json
}

resource "aws_s3_bucket" "root" {
  bucket = "${var.name}-root"
}

resource "aws_s3_bucket_policy" "root" {
  bucket = aws_s3_bucket.root.id
  policy = data.databricks_aws_bucket_policy.this.json
}

resource "databricks_mws_credentials" "this" {
  credentials_name = var.name
  role_arn         = aws_iam_role.databricks.arn
  depends_on       = [aws_iam_role_policy.databricks]
}

resource "databricks_mws_storage_configurations" "this" {
  account_id                 = var.account_id
  storage_configuration_name = var.name
  bucket_name                = aws_s3_bucket.root.bucket
  depends_on                 = [aws_s3_bucket_policy.root]
}

resource "databricks_mws_workspaces" "this" {
  account_id               = var.account_id
  workspace_name           = var.name
  aws_region               = var.region
  credentials_id           = databricks_mws_credentials.this.credentials_id
  storage_configuration_id = databricks_mws_storage_configurations.this.storage_configuration_id
}

output "host" {
  value = databricks_mws_workspaces.this.workspace_url
}
