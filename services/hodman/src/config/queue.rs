//! An SQS queue that the daemon reads.

use schemars::JsonSchema;
use serde::Deserialize;

/// Credentials come from the usual AWS places (environment, profile, instance or container role).
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Queue {
    /// What it is called on the web page; the last part of the URL when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// The queue's URL.
    pub url: String,
    /// Another address than AWS's own.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The region; from the usual AWS settings when absent.
    #[serde(default)]
    pub region: Option<String>,
    /// Buckets from which bodies over 1 MiB may be fetched; a message that names another bucket is refused.
    #[serde(default)]
    pub body_buckets: Vec<String>,
}

impl Queue {
    /// What it is called.
    #[must_use]
    pub fn label(&self) -> &str {
        let last = self
            .url
            .trim_end_matches('/')
            .rsplit('/')
            .next()
            .unwrap_or(&self.url);
        self.name.as_deref().unwrap_or(last)
    }
}
