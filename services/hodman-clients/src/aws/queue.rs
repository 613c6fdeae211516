//! One SQS queue.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_sqs::config::http::HttpResponse;
use aws_sdk_sqs::config::timeout::TimeoutConfig;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, MessageAttributeValue, MessageSystemAttributeName,
    QueueAttributeName,
};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::CONNECT_TIMEOUT;
use super::error::AwsError;

/// SQS holds a long poll open for at most this long.
const LONGEST_POLL: u32 = 20;
/// One try of any call; must outlast the longest poll.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(LONGEST_POLL as u64 + 15);
/// All tries of a call together.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(90);
/// SQS takes at most ten messages per batch.
const LARGEST_BATCH: usize = 10;

/// A message that we hold until its visibility ends.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// SQS's id. A message that went through a dead-letter queue comes back with another one.
    pub id: String,
    /// What deletes it; a new one with each receive.
    pub receipt: String,
    /// The text that was sent.
    pub body: String,
    /// The sender's attributes of type string or number.
    pub attributes: BTreeMap<String, String>,
    /// How often it was received, this time included.
    pub receive_count: u32,
    /// When it was sent.
    pub sent_at: Option<DateTime<Utc>>,
}

/// What became of one message of a delete batch. SQS answers 200 although some were not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeleteOutcome {
    /// It is gone.
    Deleted,
    /// It is still there.
    Failed {
        /// SQS's code, such as `ReceiptHandleIsInvalid`.
        code: String,
        /// SQS's words.
        message: String,
        /// Trying again does not help: the receipt is wrong.
        our_fault: bool,
    },
}

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Redrive {
    /// The dead-letter queue.
    #[serde(rename = "deadLetterTargetArn")]
    pub dead_letter_arn: String,
    /// Receives before a message goes there.
    #[serde(rename = "maxReceiveCount", deserialize_with = "number_or_text")]
    pub max_receive_count: u32,
}

/// How a queue is set up and how full it is. Counts are SQS's approximations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueReport {
    /// The queue's ARN.
    pub arn: String,
    /// Messages waiting.
    pub visible: u64,
    /// Messages received and not yet deleted.
    pub in_flight: u64,
    /// Messages sent with a delay that has not passed.
    pub delayed: u64,
    /// The default visibility time-out in seconds.
    pub visibility_timeout_s: u32,
    /// How long messages are kept, in seconds.
    pub retention_s: u32,
    /// The dead-letter queue, if there is one.
    pub redrive: Option<Redrive>,
    /// Whether it is a FIFO queue.
    pub fifo: bool,
}

/// A client of one queue. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Queue {
    sqs: aws_sdk_sqs::Client,
    url: String,
}

impl Queue {
    pub(super) fn new(sdk: &SdkConfig, url: String) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(ATTEMPT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let config = aws_sdk_sqs::config::Builder::from(sdk)
            .timeout_config(timeouts)
            .build();
        Self {
            sqs: aws_sdk_sqs::Client::from_conf(config),
            url,
        }
    }

    /// The queue's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Waits up to `wait_s` (at most 20) seconds for up to `max` (at most 10) messages, which nobody else receives for
    /// `visibility_s` seconds.
    pub async fn receive(
        &self,
        max: u32,
        wait_s: u32,
        visibility_s: u32,
    ) -> Result<Vec<Message>, AwsError> {
        let answer = self
            .sqs
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(max.clamp(1, LARGEST_BATCH as u32) as i32)
            .wait_time_seconds(wait_s.min(LONGEST_POLL) as i32)
            .visibility_timeout(visibility_s.min(i32::MAX as u32) as i32)
            .message_attribute_names("All")
            .message_system_attribute_names(MessageSystemAttributeName::ApproximateReceiveCount)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .send()
            .await
            .map_err(|error| self.error("ReceiveMessage", error))?;
        Ok(answer
            .messages
            .unwrap_or_default()
            .into_iter()
            .map(Message::from)
            .collect())
    }

    /// Deletes messages by receipt, in batches of ten; one outcome per receipt, in order. A failed call fails the whole:
    /// deleting what is deleted already does no harm, so simply call again.
    pub async fn delete_batch(&self, receipts: &[String]) -> Result<Vec<DeleteOutcome>, AwsError> {
        let mut outcomes = Vec::with_capacity(receipts.len());
        for batch in receipts.chunks(LARGEST_BATCH) {
            let entries = batch.iter().enumerate().map(|(place, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(place.to_string())
                    .receipt_handle(receipt)
                    .build()
            });
            let entries = entries.collect::<Result<Vec<_>, _>>();
            let entries = entries
                .map_err(|error| AwsError::unbuildable("DeleteMessageBatch", &self.url, error))?;
            let request = self
                .sqs
                .delete_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries));
            let answer = request
                .send()
                .await
                .map_err(|error| self.error("DeleteMessageBatch", error))?;
            let mut failed: BTreeMap<String, DeleteOutcome> = answer
                .failed
                .into_iter()
                .map(|entry| {
                    let message = entry.message.unwrap_or_default();
                    (
                        entry.id,
                        DeleteOutcome::Failed {
                            code: entry.code,
                            message,
                            our_fault: entry.sender_fault,
                        },
                    )
                })
                .collect();
            let of_place = |place: usize| {
                failed
                    .remove(&place.to_string())
                    .unwrap_or(DeleteOutcome::Deleted)
            };
            outcomes.extend((0..batch.len()).map(of_place));
        }
        Ok(outcomes)
    }

    /// Keeps a message to ourselves for `seconds` from now; 0 gives it back at once. Never beyond 12 hours after the
    /// receive.
    pub async fn change_visibility(&self, receipt: &str, seconds: u32) -> Result<(), AwsError> {
        let request = self
            .sqs
            .change_message_visibility()
            .queue_url(&self.url)
            .receipt_handle(receipt);
        let answer = request
            .visibility_timeout(seconds.min(i32::MAX as u32) as i32)
            .send()
            .await;
        answer
            .map(drop)
            .map_err(|error| self.error("ChangeMessageVisibility", error))
    }

    /// Sends a message to a standard queue; answers its id.
    pub async fn send(
        &self,
        body: &str,
        attributes: &BTreeMap<String, String>,
    ) -> Result<String, AwsError> {
        let mut request = self
            .sqs
            .send_message()
            .queue_url(&self.url)
            .message_body(body);
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value)
                .build();
            let value =
                value.map_err(|error| AwsError::unbuildable("SendMessage", &self.url, error))?;
            request = request.message_attributes(name, value);
        }
        let answer = request
            .send()
            .await
            .map_err(|error| self.error("SendMessage", error))?;
        Ok(answer.message_id.unwrap_or_default())
    }

    /// How the queue is set up and how full it is.
    pub async fn attributes(&self) -> Result<QueueReport, AwsError> {
        let request = self
            .sqs
            .get_queue_attributes()
            .queue_url(&self.url)
            .attribute_names(QueueAttributeName::All);
        let answer = request
            .send()
            .await
            .map_err(|error| self.error("GetQueueAttributes", error))?;
        let attributes = answer.attributes.unwrap_or_default();
        let text = |name: &QueueAttributeName| {
            attributes.get(name).map(String::as_str).unwrap_or_default()
        };
        let number = |name: &QueueAttributeName| text(name).parse::<u64>().unwrap_or(0);
        Ok(QueueReport {
            arn: text(&QueueAttributeName::QueueArn).to_owned(),
            visible: number(&QueueAttributeName::ApproximateNumberOfMessages),
            in_flight: number(&QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
            delayed: number(&QueueAttributeName::ApproximateNumberOfMessagesDelayed),
            visibility_timeout_s: number(&QueueAttributeName::VisibilityTimeout) as u32,
            retention_s: number(&QueueAttributeName::MessageRetentionPeriod) as u32,
            redrive: serde_json::from_str(text(&QueueAttributeName::RedrivePolicy)).ok(),
            fifo: text(&QueueAttributeName::FifoQueue) == "true",
        })
    }

    fn error<E>(&self, operation: &'static str, error: SdkError<E, HttpResponse>) -> AwsError
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        AwsError::from_sdk(operation, &self.url, error)
    }
}

impl From<aws_sdk_sqs::types::Message> for Message {
    fn from(message: aws_sdk_sqs::types::Message) -> Self {
        let system = message.attributes.unwrap_or_default();
        let number = |name| {
            system
                .get(&name)
                .and_then(|text: &String| text.parse::<i64>().ok())
        };
        let attributes = message.message_attributes.unwrap_or_default();
        Self {
            receive_count: number(MessageSystemAttributeName::ApproximateReceiveCount).unwrap_or(1)
                as u32,
            sent_at: number(MessageSystemAttributeName::SentTimestamp)
                .and_then(DateTime::from_timestamp_millis),
            id: message.message_id.unwrap_or_default(),
            receipt: message.receipt_handle.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            attributes: attributes
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.string_value?)))
                .collect(),
        }
    }
}

/// Shows where a message comes from; its body, attributes and receipt stay out.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("receive_count", &self.receive_count)
            .field("sent_at", &self.sent_at)
            .finish_non_exhaustive()
    }
}

/// People and tools write the count of a redrive policy both ways.
fn number_or_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(u32),
        Text(String),
    }
    match Either::deserialize(deserializer)? {
        Either::Number(number) => Ok(number),
        Either::Text(text) => text.parse().map_err(serde::de::Error::custom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redrive_counts_in_both_spellings() {
        for count in ["3", "\"3\""] {
            let text = format!(
                r#"{{"deadLetterTargetArn":"arn:aws:sqs:x:1:dead","maxReceiveCount":{count}}}"#
            );
            let redrive: Redrive = serde_json::from_str(&text).unwrap();
            assert_eq!(
                (redrive.max_receive_count, redrive.dead_letter_arn.as_str()),
                (3, "arn:aws:sqs:x:1:dead")
            );
        }
    }
}
