//! The mirror: where it is, how it is opened, how it is thrown away and made again.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use git2::{Oid, Repository};
use reqwest::Url;

use super::error::GitError;
use super::transport::{CredentialSource, Session, prepare_library};

/// Where a mirror is and of what.
#[derive(Clone)]
pub struct MirrorConfig {
    /// Its directory, used by nobody else.
    pub path: PathBuf,
    /// `https://…` (or `http://…` for a local server), without user and password.
    pub remote_url: String,
    /// Asked before each fetch and push.
    pub credentials: CredentialSource,
    /// More certificate authorities to trust, PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Limit for connecting and for each wait for bytes; a long clone may take longer in all.
    pub timeout: Duration,
    /// `User-Agent`; git servers expect one that starts with `git/`.
    pub user_agent: String,
}

impl MirrorConfig {
    /// The usual settings.
    pub fn new(
        path: impl Into<PathBuf>,
        remote_url: impl Into<String>,
        credentials: CredentialSource,
    ) -> Self {
        Self {
            path: path.into(),
            remote_url: remote_url.into(),
            credentials,
            extra_ca_pem: None,
            timeout: Duration::from_secs(60),
            user_agent: concat!("git/2 hodman/", env!("CARGO_PKG_VERSION")).to_owned(),
        }
    }
}

/// A bare mirror of one remote. Every operation opens the repository anew (1.4 ms), so any
/// number of threads may read and commit; one fetch or push runs at a time.
pub struct Mirror {
    config: MirrorConfig,
    remote: Url,
    client: OnceLock<reqwest::blocking::Client>,
    /// One exchange with the remote at a time.
    network: Mutex<()>,
    /// Written only while a rebuilt mirror takes the place of the old one.
    place: RwLock<()>,
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror")
            .field("path", &self.config.path)
            .field("remote", &self.config.remote_url)
            .finish_non_exhaustive()
    }
}

impl Mirror {
    /// Opens the mirror, making an empty one when there is none or when it is damaged. Nothing is
    /// fetched yet. Must be called where blocking is allowed.
    ///
    /// # Errors
    /// [`GitError::Invalid`] for a URL that is not HTTP or carries credentials;
    /// [`GitError::NotAMirror`] when the directory holds something else; [`GitError::Io`].
    pub fn open(config: MirrorConfig) -> Result<Self, GitError> {
        prepare_library()?;
        let remote = remote_url(&config.remote_url)?;
        let mirror = Self {
            config,
            remote,
            client: OnceLock::new(),
            network: Mutex::new(()),
            place: RwLock::new(()),
        };
        let path = mirror.path();
        for leftover in [beside(path, "new"), beside(path, "old")] {
            remove_dir(&leftover)?;
        }
        if !is_empty(path)? {
            if !looks_like_mirror(path) {
                return Err(GitError::NotAMirror(path.to_owned()));
            }
            remove_stale_locks(path);
            if is_sound(path) {
                return Ok(mirror);
            }
            tracing::warn!(path = %path.display(), "git mirror is damaged: starting with an empty one");
            remove_dir(path)?;
        }
        create_bare(path)?;
        Ok(mirror)
    }

    /// Runs a blocking operation on tokio's blocking threads.
    ///
    /// # Errors
    /// Those of `work`, and [`GitError::TaskEnded`] when it panics.
    pub async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, GitError> + Send + 'static,
    ) -> Result<T, GitError> {
        let mirror = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&mirror))
            .await
            .map_err(GitError::TaskEnded)?
    }

    /// Its directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.config.path
    }

    /// Clones anew beside the old mirror and puts the new one in its place. Commits that were
    /// not pushed are lost.
    ///
    /// # Errors
    /// As for [`Mirror::fetch`]; then the old mirror stays.
    pub fn rebuild(&self) -> Result<(), GitError> {
        let _network = self.network();
        self.rebuild_locked()
    }

    pub(super) fn rebuild_locked(&self) -> Result<(), GitError> {
        let path = self.path();
        let (new, old) = (beside(path, "new"), beside(path, "old"));
        remove_dir(&new)?;
        remove_dir(&old)?;
        self.fetch_into(&create_bare(&new)?)?;
        {
            let _alone = self.place.write().unwrap_or_else(PoisonError::into_inner);
            if path.exists() {
                fs::rename(path, &old).map_err(io_error(path))?;
            }
            fs::rename(&new, path).map_err(io_error(path))?;
        }
        remove_dir(&old)
    }

    /// Opens the repository and runs `work` on it, while no rebuilt mirror can take its place.
    pub(super) fn with_repository<T>(
        &self,
        work: impl FnOnce(&Repository) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        let _here = self.place.read().unwrap_or_else(PoisonError::into_inner);
        let repository =
            Repository::open_bare(self.path()).map_err(GitError::library("open the mirror"))?;
        work(&repository)
    }

    /// Waits for the turn to speak with the remote.
    pub(super) fn network(&self) -> MutexGuard<'_, ()> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is cloned from; no credentials are in it.
    #[must_use]
    pub fn remote_url(&self) -> &str {
        self.remote.as_str()
    }

    /// What to speak with, with fresh credentials.
    pub(super) fn session(&self) -> Result<Arc<Session>, GitError> {
        let credentials = (self.config.credentials)().map_err(GitError::Credentials)?;
        let client = match self.client.get() {
            Some(client) => client.clone(),
            None => {
                let made = self.new_client()?;
                self.client.get_or_init(|| made).clone()
            }
        };
        Ok(Session::new(client, credentials, self.remote.clone()))
    }

    fn new_client(&self) -> Result<reqwest::blocking::Client, GitError> {
        let unusable = |error: reqwest::Error| {
            GitError::Invalid(format!("the HTTP client cannot be made: {error}"))
        };
        let mut builder = reqwest::blocking::Client::builder()
            .user_agent(&self.config.user_agent)
            .connect_timeout(self.config.timeout)
            .timeout(self.config.timeout);
        if let Some(pem) = &self.config.extra_ca_pem {
            builder = builder
                .tls_certs_merge(reqwest::Certificate::from_pem_bundle(pem).map_err(unusable)?);
        }
        builder.build().map_err(unusable)
    }
}

/// Parses an object id; short ones would mean something else later.
pub(super) fn parse_id(id: &str) -> Result<Oid, GitError> {
    match Oid::from_str(id) {
        Ok(oid) if id.len() == 40 => Ok(oid),
        _ => Err(GitError::NotAnId(id.to_owned())),
    }
}

/// The full name of a branch, which cannot smuggle anything into a refspec.
pub(super) fn branch_ref(branch: &str) -> Result<String, GitError> {
    let name = format!("refs/heads/{branch}");
    if git2::Reference::is_valid_name(&name) {
        Ok(name)
    } else {
        Err(GitError::Invalid(format!(
            "'{branch}' is not a branch name"
        )))
    }
}

fn remote_url(text: &str) -> Result<Url, GitError> {
    let url = Url::parse(text)
        .map_err(|_| GitError::Invalid("the remote's URL is not valid".to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(GitError::Invalid(
            "the remote's URL contains a user or password; give credentials apart from it"
                .to_owned(),
        ));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(GitError::Invalid(format!(
            "'{}' remotes are not supported: use https",
            url.scheme()
        )));
    }
    Ok(url)
}

fn create_bare(path: &Path) -> Result<Repository, GitError> {
    let failed = GitError::library("create the mirror");
    let create = || {
        let repository = Repository::init_bare(path)?;
        let mut config = repository.config()?;
        // Off by default in libgit2: a power cut would leave empty objects.
        config.set_bool("core.fsyncObjectFiles", true)?;
        drop(config);
        Ok(repository)
    };
    create().map_err(failed)
}

/// Whether what is in the directory was a bare repository once.
fn looks_like_mirror(path: &Path) -> bool {
    ["objects", "refs", "config"]
        .iter()
        .any(|name| path.join(name).exists())
        && !path.join(".git").exists()
}

/// Whether it opens, is set up as ours, and every branch leads to a commit whose tree is there.
pub(super) fn is_sound(path: &Path) -> bool {
    let check = || -> Result<bool, git2::Error> {
        let repository = Repository::open_bare(path)?;
        for reference in repository.references_glob("refs/heads/*")? {
            reference?.peel_to_commit()?.tree()?;
        }
        repository.config()?.get_bool("core.fsyncObjectFiles")
    };
    check().unwrap_or(false)
}

/// A process that was killed while it wrote a reference leaves `name.lock` behind, which blocks
/// that reference for ever. The mirror is ours alone, so at start no lock is in use.
fn remove_stale_locks(path: &Path) {
    let mut directories = vec![path.join("refs")];
    for file in ["HEAD.lock", "config.lock", "packed-refs.lock"] {
        let _ = fs::remove_file(path.join(file));
    }
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                directories.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "lock")
            {
                tracing::warn!(path = %path.display(), "removed a stale git lock");
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn is_empty(path: &Path) -> Result<bool, GitError> {
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(io_error(path)(error)),
    }
}

fn remove_dir(path: &Path) -> Result<(), GitError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io_error(path)(error)),
        _ => Ok(()),
    }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn io_error(path: &Path) -> impl FnOnce(std::io::Error) -> GitError {
    let path = path.to_owned();
    move |source| GitError::Io { path, source }
}
