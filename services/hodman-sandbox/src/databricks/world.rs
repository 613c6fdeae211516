//! Everything one workspace holds.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::apps::Apps;
use super::call::{Call, Shared};
use super::clock::{Clock, Pace};
use super::clusters::Clusters;
use super::experiments::Experiments;
use super::files::{Asset, Content, Files, Node};
use super::jobs::Jobs;
use super::lakeview::Dashboards;
use super::permissions::Permissions;
use super::pipelines::Pipelines;
use super::scim::{Directory, HasDirectory, Member};
use super::secrets::Secrets;
use super::serving::Endpoints;
use super::settings_v2::TypedSettings;
use super::table::Table;
use super::tokens::{Caller, Tokens};
use super::unity::Access;
use super::vector_search::VectorSearch;
use super::warehouses::Warehouses;

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
    pub(crate) warehouses: Warehouses,
    pub(crate) repos: Table,
    pub(crate) git_credentials: Table,
    pub(crate) ip_access_lists: Table,
    pub(crate) conf: BTreeMap<String, String>,
    pub(crate) pipelines: Pipelines,
    pub(crate) dashboards: Dashboards,
    pub(crate) queries: Table,
    pub(crate) alerts: Table,
    pub(crate) alerts_v2: Table,
    pub(crate) serving: Endpoints,
    pub(crate) experiments: Experiments,
    /// The workspace's own registered models, by name.
    pub(crate) models: Table,
    pub(crate) apps: Apps,
    pub(crate) vector_search: VectorSearch,
    pub(crate) typed_settings: TypedSettings,
    pub(crate) destinations: Table,
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
            warehouses: Warehouses::default(),
            repos: Table::default(),
            git_credentials: Table::default(),
            ip_access_lists: Table::default(),
            conf: BTreeMap::new(),
            pipelines: Pipelines::default(),
            dashboards: Dashboards::default(),
            queries: Table::default(),
            alerts: Table::default(),
            alerts_v2: Table::default(),
            serving: Endpoints::default(),
            experiments: Experiments::default(),
            models: Table::default(),
            apps: Apps::default(),
            vector_search: VectorSearch::default(),
            typed_settings: TypedSettings::default(),
            destinations: Table::default(),
            unity,
        }
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Classic compute that runs, if there is any.
    pub(crate) fn running_compute(&mut self, now: i64) -> Option<String> {
        if let Some(id) = self.clusters.running(self.pace, now) {
            return Some(format!("cluster {id}"));
        }
        if let Some(id) = self.warehouses.running(self.pace, now) {
            return Some(format!("SQL warehouse {id}"));
        }
        let idle = |row: &&Map<String, Value>| {
            let idle = row.get("min_idle_instances").and_then(Value::as_u64);
            idle.is_some_and(|instances| instances > 0)
        };
        let pool = self.pools.rows().find(idle)?;
        let id = pool.get("instance_pool_id").and_then(Value::as_str);
        Some(format!("pool {}", id.unwrap_or_default()))
    }

    /// A member of the account comes in, with a home in the tree.
    pub(crate) fn admit(&mut self, member: &Member, admin: bool) {
        self.directory.adopt(member, admin);
        let now = self.clock.millis();
        if let Some(login) = Directory::login_of(member) {
            self.files.add_home(login, now);
        }
    }

    /// A place in the tree was deleted: what stood there goes with it.
    pub(crate) fn has_lost(&mut self, node: &Node) {
        match &node.content {
            Content::Asset(Asset {
                resource: Some(dashboard),
                ..
            }) => self.dashboards.lost(dashboard),
            Content::Asset(_) => self.experiments.lost(node.id),
            Content::Repo(id) => {
                let id = id.to_string();
                // It is there: the tree and the list of git folders are changed together.
                drop(self.repos.remove("Repo", &id));
                self.permissions.forget("repos", &id);
            }
            Content::Directory
            | Content::Notebook { .. }
            | Content::File(_)
            | Content::Designer(_) => {}
        }
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
