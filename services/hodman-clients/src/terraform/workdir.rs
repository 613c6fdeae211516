//! The folder of one run: the files of a commit, and beside them what the program keeps.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};

use super::TerraformError;

/// A folder for one run, readable by us alone; [`Workdir::remove`] takes it away.
///
/// Plan and apply should use the same path: `path.cwd` and absolute module paths stand in a saved plan.
#[derive(Debug)]
pub struct Workdir {
    root: PathBuf,
    directory: PathBuf,
}

impl Workdir {
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
            if let Some(parent) = path.parent() {
                make(parent)?;
            }
            write(&path, content, runs)?;
        }
        Ok(Self {
            root: root.to_owned(),
            directory: stack,
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

    /// The stack's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// A place beside the checked out files.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }
}

pub(super) fn write(path: &Path, content: &[u8], runs: bool) -> Result<(), TerraformError> {
    let mut options = std::fs::OpenOptions::new();
    let mode = if runs { 0o700 } else { 0o600 };
    let opened = options.write(true).create(true).truncate(true).mode(mode);
    opened
        .open(path)
        .and_then(|mut file| file.write_all(content))
        .map_err(|error| failed("writing a file of the run", error))
}

pub(super) fn failed(what: &str, source: std::io::Error) -> TerraformError {
    TerraformError::File {
        what: what.to_owned(),
        source,
    }
}
