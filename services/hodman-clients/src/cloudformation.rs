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
            let mut pause = SOONEST.min(self.pace.every);
            loop {
                if let Some(answer) = ask().await? {
                    return Ok(answer);
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(self.pace.every);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::{AwsConfig, AwsCredentials};

    #[tokio::test(start_paused = true)]
    async fn what_takes_hours_is_waited_for_to_the_limit() {
        let config = AwsConfig {
            region: "eu-west-1".to_owned(),
            endpoint_url: None,
            credentials: AwsCredentials::Static {
                access_key_id: "key".to_owned(),
                secret_access_key: "secret".to_owned().into(),
                session_token: None,
            },
        };
        let aws = Aws::new(config).await;
        let client = CloudFormation::new(&aws, Pace::default());
        let began = tokio::time::Instant::now();
        let after = |hours: u64| async move {
            let over = began.elapsed() >= Duration::from_secs(hours * 3600);
            Ok(over.then_some(hours))
        };
        // A gateway and its endpoints take many minutes, and go as slowly.
        assert_eq!(
            client.until("an hour", "net", || after(1)).await.ok(),
            Some(1)
        );
        let late = client.until("a day", "net", || after(24)).await;
        assert!(
            matches!(late, Err(StackError::Unfinished { .. })),
            "{late:?}"
        );
        assert!(began.elapsed() < Duration::from_secs(3 * 3600 + 60));
    }
}
