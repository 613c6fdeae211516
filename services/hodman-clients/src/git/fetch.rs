//! Bringing the mirror up to date.

use git2::{AutotagOption, Direction, FetchOptions, FetchPrune, Repository};

use super::error::GitError;
use super::mirror::{Mirror, is_sound};

/// How often a fetch is tried again that failed in a sound mirror.
const AGAIN: u32 = 3;

impl Mirror {
    /// Fetches all branches and drops those that the remote no longer has. A mirror that turns
    /// out to be damaged is cloned anew. May be repeated at will.
    ///
    /// # Errors
    /// [`GitError::Unauthorized`], [`GitError::RemoteNotFound`], [`GitError::Unreachable`], …
    pub fn fetch(&self) -> Result<(), GitError> {
        let _network = self.network();
        let mut again = AGAIN;
        loop {
            match self.with_repository(|repository| self.fetch_into(repository)) {
                Err(error @ GitError::Library { .. }) if !is_sound(self.path()) => {
                    tracing::warn!(%error, path = %self.path().display(), "git mirror is damaged: cloning it anew");
                    return self.rebuild_locked();
                }
                // Whoever removes the last branch of a folder removes the folder, perhaps just before a lock is made in it.
                Err(error @ GitError::Library { .. }) if again > 0 => {
                    tracing::debug!(%error, "fetching once more");
                    again -= 1;
                }
                outcome => return outcome,
            }
        }
    }

    /// Fetches one reference by its full name, for example `refs/pull/7/head`, keeps it under the
    /// same name and returns its commit; `None` when the remote has none. May be repeated at will.
    ///
    /// # Errors
    /// As for [`Mirror::fetch`]; [`GitError::Invalid`] for a name that is no reference.
    pub fn fetch_ref(&self, name: &str) -> Result<Option<String>, GitError> {
        if !git2::Reference::is_valid_name(name) || !name.starts_with("refs/") {
            return Err(GitError::Invalid(format!(
                "'{name}' is not the full name of a reference"
            )));
        }
        let _network = self.network();
        let session = self.session()?;
        self.with_repository(|repository| {
            session.run("fetch a reference", || {
                let mut remote = repository.remote_anonymous(self.remote_url())?;
                remote.connect(Direction::Fetch)?;
                let id = remote
                    .list()?
                    .iter()
                    .find(|head| head.name() == name)
                    .map(|head| head.oid());
                if id.is_some() {
                    let mut options = options();
                    remote.fetch(&[format!("+{name}:{name}")], Some(&mut options), None)?;
                }
                Ok(id.map(|id| id.to_string()))
            })
        })
    }

    /// The fetch itself, also into a mirror that is being rebuilt.
    pub(super) fn fetch_into(&self, repository: &Repository) -> Result<(), GitError> {
        let session = self.session()?;
        session.run("fetch", || {
            let mut options = options();
            options.prune(FetchPrune::On);
            repository.remote_anonymous(self.remote_url())?.fetch(
                &["+refs/heads/*:refs/heads/*"],
                Some(&mut options),
                None,
            )
        })
    }
}

fn options() -> FetchOptions<'static> {
    let mut options = FetchOptions::new();
    // Tags can be many and nothing here reads them.
    options
        .download_tags(AutotagOption::None)
        .update_fetchhead(false);
    options
}
