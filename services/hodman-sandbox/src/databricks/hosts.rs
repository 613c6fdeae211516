//! The hosts of the workspaces: those the sandbox began with, and one more for each that the account made.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use super::account::{self, Account};
use super::call::Shared;
use super::clock::Pace;
use super::handle::WorkspaceHandle;
use super::oauth::{self, OAuth};
use super::page::{self, Page};
use super::server::{Admission, gate, guarded, no_such_endpoint};
use super::unity::Access;
use super::world::{Beginning, World};
use crate::faults::{Faults, Server, serve_on};

/// All hosts that are open.
#[derive(Debug)]
pub(crate) struct Hosts {
    /// The account's endpoint; a host gets its own like it.
    pub(crate) oauth: OAuth,
    pub(crate) account: Shared<Account>,
    pub(crate) pace: Pace,
    /// Whether hosts serve the account API, too.
    pub(crate) unified: bool,
    /// Port of the next one; 0: any free one.
    pub(crate) next_port: u16,
    pub(crate) open: Vec<(WorkspaceHandle, Server)>,
}

/// A workspace that gets its host.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) name: String,
    /// What its tokens know it by.
    pub(crate) host: String,
    pub(crate) id: u64,
    /// Logins and display names of those who are in it from the beginning.
    pub(crate) members: Vec<(String, String)>,
    pub(crate) unity: Access,
    /// Whether only members may come in.
    pub(crate) closed: bool,
}

impl Hosts {
    /// Binds a port and serves an empty workspace there; its handle.
    pub(crate) fn open(&mut self, opening: Opening) -> io::Result<WorkspaceHandle> {
        let Opening {
            name,
            host,
            id,
            members,
            unity,
            closed,
        } = opening;
        let oauth = OAuth {
            url: Shared::new(String::new()),
            host: Some(host.clone()),
            workspace_id: Some(id),
            ..self.oauth.clone()
        };
        let world = Shared::new(World::new(Beginning {
            host: host.clone(),
            workspace_id: id,
            clock: oauth.clock.clone(),
            pace: self.pace,
            tokens: oauth.tokens.clone(),
            members,
            unity,
        }));
        let account_gate = gate(&oauth, &host);
        let mut gate = account_gate.clone();
        gate.admission = closed.then(|| Admission {
            account: self.account.clone(),
            world: world.clone(),
            workspace: id,
        });
        let faults = Faults::new();
        let handle = WorkspaceHandle::new(
            &name,
            oauth.url.clone(),
            id,
            world.clone(),
            faults.clone(),
            gate.throttle.clone(),
        );
        let page = Page {
            world: world.clone(),
            handle: handle.clone(),
        };
        let mut router = guarded(super::workspace_routes(), world.clone(), gate)
            .merge(oauth::router(oauth.clone()))
            .merge(page::router(page));
        if self.unified {
            let routes = account::router(&oauth.account_id);
            router = router.merge(guarded(routes, self.account.clone(), account_gate));
        }
        let server = serve_on(self.listener()?, router.fallback(no_such_endpoint), &faults)?;
        *oauth.url.lock() = server.url();
        world.lock().url = server.url();
        self.open.push((handle.clone(), server));
        Ok(handle)
    }

    /// The next port, or any free one where somebody else has it.
    fn listener(&mut self) -> io::Result<TcpListener> {
        let bind = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        let port = self.next_port;
        self.next_port = if port == 0 { 0 } else { port.saturating_add(1) };
        bind(port).or_else(|_| bind(0))
    }

    /// Closes the workspace's host, if it has one.
    pub(crate) fn close(&mut self, id: u64) {
        self.open.retain(|(handle, _)| handle.workspace_id() != id);
    }

    pub(crate) fn handle(&self, id: u64) -> Option<&WorkspaceHandle> {
        let mut handles = self.open.iter().map(|(handle, _)| handle);
        handles.find(|handle| handle.workspace_id() == id)
    }
}
