//! The handle: starting, stopping, and what people, Apps and bad luck do.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::app::AppSpec;
use super::auth::{Caller, Token};
use super::courier::{Courier, ReleaseOrder};
use super::git::{self, Change};
use super::http::{self, Shared, lock};
use super::merging::{MergeMethod, MergeWish};
use super::protection::Protection;
use super::pull::NewPull;
use super::reply::ApiError;
use super::world::{Clock, Org, World};
use crate::faults::{self, Faults, Server};

/// How to start.
pub struct GitHubOptions {
    /// Where to listen; port 0 takes any free port.
    pub addr: SocketAddr,
    /// Directory for the bare repositories; must exist.
    pub root_dir: PathBuf,
    /// The time of everything this GitHub does.
    pub clock: Clock,
}

/// Starting failed.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken or not allowed.
    #[error("the sandbox GitHub cannot listen on {addr}")]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The client that sends webhooks cannot be built.
    #[error("the sandbox GitHub cannot send webhooks")]
    Client(#[source] reqwest::Error),
}

/// A running GitHub.
pub struct GitHub {
    world: Shared,
    server: Server,
    faults: Faults,
}

/// A pull request as tests and people look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullView {
    /// Number in the repository.
    pub number: u64,
    /// Title.
    pub title: String,
    /// Body, empty without one.
    pub body: String,
    /// Login of the author.
    pub author: String,
    /// Whether it is open.
    pub open: bool,
    /// Whether it was merged.
    pub merged: bool,
    /// Head branch.
    pub head_ref: String,
    /// Head commit, 40 hex digits.
    pub head_sha: String,
    /// Base branch.
    pub base_ref: String,
    /// Commit the merge made, when merged.
    pub merge_sha: Option<String>,
    /// Label names.
    pub labels: Vec<String>,
    /// Whether git can merge it now.
    pub mergeable: bool,
    /// Bodies of the conversation's comments.
    pub comments: Vec<String>,
}

/// A webhook delivery as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// `X-GitHub-Delivery`.
    pub guid: String,
    /// `X-GitHub-Event`.
    pub event: String,
    /// `action` of the payload.
    pub action: Option<String>,
    /// Where it went.
    pub url: String,
    /// `OK`, `pending`, or what failed.
    pub status: String,
    /// Status of the receiver's answer, 0 without one.
    pub code: u16,
    /// Whether it was sent again on request.
    pub redelivery: bool,
    /// The payload.
    pub payload: Value,
}

impl GitHub {
    /// Starts to serve; must be called in a tokio run time, which also carries the webhooks.
    ///
    /// # Errors
    /// The address cannot be bound, or no HTTP client can be built.
    pub async fn start(options: GitHubOptions) -> Result<Self, StartError> {
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        let client = client.build().map_err(StartError::Client)?;
        let courier = Courier::new(tokio::runtime::Handle::current(), client);
        let world = Arc::new(Mutex::new(World::new(
            options.clock,
            options.root_dir,
            courier,
        )));
        lock(&world).courier.report_to(&world);
        let faults = Faults::new();
        let served = faults::serve(options.addr, http::router(Arc::clone(&world)), &faults).await;
        let server = served.map_err(|source| StartError::Bind {
            addr: options.addr,
            source,
        })?;
        lock(&world).base_url = server.url();
        Ok(Self {
            world,
            server,
            faults,
        })
    }

    /// `http://127.0.0.1:<port>`; the REST interface is at the root and below `/api/v3`.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Fault switches and request log.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Stops serving; requests in work get two seconds.
    pub async fn shutdown(self) {
        self.server.shutdown(Duration::from_secs(2)).await;
    }

    /// Adds a person with a token.
    pub fn add_user(&self, login: &str, token: &str) {
        let mut world = lock(&self.world);
        world.put_user(
            login,
            login,
            &format!("{login}@users.noreply.github.com"),
            "User",
        );
        world
            .tokens
            .insert(token.to_owned(), Token::User(login.to_owned()));
    }

    /// Sets the name and address a person commits with.
    pub fn describe_user(&self, login: &str, name: &str, email: &str) {
        lock(&self.world).put_user(login, name, email, "User");
    }

    /// Adds an organisation; members are logins with `admin` or `member`.
    pub fn add_org(&self, login: &str, members: &[(&str, &str)]) {
        let mut world = lock(&self.world);
        world.put_user(login, login, "", "Organization");
        let members = members
            .iter()
            .map(|(login, role)| ((*login).to_owned(), (*role).to_owned()))
            .collect();
        world.orgs.insert(
            login.to_owned(),
            Org {
                members,
                ..Org::default()
            },
        );
    }

    /// Creates a private repository with files on `main`; the owner must exist.
    ///
    /// # Errors
    /// The name is taken or not `owner/name`, or git failed.
    pub fn create_repo(
        &self,
        full_name: &str,
        files: &[(&str, &[u8])],
        by: &str,
    ) -> Result<(), ApiError> {
        let (owner, name) = full_name.split_once('/').ok_or_else(ApiError::not_found)?;
        let mut world = lock(&self.world);
        let repo = world.create_repo(owner, name, true)?;
        let changes: Vec<Change> = files
            .iter()
            .map(|(path, content)| Change {
                path: (*path).to_owned(),
                content: Some(content.to_vec()),
            })
            .collect();
        if !changes.is_empty() {
            world.commit(repo, "main", &changes, "Initial commit", by)?;
        }
        Ok(())
    }

    /// Registers an App with one installation; the App hears of the installation.
    ///
    /// # Errors
    /// The private key is not an RSA key in PEM.
    pub fn add_app(&self, spec: &AppSpec) -> Result<(), ApiError> {
        lock(&self.world).add_app(spec)
    }

    /// Limits an installation to these repositories (names without owner); `None`: all of the account.
    pub fn select_repositories(&self, installation: u64, names: Option<&[&str]>) {
        let names = names.map(|names| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<BTreeSet<_>>()
        });
        if let Some(found) = lock(&self.world).installations.get_mut(&installation) {
            found.repositories = names;
        }
    }

    /// Adds a webhook, which gets a `ping`; the hook's id.
    ///
    /// # Errors
    /// No such repository.
    pub fn add_hook(
        &self,
        repo: &str,
        url: &str,
        secret: &str,
        events: &[&str],
    ) -> Result<u64, ApiError> {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        self.with(repo, |world, repo| {
            Ok(world.add_hook(repo, url, Some(secret.to_owned()), events))
        })
    }

    /// Commits on a branch; `None` as content deletes the file, an absent branch starts at `main`. The new commit's sha.
    ///
    /// # Errors
    /// No such repository, or git failed (for example a file to delete that is not there).
    pub fn commit(
        &self,
        repo: &str,
        branch: &str,
        changes: &[(&str, Option<&[u8]>)],
        message: &str,
        by: &str,
    ) -> Result<String, ApiError> {
        self.with(repo, |world, repo| {
            let found = world.repo(repo)?;
            let git = found.open()?;
            if let (None, Some(tip)) = (
                git::branch_tip(&git, branch),
                git::branch_tip(&git, &found.default_branch),
            ) {
                git::set_ref(&git, &format!("refs/heads/{branch}"), tip)?;
                world.refs_changed(repo, by)?;
            }
            let changes: Vec<Change> = changes
                .iter()
                .map(|(path, content)| Change {
                    path: (*path).to_owned(),
                    content: content.map(<[u8]>::to_vec),
                })
                .collect();
            Ok(world
                .commit(repo, branch, &changes, message, by)?
                .to_string())
        })
    }

    /// The bytes of a file at a branch, tag or commit; `None` when it is not there.
    #[must_use]
    pub fn read_file(&self, repo: &str, at: &str, path: &str) -> Option<Vec<u8>> {
        let read = |world: &mut World, repo| {
            let git = world.repo(repo)?.open()?;
            Ok(git::resolve(&git, at).and_then(|commit| git::read_file(&git, commit, path)))
        };
        self.with(repo, read).ok().flatten()
    }

    /// The commit a branch, tag or sha stands for.
    #[must_use]
    pub fn head(&self, repo: &str, at: &str) -> Option<String> {
        let read = |world: &mut World, repo| {
            Ok(git::resolve(&world.repo(repo)?.open()?, at).map(|oid| oid.to_string()))
        };
        self.with(repo, read).ok().flatten()
    }

    /// Opens a pull request; its number.
    ///
    /// # Errors
    /// As GitHub refuses: unknown branch, no commits, one exists already.
    pub fn open_pull(
        &self,
        repo: &str,
        head: &str,
        base: &str,
        title: &str,
        body: &str,
        by: &str,
    ) -> Result<u64, ApiError> {
        let (title, body) = (title.to_owned(), Some(body.to_owned()));
        let new = NewPull {
            title,
            body,
            head: head.to_owned(),
            base: base.to_owned(),
            draft: false,
        };
        self.with(repo, |world, repo| world.open_pull(repo, new, by))
    }

    /// All pull requests, oldest first; none for an unknown repository.
    #[must_use]
    pub fn pulls(&self, repo: &str) -> Vec<PullView> {
        self.with(repo, |world, repo| {
            let found = world.repo(repo)?;
            let git = found.open()?;
            Ok(found.pulls.iter().map(|pull| view(pull, &git)).collect())
        })
        .unwrap_or_default()
    }

    /// One pull request.
    ///
    /// # Errors
    /// No such repository or number.
    pub fn pull(&self, repo: &str, number: u64) -> Result<PullView, ApiError> {
        self.with(repo, |world, repo| {
            let found = world.repo(repo)?;
            Ok(view(found.pull(number)?, &found.open()?))
        })
    }

    /// Approves, or asks for changes.
    ///
    /// # Errors
    /// No such pull request, or it is the reviewer's own.
    pub fn review(
        &self,
        repo: &str,
        number: u64,
        by: &str,
        approve: bool,
    ) -> Result<u64, ApiError> {
        let event = if approve {
            "APPROVE"
        } else {
            "REQUEST_CHANGES"
        };
        self.with(repo, |world, repo| {
            world.add_review(repo, number, event, "", by)
        })
    }

    /// Merges; the new tip of the base branch.
    ///
    /// # Errors
    /// 405 when GitHub would not merge (conflict, missing approvals or checks, closed), 404 when it is not there.
    pub fn merge(
        &self,
        repo: &str,
        number: u64,
        by: &str,
        method: MergeMethod,
    ) -> Result<String, ApiError> {
        let (wish, caller) = (
            MergeWish {
                method,
                ..MergeWish::default()
            },
            Caller::User(by.to_owned()),
        );
        self.with(repo, |world, repo| {
            Ok(world.merge_pull(repo, number, &wish, &caller)?.to_string())
        })
    }

    /// Comments in the conversation; the comment's id.
    ///
    /// # Errors
    /// No such pull request.
    pub fn comment(&self, repo: &str, number: u64, by: &str, body: &str) -> Result<u64, ApiError> {
        self.with(repo, |world, repo| {
            world.add_comment(repo, number, body, by, None)
        })
    }

    /// Closes a pull request without merging.
    ///
    /// # Errors
    /// No such pull request.
    pub fn close(&self, repo: &str, number: u64, by: &str) -> Result<(), ApiError> {
        self.with(repo, |world, repo| world.close_pull(repo, number, by))
    }

    /// Sets a completed check run on a commit, in nobody's App; its id.
    ///
    /// # Errors
    /// Unknown commit or conclusion.
    pub fn check(
        &self,
        repo: &str,
        sha: &str,
        name: &str,
        conclusion: &str,
        by: &str,
    ) -> Result<u64, ApiError> {
        let body =
            json!({"name": name, "head_sha": sha, "status": "completed", "conclusion": conclusion});
        self.with(repo, |world, repo| world.create_run(repo, &body, None, by))
    }

    /// Protects a branch; `rules` is the body of GitHub's `PUT …/protection`.
    ///
    /// # Errors
    /// No such repository.
    pub fn protect(&self, repo: &str, branch: &str, rules: &Value) -> Result<(), ApiError> {
        self.with(repo, |world, repo| {
            world
                .repo_mut(repo)?
                .protection
                .insert(branch.to_owned(), Protection::parse(rules));
            Ok(())
        })
    }

    /// The next `count` webhooks cannot be delivered; GitHub lists them as failed and does not try again.
    pub fn drop_next_webhook(&self, count: u32) {
        lock(&self.world).courier.drop_next += count;
    }

    /// The next `count` webhooks vanish without a trace in the list of deliveries.
    pub fn lose_next_webhook(&self, count: u32) {
        lock(&self.world).courier.lose_next += count;
    }

    /// The next `count` webhooks arrive twice with the same GUID.
    pub fn duplicate_next_webhook(&self, count: u32) {
        lock(&self.world).courier.duplicate_next += count;
    }

    /// Keeps webhooks back until [`GitHub::release_webhooks`].
    pub fn hold_webhooks(&self) {
        lock(&self.world).courier.hold();
    }

    /// Lets the held webhooks go, in order or newest first.
    pub fn release_webhooks(&self, order: ReleaseOrder) {
        lock(&self.world).courier.release(order);
    }

    /// Every delivery of every hook, oldest first.
    #[must_use]
    pub fn deliveries(&self) -> Vec<DeliveryRecord> {
        let world = lock(&self.world);
        let mut all: Vec<_> = world
            .hooks
            .values()
            .flat_map(|hook| hook.deliveries.iter().map(move |delivery| (hook, delivery)))
            .collect();
        all.sort_by_key(|(_, delivery)| delivery.id);
        all.into_iter()
            .map(|(hook, delivery)| DeliveryRecord {
                guid: delivery.guid.clone(),
                event: delivery.event.clone(),
                action: delivery.action.clone(),
                url: hook.url.clone(),
                status: delivery.outcome.status.clone(),
                code: delivery.outcome.code,
                redelivery: delivery.redelivery,
                payload: serde_json::from_slice(&delivery.body).unwrap_or_default(),
            })
            .collect()
    }

    fn with<T>(
        &self,
        repo: &str,
        act: impl FnOnce(&mut World, u64) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut world = lock(&self.world);
        let found = repo
            .split_once('/')
            .and_then(|(owner, name)| world.find_repo(owner, name));
        act(&mut world, found.ok_or_else(ApiError::not_found)?)
    }
}

fn view(pull: &super::pull::Pull, git: &git2::Repository) -> PullView {
    PullView {
        number: pull.number,
        title: pull.title.clone(),
        body: pull.body.clone().unwrap_or_default(),
        author: pull.author.clone(),
        open: pull.open,
        merged: pull.merged.is_some(),
        head_ref: pull.head_ref.clone(),
        head_sha: pull.head_sha.to_string(),
        base_ref: pull.base_ref.clone(),
        merge_sha: pull.merged.as_ref().map(|merged| merged.sha.to_string()),
        labels: pull.labels.clone(),
        mergeable: pull.open && pull.mergeable(git),
        comments: pull
            .comments
            .iter()
            .map(|comment| comment.body.clone())
            .collect(),
    }
}
