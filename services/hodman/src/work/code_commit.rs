//! Which commit a package says that it is of, where its bundle asks for it.

use super::{Repo, WorkError};

/// The folder in which hodman itself writes.
const ENVIRONMENTS: &str = "environments";

/// The newest commit up to `commit`, along first parents, that changed anything but what environments say.
///
/// Pins stand there. Were the merge of one another commit of the package, each promotion would make the next package, without
/// end; and that of one pipeline would make one of each other in its repository.
pub(super) fn of(repo: &Repo, commit: &str) -> Result<String, WorkError> {
    let mut at = commit.to_owned();
    loop {
        let parents = repo.mirror.commit_info(&at)?.parents;
        let Some(parent) = parents.into_iter().next() else {
            return Ok(at);
        };
        let changed = repo.mirror.changed_paths(&parent, &at)?;
        let is_code = |path: &String| path.split('/').all(|part| part != ENVIRONMENTS);
        if changed.iter().any(is_code) {
            return Ok(at);
        }
        at = parent;
    }
}
