//! Each account: a token can be had, and the account shows its workspaces.

use futures::future::join_all;
use hodman_clients::databricks::{Account, AccountConfig, Connections, Request};

use super::report::{Check, with_causes};
use super::workspaces::{self, TIMEOUT};
use crate::config::{self, Config};

/// All accounts at once.
pub(super) async fn check(config: &Config) -> Vec<Check> {
    let connections = match workspaces::connections() {
        Ok(connections) => connections,
        Err(error) => return vec![Check::failed("accounts", &error)],
    };
    let accounts = config.accounts.iter();
    join_all(accounts.map(|(name, known)| one(&connections, name, known))).await
}

async fn one(connections: &Connections, name: &str, known: &config::Account) -> Check {
    let what = format!("account {name}");
    let auth = match known.auth() {
        Ok(auth) => auth,
        Err(problem) => return Check::wrong(what, format!("{problem:#}")),
    };
    let settings = AccountConfig {
        account_id: known.account_id.clone(),
        host: known.host.clone(),
        auth,
        timeout: TIMEOUT,
        user_agent: concat!("hodman/", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let account = match Account::new(settings, connections) {
        Ok(account) => account,
        Err(error) => return Check::failed(what, &error),
    };
    match account.call(Request::get(account.path("workspaces"))).await {
        Ok(answer) => {
            let count = answer.as_array().map_or(0, Vec::len);
            Check::fine(what, format!("{} with {count} workspaces", known.host))
        }
        Err(error) => Check::wrong(what, with_causes(&error))
            .hint(workspaces::hint(&error, known.oidc.is_some())),
    }
}
