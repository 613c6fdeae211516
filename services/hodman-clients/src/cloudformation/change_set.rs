//! Change sets: made, waited for, read.

use aws_sdk_cloudformation::error::ProvideErrorMetadata as _;
use aws_sdk_cloudformation::types::{ChangeSetStatus, ChangeSetType};
use serde_json::Value;

use super::validation::{Of, says_where};
use super::{CloudFormation, StackError, StackInfo, StackRequest, Template, changes, looked};
use crate::aws::AwsError;

/// A change set that can be executed.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeSet {
    /// Its ARN.
    pub id: String,
    /// Its stack's ARN.
    pub stack_id: String,
    /// `CREATE`, `UPDATE` or `IMPORT`.
    pub kind: String,
    /// The list `Changes` of all pages, in the API's spelling; a change of a nested stack has the list of its own as `Nested`, where
    /// AWS tells it.
    pub changes: Value,
}

/// What asking for a change set gave.
#[derive(Clone, Debug, PartialEq)]
pub enum ChangeSetOutcome {
    /// The stack is as it should be.
    NoChanges,
    /// There is something to do.
    Ready(ChangeSet),
}

/// The beginnings of the two sentences by which CloudFormation says that there is nothing to do; it has no code for it.
const NO_CHANGES: [&str; 2] = [
    "The submitted information didn't contain changes",
    "No updates are to be performed",
];

/// How AWS says that it could not look into a nested stack, which is no reason not to change it: values that only the change makes
/// known are reason enough.
const NESTED_FAILED: &str = "Nested change set";

/// Behind the name of a set that does not look into nested stacks.
pub(super) const OUTSIDE: &str = "-outside";

pub(super) struct Read {
    pub status: Option<ChangeSetStatus>,
    reason: String,
    pub set: ChangeSet,
}

impl Read {
    pub(super) fn says_nothing_to_do(&self) -> bool {
        NO_CHANGES.iter().any(|words| self.reason.contains(words))
    }
}

impl CloudFormation {
    /// A change set named `name` from what is to what should be, waited for. The same name again finds the one that was made
    /// before. One without changes, or that fails, is removed again, and so is the empty stack that it left.
    ///
    /// # Errors
    /// When the stack is not ours, is busy, or is in a state that needs a person first; when the set cannot be made.
    pub async fn change_set(
        &self,
        request: &StackRequest,
        name: &str,
    ) -> Result<ChangeSetOutcome, StackError> {
        let stack = self.describe(&request.stack).await?;
        let kind = match &stack {
            None if request.imports.is_empty() => ChangeSetType::Create,
            None => ChangeSetType::Import,
            Some(stack) => kind_for(stack, request)?,
        };
        // An import has no nested ones: AWS takes stacks over by themselves only.
        let inside = kind != ChangeSetType::Import;
        let mut read = self.made(request, (name, &kind), inside).await?;
        if read.status != Some(ChangeSetStatus::CreateComplete)
            && inside
            && read.reason.contains(NESTED_FAILED)
        {
            self.drop_set(&read.set.id).await?;
            let plain = format!("{name}{OUTSIDE}");
            read = self.made(request, (&plain, &kind), false).await?;
        }
        if read.status == Some(ChangeSetStatus::CreateComplete) {
            Box::pin(self.look_into(&mut read.set.changes)).await?;
            return Ok(ChangeSetOutcome::Ready(read.set));
        }
        if says_where(&read.reason) {
            for found in self.found_wrong(Of::ChangeSet(&read.set.id)).await {
                read.reason.push_str(&format!("; {found}"));
            }
        }
        self.discard(&read.set).await?;
        if read.says_nothing_to_do() {
            return Ok(ChangeSetOutcome::NoChanges);
        }
        Err(StackError::BadChangeSet {
            stack: request.stack.clone(),
            reason: read.reason,
        })
    }

    pub(super) async fn drop_set(&self, id: &str) -> Result<(), StackError> {
        let deleted = self.client.delete_change_set().change_set_name(id);
        match deleted.send().await {
            Ok(_) => Ok(()),
            Err(error) if error.code() == Some("ChangeSetNotFound") => Ok(()),
            Err(error) => Err(AwsError::from_sdk("DeleteChangeSet", id, error).into()),
        }
    }

    /// One that is asked for, or was before, when it is over; `inside` with those of nested stacks.
    async fn made(
        &self,
        request: &StackRequest,
        (name, kind): (&str, &ChangeSetType),
        inside: bool,
    ) -> Result<Read, StackError> {
        Box::pin(self.create(request, (name, kind), inside)).await?;
        let stack = Some(request.stack.as_str());
        Box::pin(self.over(stack, name, kind.as_str())).await
    }

    /// The change set, when it is made or cannot be.
    pub(super) async fn over(
        &self,
        stack: Option<&str>,
        name: &str,
        kind: &str,
    ) -> Result<Read, StackError> {
        let asked = || async move {
            let read = self.read(stack, name, kind).await?;
            let over = matches!(
                read.status,
                Some(ChangeSetStatus::CreateComplete | ChangeSetStatus::Failed)
            );
            Ok(over.then_some(read))
        };
        self.until("the change set", stack.unwrap_or(name), asked)
            .await
    }

    /// Removes a change set that will not be executed, and the empty stack that one for a new stack leaves behind.
    ///
    /// # Errors
    /// When a call fails. A set that is gone is no error.
    pub async fn discard(&self, set: &ChangeSet) -> Result<(), StackError> {
        self.drop_set(&set.id).await?;
        let stack = self.describe(&set.stack_id).await?;
        if stack.is_some_and(|stack| stack.is_only_reviewed()) {
            let token = looked::unmade(&set.stack_id);
            self.send_delete(&set.stack_id, Some(&token)).await?;
        }
        Ok(())
    }

    async fn create(
        &self,
        request: &StackRequest,
        (name, kind): (&str, &ChangeSetType),
        inside: bool,
    ) -> Result<(), StackError> {
        // An import changes no tags, and even those that are there may not be said.
        let tags = Some(request.sdk_tags()).filter(|_| *kind != ChangeSetType::Import);
        let mut create = self
            .client
            .create_change_set()
            .stack_name(&request.stack)
            .change_set_name(name)
            .change_set_type(kind.clone())
            .client_token(name)
            .set_description(request.description.clone())
            .set_parameters(Some(request.sdk_parameters()))
            .set_tags(tags)
            .set_include_nested_stacks(inside.then_some(true))
            .set_capabilities(Some(request.sdk_capabilities()))
            .set_resources_to_import(request.sdk_imports())
            .set_role_arn(request.role_arn.clone());
        create = match &request.template {
            Template::Body(body) => create.template_body(body),
            Template::Url(url) => create.template_url(url),
        };
        match create.send().await {
            Ok(_) => Ok(()),
            // Made before a crash.
            Err(error) if error.code() == Some("AlreadyExistsException") => Ok(()),
            Err(error) => Err(AwsError::from_sdk("CreateChangeSet", &request.stack, error).into()),
        }
    }

    async fn read(&self, stack: Option<&str>, name: &str, kind: &str) -> Result<Read, StackError> {
        let mut read = Read {
            status: None,
            reason: String::new(),
            set: ChangeSet {
                id: String::new(),
                stack_id: String::new(),
                kind: kind.to_owned(),
                changes: Value::Null,
            },
        };
        let mut entries = Vec::new();
        let mut next = None;
        loop {
            let page = self
                .client
                .describe_change_set()
                .set_stack_name(stack.map(str::to_owned))
                .change_set_name(name)
                .include_property_values(true)
                .set_next_token(next);
            let page = page.send().await.map_err(|error| {
                AwsError::from_sdk("DescribeChangeSet", stack.unwrap_or(name), error)
            })?;
            entries.extend(page.changes().iter().map(changes::entry));
            read.status = page.status;
            read.reason = page.status_reason.unwrap_or_default();
            read.set.id = page.change_set_id.unwrap_or_default();
            read.set.stack_id = page.stack_id.unwrap_or_default();
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        read.set.changes = Value::from(entries);
        Ok(read)
    }
}

fn kind_for(stack: &StackInfo, request: &StackRequest) -> Result<ChangeSetType, StackError> {
    let name = || request.stack.clone();
    if stack.is_only_reviewed() {
        // Nothing is there but a change set, perhaps our own; it takes no tags until it is executed.
        return Ok(match request.imports.is_empty() {
            true => ChangeSetType::Create,
            false => ChangeSetType::Import,
        });
    }
    stack.must_be_ours(&request.marker)?;
    if stack.is_busy() {
        return Err(StackError::Busy {
            stack: name(),
            status: stack.status.clone(),
        });
    }
    if stack.must_be_remade() {
        return Err(StackError::MustBeRemade {
            stack: name(),
            id: stack.id.clone(),
            status: stack.status.clone(),
            reason: stack.reason.clone(),
        });
    }
    if stack.status == "UPDATE_ROLLBACK_FAILED" {
        return Err(StackError::RollbackFailed {
            stack: name(),
            reason: stack.reason.clone(),
        });
    }
    Ok(if request.imports.is_empty() {
        ChangeSetType::Update
    } else {
        ChangeSetType::Import
    })
}
