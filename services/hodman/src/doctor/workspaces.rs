//! Each workspace: a token can be had, and the workspace knows whose it is.

use std::time::Duration;

use futures::future::join_all;
use hodman_clients::databricks::{
    ApiError, Connections, ErrorKind, RetryPolicy, Workspace, WorkspaceConfig,
};

use super::report::{Check, with_causes};
use crate::config::{self, Config};
use crate::places::of_a_user;

/// The longest wait for one workspace.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// A person waits for the answer, so trouble is told, not waited out.
pub(super) fn connections() -> reqwest::Result<Connections> {
    let impatient = RetryPolicy {
        attempts: 2,
        ..RetryPolicy::default()
    };
    Ok(Connections::new()?.with_retry_policy(impatient))
}

/// All workspaces at once.
pub(super) async fn check(config: &Config) -> Vec<Check> {
    let connections = match connections() {
        Ok(connections) => connections,
        Err(error) => return vec![Check::failed("workspaces", &error)],
    };
    join_all(
        config
            .workspaces
            .iter()
            .map(|(name, known)| one(&connections, name, known, config.insecure.user_credentials)),
    )
    .await
}

async fn one(
    connections: &Connections,
    name: &str,
    known: &config::Workspace,
    users: bool,
) -> Check {
    let what = format!("workspace {name}");
    let host = known.host.clone();
    let auth = match known.auth() {
        Ok(auth) => auth,
        Err(problem) => return Check::wrong(what, format!("{problem:#}")),
    };
    let user_agent = concat!("hodman/", env!("CARGO_PKG_VERSION")).to_owned();
    let settings = WorkspaceConfig {
        name: name.to_owned(),
        host,
        auth,
        timeout: TIMEOUT,
        user_agent,
    };
    let workspace = match Workspace::new(settings, connections) {
        Ok(workspace) => workspace,
        Err(error) => return Check::failed(what, &error),
    };
    match workspace.me().await {
        Ok(me) if known.token.is_some() && !users && me.user_name.contains('@') => {
            Check::wrong(what, of_a_user(&me.user_name))
                .hint("name a service principal: `client_id` with `client_secret` or `oidc`, or a token of its own")
        }
        Ok(me) => Check::fine(
            what,
            format!(
                "{} as {}",
                workspace.host(),
                me.display_name.unwrap_or(me.user_name)
            ),
        ),
        Err(error) => Check::wrong(what, with_causes(&error)).hint(hint(&error, known.oidc.is_some())),
    }
}

pub(super) fn hint(error: &ApiError, federated: bool) -> &'static str {
    match error.kind {
        ErrorKind::Unauthenticated if federated => {
            "check client_id, and that a federation policy of this service principal trusts the token's issuer, subject and audience"
        }
        ErrorKind::Unauthenticated => {
            "check client_id and client_secret; the secret may have ended (two years at most)"
        }
        ErrorKind::PermissionDenied => {
            "add the service principal to this workspace, with workspace access"
        }
        ErrorKind::Html | ErrorKind::Unsupported | ErrorKind::NotFound | ErrorKind::Unreadable => {
            "check the host: this is not a workspace's API"
        }
        ErrorKind::RateLimited { .. } => "too many calls just now; try again in a minute",
        ErrorKind::Temporary | ErrorKind::TimedOut { .. } => {
            "check the network, the proxy and the host's name"
        }
        ErrorKind::AlreadyExists | ErrorKind::Invalid | ErrorKind::Conflict => {
            "the message above says why"
        }
    }
}
