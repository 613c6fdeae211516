//! An in-memory Databricks account with its workspaces, behind real HTTP on loopback.
//!
//! Each workspace has a host of its own, as the real ones have; the account has one more. A workspace made through the
//! account gets a host, too, when it is `RUNNING`: its `workspace_url` says where. Nothing is executed: runs and
//! clusters go through their states at the [`Pace`] the sandbox was started with, and a notebook fails when it is not there
//! or raises. [`WorkspaceHandle`] is the hand of a person who works in the workspace's own pages.

mod account;
mod alerts;
mod apps;
mod by_hand;
mod call;
mod clock;
mod clusters;
mod compute;
mod error;
mod experiments;
mod files;
mod handle;
mod hosts;
mod jobs;
mod lakeview;
mod notifications;
mod oauth;
mod options;
mod page;
mod paging;
mod permissions;
mod pipelines;
mod queries;
mod saved_sql;
mod scim;
mod secrets;
mod server;
mod serving;
mod settings;
mod settings_v2;
mod table;
mod tokens;
mod unity;
mod vector_search;
mod warehouses;
mod world;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use secrecy::ExposeSecret as _;

use crate::faults::{Faults, Server, serve};
use account::Account;
use call::Shared;
use hosts::{Hosts, Opening};
use oauth::OAuth;
use server::{gate, guarded, no_such_endpoint};
use tokens::{Caller, Token, Tokens};
use world::World;

pub use account::AccountHandle;
pub use clock::{Clock, Pace};
pub use error::ApiError;
pub use handle::{ClusterView, JobView, WorkspaceHandle};
pub use options::{DatabricksOptions, FixedToken, Principal};
pub use server::RateLimit;

/// How long requests in work may take when the sandbox stops.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running account with its workspaces; dropping it stops it.
#[derive(Debug)]
pub struct Databricks {
    account_id: String,
    account_server: Server,
    account_faults: Faults,
    account: Shared<Account>,
    tokens: Shared<Tokens>,
    clock: Clock,
    hosts: Shared<Hosts>,
}

impl Databricks {
    /// Binds the ports and serves.
    ///
    /// # Errors
    /// A port cannot be bound.
    pub async fn start(options: DatabricksOptions) -> io::Result<Self> {
        let tokens = Shared::new(fixed_tokens(&options));
        let principals = Shared::new(options.principals.clone());
        let account = Shared::new(Account::new(&options, principals.clone()));
        let oauth = OAuth {
            url: Shared::new(String::new()),
            host: None,
            account_id: options.account_id.clone(),
            workspace_id: None,
            principals,
            account: account.clone(),
            tokens: tokens.clone(),
            clock: options.clock.clone(),
            lifetime: options.token_lifetime,
        };
        let routes = account::router(&options.account_id);
        let api = guarded(routes, account.clone(), gate(&oauth, "account"));
        let router = api.merge(oauth::router(oauth.clone()));
        let account_faults = Faults::new();
        let account_server = listen(options.first_port, router, &account_faults).await?;
        *oauth.url.lock() = account_server.url();
        let hosts = Shared::new(Hosts {
            oauth,
            account: account.clone(),
            pace: options.pace,
            unified: options.unified_hosts,
            next_port: match options.first_port {
                0 => 0,
                port => port.saturating_add(1),
            },
            open: Vec::new(),
        });
        account.lock().hosts = hosts.downgrade();
        for (name, position) in options.workspaces.iter().zip(1_u64..) {
            start_workspace(name, position, &options, &hosts, &account)?;
        }
        Ok(Self {
            account_id: options.account_id,
            account_server,
            account_faults,
            account,
            tokens,
            clock: options.clock,
            hosts,
        })
    }

    /// Id of the account.
    #[must_use]
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// URL of the account's host, without a slash at the end.
    #[must_use]
    pub fn account_url(&self) -> String {
        self.account_server.url()
    }

    /// Fault switches and request log of the account's host.
    #[must_use]
    pub fn account_faults(&self) -> &Faults {
        &self.account_faults
    }

    /// Switches of the account.
    #[must_use]
    pub fn account(&self) -> AccountHandle {
        AccountHandle::new(self.account.clone(), self.account_faults.clone())
    }

    /// The workspace of this name, if it was started or made through the account and is running.
    #[must_use]
    pub fn workspace(&self, name: &str) -> Option<WorkspaceHandle> {
        let mut handles = self.workspaces().into_iter();
        handles.find(|handle| handle.name() == name)
    }

    /// All workspaces in the order they were named, and behind them those made through the account.
    #[must_use]
    pub fn workspaces(&self) -> Vec<WorkspaceHandle> {
        let hosts = self.hosts.lock();
        hosts
            .open
            .iter()
            .map(|(handle, _)| handle.clone())
            .collect()
    }

    /// Makes every OAuth token that was issued expire now, which is what a client sees after an hour.
    pub fn expire_tokens(&self) {
        self.tokens.lock().expire_oauth(self.clock.millis());
    }

    /// Stops all hosts; requests in work are given two seconds.
    pub async fn shutdown(self) {
        self.account_server.shutdown(PATIENCE).await;
        let open = std::mem::take(&mut self.hosts.lock().open);
        for (_, server) in open {
            server.shutdown(PATIENCE).await;
        }
    }
}

/// Opens the workspace at `position` (from 1) and enters it into the account.
fn start_workspace(
    name: &str,
    position: u64,
    options: &DatabricksOptions,
    hosts: &Shared<Hosts>,
    account: &Shared<Account>,
) -> io::Result<()> {
    let (id, now) = (7_000_000_000_000_000 + position, options.clock.millis());
    let unity = account.lock().access(name, id, now);
    let opened = hosts.lock().open(Opening {
        name: name.to_owned(),
        host: name.to_owned(),
        id,
        members: members(options),
        unity,
        closed: false,
    });
    let url = opened?.url();
    account.lock().add_workspace(name, id, &url, now);
    Ok(())
}

async fn listen(port: u16, router: Router, faults: &Faults) -> io::Result<Server> {
    let router = router.fallback(no_such_endpoint);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    serve(address, router, faults).await
}

fn workspace_routes() -> Router<Shared<World>> {
    Router::new()
        .merge(jobs::router())
        .merge(clusters::router())
        .merge(files::router())
        .merge(permissions::router())
        .merge(secrets::router())
        .merge(scim::router::<World>("/api/2.0/preview/scim/v2"))
        .merge(compute::router())
        .merge(warehouses::router())
        .merge(settings::router())
        .merge(pipelines::router())
        .merge(lakeview::router())
        .merge(queries::router())
        .merge(alerts::router())
        .merge(serving::router())
        .merge(experiments::router())
        .merge(apps::router())
        .merge(vector_search::router())
        .merge(settings_v2::router())
        .merge(notifications::router())
        .merge(unity::router())
}

/// Logins and display names.
fn members(options: &DatabricksOptions) -> Vec<(String, String)> {
    let people = options
        .people
        .iter()
        .map(|login| (login.clone(), login.clone()));
    let principals = options
        .principals
        .iter()
        .map(|principal| (principal.client_id.clone(), principal.display_name.clone()));
    people.chain(principals).collect()
}

fn fixed_tokens(options: &DatabricksOptions) -> Tokens {
    let mut tokens = Tokens::default();
    for token in &options.tokens {
        let fixed = Token {
            id: String::new(),
            caller: Caller::of(&token.login),
            host: None,
            created: options.clock.millis(),
            expires: None,
            comment: String::new(),
            personal: false,
        };
        tokens.fix(token.value.expose_secret(), fixed);
    }
    tokens
}
