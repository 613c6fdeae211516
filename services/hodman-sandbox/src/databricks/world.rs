//! Everything one workspace holds.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::call::{Call, Shared};
use super::clock::{Clock, Pace};
use super::clusters::Clusters;
use super::files::Files;
use super::jobs::Jobs;
use super::permissions::Permissions;
use super::scim::{Directory, HasDirectory};
use super::secrets::Secrets;
use super::table::Table;
use super::tokens::{Caller, Tokens};
use super::unity::Access;

/// One workspace. Handlers change it under its lock, one call at a time, as the real service serialises writes of an object.
#[derive(Debug)]
pub(crate) struct World {
    /// Host part of the URL as tokens know it.
    pub(crate) host: String,
    /// Known when the port is bound.
    pub(crate) url: String,
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    next_id: u64,
    pub(crate) tokens: Shared<Tokens>,
    pub(crate) jobs: Jobs,
    pub(crate) clusters: Clusters,
    pub(crate) files: Files,
    pub(crate) permissions: Permissions,
    pub(crate) secrets: Secrets,
    pub(crate) directory: Directory,
    pub(crate) policies: Table,
    pub(crate) pools: Table,
    pub(crate) instance_profiles: Table,
    pub(crate) init_scripts: Table,
    pub(crate) warehouses: Table,
    pub(crate) repos: Table,
    pub(crate) git_credentials: Table,
    pub(crate) ip_access_lists: Table,
    pub(crate) conf: BTreeMap<String, String>,
    pub(crate) unity: Access,
}

/// What a workspace is started with.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) host: String,
    pub(crate) workspace_id: u64,
    pub(crate) clock: Clock,
    pub(crate) pace: Pace,
    pub(crate) tokens: Shared<Tokens>,
    /// Logins and display names of people and service principals.
    pub(crate) members: Vec<(String, String)>,
    pub(crate) unity: Access,
}

impl World {
    pub(crate) fn new(beginning: Beginning) -> Self {
        let Beginning {
            host,
            workspace_id,
            clock,
            pace,
            tokens,
            members,
            unity,
        } = beginning;
        let now = clock.millis();
        let mut directory = Directory::default();
        directory.add_group("admins");
        directory.add_group("users");
        let mut files = Files::new(now);
        for (login, display_name) in &members {
            directory.add_member(login, display_name);
            files.add_home(login, now);
        }
        Self {
            host,
            url: String::new(),
            clock,
            pace,
            // Ids of two workspaces never meet, so a client that mixes hosts up gets a refusal, not another's object.
            next_id: workspace_id % 1_000_000 * 1_000_000,
            tokens,
            jobs: Jobs::default(),
            clusters: Clusters::default(),
            files,
            permissions: Permissions::default(),
            secrets: Secrets::default(),
            directory,
            policies: Table::default(),
            pools: Table::default(),
            instance_profiles: Table::default(),
            init_scripts: Table::default(),
            warehouses: Table::default(),
            repos: Table::default(),
            git_credentials: Table::default(),
            ip_access_lists: Table::default(),
            conf: BTreeMap::new(),
            unity,
        }
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A call by the page or the program in the name of `login`.
    pub(crate) fn call_by(&self, login: &str, body: Map<String, Value>) -> Call {
        Call::by_hand(Caller::of(login), self.clock.millis(), body)
    }
}

impl HasDirectory for World {
    fn directory(&mut self) -> &mut Directory {
        &mut self.directory
    }
}
