//! The folder of one run: the files of a commit, and beside them what the program keeps.

use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use super::{LeftState, PlanKey, TerraformError, guarded, orphans};

/// A folder for one run, readable by us alone; [`Workdir::remove`] takes it away.
///
/// Plan and apply should use the same path: `path.cwd` and absolute module paths stand in a saved plan.
#[derive(Debug)]
pub struct Workdir {
    root: PathBuf,
    directory: PathBuf,
    /// Given to every program that runs here as its standard input, which is empty: the lock is held for as long as one of
    /// them lives, also when we do not.
    lock: Option<File>,
}

/// The file beside the folder that is locked.
const LOCK: &str = "lock";

/// How often it is looked whether a folder is free: nobody is told.
const LOOK: Duration = Duration::from_secs(1);

/// What Terraform calls a state that it could not store.
const ERRORED: &str = "errored.tfstate";

/// Files with secrets in clear that lie beside the checked out ones for one command.
pub(super) const BACKEND_FILE: &str = "backend.tfbackend.json";
pub(super) const PLAN_FILE: &str = "plan.tfplan";
pub(super) const PUSHED_FILE: &str = "push.tfstate";
pub(super) const VARIABLES_FILE: &str = "inputs.tfvars.json";

/// Says, beside the folder, that a command was begun that may leave a state, and in which directory. Whatever else is called as such a
/// state is none: who only plans leaves none, and what is checked out may have any name. In the folder whoever runs there could say
/// so of any file of ours.
const MAY_LEAVE: &str = "may-leave-state";

impl Workdir {
    /// The same for a folder that several might use, one after the other: none while somebody else is at work in it, be it a
    /// program that an earlier process of ours left behind. Providers whose program is gone are ended. A state that such a program could not store is sealed
    /// with `key`, as [`LeftState`].
    ///
    /// # Errors
    /// As for [`Workdir::new`].
    pub fn alone<'a>(
        root: &Path,
        directory: &str,
        files: impl IntoIterator<Item = (&'a str, &'a [u8], bool)>,
        key: &PlanKey,
    ) -> Result<Option<Self>, TerraformError> {
        if let Some(parent) = root.parent() {
            let mut builder = std::fs::DirBuilder::new();
            let made = builder.recursive(true).mode(0o700).create(parent);
            made.map_err(|error| failed("making the folder of all runs", error))?;
        }
        let Some(lock) = try_lock(root)? else {
            orphans::end(&beside(root, LOCK));
            return Ok(None);
        };
        seal_kept(root, key)?;
        keep_left(root, key)?;
        none_left(root)?;
        let mut workdir = Self::new(root, directory, files)?;
        workdir.lock = Some(lock);
        Ok(Some(workdir))
    }

    /// Waits until nobody is at work in a folder that [`Workdir::alone`] did not give.
    ///
    /// # Errors
    /// When that cannot be seen.
    pub async fn until_free(root: &Path) -> Result<(), TerraformError> {
        while try_lock(root)?.is_none() {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Takes away the folders below `runs` in which nobody is at work, with what a death left in them: plans and variables in clear,
    /// providers of stacks that are gone. States that could not be stored are sealed as [`Workdir::alone`] seals them. Gives how many.
    ///
    /// # Errors
    /// When one cannot be removed; the others are.
    pub fn sweep(runs: &Path, key: &PlanKey) -> Result<usize, TerraformError> {
        let entries = match std::fs::read_dir(runs) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            read => read.map_err(|error| failed("reading the folder of all runs", error))?,
        };
        let (mut swept, mut wrong) = (0, None);
        for entry in entries.flatten() {
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            match sweep_one(&entry.path(), key) {
                Ok(free) => swept += usize::from(free),
                Err(error) => wrong = Some(error),
            }
        }
        wrong.map_or(Ok(swept), Err)
    }

    /// A file about the folder, which lies beside it and stays when it is made anew.
    #[must_use]
    pub fn about(root: &Path, what: &str) -> PathBuf {
        beside(root, what)
    }

    /// Makes `root` anew with `files` (path in the repository, content, whether it may be run) below it. `directory` is
    /// the stack's own one; modules beside it can be reached when their files are given.
    ///
    /// # Errors
    /// When a path leads outside, or a file cannot be written. What lay at `root` is removed first.
    pub fn new<'a>(
        root: &Path,
        directory: &str,
        files: impl IntoIterator<Item = (&'a str, &'a [u8], bool)>,
    ) -> Result<Self, TerraformError> {
        let repository = root.join("repository");
        let inside = |path: &str| {
            let path = Path::new(path);
            let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
            if path.components().all(plain) {
                Ok(repository.join(path))
            } else {
                Err(TerraformError::Input {
                    name: path.display().to_string(),
                    why: "it leads outside the checked out files",
                })
            }
        };
        let stack = inside(directory)?;
        match std::fs::remove_dir_all(root) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed("removing what an earlier run left", error));
            }
            _ => {}
        }
        let make = |path: &Path| {
            let mut builder = std::fs::DirBuilder::new();
            let made = builder.recursive(true).mode(0o700).create(path);
            made.map_err(|error| failed("making the folder of the run", error))
        };
        for path in [root, &root.join("home"), &root.join("data"), &stack] {
            make(path)?;
        }
        write(
            &root.join("terraform.rc"),
            b"disable_checkpoint = true\n",
            false,
        )?;
        for (path, content, runs) in files {
            let path = inside(path)?;
            // Nobody could tell it from one that Terraform leaves.
            if path == stack.join(ERRORED) {
                continue;
            }
            if let Some(parent) = path.parent() {
                make(parent)?;
            }
            write(&path, content, runs)?;
        }
        Ok(Self {
            root: root.to_owned(),
            directory: stack,
            lock: None,
        })
    }

    /// Takes the folder away, with all that the program left.
    ///
    /// # Errors
    /// When something in it cannot be removed.
    pub fn remove(self) -> Result<(), TerraformError> {
        std::fs::remove_dir_all(&self.root)
            .map_err(|error| failed("removing the folder of the run", error))
    }

    /// All of it, as a text.
    pub(super) fn root(&self) -> String {
        self.root.display().to_string()
    }

    /// The stack's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Says that the command that is about to begin may leave a state that it cannot store.
    pub(super) fn may_leave_state(&self) -> Result<(), TerraformError> {
        let directory = self.directory.as_os_str().as_bytes();
        write(&beside(&self.root, MAY_LEAVE), directory, false)
    }

    /// Seals the state that the command which has ended could not store; gives whether there is one.
    pub(super) fn keep_left(&self, key: &PlanKey) -> Result<bool, TerraformError> {
        keep_left(&self.root, key)
    }

    /// What a program that runs here reads: nothing.
    pub(super) fn input(&self) -> Result<Stdio, TerraformError> {
        match &self.lock {
            Some(lock) => lock
                .try_clone()
                .map(Stdio::from)
                .map_err(|error| failed("holding the lock of the folder", error)),
            None => Ok(Stdio::null()),
        }
    }

    /// A place beside the checked out files.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

/// The lock of a folder; none while somebody is at work there.
fn try_lock(root: &Path) -> Result<Option<File>, TerraformError> {
    let mut options = File::options();
    let opened = options.read(true).write(true).create(true).mode(0o600);
    let lock = opened
        .open(beside(root, LOCK))
        .map_err(|error| failed("opening the lock of the folder", error))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed("locking the folder of the run", error)),
    }
}

/// `name` beside the folder `root`, with its name in front.
pub(super) fn beside(root: &Path, name: &str) -> PathBuf {
    let mut path = root.as_os_str().to_owned();
    path.push(".");
    path.push(name);
    path.into()
}

/// Seals a state that a command in a folder could not store; gives whether there is one.
fn keep_left(root: &Path, key: &PlanKey) -> Result<bool, TerraformError> {
    let directory = match std::fs::read(beside(root, MAY_LEAVE)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        read => read.map_err(|error| failed("reading whether a state was left", error))?,
    };
    let left = Path::new(OsStr::from_bytes(&directory)).join(ERRORED);
    LeftState::of(root).take(&left, key)
}

/// Seals a state that lies beside a folder in clear, as hodman 0.1.0 kept what a command could not store.
fn seal_kept(root: &Path, key: &PlanKey) -> Result<(), TerraformError> {
    LeftState::of(root).take(&beside(root, ERRORED), key)?;
    Ok(())
}

/// Says that no command may have left a state there.
fn none_left(root: &Path) -> Result<(), TerraformError> {
    match std::fs::remove_file(beside(root, MAY_LEAVE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(failed("saying that no state was left", error))
        }
        _ => Ok(()),
    }
}

/// Whether it was free, and is gone.
fn sweep_one(root: &Path, key: &PlanKey) -> Result<bool, TerraformError> {
    let Some(_lock) = try_lock(root)? else {
        // Free the next time, where nothing else holds it.
        orphans::end(&beside(root, LOCK));
        return Ok(false);
    };
    seal_kept(root, key)?;
    keep_left(root, key)?;
    none_left(root)?;
    std::fs::remove_dir_all(root)
        .map_err(|error| failed("removing what an earlier run left", error))?;
    Ok(true)
}

pub(super) fn write(path: &Path, content: &[u8], runs: bool) -> Result<(), TerraformError> {
    guarded::write(path, content, runs).map_err(|error| failed("writing a file of the run", error))
}

pub(super) fn failed(what: &str, source: std::io::Error) -> TerraformError {
    TerraformError::File {
        what: what.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests;
