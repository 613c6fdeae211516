//! The one form that every event is brought into.

use std::fmt;

use chrono::{DateTime, Utc};
use hodman_core::event::Named;
use serde::{Deserialize, Serialize};

use super::command::CommandRequest;

/// Something that happened outside, whatever told us. A wake-up, not a fact: what it says may be old.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForgeEvent {
    /// Who it is about: the forge, AWS, or hodman itself.
    pub provider: Provider,
    /// What it is.
    pub kind: EventKind,
    /// The provider's finer word: `opened`, `synchronize`, `completed`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The source's id of the delivery.
    pub delivery: String,
    /// `owner/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The full ref that a push moved (`refs/heads/main`), or the branch that a check or status is about.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub ref_name: Option<String>,
    /// The commit that `ref` was at; absent when the push created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// The commit that `ref` is at; absent when the push deleted it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Every ref that was moved, created or deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refs: Vec<RefChange>,
    /// The pull request's number (or the issue's, which share their numbers).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The pull request's own side, or the commit that a check, status or merge group is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<Side>,
    /// The side that it goes into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<Side>,
    /// Who did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// What is asked for, when somebody asks for something.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<CommandRequest>,
    /// The object of AWS that was changed, where the news names one that hodman may own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Named>,
    /// When it came.
    pub received_at: DateTime<Utc>,
}

/// Who an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// GitHub.
    Github,
    /// EventBridge or S3.
    Aws,
    /// hodman's own commands.
    Hodman,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Refs moved, came or went.
    Push,
    /// A pull request was opened, changed, closed or merged.
    PullRequest,
    /// A review, or a remark in one.
    Review,
    /// A check run or suite, or a workflow run.
    Check,
    /// A remark on an issue, a pull request or a commit.
    Comment,
    /// A commit status.
    Status,
    /// The forge tries whether we are there.
    Ping,
    /// Somebody asks for something.
    Command,
    /// AWS says that an object is there, or that something happened.
    Notice,
    /// Anything else, in the source's word.
    Other(String),
}

/// A ref that moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefChange {
    /// The full name: `refs/heads/main`.
    pub name: String,
    /// Where it was; absent when it was created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Where it is; absent when it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// One side of a pull request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Side {
    /// The branch, without `refs/heads/`; absent where the forge does not say it.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub ref_name: Option<String>,
    /// The commit.
    pub sha: String,
}

impl RefChange {
    /// The push made this ref.
    #[must_use]
    pub fn is_created(&self) -> bool {
        self.before.is_none()
    }

    /// The push removed this ref.
    #[must_use]
    pub fn is_deleted(&self) -> bool {
        self.after.is_none()
    }
}

impl ForgeEvent {
    /// An event that says only who told it what and when.
    pub(super) fn bare(
        provider: Provider,
        kind: EventKind,
        delivery: &str,
        received_at: DateTime<Utc>,
    ) -> Self {
        Self {
            provider,
            kind,
            action: None,
            delivery: delivery.to_owned(),
            repository: None,
            ref_name: None,
            before: None,
            after: None,
            refs: Vec::new(),
            number: None,
            head: None,
            base: None,
            sender: None,
            command: None,
            object: None,
            received_at,
        }
    }

    /// In a few words, for the history: `push refs/heads/main by ann`, `pull_request opened #7 by ann`.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = self.kind.to_string();
        let mut add = |word: Option<String>| {
            if let Some(word) = word {
                words.push(' ');
                words.push_str(&word);
            }
        };
        add(self.action.clone());
        add(self.number.map(|number| format!("#{number}")));
        add(self.ref_name.clone());
        add(self.object.as_ref().map(|object| object.name.clone()));
        add(self.sender.as_ref().map(|sender| format!("by {sender}")));
        words
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Push => "push",
            Self::PullRequest => "pull_request",
            Self::Review => "review",
            Self::Check => "check",
            Self::Comment => "comment",
            Self::Status => "status",
            Self::Ping => "ping",
            Self::Command => "command",
            Self::Notice => "notice",
            Self::Other(word) => word,
        })
    }
}
