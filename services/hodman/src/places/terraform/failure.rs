//! Why a stack could not be looked at or changed, and what helps.

use crate::work::{WorkError, chain};
use chrono::{DateTime, TimeDelta, Utc};
use hodman_clients::aws::AwsError;
use hodman_clients::databricks::{ApiError, ErrorKind, Request};
use hodman_clients::terraform::{LockHolder, TerraformError};

/// Why there is no result. Texts of Terraform stand in it masked.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Nothing is known of it.
    #[error("stack {0} does not exist")]
    NoStack(String),
    /// Terraform says so.
    #[error(transparent)]
    Terraform(#[from] TerraformError),
    /// Beside the packages something failed.
    #[error(transparent)]
    Work(#[from] WorkError),
    /// The role for it cannot be taken.
    #[error("the role {role} cannot be taken")]
    Role {
        /// Its ARN.
        role: String,
        /// Why.
        #[source]
        source: AwsError,
    },
    /// A state is not stored yet.
    #[error("an apply changed what is in the stack and could not store its state: {why}; nothing is planned before that is mended, for everything would be made a second time: {}", mend(stack, env, *kept))]
    Unsaved {
        /// The call.
        stack: String,
        /// The environment.
        env: String,
        /// In Terraform's words.
        why: String,
        /// Whether the state was kept.
        kept: bool,
    },
    /// It will be no better the next time.
    #[error("{0}")]
    Refused(String),
    /// It may be better the next time.
    #[error("{0}")]
    Later(String),
    /// The plan before an apply failed. It could be made before it was approved: what hinders it, such as the network of a provider,
    /// passes more often than not.
    #[error(transparent)]
    Again(TerraformError),
    /// Somebody else is at work, and has to end first.
    #[error("{0}")]
    AtWork(String),
}

impl Failure {
    /// What it is on the way to an apply that was approved.
    pub fn on_the_way(self) -> Self {
        match self {
            Self::Terraform(error @ TerraformError::Failed { code: Some(_), .. }) => {
                Self::Again(error)
            }
            other => other,
        }
    }
}

fn mend(stack: &str, env: &str, kept: bool) -> String {
    if kept {
        format!(
            "make its backend take it again, then `hodman unlock {env} {stack} --store-state` stores the state that was kept"
        )
    } else {
        format!(
            "the state was not kept either: bring what was made into the state by hand (`terraform import`), then `hodman unlock {env} {stack} --store-state` lets it go on"
        )
    }
}

/// The failure as whoever asked for a stack understands it.
pub(super) fn refusal(
    request: &Request,
    stack: (&str, &str),
    now: &DateTime<Utc>,
    failure: Failure,
) -> ApiError {
    let kind = match &failure {
        Failure::NoStack(_) => ErrorKind::NotFound,
        Failure::Terraform(error) => of_terraform(error),
        Failure::Work(error) if error.is_transient() => ErrorKind::Temporary,
        Failure::Role { source, .. } if source.is_transient() => ErrorKind::Temporary,
        // Tries come to an end.
        Failure::Later(_) | Failure::Again(_) => ErrorKind::Temporary,
        // For as long as that takes: tries would be used up before.
        Failure::AtWork(_) => ErrorKind::Busy,
        Failure::Work(_) | Failure::Role { .. } | Failure::Unsaved { .. } | Failure::Refused(_) => {
            ErrorKind::Invalid
        }
    };
    let words = match &failure {
        Failure::Terraform(TerraformError::Locked(holder)) => locked(holder, stack, now),
        other => chain(other),
    };
    super::super::error(request, kind, words)
}

fn of_terraform(error: &TerraformError) -> ErrorKind {
    match error {
        TerraformError::Locked(_) => ErrorKind::Busy,
        TerraformError::Stopped { .. }
        | TerraformError::TimedOut { .. }
        | TerraformError::Silent { .. }
        | TerraformError::Stale(_)
        | TerraformError::File { .. }
        // Killed by somebody: what was begun is gone on with.
        | TerraformError::Failed { code: None, .. }
        // The network to a backend or a registry, more often than not.
        | TerraformError::Failed { command: "init" | "state pull" | "output", .. } => ErrorKind::Temporary,
        _ => ErrorKind::Invalid,
    }
}

/// Whose lock it is, how old, and what takes it away.
fn locked(holder: &LockHolder, (env, call): (&str, &str), now: &DateTime<Utc>) -> String {
    let age = taken_at(&holder.created)
        .map(|at| format!(", {} ago", long(*now - at)))
        .unwrap_or_default();
    format!(
        "the state is locked by {holder}{age}; it is waited for. When that one is gone and will not come back, \
         `hodman unlock {env} {call} --lock {}` takes the lock away",
        holder.id
    )
}

/// A moment as Terraform writes it: `2026-11-23 23:20:38.769332966 +0000 UTC`.
fn taken_at(created: &str) -> Option<DateTime<Utc>> {
    let text = created.strip_suffix(" UTC").unwrap_or(created);
    let at = DateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f %z").ok()?;
    Some(at.with_timezone(&Utc))
}

fn long(age: TimeDelta) -> String {
    match (age.num_days(), age.num_hours(), age.num_minutes()) {
        (days @ 2.., _, _) => format!("{days} days"),
        (_, hours @ 2.., _) => format!("{hours} hours"),
        (_, _, minutes @ 2..) => format!("{minutes} minutes"),
        _ => format!("{} seconds", age.num_seconds().max(0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> LockHolder {
        LockHolder {
            id: "485c9b73".to_owned(),
            who: "ana@laptop".to_owned(),
            created: "2026-11-23 23:20:38.769332966 +0000 UTC".to_owned(),
            operation: "OperationTypeApply".to_owned(),
            path: String::new(),
            version: "1.11.4".to_owned(),
        }
    }

    #[test]
    fn whoever_is_at_work_is_waited_for_and_what_may_pass_is_tried_again() {
        let now = "2026-11-24T02:21:00Z".parse().expect("a moment");
        let of = |failure: Failure| {
            let request = Request::get("/terraform/stacks/net");
            refusal(&request, ("qa", "net"), &now, failure).kind
        };
        let locked = TerraformError::Locked(Box::new(holder()));
        let failed = |command| TerraformError::Failed {
            command,
            code: Some(1),
            message: "read: connection reset by peer".to_owned(),
        };
        assert_eq!(of(locked.into()), ErrorKind::Busy);
        assert_eq!(of(Failure::AtWork(String::new())), ErrorKind::Busy);
        assert_eq!(of(failed("plan").into()), ErrorKind::Invalid);
        let on_the_way = Failure::from(failed("plan")).on_the_way();
        assert_eq!(of(on_the_way), ErrorKind::Temporary);
        let protected = TerraformError::PreventDestroy(String::new());
        assert_eq!(
            of(Failure::from(protected).on_the_way()),
            ErrorKind::Invalid
        );
        assert_eq!(of(failed("init").into()), ErrorKind::Temporary);
    }

    #[test]
    fn a_lock_is_told_with_its_holder_its_age_and_its_id() {
        let now = "2026-11-24T02:21:00Z".parse().expect("a moment");
        let words = locked(&holder(), ("qa", "net"), &now);
        for part in [
            "ana@laptop",
            "3 hours ago",
            "`hodman unlock qa net --lock 485c9b73`",
        ] {
            assert!(words.contains(part), "{words}");
        }
    }
}
