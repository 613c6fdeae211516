//! Execution: of exactly the change set that was shown, to its end, with what failed.

use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::types::ExecutionStatus;

use super::validation::{Of, says_where};
use super::{ChangeSet, CloudFormation, ResourceFailure, StackError, StackInfo};
use crate::aws::AwsError;

impl CloudFormation {
    /// Executes a change set and waits for its end. With the same `token` again, after a crash, it is only waited for.
    ///
    /// # Errors
    /// [`StackError::Obsolete`] when the stack changed since; [`StackError::Failed`] names the resources to blame.
    pub async fn execute(&self, set: &ChangeSet, token: &str) -> Result<StackInfo, StackError> {
        if !self.was_begun(&set.stack_id, token).await? {
            self.begin(set, token).await?;
        }
        // For a moment the stack still has the status of before, which may be a good one.
        let asked = || async move {
            let described = self.client.describe_change_set().change_set_name(&set.id);
            match described.send().await {
                Ok(described) => Ok((!matches!(
                    described.execution_status,
                    Some(ExecutionStatus::Available | ExecutionStatus::ExecuteInProgress)
                ))
                .then_some(())),
                // Removed with the stack's way back, or by the next one.
                Err(error) if error.code() == Some("ChangeSetNotFound") => Ok(Some(())),
                Err(error) => Err(AwsError::from_sdk("DescribeChangeSet", &set.id, error).into()),
            }
        };
        self.until("the execution", &set.stack_id, asked).await?;
        self.settled(&set.stack_id, token).await
    }

    /// Waits until nothing is done to the stack any more, and says how what `token` began has ended.
    ///
    /// # Errors
    /// [`StackError::Failed`] when it did not end well.
    pub async fn settled(&self, stack: &str, token: &str) -> Result<StackInfo, StackError> {
        let asked = || async move {
            let info = self.must_describe(stack).await?;
            // Executing leaves this status a moment later.
            Ok((!info.is_busy() && !info.is_only_reviewed()).then_some(info))
        };
        let info = self.until("the execution", stack, asked).await?;
        if info.is_good() {
            return Ok(info);
        }
        Err(StackError::Failed {
            stack: info.name.clone(),
            status: info.status.clone(),
            failures: self.failures(stack, token).await?,
        })
    }

    async fn begin(&self, set: &ChangeSet, token: &str) -> Result<(), StackError> {
        let obsolete = |status: &str| StackError::Obsolete {
            stack: set.stack_id.clone(),
            change_set: set.id.clone(),
            status: status.to_owned(),
        };
        let described = self.client.describe_change_set().change_set_name(&set.id);
        let described = match described.send().await {
            Ok(described) => described,
            Err(error) if error.code() == Some("ChangeSetNotFound") => {
                return Err(obsolete("gone"));
            }
            Err(error) => {
                return Err(AwsError::from_sdk("DescribeChangeSet", &set.id, error).into());
            }
        };
        match described.execution_status {
            Some(ExecutionStatus::Available) => {}
            // Begun before a crash, so early that no event says so yet.
            Some(ExecutionStatus::ExecuteInProgress | ExecutionStatus::ExecuteComplete) => {
                return Ok(());
            }
            other => {
                return Err(obsolete(
                    other.as_ref().map_or("unknown", |status| status.as_str()),
                ));
            }
        }
        let execute = self
            .client
            .execute_change_set()
            .change_set_name(&set.id)
            .client_request_token(token);
        match execute.send().await {
            Ok(_) => Ok(()),
            Err(error) => match error.code() {
                Some(code @ ("InvalidChangeSetStatus" | "ChangeSetNotFound")) => {
                    Err(obsolete(code))
                }
                _ => Err(AwsError::from_sdk("ExecuteChangeSet", &set.id, error).into()),
            },
        }
    }

    async fn was_begun(&self, stack: &str, token: &str) -> Result<bool, StackError> {
        let events = self.events(stack, token).await?;
        Ok(!events.is_empty())
    }

    async fn failures(&self, stack: &str, token: &str) -> Result<Vec<ResourceFailure>, StackError> {
        let mut failures: Vec<_> = self
            .events(stack, token)
            .await?
            .into_iter()
            .filter(|event| event.status.ends_with("_FAILED"))
            // They only suffer from another's failure.
            .filter(|event| !event.reason.contains("cancelled"))
            .collect();
        // The newest comes first.
        failures.reverse();
        if failures.iter().any(|failure| says_where(&failure.reason)) {
            failures.extend(self.found_wrong(Of::Stack(stack)).await);
        }
        Ok(failures)
    }

    /// What happened by `token`, the newest first.
    async fn events(&self, stack: &str, token: &str) -> Result<Vec<ResourceFailure>, StackError> {
        let mut events = Vec::new();
        let mut next = None;
        loop {
            let page = self
                .client
                .describe_stack_events()
                .stack_name(stack)
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| AwsError::from_sdk("DescribeStackEvents", stack, error))?;
            let all = page.stack_events.unwrap_or_default();
            let ours = all
                .iter()
                .filter(|event| event.client_request_token() == Some(token));
            let before = events.len();
            events.extend(ours.map(|event| {
                ResourceFailure {
                    logical_id: event.logical_resource_id().unwrap_or_default().to_owned(),
                    kind: event.resource_type().unwrap_or_default().to_owned(),
                    status: event
                        .resource_status()
                        .map(|status| status.as_str().to_owned())
                        .unwrap_or_default(),
                    reason: event
                        .resource_status_reason()
                        .unwrap_or_default()
                        .to_owned(),
                }
            }));
            // Behind the first page without ours lie the years before.
            let past = events.len() == before && before > 0;
            next = page.next_token.filter(|_| !past);
            if next.is_none() {
                return Ok(events);
            }
        }
    }
}
