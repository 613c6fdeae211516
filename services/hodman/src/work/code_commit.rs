//! Which commit a package says that it is of, where its bundle asks for it.

use super::{Repo, WorkError};

/// The folder of environments, of whichever pipeline in the repository.
const ENVIRONMENTS: &str = "environments";
/// What stands in the folder of each.
const OF_ONE: [&str; 4] = [
    "environment.yaml",
    "release.yaml",
    "template.yaml",
    "captured.lock",
];
/// What stands beside their folders.
const OF_ALL: &str = "policy.yaml";

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
        if !changed.iter().all(|path| of_environments(path)) {
            return Ok(at);
        }
        at = parent;
    }
}

/// By name, and not by the folder alone: code may lie in a folder that is called the same.
fn of_environments(path: &str) -> bool {
    let mut up = path.rsplit('/');
    let (file, folder, further) = (up.next(), up.next(), up.next());
    let of_one = file.is_some_and(|file| OF_ONE.contains(&file));
    (of_one && further == Some(ENVIRONMENTS))
        || (file == Some(OF_ALL) && folder == Some(ENVIRONMENTS))
}
