//! How often, how long, and what is logged.

use hodman_model::files::Span;
use schemars::JsonSchema;
use serde::Deserialize;

/// Lengths of time, written `30s`, `5m`, `2h` or `1d`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Timers {
    /// How often each repository is read without being told to: the most that a lost webhook costs.
    pub observe: Span,
    /// How often GitHub is asked for deliveries that failed.
    pub redeliver: Span,
    /// How often an open promotion's plan is taken again.
    pub refresh: Span,
    /// How long a piece of work belongs to the executor that claimed it, unless it says that it is alive.
    pub lease: Span,
    /// How long work in progress may end by itself when the daemon is told to stop.
    pub shutdown: Span,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            observe: Span::from_secs(300),
            redeliver: Span::from_secs(600),
            refresh: Span::from_secs(600),
            lease: Span::from_secs(60),
            shutdown: Span::from_secs(20),
        }
    }
}

/// The log, on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// For people or for machines.
    pub format: LogFormat,
    /// What is logged: `info`, or `info,hodman=debug`.
    pub filter: String,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::Text,
            filter: "info".to_owned(),
        }
    }
}

/// How a line of the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
