# Needs no provider. Its state lies where the daemon's settings say (`terraform.<name>.backend`).
terraform {
  backend "s3" {}
}

variable "team" {
  type = string
}

variable "environment" {
  type = string
}

resource "terraform_data" "names" {
  input = {
    workspace = "${var.team}-${var.environment}"
    role      = "${var.team}-${var.environment}-databricks"
    bucket    = "${var.team}-${var.environment}-root"
  }
}

output "workspace" {
  value = terraform_data.names.output.workspace
}

output "role" {
  value = terraform_data.names.output.role
}

output "bucket" {
  value = terraform_data.names.output.bucket
}
