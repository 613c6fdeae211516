//! Everything this GitHub knows besides the git objects on disk.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use git2::{Oid, Repository};
use serde_json::Value;

use super::app::{App, Installation};
use super::auth::Token;
use super::checks::{CheckRun, CheckSuite};
use super::courier::Courier;
use super::git;
use super::hook::Hook;
use super::protection::Protection;
use super::pull::Pull;
use super::reply::ApiError;

/// Source of the current time.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// A person, an organisation or an App's bot.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub id: u64,
    pub login: String,
    pub name: String,
    pub email: String,
    /// `User`, `Organization` or `Bot`.
    pub kind: &'static str,
}

/// An organisation's people.
#[derive(Debug, Default)]
pub(crate) struct Org {
    /// Login to role: `admin` or `member`.
    pub members: BTreeMap<String, String>,
    /// Slug to name and members.
    pub teams: BTreeMap<String, (String, BTreeSet<String>)>,
}

/// A repository.
#[derive(Debug)]
pub(crate) struct Repo {
    pub id: u64,
    pub owner: String,
    pub name: String,
    pub description: Option<String>,
    pub private: bool,
    pub default_branch: String,
    pub settings: BTreeMap<&'static str, bool>,
    pub created_at: DateTime<Utc>,
    pub pushed_at: DateTime<Utc>,
    pub path: PathBuf,
    pub collaborators: BTreeMap<String, String>,
    /// Refs as they were last announced by events.
    pub known_refs: BTreeMap<String, Oid>,
    pub pulls: Vec<Pull>,
    pub protection: BTreeMap<String, Protection>,
    pub labels: BTreeMap<String, Value>,
    /// Commit comments, with the commit's sha.
    pub commit_comments: Vec<Value>,
    /// Statuses in the order they came.
    pub statuses: Vec<Value>,
    pub suites: Vec<CheckSuite>,
    pub runs: Vec<CheckRun>,
    pub rulesets: Vec<Value>,
    pub deployments: Vec<Value>,
    pub deployment_statuses: Vec<Value>,
    pub environments: BTreeMap<String, Value>,
    pub releases: Vec<Value>,
    pub workflow_runs: Vec<Value>,
}

impl Repo {
    pub(crate) fn full_name(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    pub(crate) fn open(&self) -> Result<Repository, ApiError> {
        Ok(Repository::open_bare(&self.path)?)
    }

    pub(crate) fn pull(&self, number: u64) -> Result<&Pull, ApiError> {
        self.pulls
            .iter()
            .find(|pull| pull.number == number)
            .ok_or_else(ApiError::not_found)
    }

    pub(crate) fn pull_mut(&mut self, number: u64) -> Result<&mut Pull, ApiError> {
        self.pulls
            .iter_mut()
            .find(|pull| pull.number == number)
            .ok_or_else(ApiError::not_found)
    }

    /// The commit a name stands for, or 404/422 as GitHub answers for unknown commits.
    pub(crate) fn commit(&self, name: &str) -> Result<Oid, ApiError> {
        let unknown = || ApiError::unprocessable(&format!("No commit found for SHA: {name}"));
        git::resolve(&self.open()?, name).ok_or_else(unknown)
    }

    /// A merge method or feature that is on unless switched off.
    pub(crate) fn setting(&self, name: &str) -> bool {
        self.settings.get(name).copied().unwrap_or(true)
    }
}

/// The whole state; guarded by one lock, so that every request sees and leaves it whole.
pub(crate) struct World {
    pub clock: Clock,
    pub root: PathBuf,
    pub base_url: String,
    pub users: BTreeMap<String, User>,
    pub orgs: BTreeMap<String, Org>,
    pub tokens: HashMap<String, Token>,
    pub repos: BTreeMap<u64, Repo>,
    pub hooks: BTreeMap<u64, Hook>,
    pub apps: BTreeMap<u64, App>,
    pub installations: BTreeMap<u64, Installation>,
    pub courier: Courier,
    last_id: u64,
}

impl World {
    pub(crate) fn new(clock: Clock, root: PathBuf, courier: Courier) -> Self {
        let mut world = Self {
            clock,
            root,
            base_url: String::new(),
            users: BTreeMap::new(),
            orgs: BTreeMap::new(),
            tokens: HashMap::new(),
            repos: BTreeMap::new(),
            hooks: BTreeMap::new(),
            apps: BTreeMap::new(),
            installations: BTreeMap::new(),
            courier,
            last_id: 1000,
        };
        world.put_user(
            "ghost",
            "Deleted user",
            "ghost@users.noreply.github.test",
            "User",
        );
        world
    }

    pub(crate) fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// The current time as GitHub writes it.
    pub(crate) fn stamp(&self) -> String {
        stamp(self.now())
    }

    pub(crate) fn put_user(
        &mut self,
        login: &str,
        name: &str,
        email: &str,
        kind: &'static str,
    ) -> u64 {
        if let Some(user) = self.users.get_mut(&login.to_lowercase()) {
            (user.name, user.email) = (name.to_owned(), email.to_owned());
            return user.id;
        }
        let id = self.next_id();
        let user = User {
            id,
            login: login.to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            kind,
        };
        self.users.insert(login.to_lowercase(), user);
        id
    }

    /// A known account, or the one GitHub shows for deleted people.
    pub(crate) fn user(&self, login: &str) -> &User {
        self.users
            .get(&login.to_lowercase())
            .unwrap_or(&self.users["ghost"])
    }

    pub(crate) fn author(&self, login: &str) -> git::Author {
        let user = self.user(login);
        git::Author {
            name: user.name.clone(),
            email: user.email.clone(),
            at: self.now(),
        }
    }

    pub(crate) fn repo(&self, id: u64) -> Result<&Repo, ApiError> {
        self.repos.get(&id).ok_or_else(ApiError::not_found)
    }

    pub(crate) fn repo_mut(&mut self, id: u64) -> Result<&mut Repo, ApiError> {
        self.repos.get_mut(&id).ok_or_else(ApiError::not_found)
    }

    pub(crate) fn find_repo(&self, owner: &str, name: &str) -> Option<u64> {
        let same = |repo: &&Repo| {
            repo.owner.eq_ignore_ascii_case(owner) && repo.name.eq_ignore_ascii_case(name)
        };
        self.repos.values().find(same).map(|repo| repo.id)
    }

    /// Creates an empty repository.
    pub(crate) fn create_repo(
        &mut self,
        owner: &str,
        name: &str,
        private: bool,
    ) -> Result<u64, ApiError> {
        if self.find_repo(owner, name).is_some() {
            return Err(ApiError::validation(
                "Repository creation failed.",
                "Repository",
                "name",
                "custom",
            ));
        }
        let valid = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(valid) {
            return Err(ApiError::validation(
                "Repository creation failed.",
                "Repository",
                "name",
                "invalid",
            ));
        }
        let (id, now) = (self.next_id(), self.now());
        let path = self.root.join(format!("{id}.git"));
        git::init(&path)?;
        let repo = Repo {
            id,
            owner: self.user(owner).login.clone(),
            name: name.to_owned(),
            description: None,
            private,
            default_branch: "main".to_owned(),
            settings: BTreeMap::from([
                ("allow_auto_merge", false),
                ("delete_branch_on_merge", false),
                ("archived", false),
            ]),
            created_at: now,
            pushed_at: now,
            path,
            collaborators: BTreeMap::new(),
            known_refs: BTreeMap::new(),
            pulls: Vec::new(),
            protection: BTreeMap::new(),
            labels: BTreeMap::new(),
            commit_comments: Vec::new(),
            statuses: Vec::new(),
            suites: Vec::new(),
            runs: Vec::new(),
            rulesets: Vec::new(),
            deployments: Vec::new(),
            deployment_statuses: Vec::new(),
            environments: BTreeMap::new(),
            releases: Vec::new(),
            workflow_runs: Vec::new(),
        };
        self.repos.insert(id, repo);
        Ok(id)
    }

    /// Forgets a repository with its hooks and its files.
    pub(crate) fn delete_repo(&mut self, id: u64) -> Result<(), ApiError> {
        let repo = self.repos.remove(&id).ok_or_else(ApiError::not_found)?;
        self.hooks.retain(|_, hook| hook.repository() != Some(id));
        std::fs::remove_dir_all(&repo.path)?;
        Ok(())
    }
}

/// A time as GitHub writes it: UTC, whole seconds, `Z`.
pub(crate) fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
