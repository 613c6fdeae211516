//! A file with secrets in clear that lies in the folder of a run for a moment only.

use std::path::{Path, PathBuf};

use super::workdir::write;
use super::{TerraformError, guarded};

/// Such a file. It goes with this, also when nobody waits for the command any more that reads or writes it.
#[derive(Debug)]
pub(super) struct Passing(PathBuf);

impl Passing {
    /// What a command is about to write there, or what is there already.
    pub fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// Writes it, readable by us alone.
    pub fn with(path: PathBuf, content: &[u8]) -> Result<Self, TerraformError> {
        // Before anything is in it: half of it is no better than all of it.
        let file = Self(path);
        write(&file.0, content, false)?;
        Ok(file)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Passing {
    fn drop(&mut self) {
        // It may not be there.
        let _ = guarded::remove(&self.0);
    }
}
