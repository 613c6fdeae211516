//! The account API: what workspaces are made of, the workspaces, metastores, and the account's members.

mod assignments;
mod attach;
mod checks;
mod endpoint_rules;
mod federated;
mod federation;
mod ip_access_lists;
mod kinds;
mod log_delivery;
mod metastores;
mod objects;
mod open;
mod principal_secrets;
mod running;
mod settings;
mod switches;
mod workspaces;

use std::collections::BTreeMap;

use axum::Router;
use serde_json::{Map, Value, json};

use super::call::{Lent, Shared};
use super::clock::{Clock, Pace, Progress};
use super::hosts::Hosts;
use super::options::{DatabricksOptions, Principal};
use super::scim::{self, Directory, HasDirectory};
use super::table::{Table, object};
use super::unity::{Access, Metastores};

use kinds::Kind;
use principal_secrets::SecretRow;
use switches::Switches;

pub use switches::AccountHandle;

/// Everything the account holds.
#[derive(Debug)]
pub(crate) struct Account {
    id: String,
    clock: Clock,
    pace: Pace,
    directory: Directory,
    /// Ids and secrets the token endpoints accept.
    principals: Shared<Vec<Principal>>,
    /// Secrets made by the API: id, with the service principal they belong to.
    secret_ids: BTreeMap<String, SecretRow>,
    objects: BTreeMap<Kind, Table>,
    workspaces: Table,
    /// Workspaces that are not in their last state.
    provisioning: BTreeMap<String, Progress>,
    /// States that remain until such a workspace goes on.
    slowness: BTreeMap<String, u32>,
    /// Keys of storage that workspaces were given and do not show yet, and how often they are still not shown.
    late_keys: BTreeMap<String, (Value, u32)>,
    /// How workspaces were before their last change.
    before: BTreeMap<String, Map<String, Value>>,
    /// Workspaces that were removed and are there still, and for how many looks.
    leaving: BTreeMap<String, u32>,
    /// Workspaces that will fail, with the reason.
    failing: BTreeMap<String, String>,
    /// Metastores and their assignment to workspaces, which the workspaces use, too.
    metastores: Shared<Metastores>,
    /// Private endpoint rules of network connectivity configs.
    endpoint_rules: Table,
    log_deliveries: Table,
    federation: Table,
    ip_access_lists: Table,
    ip_access: settings::IpAccess,
    /// Permissions of a member in a workspace, by both ids.
    assignments: BTreeMap<(String, u64), Vec<String>>,
    /// Network policy of a workspace, where it is not the default one.
    policies: BTreeMap<String, String>,
    switches: Switches,
    /// Hosts of the workspaces; they are the program's.
    pub(super) hosts: Lent<Hosts>,
    last_id: u64,
}

impl Account {
    pub(crate) fn new(options: &DatabricksOptions, principals: Shared<Vec<Principal>>) -> Self {
        // A workspace has the ids below, for groups of its own.
        let mut directory = Directory::from(900_000);
        for (login, name) in super::members(options) {
            directory.add_member(&login, &name);
        }
        Self {
            id: options.account_id.clone(),
            clock: options.clock.clone(),
            pace: options.pace,
            directory,
            principals,
            secret_ids: BTreeMap::new(),
            objects: BTreeMap::new(),
            workspaces: Table::default(),
            provisioning: BTreeMap::new(),
            slowness: BTreeMap::new(),
            late_keys: BTreeMap::new(),
            before: BTreeMap::new(),
            leaving: BTreeMap::new(),
            failing: BTreeMap::new(),
            metastores: Shared::new(Metastores::new(&options.account_id)),
            endpoint_rules: Table::default(),
            log_deliveries: Table::default(),
            federation: Table::default(),
            ip_access_lists: Table::default(),
            ip_access: settings::IpAccess::default(),
            assignments: BTreeMap::new(),
            policies: BTreeMap::new(),
            switches: Switches::default(),
            hosts: Lent::default(),
            last_id: 0,
        }
    }

    /// A workspace whose host this sandbox serves.
    pub(crate) fn add_workspace(&mut self, name: &str, id: u64, url: &str, now: i64) {
        let row = object(json!({
            "workspace_id": id,
            "workspace_name": name,
            "deployment_name": name,
            "workspace_url": url,
            "aws_region": "us-east-1",
            "account_id": self.id,
            "workspace_status": "RUNNING",
            "workspace_status_message": "Workspace is running.",
            "creation_time": now,
        }));
        self.workspaces.insert(&id.to_string(), row);
    }

    /// A new workspace's way to its metastore, which is its own until the account assigns it another.
    pub(crate) fn access(&mut self, name: &str, id: u64, now: i64) -> Access {
        self.metastores.lock().open(name, id, now);
        Access {
            metastores: self.metastores.clone(),
            workspace: id,
        }
    }

    fn table(&mut self, kind: Kind) -> &mut Table {
        self.objects.entry(kind).or_default()
    }
}

impl HasDirectory for Account {
    fn directory(&mut self) -> &mut Directory {
        &mut self.directory
    }
}

/// All routes below `/api/2.0/accounts/{account_id}`; another account is an unknown endpoint.
pub(crate) fn router(account_id: &str) -> Router<Shared<Account>> {
    let root = format!("/api/2.0/accounts/{account_id}");
    Router::new()
        .merge(objects::router(&root))
        .merge(workspaces::router(&root))
        .merge(metastores::router(&root))
        .merge(assignments::router(&root))
        .merge(endpoint_rules::router(&root))
        .merge(log_delivery::router(&root))
        .merge(federation::router(&root))
        .merge(ip_access_lists::router(&root))
        .merge(settings::router(&root))
        .merge(principal_secrets::router(&root))
        .merge(scim::router::<Account>(&format!("{root}/scim/v2")))
}
