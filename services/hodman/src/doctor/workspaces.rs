//! Each workspace: a token can be had, the workspace knows whose it is, and nobody else writes where hodman's files lie.

use std::time::Duration;

use futures::future::join_all;
use hodman_clients::databricks::{
    ApiError, Connections, ErrorKind, Request, RetryPolicy, Workspace, WorkspaceConfig,
};
use hodman_model::kinds::permissions::principal;

use super::report::{Check, with_causes};
use crate::config::{self, Config};
use crate::places::of_a_user;

/// Where files of all pipelines lie.
const FOLDER: &str = "/Workspace/Shared/.hodman";
/// The folder above, which lets its own writers into it.
const SHARED: &str = "/Workspace/Shared";

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
    let found =
        join_all(config.workspaces.iter().map(|(name, known)| {
            all_of(&connections, name, known, config.insecure.user_credentials)
        }));
    found.await.into_iter().flatten().collect()
}

async fn all_of(
    connections: &Connections,
    name: &str,
    known: &config::Workspace,
    users: bool,
) -> Vec<Check> {
    match one(connections, name, known, users).await {
        Ok((check, workspace, me)) => {
            let writers = writers(
                &workspace,
                &me,
                format!("files of hodman in workspace {name}"),
            );
            std::iter::once(check).chain(writers.await).collect()
        }
        Err(check) => vec![check],
    }
}

/// Who else may write the files that jobs run. None where nothing lies there yet, or where everybody may do everything.
async fn writers(workspace: &Workspace, me: &str, what: String) -> Option<Check> {
    let folder = match workspace.files().status(FOLDER).await {
        Ok(folder) => folder.object_id?,
        Err(error) if error.is_not_found() => return None,
        Err(error) => return Some(unknown(what, &error)),
    };
    let path = format!("/api/2.0/permissions/directories/{folder}");
    let answer = match workspace.call(Request::get(&path)).await {
        Ok(answer) => answer,
        Err(error) if matches!(error.kind, ErrorKind::Unsupported) => return None,
        Err(error) => return Some(unknown(what, &error)),
    };
    let entries = answer["access_control_list"].as_array();
    let others: Vec<String> = entries
        .into_iter()
        .flatten()
        .filter(|entry| {
            let levels = entry["all_permissions"].as_array();
            levels.into_iter().flatten().any(|level| {
                matches!(
                    level["permission_level"].as_str(),
                    Some("CAN_EDIT" | "CAN_MANAGE")
                )
            })
        })
        .filter_map(principal)
        // Administrators of a workspace may do everything in it.
        .filter(|name| {
            name != "group:admins" && name.split_once(':').is_none_or(|(_, name)| name != me)
        })
        .collect();
    if others.is_empty() {
        return Some(Check::fine(
            what,
            "only hodman and administrators write there",
        ));
    }
    let detail = format!("{} may write the files that jobs run", others.join(", "));
    Some(Check::warning(what, detail).hint(format!(
        "give them CAN_READ or CAN_RUN on {SHARED} or on {FOLDER}; what they change there runs until the next comparison finds it"
    )))
}

fn unknown(what: String, error: &ApiError) -> Check {
    Check::warning(
        what,
        format!("who writes there is not known: {}", with_causes(error)),
    )
}

/// The check, and for what follows the workspace and our name in it.
async fn one(
    connections: &Connections,
    name: &str,
    known: &config::Workspace,
    users: bool,
) -> Result<(Check, Workspace, String), Check> {
    let what = format!("workspace {name}");
    let host = known.host.clone();
    let auth = match known.auth() {
        Ok(auth) => auth,
        Err(problem) => return Err(Check::wrong(what, format!("{problem:#}"))),
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
        Err(error) => return Err(Check::failed(what, &error)),
    };
    match workspace.me().await {
        Ok(me) if known.token.is_some() && !users && me.user_name.contains('@') => {
            Err(Check::wrong(what, of_a_user(&me.user_name))
                .hint("name a service principal: `client_id` with `client_secret` or `oidc`, or a token of its own"))
        }
        Ok(me) => {
            let shown = me.display_name.unwrap_or_else(|| me.user_name.clone());
            let check = Check::fine(what, format!("{} as {shown}", workspace.host()));
            Ok((check, workspace, me.user_name))
        }
        Err(error) => {
            Err(Check::wrong(what, with_causes(&error)).hint(hint(&error, known.oidc.is_some())))
        }
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
        ErrorKind::Temporary | ErrorKind::Busy | ErrorKind::TimedOut { .. } => {
            "check the network, the proxy and the host's name"
        }
        ErrorKind::AlreadyExists | ErrorKind::Invalid | ErrorKind::Conflict => {
            "the message above says why"
        }
    }
}
