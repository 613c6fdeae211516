//! Why something waits or is refused: typed, stored, and shown alike on the web page, in the CLI and in pull requests.

use crate::ids::{EnvName, PackageDigest, PullNumber};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why a pin on main does not count as approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    /// Pushed to main without a pull request.
    PushedDirectly,
    /// The pull request's approved head says something else.
    HeadDiffers {
        /// Which.
        number: PullNumber,
    },
    /// Fewer reviews than asked for.
    NotReviewed {
        /// Which.
        number: PullNumber,
        /// Reviews of the merged head.
        have: u32,
        /// Asked for.
        want: u32,
    },
    /// No such package is stored.
    UnknownPackage,
    /// The predecessor has not passed it.
    NotPassed {
        /// Which predecessor.
        env: EnvName,
    },
    /// A predecessor has it, but not for long enough.
    Soaking {
        /// Which predecessor.
        env: EnvName,
        /// Until when.
        until: DateTime<Utc>,
    },
    /// A required check of its source commit is not green.
    CheckNotGreen {
        /// Which.
        name: String,
    },
    /// Rolled back from, and pinned again without going through a promotion.
    PutAside,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PushedDirectly => {
                f.write_str("the pin was pushed without a pull request; merged is not yet approved")
            }
            Self::HeadDiffers { number } => {
                write!(f, "the pin on main is not what the head of {number} said")
            }
            Self::NotReviewed { number, have, want } => write!(
                f,
                "{number} was merged with {have} of {want} required reviews of its head"
            ),
            Self::UnknownPackage => f.write_str("the pin names a package that is not stored"),
            Self::NotPassed { env } => {
                write!(f, "{env} has not passed every gate with this package")
            }
            Self::Soaking { env, until } => {
                write!(f, "it is soaking in {env} until {}", stamp(*until))
            }
            Self::CheckNotGreen { name } => {
                write!(f, "check `{name}` of its source commit is not green")
            }
            Self::PutAside => f.write_str("this package was rolled back from here"),
        }
    }
}

impl Refusal {
    /// What becomes of it, or what a person does about it.
    #[must_use]
    pub fn way_out(&self) -> String {
        match self {
            Self::NotPassed { .. } | Self::Soaking { .. } | Self::CheckNotGreen { .. } => {
                "the pin counts as soon as that holds".to_owned()
            }
            Self::HeadDiffers { number } | Self::NotReviewed { number, .. } => {
                format!("revert {number} on the promoted branch, and what is due is proposed anew")
            }
            Self::PushedDirectly | Self::UnknownPackage | Self::PutAside => {
                "revert it on the promoted branch, and what is due is proposed anew".to_owned()
            }
        }
    }
}

/// Why nothing happens right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "wait", rename_all = "kebab-case")]
pub enum Reason {
    /// Stopped by a person.
    Held {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// What an apply stopped for a change does not go on before a hold is lifted.
    StaysStopped,
    /// No window is open.
    WindowClosed {
        /// In words.
        because: String,
        /// When that may change.
        until: Option<DateTime<Utc>>,
    },
    /// The predecessor has something else in place, or nothing.
    NotThereYet {
        /// Which.
        env: EnvName,
    },
    /// The predecessor has it, but is not healthy with it.
    NotHealthy {
        /// Which.
        env: EnvName,
        /// Why.
        why: String,
    },
    /// Not long enough healthy there.
    Soaking {
        /// Where.
        env: EnvName,
        /// Until.
        until: DateTime<Utc>,
    },
    /// A required check is missing or pending.
    CheckPending {
        /// Which.
        name: String,
    },
    /// A required check failed.
    CheckFailed {
        /// Which.
        name: String,
    },
    /// More reviews are needed.
    Reviews {
        /// How many there are.
        have: u32,
        /// How many are asked for.
        want: u32,
    },
    /// Waiting for somebody to merge.
    Merge {
        /// Which pull request.
        number: PullNumber,
    },
    /// The forge refused to merge.
    MergeRefused {
        /// In its words.
        why: String,
    },
    /// Something is being done.
    Busy {
        /// What.
        doing: String,
    },
    /// A step failed.
    Failed {
        /// Which.
        what: String,
        /// Why.
        why: String,
        /// Next try.
        retry_at: Option<DateTime<Utc>>,
    },
    /// A pull request that a person pushed to is in the way.
    PersonPushed {
        /// Which.
        number: PullNumber,
    },
    /// A file on main cannot be used.
    Broken {
        /// With file, line and column.
        error: String,
    },
    /// The pin on main does not count.
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// What is needed now is not what was approved.
    NeedsApproval {
        /// Keys outside the approval.
        outside: Vec<String>,
    },
    /// Put aside by a rollback or by closing the pull request.
    PutAside {
        /// Which package.
        package: PackageDigest,
        /// Why.
        why: String,
    },
    /// The environment is gone from Git, or marked absent.
    Gone,
    /// Nothing newer to promote.
    UpToDate,
    /// No package yet.
    NoPackage,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { by, reason } => write!(f, "held by {by}: {reason}"),
            Self::StaysStopped => f.write_str(
                "our own jobs and pipelines, and pools, that were stopped for a change stay stopped until `hodman resume`",
            ),
            Self::WindowClosed { because, until } => {
                write!(f, "{because}")?;
                until.map_or(Ok(()), |until| write!(f, "; next change {}", stamp(until)))
            }
            Self::NotThereYet { env } => write!(f, "{env} does not have this package yet"),
            Self::NotHealthy { env, why } => {
                write!(f, "{env} is not healthy with this package: {why}")
            }
            Self::Soaking { env, until } => {
                write!(f, "soaking in {env} until {}", stamp(*until))
            }
            Self::CheckPending { name } => write!(f, "check `{name}` has not finished"),
            Self::CheckFailed { name } => write!(f, "check `{name}` failed"),
            Self::Reviews { have, want } => write!(f, "{have} of {want} reviews"),
            Self::Merge { number } => write!(f, "waiting for {number} to be merged"),
            Self::MergeRefused { why } => write!(f, "the forge refused to merge: {why}"),
            Self::Busy { doing } => f.write_str(doing),
            Self::Failed {
                what,
                why,
                retry_at,
            } => {
                write!(f, "{what} failed: {why}")?;
                match retry_at {
                    Some(at) => write!(f, "; next try {}", stamp(*at)),
                    None => f.write_str("; not tried again by itself"),
                }
            }
            Self::PersonPushed { number } => write!(
                f,
                "{number} holds commits that a person pushed; merge or close it first"
            ),
            Self::Broken { error } => write!(f, "{error}"),
            Self::Refused { refusal } => write!(f, "refused: {refusal}; {}", refusal.way_out()),
            Self::NeedsApproval { outside } => write!(
                f,
                "needs approval: {} not in the approved plan",
                outside.join(", ")
            ),
            Self::PutAside { package, why } => {
                write!(f, "package {} is put aside: {why}", package.short())
            }
            Self::Gone => f.write_str("not in Git (or absent): nothing is done, nothing destroyed"),
            Self::UpToDate => f.write_str("nothing newer to promote"),
            Self::NoPackage => f.write_str("no package has been built yet"),
        }
    }
}

/// How instants are shown everywhere.
#[must_use]
pub fn stamp(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%SZ").to_string()
}
