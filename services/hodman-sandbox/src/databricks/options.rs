//! What a sandbox is started with.

use secrecy::SecretString;

use super::clock::{Clock, Pace};

/// How to start a [`super::Databricks`].
#[derive(Debug, Clone)]
pub struct DatabricksOptions {
    /// Id of the account, a UUID.
    pub account_id: String,
    /// Names of the workspaces; each gets a port of its own.
    pub workspaces: Vec<String>,
    /// Service principals, members of the account and of every workspace.
    pub principals: Vec<Principal>,
    /// Logins of people, members of every workspace; they contain an `@`.
    pub people: Vec<String>,
    /// Personal access tokens that are good everywhere and do not end.
    pub tokens: Vec<FixedToken>,
    /// Where the time comes from.
    pub clock: Clock,
    /// How fast runs, clusters and new workspaces go through their states.
    pub pace: Pace,
    /// Life of an OAuth token in seconds.
    pub token_lifetime: i64,
    /// Whether a workspace's host serves the account API too, as unified hosts do.
    pub unified_hosts: bool,
    /// First port: the account's. Workspaces get the ports after it, in their order. 0: any free ports.
    pub first_port: u16,
}

impl Default for DatabricksOptions {
    /// No workspaces and nobody in them; the machine's clock, states that last one read, tokens of an hour.
    fn default() -> Self {
        Self {
            account_id: "0f0f0f0f-0000-0000-0000-000000000001".to_owned(),
            workspaces: Vec::new(),
            principals: Vec::new(),
            people: Vec::new(),
            tokens: Vec::new(),
            clock: Clock::system(),
            pace: Pace::Polls(1),
            token_lifetime: 3600,
            unified_hosts: false,
            first_port: 0,
        }
    }
}

/// A service principal and its OAuth secret.
#[derive(Debug, Clone)]
pub struct Principal {
    /// Application id, which is the OAuth client id.
    pub client_id: String,
    /// OAuth secret.
    pub client_secret: SecretString,
    /// Name for people.
    pub display_name: String,
}

/// A personal access token chosen by the program.
#[derive(Debug, Clone)]
pub struct FixedToken {
    /// The token.
    pub value: SecretString,
    /// Login or application id it speaks for.
    pub login: String,
}
