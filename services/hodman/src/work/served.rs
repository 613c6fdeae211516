//! A pipeline's repository as the settings name it. Where they do not name its branch GitHub says which is the default one, and is
//! asked when that is needed: a GitHub that is away, or one repository that is gone, keeps nobody from the others.

use super::{Repo, WorkError};
use crate::config::Pipeline;
use hodman_clients::git::Mirror;
use hodman_clients::github::{GitHub, GitHubError};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// One pipeline that is served.
#[derive(Debug)]
pub struct Served {
    pipeline: Pipeline,
    mirror: Arc<Mirror>,
    /// What GitHub said since the start.
    branch: OnceLock<String>,
    /// What it said before, beside the mirror: with that work goes on while it is away.
    note: PathBuf,
}

impl Served {
    /// With the file that remembers the branch.
    #[must_use]
    pub fn new(pipeline: Pipeline, mirror: Mirror, note: PathBuf) -> Self {
        Self {
            pipeline,
            mirror: Arc::new(mirror),
            branch: OnceLock::new(),
            note,
        }
    }

    /// The repository and its branch.
    ///
    /// # Errors
    /// When GitHub does not say which the default branch is, and never did.
    pub async fn repo(&self, github: &GitHub) -> Result<Repo, WorkError> {
        if let Some(branch) = self.pipeline.branch.as_ref().or(self.branch.get()) {
            return Ok(self.at(branch));
        }
        match github.repository(&self.pipeline.repository).await {
            Ok(found) => {
                if let Err(error) = std::fs::write(&self.note, &found.default_branch) {
                    tracing::warn!("{} is not written: {error}", self.note.display());
                }
                Ok(self.at(self.branch.get_or_init(|| found.default_branch)))
            }
            Err(error) => self.known().ok_or_else(|| self.unknown(error)),
        }
    }

    /// The same without asking anybody; none when nobody ever said.
    #[must_use]
    pub fn known(&self) -> Option<Repo> {
        let known = self.pipeline.branch.as_ref().or(self.branch.get());
        if let Some(branch) = known {
            return Some(self.at(branch));
        }
        let noted = std::fs::read_to_string(&self.note).ok()?;
        (!noted.is_empty()).then(|| self.at(&noted))
    }

    fn at(&self, branch: &str) -> Repo {
        Repo {
            pipeline: self.pipeline.clone(),
            mirror: Arc::clone(&self.mirror),
            branch: branch.to_owned(),
        }
    }

    fn unknown(&self, error: GitHubError) -> WorkError {
        let error = WorkError::from(error);
        let words = format!(
            "the default branch of {} is not known: {error}; `hodman doctor` says more",
            self.pipeline.repository
        );
        if error.is_transient() {
            WorkError::transient(words)
        } else {
            WorkError::lasting(words)
        }
    }
}
