//! The host of a workspace that the account made, and who comes in there.

use serde_json::{Map, Value, json};

use super::Account;
use crate::databricks::hosts::Opening;
use crate::databricks::scim::Member;
use crate::databricks::unity::Access;
use crate::faults::FaultRule;

const WHAT: &str = "Workspace";

/// Level of those who manage the workspace.
const ADMIN: &str = "ADMIN";

fn text(row: &Map<String, Value>, field: &str) -> String {
    let value = row.get(field).and_then(Value::as_str);
    value.unwrap_or_default().to_owned()
}

impl Account {
    /// Opens the workspace's host, unless it has one, with the members assigned so far; it has no metastore yet. The
    /// refusal is the reason for which it fails.
    pub(super) fn open(&mut self, id: &str) -> Result<(), String> {
        let Some(hosts) = self.hosts.get() else {
            return Err("The sandbox is stopping.".to_owned());
        };
        let Ok(number) = id.parse::<u64>() else {
            return Err(format!("{id} is not the id of a workspace."));
        };
        let mut hosts = hosts.lock();
        if hosts.handle(number).is_some() {
            return Ok(());
        }
        let row = self.workspaces.get_mut(WHAT, id).map_err(|e| e.message)?;
        let opening = Opening {
            name: text(row, "workspace_name"),
            host: text(row, "deployment_name"),
            id: number,
            members: Vec::new(),
            unity: Access {
                metastores: self.metastores.clone(),
                workspace: number,
            },
            closed: true,
        };
        let handle = hosts.open(opening).map_err(|error| error.to_string())?;
        row.insert("workspace_url".into(), json!(handle.url()));
        drop(hosts);
        if self.switches.silent_hosts {
            handle.faults().add(FaultRule::drop_connection(u32::MAX));
        }
        let assigned = self.assignments.keys().filter(|(of, _)| of == id);
        let assigned: Vec<u64> = assigned.map(|(_, principal)| *principal).collect();
        for principal in assigned {
            self.enter(id, principal);
        }
        Ok(())
    }

    /// Closes its host; tokens for it are worth nothing any more.
    pub(super) fn close(&mut self, id: &str) {
        if let (Some(hosts), Ok(id)) = (self.hosts.get(), id.parse()) {
            let mut hosts = hosts.lock();
            let host = hosts
                .handle(id)
                .map(|handle| handle.world.lock().host.clone());
            if let Some(host) = host {
                hosts.oauth.tokens.lock().forget_host(&host);
            }
            hosts.close(id);
        }
    }

    /// Who makes a workspace is its first admin.
    pub(super) fn enter_creator(&mut self, workspace: u64, login: &str) {
        if let Some(principal) = self.directory.login(login) {
            let key = (workspace.to_string(), principal);
            self.assignments.insert(key, vec![ADMIN.to_owned()]);
        }
    }

    /// The assigned member is seen in the workspace, too, once that is open.
    pub(super) fn enter(&mut self, workspace: &str, principal: u64) {
        let levels = self.assignments.get(&(workspace.to_owned(), principal));
        let admin = levels.is_some_and(|levels| levels.iter().any(|level| level == ADMIN));
        if let Some(member) = self.directory.copy(principal) {
            self.within(workspace, |world| world.admit(&member, admin));
        }
    }

    /// The member is out of the workspace.
    pub(super) fn leave(&mut self, workspace: &str, principal: u64) {
        if let Some(member) = self.directory.copy(principal) {
            self.within(workspace, |world| world.directory.release(&member));
        }
    }

    fn within(&self, workspace: &str, act: impl FnOnce(&mut crate::databricks::World)) {
        if let (Some(hosts), Ok(id)) = (self.hosts.get(), workspace.parse())
            && let Some(handle) = hosts.lock().handle(id)
        {
            act(&mut handle.world.lock());
        }
    }

    /// Id of the member with this login.
    pub(in crate::databricks) fn member(&self, login: &str) -> Option<u64> {
        self.directory.login(login)
    }

    /// The member with this login, if it is assigned to the workspace by itself or with a group, and whether as an admin.
    pub(in crate::databricks) fn assigned(
        &self,
        workspace: u64,
        login: &str,
    ) -> Option<(Member, bool)> {
        let id = self.directory.login(login)?;
        let workspace = workspace.to_string();
        let keys = self.directory.with_groups(id).into_iter();
        let levels = keys.filter_map(|key| self.assignments.get(&(workspace.clone(), key)));
        let levels: Vec<&String> = levels.flatten().collect();
        if levels.is_empty() {
            return None;
        }
        let admin = levels.into_iter().any(|level| level == ADMIN);
        Some((self.directory.copy(id)?, admin))
    }
}
