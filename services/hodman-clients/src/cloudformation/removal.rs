//! What needs a person's word first: removal, and the way back that failed.

use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;

use super::{CloudFormation, StackError};
use crate::aws::AwsError;

/// A token names one operation, also when it has ended.
const TOKEN_USED: &str = "TokenAlreadyExistsException";

impl CloudFormation {
    /// Removes a stack with all in it and waits for the end. `id` is its ARN, so that another stack of the same name, made
    /// since the approval, is not meant. One that is gone is removed.
    ///
    /// # Errors
    /// [`StackError::Protected`] by termination protection, [`StackError::Failed`] when something in it stays.
    pub async fn remove(&self, id: &str, token: &str) -> Result<(), StackError> {
        let Some(stack) = self.describe(id).await? else {
            return Ok(());
        };
        if stack.status == "DELETE_COMPLETE" {
            return Ok(());
        }
        if stack.termination_protection {
            return Err(StackError::Protected(stack.name));
        }
        if stack.status != "DELETE_IN_PROGRESS" {
            self.send_delete(id, Some(token)).await?;
        }
        let asked = || async move {
            let stack = self.describe(id).await?;
            Ok(match stack {
                None => Some(None),
                Some(stack) if stack.status == "DELETE_IN_PROGRESS" => None,
                Some(stack) => Some(Some(stack)),
            })
        };
        match self.until("the removal", id, asked).await? {
            Some(stack) if stack.status != "DELETE_COMPLETE" => {
                match self.settled(id, token).await {
                    // Complete, but not removed: the removal was refused.
                    Ok(stack) => Err(StackError::Failed {
                        stack: stack.name,
                        status: stack.status,
                        failures: Vec::new(),
                    }),
                    Err(error) => Err(error),
                }
            }
            _ => Ok(()),
        }
    }

    /// Removes a stack that [`StackError::MustBeRemade`] named, and no other: one that is well by now stays.
    ///
    /// # Errors
    /// [`StackError::Busy`] when it is in another state by now; else as for [`CloudFormation::remove`].
    pub async fn remove_failed(&self, id: &str, token: &str) -> Result<(), StackError> {
        match self.describe(id).await? {
            Some(stack) if !stack.must_be_remade() && !stack.status.starts_with("DELETE_") => {
                Err(StackError::Busy {
                    stack: stack.name,
                    status: stack.status,
                })
            }
            _ => self.remove(id, token).await,
        }
    }

    /// Goes on with a way back that failed, leaving out `skip` (logical ids), and waits: the stack is then in
    /// `UPDATE_ROLLBACK_COMPLETE`.
    ///
    /// # Errors
    /// [`StackError::Failed`] when it failed again.
    pub async fn continue_rollback(
        &self,
        stack: &str,
        skip: &[String],
        token: &str,
    ) -> Result<(), StackError> {
        Box::pin(self.send_back(stack, skip, Some(token))).await?;
        self.gone_back(stack, token).await
    }

    /// Waits for the end of a way back that goes on already.
    ///
    /// # Errors
    /// [`StackError::Failed`] when it failed.
    pub async fn gone_back(&self, stack: &str, token: &str) -> Result<(), StackError> {
        match self.settled(stack, token).await {
            Err(StackError::Failed { status, .. }) if status == "UPDATE_ROLLBACK_COMPLETE" => {
                Ok(())
            }
            other => other.map(drop),
        }
    }

    /// Protects the stack against removal, or no longer.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn protect(&self, stack: &str, protect: bool) -> Result<(), StackError> {
        self.client
            .update_termination_protection()
            .stack_name(stack)
            .enable_termination_protection(protect)
            .send()
            .await
            .map_err(|error| AwsError::from_sdk("UpdateTerminationProtection", stack, error))?;
        Ok(())
    }

    async fn send_back(
        &self,
        stack: &str,
        skip: &[String],
        token: Option<&str>,
    ) -> Result<(), StackError> {
        let back = self.client.continue_update_rollback().stack_name(stack);
        let back = back.set_client_request_token(token.map(str::to_owned));
        let skipped = (!skip.is_empty()).then(|| skip.to_vec());
        match back.set_resources_to_skip(skipped).send().await {
            Ok(_) => Ok(()),
            // The one that it began has failed since: the stack would be busy else.
            Err(error) if token.is_some() && error.code() == Some(TOKEN_USED) => {
                Box::pin(self.send_back(stack, skip, None)).await
            }
            Err(error) => Err(AwsError::from_sdk("ContinueUpdateRollback", stack, error).into()),
        }
    }

    pub(super) async fn send_delete(
        &self,
        stack: &str,
        token: Option<&str>,
    ) -> Result<(), StackError> {
        let delete = self.client.delete_stack().stack_name(stack);
        let delete = delete.set_client_request_token(token.map(str::to_owned));
        match delete.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if error
                    .message()
                    .is_some_and(|text| text.contains("TerminationProtection")) =>
            {
                Err(StackError::Protected(stack.to_owned()))
            }
            // One that failed since was begun by it, and what is left is to go now.
            Err(error) if token.is_some() && error.code() == Some(TOKEN_USED) => {
                Box::pin(self.send_delete(stack, None)).await
            }
            Err(error) => Err(AwsError::from_sdk("DeleteStack", stack, error).into()),
        }
    }
}
