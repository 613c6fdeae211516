//! A stack as it is.

use std::collections::BTreeMap;

use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::types::TemplateStage;

use super::{CloudFormation, StackError};
use crate::aws::AwsError;

/// What a stack gives to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackOutput {
    /// The value.
    pub value: String,
    /// The name under which other stacks import it.
    pub export: Option<String>,
}

/// A stack as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackInfo {
    /// Its ARN, other for each stack of the same name.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Such as `UPDATE_COMPLETE`.
    pub status: String,
    /// AWS's words to it.
    pub reason: Option<String>,
    /// What it gives to others.
    pub outputs: BTreeMap<String, StackOutput>,
    /// What it was told, defaults of the template included; `****` for what it does not tell.
    pub parameters: BTreeMap<String, String>,
    /// What its template may do beyond the usual.
    pub capabilities: Vec<String>,
    /// When it was made or changed last, in milliseconds since 1970.
    pub changed_at: i64,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Whether it is protected against removal.
    pub termination_protection: bool,
}

impl StackInfo {
    /// Whether something is done to it just now. `REVIEW_IN_PROGRESS` is none: it only has a change set.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && !self.is_only_reviewed()
    }

    /// Whether there is nothing but a change set that would create it.
    #[must_use]
    pub fn is_only_reviewed(&self) -> bool {
        self.status == "REVIEW_IN_PROGRESS"
    }

    /// Whether it can only be removed: it was never complete, or is half gone.
    #[must_use]
    pub fn must_be_remade(&self) -> bool {
        self.was_never_complete() || self.is_half_gone()
    }

    /// Whether its first creation failed: nothing in it was ever used.
    #[must_use]
    pub fn was_never_complete(&self) -> bool {
        matches!(
            self.status.as_str(),
            "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED"
        )
    }

    /// Whether a removal failed half-way: what is left of it may be in use.
    #[must_use]
    pub fn is_half_gone(&self) -> bool {
        self.status == "DELETE_FAILED"
    }

    /// Whether the way back from an update failed; it has to be gone on with before anything else.
    #[must_use]
    pub fn is_half_back(&self) -> bool {
        self.status == "UPDATE_ROLLBACK_FAILED"
    }

    /// Whether the last thing that was done to it ended well.
    #[must_use]
    pub fn is_good(&self) -> bool {
        matches!(
            self.status.as_str(),
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE"
        )
    }

    /// Refuses a stack that does not carry `marker`.
    ///
    /// # Errors
    /// The first tag that says something else.
    pub fn must_be_ours(&self, marker: &BTreeMap<String, String>) -> Result<(), StackError> {
        for (tag, wanted) in marker {
            let found = self.tags.get(tag);
            if found != Some(wanted) {
                return Err(StackError::Foreign {
                    stack: self.name.clone(),
                    tag: tag.clone(),
                    found: found.cloned(),
                });
            }
        }
        Ok(())
    }
}

impl CloudFormation {
    /// The stack of a name or id; none when there is none. Removed stacks are found by their id only.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn describe(&self, stack: &str) -> Result<Option<StackInfo>, StackError> {
        let answer = match self.client.describe_stacks().stack_name(stack).send().await {
            Ok(answer) => answer,
            // There is no code of its own for it.
            Err(error) if is_no_stack(error.message()) => return Ok(None),
            Err(error) => return Err(AwsError::from_sdk("DescribeStacks", stack, error).into()),
        };
        Ok(answer
            .stacks
            .unwrap_or_default()
            .into_iter()
            .next()
            .map(info))
    }

    /// The template of a stack as it was sent; none when there is none.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn template(&self, stack: &str) -> Result<Option<String>, StackError> {
        let asked = self.client.get_template().stack_name(stack);
        match asked.template_stage(TemplateStage::Original).send().await {
            Ok(answer) => Ok(answer.template_body),
            Err(error) if is_no_stack(error.message()) => Ok(None),
            Err(error) => Err(AwsError::from_sdk("GetTemplate", stack, error).into()),
        }
    }

    pub(super) async fn must_describe(&self, stack: &str) -> Result<StackInfo, StackError> {
        let found = self.describe(stack).await?;
        found.ok_or_else(|| StackError::NoStack(stack.to_owned()))
    }
}

pub(super) fn is_no_stack(message: Option<&str>) -> bool {
    message.is_some_and(|text| text.contains("does not exist") && text.contains("tack"))
}

fn info(stack: aws_sdk_cloudformation::types::Stack) -> StackInfo {
    let outputs = stack.outputs.unwrap_or_default().into_iter();
    let outputs = outputs.filter_map(|output| {
        let value = StackOutput {
            value: output.output_value?,
            export: output.export_name,
        };
        Some((output.output_key?, value))
    });
    let tags = stack.tags.unwrap_or_default().into_iter();
    let parameters = stack.parameters.unwrap_or_default().into_iter();
    let capabilities = stack.capabilities.unwrap_or_default();
    let status = stack.stack_status;
    let changed_at = stack.last_updated_time.or(stack.creation_time);
    StackInfo {
        id: stack.stack_id.unwrap_or_default(),
        name: stack.stack_name.unwrap_or_default(),
        status: status
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        reason: stack.stack_status_reason,
        outputs: outputs.collect(),
        parameters: parameters
            .filter_map(|parameter| Some((parameter.parameter_key?, parameter.parameter_value?)))
            .collect(),
        capabilities: capabilities
            .iter()
            .map(|capability| capability.as_str().to_owned())
            .collect(),
        changed_at: changed_at
            .and_then(|at| at.to_millis().ok())
            .unwrap_or_default(),
        tags: tags
            .filter_map(|tag| Some((tag.key?, tag.value?)))
            .collect(),
        termination_protection: stack.enable_termination_protection.unwrap_or_default(),
    }
}
