//! Each workspace: a token can be had, and the workspace knows whose it is.

use std::time::Duration;

use futures::future::join_all;
use hodman_clients::databricks::{
    ApiError, Connections, ErrorKind, RetryPolicy, Workspace, WorkspaceConfig,
};

use super::report::{Check, with_causes};
use crate::config::{self, Config};

/// The longest wait for one workspace.
const TIMEOUT: Duration = Duration::from_secs(30);

/// All workspaces at once.
pub(super) async fn check(config: &Config) -> Vec<Check> {
    // A person waits for the answer, so trouble is told, not waited out.
    let impatient = RetryPolicy {
        attempts: 2,
        ..RetryPolicy::default()
    };
    let connections = match Connections::new() {
        Ok(connections) => connections.with_retry_policy(impatient),
        Err(error) => return vec![Check::failed("workspaces", &error)],
    };
    join_all(
        config
            .workspaces
            .iter()
            .map(|(name, known)| one(&connections, name, known)),
    )
    .await
}

async fn one(connections: &Connections, name: &str, known: &config::Workspace) -> Check {
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
        Ok(me) => Check::fine(
            what,
            format!(
                "{} as {}",
                workspace.host(),
                me.display_name.unwrap_or(me.user_name)
            ),
        ),
        Err(error) => Check::wrong(what, with_causes(&error)).hint(hint(&error)),
    }
}

fn hint(error: &ApiError) -> &'static str {
    match error.kind {
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
