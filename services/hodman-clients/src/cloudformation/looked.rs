//! What was only looked at and stayed behind: change sets that nobody executed, and stacks of which there is nothing else.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_sdk_cloudformation::types::{ChangeSetSummary, ExecutionStatus};

use super::{CloudFormation, StackError};
use crate::aws::AwsError;

/// The beginning of the names of our change sets.
pub const SET: &str = "hodman-";

/// The beginning of the token by which a stack is removed of which there was but a change set: who is told of the removal knows by
/// it that nothing was lost.
pub const UNMADE: &str = "hodman-unmade-";

/// How many letters of a digest follow [`SET`].
const LETTERS: usize = 32;

/// A change set as the list of all shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSet {
    /// Its name.
    pub name: String,
    /// What its maker said of it.
    pub description: Option<String>,
}

impl ListedSet {
    /// Whether it is named as ours are.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        is_ours(&self.name)
    }
}

impl CloudFormation {
    /// The change sets of a stack, by its name.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn sets(&self, stack: &str) -> Result<Vec<ListedSet>, StackError> {
        let all = Box::pin(self.summaries(stack)).await?.into_iter();
        let listed = all.map(|set| ListedSet {
            name: set.change_set_name.unwrap_or_default(),
            description: set.description.filter(|text| !text.is_empty()),
        });
        Ok(listed.collect())
    }

    /// Removes the change sets of ours that nobody executed, but the one that `keep` names. Those that were made a moment ago may be in
    /// somebody's hands still and stay until the next time.
    ///
    /// # Errors
    /// When a call fails.
    pub async fn discard_old(&self, stack: &str, keep: Option<&str>) -> Result<(), StackError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs().cast_signed();
        let longest = self.pace.limit.as_secs().cast_signed();
        for set in Box::pin(self.summaries(stack)).await? {
            let name = set.change_set_name().unwrap_or_default();
            let old = set
                .creation_time()
                .is_some_and(|made| made.secs() < now - longest);
            let was_executed = matches!(
                set.execution_status(),
                Some(ExecutionStatus::ExecuteInProgress | ExecutionStatus::ExecuteComplete)
            );
            let kept = keep.is_some_and(|keep| name.starts_with(keep));
            if is_ours(name) && !kept && old && !was_executed {
                let id = set.change_set_id().unwrap_or_default();
                self.drop_set(id).await?;
                tracing::debug!(
                    stack,
                    set = name,
                    "a change set that nobody executed is gone"
                );
            }
        }
        Ok(())
    }

    async fn summaries(&self, stack: &str) -> Result<Vec<ChangeSetSummary>, StackError> {
        let mut pages = self
            .client
            .list_change_sets()
            .stack_name(stack)
            .into_paginator()
            .items()
            .send();
        let mut all = Vec::new();
        while let Some(set) = pages.next().await {
            all.push(set.map_err(|error| AwsError::from_sdk("ListChangeSets", stack, error))?);
        }
        Ok(all)
    }
}

/// Whether a set is named as ours are: by a digest, so that nobody else's is taken for one.
fn is_ours(name: &str) -> bool {
    let digest = name.strip_prefix(SET).unwrap_or_default();
    let digest = digest
        .strip_suffix(super::change_set::OUTSIDE)
        .unwrap_or(digest);
    digest.len() == LETTERS && digest.bytes().all(|letter| letter.is_ascii_hexdigit())
}

/// The token of the removal of such a stack. AWS takes letters, digits and hyphens.
pub(super) fn unmade(id: &str) -> String {
    let last = id.rsplit('/').next().unwrap_or_default();
    let last = last.chars().filter(char::is_ascii_alphanumeric);
    format!("{UNMADE}{}", last.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sets_that_are_named_by_a_digest_are_ours() {
        let digest = "0123456789abcdef0123456789abcdef";
        assert!(is_ours(&format!("hodman-{digest}")));
        assert!(is_ours(&format!("hodman-{digest}-outside")));
        for other in ["hodman-", "hodman-release-2", digest, "looked-at"] {
            assert!(!is_ours(other), "{other}");
        }
        assert!(!is_ours(&format!("hodman-{digest}-mine")));
    }

    #[test]
    fn the_token_of_a_removal_is_one_that_aws_takes() {
        let id = "arn:aws:cloudformation:eu-west-1:1:stack/net/9f-0a";
        assert_eq!(unmade(id), "hodman-unmade-9f0a");
    }
}
