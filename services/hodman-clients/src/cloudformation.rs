//! CloudFormation: stacks by change sets, so that what is executed is what was shown.
//!
//! The names of change sets and the tokens of requests are the caller's: the same ones again find what was begun before a
//! crash. [API](https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/).

mod change_set;
mod changes;
mod drift;
mod error;
mod execute;
mod looked;
mod nested;
mod removal;
mod request;
mod stack;
mod validation;

use std::time::Duration;

pub use change_set::{ChangeSet, ChangeSetOutcome};
pub use drift::{DriftedProperty, DriftedResource};
pub use error::{ResourceFailure, StackError};
pub use looked::{ListedSet, SET, UNMADE};
pub use request::{ImportedResource, StackRequest, Template};
pub use stack::{StackInfo, StackOutput};

use crate::aws::Aws;

/// How often and how long something is asked for that takes its time.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two questions at most: the first ones come sooner, since a small stack is there in a second.
    pub every: Duration,
    /// All together; what then goes on is found again by the same call.
    pub limit: Duration,
}

/// The first pause; each is twice the one before. AWS lets an account ask a few times a second.
const SOONEST: Duration = Duration::from_millis(200);

impl Default for Pace {
    fn default() -> Self {
        Self {
            every: Duration::from_secs(5),
            limit: Duration::from_secs(2 * 3600),
        }
    }
}

/// The stacks of one account and region.
#[derive(Clone, Debug)]
pub struct CloudFormation {
    client: aws_sdk_cloudformation::Client,
    pace: Pace,
}

impl CloudFormation {
    /// Nothing is sent yet.
    #[must_use]
    pub fn new(aws: &Aws, pace: Pace) -> Self {
        Self {
            client: aws_sdk_cloudformation::Client::new(aws.sdk()),
            pace,
        }
    }

    /// Asks `ask` until it answers.
    async fn until<T, F, A>(&self, what: &'static str, stack: &str, ask: F) -> Result<T, StackError>
    where
        F: Fn() -> A,
        A: Future<Output = Result<Option<T>, StackError>>,
    {
        let asked = async {
            let mut pause = SOONEST;
            loop {
                if let Some(answer) = ask().await? {
                    return Ok(answer);
                }
                tokio::time::sleep(pause.min(self.pace.every)).await;
                pause *= 2;
            }
        };
        match tokio::time::timeout(self.pace.limit, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(StackError::Unfinished {
                what,
                stack: stack.to_owned(),
                after: self.pace.limit,
            }),
        }
    }
}
