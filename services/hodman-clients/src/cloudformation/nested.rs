//! Stacks in a stack: their change sets, and where they are.

use aws_sdk_cloudformation::types::ChangeSetStatus;
use serde_json::Value;

use super::{CloudFormation, StackError};
use crate::aws::AwsError;

/// The type of a stack in a stack.
pub(super) const NESTED: &str = "AWS::CloudFormation::Stack";

/// How deep stacks lie in each other at most: more than anybody has.
const DEPTH: usize = 16;

impl CloudFormation {
    /// Puts the changes inside of nested stacks beside what is said of these, where AWS made change sets of their own.
    pub(super) async fn look_into(&self, changes: &mut Value) -> Result<(), StackError> {
        self.look_down(changes, 0).await
    }

    async fn look_down(&self, changes: &mut Value, depth: usize) -> Result<(), StackError> {
        for entry in changes.as_array_mut().into_iter().flatten() {
            let change = &mut entry["ResourceChange"];
            let Some(id) = change["ChangeSetId"].as_str().filter(|_| depth < DEPTH) else {
                continue;
            };
            let mut read = self.over(None, id, "").await?;
            if read.status == Some(ChangeSetStatus::CreateComplete) {
                Box::pin(self.look_down(&mut read.set.changes, depth + 1)).await?;
            } else if read.says_nothing_to_do() {
                read.set.changes = Value::Array(Vec::new());
            } else {
                // It says no more than that something is wrong; what is in there is not known.
                continue;
            }
            change["Nested"] = read.set.changes;
        }
        Ok(())
    }

    /// The stacks in a stack: the name of each in the template, and its id.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn nested(&self, stack: &str) -> Result<Vec<(String, String)>, StackError> {
        let mut found = Vec::new();
        let mut next = None;
        loop {
            let asked = self.client.list_stack_resources().stack_name(stack);
            let page = asked.set_next_token(next).send().await;
            let page =
                page.map_err(|error| AwsError::from_sdk("ListStackResources", stack, error))?;
            for resource in page.stack_resource_summaries.unwrap_or_default() {
                let nested = resource.resource_type.as_deref() == Some(NESTED);
                let is_there = resource.physical_resource_id.filter(|_| nested);
                found.extend(
                    is_there.map(|id| (resource.logical_resource_id.unwrap_or_default(), id)),
                );
            }
            next = page.next_token;
            if next.is_none() {
                found.sort();
                return Ok(found);
            }
        }
    }
}
