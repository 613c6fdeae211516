//! Why CloudFormation gave no result.

use std::fmt;
use std::time::Duration;

use crate::aws::AwsError;

/// A resource that failed, and so its stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceFailure {
    /// The resource's name in the template.
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// Such as `CREATE_FAILED`.
    pub status: String,
    /// AWS's words.
    pub reason: String,
}

impl fmt::Display for ResourceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            logical_id,
            kind,
            status,
            reason,
        } = self;
        write!(f, "{logical_id} ({kind}) {status}: {reason}")
    }
}

/// Why a stack gave no result.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// A call failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// There is no such stack.
    #[error("there is no stack {0}")]
    NoStack(String),
    /// It carries other tags than ours.
    #[error("stack {stack} is not ours: its tag {tag} is {}", found.as_deref().unwrap_or("missing"))]
    Foreign {
        /// The stack.
        stack: String,
        /// The tag that should say so.
        tag: String,
        /// What it says.
        found: Option<String>,
    },
    /// Something is done to it just now.
    #[error("stack {stack} is busy: {status}")]
    Busy {
        /// The stack.
        stack: String,
        /// Its status.
        status: String,
    },
    /// Its first creation, or its removal, failed: it can only be removed. After an approval,
    /// [`super::CloudFormation::remove_failed`] does so, and it can be made anew.
    #[error("stack {stack} is in {status} and can only be removed and made anew{}", because(reason.as_deref()))]
    MustBeRemade {
        /// The stack.
        stack: String,
        /// Its id, for the removal.
        id: String,
        /// Its status.
        status: String,
        /// AWS's words.
        reason: Option<String>,
    },
    /// Its way back failed, too. Somebody looks at it, then [`super::CloudFormation::continue_rollback`].
    #[error("stack {stack} is in UPDATE_ROLLBACK_FAILED: a person must see to it, then its way back goes on{}", because(reason.as_deref()))]
    RollbackFailed {
        /// The stack.
        stack: String,
        /// AWS's words.
        reason: Option<String>,
    },
    /// The change set could not be made.
    #[error("the change set for stack {stack} cannot be made: {reason}")]
    BadChangeSet {
        /// The stack.
        stack: String,
        /// AWS's words.
        reason: String,
    },
    /// The stack changed since, or the set is gone: make it anew.
    #[error("the change set {change_set} of stack {stack} can no longer be executed: {status}")]
    Obsolete {
        /// The stack.
        stack: String,
        /// The set.
        change_set: String,
        /// Its execution status.
        status: String,
    },
    /// It was executed and ended badly.
    #[error("stack {stack} ended in {status}{}", joined(failures))]
    Failed {
        /// The stack.
        stack: String,
        /// Its status now.
        status: String,
        /// Which resources were to blame, the first first; those that only were cancelled for it are not among them.
        failures: Vec<ResourceFailure>,
    },
    /// It still goes on.
    #[error("{what} of stack {stack} did not end within {} s; it goes on", after.as_secs())]
    Unfinished {
        /// What was waited for.
        what: &'static str,
        /// The stack.
        stack: String,
        /// The limit.
        after: Duration,
    },
    /// Protected against removal.
    #[error(
        "stack {0} has termination protection: whoever gave it takes it away first (`aws cloudformation update-termination-protection`)"
    )]
    Protected(String),
}

fn because(reason: Option<&str>) -> String {
    reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}

fn joined(failures: &[ResourceFailure]) -> String {
    let all: Vec<_> = failures.iter().map(ToString::to_string).collect();
    if all.is_empty() {
        String::new()
    } else {
        format!(": {}", all.join("; "))
    }
}
