//! How news comes in: verified, stored, then acknowledged; understood only afterwards.
//!
//! `webhook` and `sqs` store raw deliveries, `command` what people ask for. `normalise` gives every stored event one
//! form whatever its source. Nothing here decides: an event says that something may have changed, and what is done
//! about it follows from the state of the world, which is looked at anew.

pub mod command;
pub mod event;
pub mod normalise;
pub mod signature;
pub mod sqs;
pub mod webhook;

pub use command::CommandRequest;
pub use event::{EventKind, ForgeEvent, Provider, RefChange, Side};
pub use normalise::{Poison, normalise};

/// The `source` of events in the inbox.
pub mod source {
    /// A GitHub delivery, whether it came by webhook or was forwarded through a queue.
    pub const GITHUB: &str = "github";
    /// What somebody asks for.
    pub const COMMAND: &str = "command";
    /// An EventBridge event.
    pub const EVENTBRIDGE: &str = "eventbridge";
    /// An S3 notification.
    pub const S3: &str = "s3";
    /// A queue message that is none of these.
    pub const SQS: &str = "sqs";
    /// A pipeline's wake-up time has come.
    pub const TIMER: &str = "timer";
    /// An effect ended.
    pub const EFFECT: &str = "effect";
    /// The daemon started.
    pub const DAEMON: &str = "daemon";
    /// A row was put in again by hand.
    pub const REPLAY: &str = "replay";
}
