//! What roles of AWS are taken for, and how their sessions are called: in CloudTrail, and in trusts that ask for
//! `sts:RoleSessionName`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who Terraform is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TerraformAs {
    /// Who may read.
    Plan,
    /// Who may read for a pull request that nobody merged.
    Propose,
    /// Who may change.
    Apply,
}

/// As the settings call it.
impl fmt::Display for TerraformAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plan => "plan",
            Self::Propose => "pull_requests.plan",
            Self::Apply => "apply",
        })
    }
}

/// What a role is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleSession<'a> {
    /// Whatever is done for an environment.
    Environment,
    /// To look at what would be done.
    Looks,
    /// For a run of Terraform over the stack of this call.
    Stack(TerraformAs, &'a str),
}

impl RoleSession<'_> {
    /// What the session is called: 64 letters, digits and some signs at most.
    pub(super) fn name(self, env: &str) -> String {
        let whole = match self {
            Self::Environment => format!("hodman-{env}"),
            Self::Looks => format!("hodman-{env}-plan"),
            Self::Stack(who, call) => {
                let who = match who {
                    TerraformAs::Plan => "plan",
                    TerraformAs::Propose => "propose",
                    TerraformAs::Apply => "apply",
                };
                format!("hodman-{env}-{who}-{call}")
            }
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "_=,.@-".contains(c);
        whole
            .chars()
            .map(|c| if fits(c) { c } else { '-' })
            .take(64)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_after_its_environment_and_what_it_is_for() {
        for (session, name) in [
            (RoleSession::Environment, "hodman-qa"),
            (RoleSession::Looks, "hodman-qa-plan"),
            (
                RoleSession::Stack(TerraformAs::Apply, "net"),
                "hodman-qa-apply-net",
            ),
            (
                RoleSession::Stack(TerraformAs::Propose, "my net"),
                "hodman-qa-propose-my-net",
            ),
        ] {
            assert_eq!(session.name("qa"), name);
        }
        let long = "ä".repeat(90);
        let long = RoleSession::Stack(TerraformAs::Plan, &long).name("qa");
        assert_eq!(long.len(), 64, "{long}");
    }
}
