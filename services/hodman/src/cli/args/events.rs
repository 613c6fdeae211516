//! What can be asked about the inbox.

use super::Remote;
use clap::Subcommand;

/// The inbox.
#[derive(Debug, Subcommand)]
pub enum Events {
    /// The newest events.
    List {
        /// Only in this state: pending, handled, ignored or poison.
        #[arg(long, default_value = "", hide_default_value = true)]
        state: String,
        /// Only of this kind: push, pull_request, hold, …
        #[arg(long, default_value = "", hide_default_value = true)]
        kind: String,
        /// Only from this source: github, sqs, timer, command, …
        #[arg(long, default_value = "", hide_default_value = true)]
        source: String,
        /// Only older than this event.
        #[arg(long, value_name = "SEQ")]
        before: Option<i64>,
        /// At most so many.
        #[arg(long, default_value_t = 30)]
        limit: usize,
        #[command(flatten)]
        remote: Remote,
    },
    /// One event: as it came, and in hodman's own form.
    Show {
        /// Its number.
        seq: i64,
        #[command(flatten)]
        remote: Remote,
    },
    /// Put an event in again, after what made it fail was mended.
    Replay {
        /// Its number.
        seq: i64,
        #[command(flatten)]
        remote: Remote,
    },
    /// Let an event go that could not be read and is of no use.
    Dismiss {
        /// Its number.
        seq: i64,
        #[command(flatten)]
        remote: Remote,
    },
}
