//! Which types hold what cannot be made again.

use super::{StackAction, StackRules};
use crate::kinds::Reversibility;

/// Types of which removal loses data or an identity that others hold on to. Both engines' names for the same things.
const STATEFUL: &[&str] = &[
    "aws_s3_bucket",
    "aws_s3_object",
    "aws_kms_key",
    "aws_kms_external_key",
    "aws_db_instance",
    "aws_rds_cluster",
    "aws_dynamodb_table",
    "aws_ebs_volume",
    "aws_efs_file_system",
    "aws_secretsmanager_secret",
    "aws_cloudwatch_log_group",
    "aws_sqs_queue",
    "databricks_catalog",
    "databricks_directory",
    "databricks_git_credential",
    "databricks_metastore",
    "databricks_mlflow_experiment",
    "databricks_mws_workspaces",
    "databricks_notebook",
    "databricks_registered_model",
    "databricks_schema",
    "databricks_secret_scope",
    "databricks_sql_table",
    "databricks_vector_search_index",
    "databricks_volume",
    "AWS::S3::Bucket",
    "AWS::KMS::Key",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
    "AWS::SQS::Queue",
    // What is inside a nested stack is not known from outside.
    "AWS::CloudFormation::Stack",
];

pub(super) fn reversibility(
    kind: &str,
    action: StackAction,
    kept: bool,
    rules: &StackRules,
) -> Reversibility {
    if !action.removes() || kept {
        return Reversibility::Reversible;
    }
    if STATEFUL.contains(&kind) || rules.stateful_types.contains(kind) {
        return Reversibility::Irreversible {
            loses: format!("what the {kind} holds"),
        };
    }
    Reversibility::Compensable {
        loses: "its id, and what others keep under it".to_owned(),
    }
}
