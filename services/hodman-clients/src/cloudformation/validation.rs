//! What AWS found wrong before it began, a name that something else has, say: the events of the stack say only that there is something.

use aws_sdk_cloudformation::types::{
    EventFilter, HookFailureMode, OperationEvent, ValidationStatus,
};

use super::{CloudFormation, ResourceFailure};

/// By what AWS says that it tells the rest to those who ask once more: the name of the call.
const ASK: &str = "DescribeEvents";

/// Whether these words of AWS are not all that it has to say.
pub(super) fn says_where(reason: &str) -> bool {
    reason.contains(ASK)
}

/// Of what something was found wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Of<'a> {
    /// What was done last to the stack with this name or ARN.
    Stack(&'a str),
    /// The change set with this ARN.
    ChangeSet(&'a str),
}

impl CloudFormation {
    /// What AWS found wrong. Nothing where we may not ask, or the service has no such call: then its first words are all there is.
    pub(super) async fn found_wrong(&self, of: Of<'_>) -> Vec<ResourceFailure> {
        let filter = EventFilter::builder().failed_events(true).build();
        let asked = self.client.describe_events().filters(filter);
        let asked = match of {
            Of::Stack(stack) => asked.stack_name(stack),
            Of::ChangeSet(set) => asked.change_set_name(set),
        };
        // The newest come first, and who has more than a page of them begins with these.
        let events = asked.send().await.map(|page| page.operation_events);
        let events = events.unwrap_or_default().unwrap_or_default();
        let last = events.first().and_then(OperationEvent::operation_id);
        let last = last.map(str::to_owned);
        let of_last = |event: &&OperationEvent| event.operation_id() == last.as_deref();
        events.iter().filter(of_last).filter_map(found).collect()
    }
}

fn found(event: &OperationEvent) -> Option<ResourceFailure> {
    let warns = event.validation_failure_mode() == Some(&HookFailureMode::Warn);
    let failed = event.validation_status() == Some(&ValidationStatus::Failed) && !warns;
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    failed.then(|| ResourceFailure {
        logical_id: text(event.logical_resource_id()),
        kind: text(event.resource_type()),
        status: text(event.validation_name()),
        reason: text(event.validation_status_reason()),
    })
}
